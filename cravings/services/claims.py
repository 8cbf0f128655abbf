"""Being there: take a press, give it back, hand it over; the member's silent no; a second person."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cravings import policies, selectors, waves
from cravings.models import Claim, Press
from cravings.services import rooms
from cravings.services.common import ask_anew, claim_end, locked, next_round, own, poke, tell_all, withdraw
from cravings.services.danger import danger_look
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from people.models import Person


def press_claim(*, actor: Person, ref: str = "", press_id: int | None = None) -> Press:
    """Take a press. Atomic: one winner; the same person again has it still. Where a second person is wished, the next
    one who comes is that.

    Raises PermissionDenied for outsiders, for one's own, across a block and before it was offered; Conflict when
    somebody else has it, or when the actor is with somebody already; TooMany after three in a day; Settled when it is
    over, also for who left it before.
    """
    press = selectors.press_offered_to(actor, ref=ref, pk=press_id)
    if press is None:
        raise PermissionDenied
    if policies.is_there(actor, press):
        return press
    now = clock.now()
    _may_take(actor, press, now)
    try:
        with transaction.atomic():
            won = _take(actor, press, now)
            if won:
                _came(actor, press, now)
    except IntegrityError as busy:  # two presses at the same moment by the same thumb
        raise Conflict(_("You are with somebody already.")) from busy
    press.refresh_from_db()
    if won or policies.is_there(actor, press):
        return press
    if press.state == Press.CLAIMED:
        raise Conflict(_("Someone is there, thank you."))
    raise Settled(_("This is settled. Thank you for looking."))


def _may_take(actor: Person, press: Press, now: datetime) -> None:
    if selectors.left_it(actor, press):
        raise Settled(_("This is settled. Thank you for looking."))
    if selectors.mine_now(actor) is not None:
        raise Conflict(_("You are with somebody already."))
    if selectors.claims_lately(actor, now) >= waves.CAP:
        raise TooMany(_("You were there for three people today. Now it is your turn to rest."))


def _take(actor: Person, press: Press, now: datetime) -> bool:
    """The compare-and-set: first place, else the second where one is wished, or for a lead who was called."""
    first = Press.objects.filter(pk=press.pk, state=Press.ASKING, unanswered_at__gt=now)
    if first.update(
        state=Press.CLAIMED,
        claimed_by=actor,
        claimed_at=now,
        lease_until=now + waves.LEASE,
        look_at=now + waves.LOOK,
        close_at=now + waves.RESTS,
        wave_at=None,
    ):
        return True
    wished = Q(second=Press.SECOND_ASKING)
    if selectors.lead_called(actor, press):
        wished |= Q(second=Press.NO_SECOND) & (Q(quiet_step=waves.CALLED) | Q(danger_at__isnull=False))
    second = Press.objects.filter(wished, pk=press.pk, state=Press.CLAIMED)
    return bool(second.update(second=Press.SECOND_THERE, second_by=actor, wave_at=None))


def _came(actor: Person, press: Press, now: datetime) -> None:
    """Note it, open the room, withdraw what asks others, and let who left go."""
    press.refresh_from_db()
    is_second = press.second_by_id == actor.pk
    Claim.objects.create(press=press, person=actor, at=now, seen_at=now, second=is_second)
    withdraw(press, "somebody is there")
    if is_second and press.handing_over:
        _promote(press, Claim.HANDED_OVER, now)
    elif is_second and press.peer_gone_at is not None:
        _promote(press, Claim.GONE, now)
    press.refresh_from_db()
    room = rooms.open_for(press)
    if room != press.room:
        Press.objects.filter(pk=press.pk).update(room=room)
    tell_all(press, asked=True)


def _promote(press: Press, ended: str, now: datetime) -> None:
    """Who came second takes the first one's place; a minute for a word begins anew."""
    claim_end(press, press.claimed_by_id, ended, now)
    Claim.objects.filter(press=press, person=press.second_by_id, ended_at=None).update(second=False)
    Press.objects.filter(pk=press.pk).update(
        claimed_by=press.second_by_id,
        claimed_at=now,
        lease_until=now + waves.LEASE,
        peer_gone_at=None,
        second=Press.NO_SECOND,
        second_by=None,
        handing_over=False,
    )


