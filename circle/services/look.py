"""The quiet look at one's own people, once a month (privacy.md: a controlling partner made "supporter").

It is offered inside the site only. Nothing is sent about it, and whatever is answered, it ends in the same words.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction

from circle.models import Look, Supporter
from circle.selectors import LOOK_EVERY
from circle.services import common
from circle.services.common import Withdrawn
from circle.services.standing import supporter_mute
from ground import clock
from people.models import Person

LATER = timedelta(days=7)


def look_done(*, actor: Person, quiet: Collection[Supporter] = ()) -> dict[Supporter, Withdrawn]:
    """The member looked; `quiet` are those who are not their own choice: muted, as `supporter_mute` does. All or none.

    The next look is offered in 30 days. Returns what each withdrawal found.
    Raises PermissionDenied for somebody else's people.
    """
    now = clock.now()
    with transaction.atomic():
        common.signing_account(actor)
        found = {supporter: supporter_mute(actor=actor, supporter=supporter) for supporter in quiet}
        Look.objects.update_or_create(member=actor, defaults={"looked_at": now, "next_at": now + LOOK_EVERY})
    return found


def look_later(*, actor: Person) -> None:
    """Not now: it is offered again in a week. Raises PermissionDenied for a person without an account."""
    common.signing_account(actor)
    Look.objects.update_or_create(member=actor, defaults={"next_at": clock.now() + LATER})
