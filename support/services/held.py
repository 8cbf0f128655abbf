"""A coordinator looks at the nudges that were held (4.6), and lets them go or not, one by one or many at once."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock, wake
from ground.errors import Settled
from people.models import Person
from people.selectors import is_coordinator
from support.models import EpisodeSupporter, Rule
from support.selectors import cases as reads
from support.services.messages import note
from support.services.outcomes import replan


def nudge_drop(*, actor: Person, row_id: int) -> None:
    """A coordinator looked and it was a mistake: the held nudge never goes, in this episode. The member reads it.

    Raises PermissionDenied, Settled when it is not held any more.
    """
    if not nudges_drop(actor=actor, row_ids=[row_id]):
        raise Settled(_("This is settled."))


def nudge_release(*, actor: Person, row_id: int) -> None:
    """A coordinator lets a held nudge go (4.6). Raises PermissionDenied, Settled when it is not held any more."""
    if not nudges_release(actor=actor, row_ids=[row_id]):
        raise Settled(_("This is settled."))


def nudges_drop(*, actor: Person, row_ids: Collection[int]) -> int:
    """`nudge_drop` for many; return for how many it was decided: what is not held any more is left as it is.

    Raises PermissionDenied.
    """
    return _decide(actor, row_ids, "nudge_dropped", state=EpisodeSupporter.WITHDRAWN)


def nudges_release(*, actor: Person, row_ids: Collection[int]) -> int:
    """`nudge_release` for many; return for how many it was decided. Raises PermissionDenied."""
    return _decide(actor, row_ids, "nudge_released", state=EpisodeSupporter.WAITING, released=True)


def _decide(actor: Person, row_ids: Collection[int], what: str, **become: object) -> int:
    """One transaction a member, so that nobody's watch waits for another's."""
    if not is_coordinator(actor):
        raise PermissionDenied
    held = EpisodeSupporter.objects.filter(pk__in=row_ids, state=EpisodeSupporter.HELD, episode__ended_at=None)
    by_member: dict[int, list[int]] = {}
    for pk, member in held.order_by("pk").values_list("pk", "episode__watch__person_id"):
        by_member.setdefault(member, []).append(pk)
    done = sum(_decide_of(member, pks, what, become) for member, pks in by_member.items())
    if done:
        wake.publish("work")
    return done


def _decide_of(member: int, pks: list[int], what: str, become: dict[str, object]) -> int:
    now = clock.now()
    with transaction.atomic():
        rule = Rule.objects.select_for_update(of=("self",)).select_related("person").get(person=member)
        held = EpisodeSupporter.objects.filter(pk__in=pks, state=EpisodeSupporter.HELD, episode__ended_at=None)
        rows = list(held.select_related("episode__watch", "supporter").order_by("pk"))
        EpisodeSupporter.objects.filter(pk__in=[row.pk for row in rows]).update(**become)
        for row in rows:
            note(row.episode, now, what, name=row.supporter.name)
        replan(reads.load([rule]), {row.episode_id for row in rows}, now)
    return len(rows)