def let_go(press: Press, ended: str, now: datetime) -> None:
    """The first one is not there any more, on a row that the caller holds: a second takes the place, else all are
    asked anew."""
    danger_look(press, now)
    if press.second == Press.SECOND_THERE and press.second_by_id is not None:
        _promote(press, ended, now)
        press.refresh_from_db()
        rooms.open_for(press)
    else:
        claim_end(press, press.claimed_by_id, ended, now)
        ask_anew(press, now)
        rooms.empty(press)
    tell_all(press)


def second_leaves(press: Press, ended: str, now: datetime) -> None:
    """The second one is not there any more, on a row that the caller holds; the first stays."""
    claim_end(press, press.second_by_id, ended, now)
    Press.objects.filter(pk=press.pk).update(second=Press.NO_SECOND, second_by=None)
    press.refresh_from_db()
    rooms.open_for(press)
    tell_all(press)


def press_refuse(*, actor: Person, ref: str) -> Press:
    """ "Somebody else, please." Silent: who was there reads that it is settled. Everybody else is asked anew.

    Raises PermissionDenied for anybody else's press, Conflict when nobody is there.
    """
    press = own(actor, ref)
    with transaction.atomic():
        row = locked(press.pk)
        if row.state != Press.CLAIMED:
            raise Conflict(_("Nobody is there at the moment."))
        let_go(row, Claim.REFUSED, clock.now())
    press.refresh_from_db()
    return press


def press_give_back(*, actor: Person, ref: str) -> Press:
    """ "I cannot after all." Everybody else is asked anew; a second person leaves quietly.

    Raises PermissionDenied for all but those who are there.
    """
    press = _there(actor, ref)
    now = clock.now()
    with transaction.atomic():
        row = locked(press.pk)
        if row.state == Press.CLAIMED and row.claimed_by_id == actor.pk:
            let_go(row, Claim.GIVEN_BACK, now)
        elif row.state == Press.CLAIMED and row.second_by_id == actor.pk:
            second_leaves(row, Claim.GIVEN_BACK, now)
    press.refresh_from_db()
    return press


def press_second(*, actor: Person, ref: str, hand_over: bool = False) -> Press:
    """Ask for a second person, by either of the two. `hand_over`, by the peer: whoever comes takes the place; until
    then they stay.

    Raises PermissionDenied for anybody else, Conflict while nobody is there.
    """
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.may_close(actor, press) or (hand_over and policies.is_own(actor, press)):
        raise PermissionDenied
    with transaction.atomic():
        row = locked(press.pk)
        if row.state != Press.CLAIMED:
            raise Conflict(_("Nobody is there at the moment."))
        if hand_over and not row.handing_over:
            Press.objects.filter(pk=row.pk).update(handing_over=True)
        if hand_over and row.second == Press.SECOND_THERE:
            row.refresh_from_db()
            _promote(row, Claim.HANDED_OVER, clock.now())
            row.refresh_from_db()
            rooms.open_for(row)
        elif row.second == Press.NO_SECOND:
            second_ask(row, clock.now())
        tell_all(row)
    press.refresh_from_db()
    return press


def second_ask(press: Press, now: datetime) -> None:
    """Everybody who could come is asked for the second place, on a row that the caller holds."""
    Press.objects.filter(pk=press.pk).update(second=Press.SECOND_ASKING, **next_round(press, now))
    poke()


def press_here(*, actor: Person, ref: str) -> Press:
    """The page of one of those who talk is open: said every few seconds. Raises PermissionDenied for anybody else."""
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.may_close(actor, press):
        raise PermissionDenied
    if policies.is_own(actor, press) or press.state != Press.CLAIMED:
        return press
    now = clock.now()
    Claim.objects.filter(press=press, person=actor, ended_at=None).update(seen_at=now, beats=True)
    if press.claimed_by_id == actor.pk and press.peer_gone_at is not None:
        with transaction.atomic():
            Press.objects.filter(pk=press.pk, claimed_by=actor).update(peer_gone_at=None)
            tell_all(press)
    return press


def press_still_here(*, actor: Person, ref: str) -> Press:
    """ "I am still here", by who asked: the wait for their word begins anew. Raises PermissionDenied."""
    press = own(actor, ref)
    with transaction.atomic():
        mine = Press.objects.filter(pk=press.pk, state=Press.CLAIMED)
        if mine.update(member_seen_at=clock.now(), quiet_step=0):
            tell_all(press)
    press.refresh_from_db()
    return press


def _there(actor: Person, ref: str) -> Press:
    press = Press.objects.filter(ref=ref).first()
    if press is None or not policies.is_there(actor, press):
        raise PermissionDenied
    return press
