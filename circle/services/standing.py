"""How a contact stands after the invitation: stop, remove, mute, order.

any --stop--> stopped (the contact's own word, for ever);  invited, accepted --remove--> ended (the member's).
"""

from django.db import transaction

from circle.models import Consent, Supporter
from circle.services import common
from circle.services.common import Withdrawn
from circle.services.consent import end_consents, speaks, tell_silenced
from ground import clock
from people.models import Link, Person
from people.services import link_revoke


def supporter_stop(
    *, link: Link | None = None, supporter: Supporter | None = None, actor: Person | None = None
) -> Supporter:
    """STOP from the contact: whatever came before, nothing goes to them any more. Saying it again is fine.

    By one of their own links (also a used or expired one), or as themselves. Raises PermissionDenied.
    """
    with transaction.atomic():
        row = common.answering(link=link, supporter=supporter, actor=actor)
        if row.state == Supporter.STOPPED:
            return row
        row.state, row.ended_at = Supporter.STOPPED, clock.now()
        row.save(update_fields=["state", "ended_at"])
        common.withdraw(row, kinds=None, reason="stop")
        common.note_change(row, "supporter_changed")
    return row


def supporter_remove(*, actor: Person, supporter: Supporter) -> Withdrawn:
    """The member takes somebody off the list: consents end, what waits is cancelled, the contact is not told.

    To somebody who had accepted all looks as before. Doing it again changes nothing. Raises PermissionDenied.
    """
    with transaction.atomic():
        row = common.own(actor, supporter)
        if row.state not in Supporter.ON_THE_LIST:
            return Withdrawn()
        spoke = speaks(row, clock.now())
        row.state, row.ended_at = Supporter.ENDED, clock.now()
        row.save(update_fields=["state", "ended_at"])
        end_consents(row, Consent.PURPOSES)
        link_revoke(purpose="invite", subject=row.pk)
        withdrawn = common.withdraw(row, kinds=None, reason="taken off the list")
        if spoke:
            tell_silenced(row, key=f"consent_revoked:removed:{row.pk}")
        common.note_change(row, "supporter_changed")
    return withdrawn


def supporter_mute(*, actor: Person, supporter: Supporter) -> Withdrawn:
    """From now on nothing is sent to this contact, and nothing shows it: not to them, not in a message to the member.

    Raises PermissionDenied.
    """
    with transaction.atomic():
        row = common.own(actor, supporter)
        if row.muted:
            return Withdrawn()
        row.muted = True
        row.save(update_fields=["muted"])
        withdrawn = common.withdraw(row, kinds=None, reason="muted")
        common.note_change(row, "supporter_changed")
    return withdrawn


def supporter_unmute(*, actor: Person, supporter: Supporter) -> Supporter:
    """Messages may go again. What was withdrawn stays withdrawn. Raises PermissionDenied."""
    with transaction.atomic():
        row = common.own(actor, supporter)
        if row.muted:
            row.muted = False
            row.save(update_fields=["muted"])
            common.note_change(row, "supporter_changed")
    return row


def supporter_move(*, actor: Person, supporter: Supporter, up: bool) -> None:
    """One place up or down on the member's list; at its end nothing happens. Raises PermissionDenied."""
    with transaction.atomic():
        row = common.own(actor, supporter)
        Person.objects.select_for_update().get(pk=actor.pk)  # one reordering at a time
        order = list(Supporter.objects.filter(member=actor, state__in=Supporter.ON_THE_LIST).order_by("position", "pk"))
        place = next((index for index, other in enumerate(order) if other.pk == row.pk), None)
        if place is None:
            return
        target = place - 1 if up else place + 1
        if not 0 <= target < len(order):
            return
        order[place], order[target] = order[target], order[place]
        for position, other in enumerate(order):
            if other.position != position:
                Supporter.objects.filter(pk=other.pk).update(position=position)
