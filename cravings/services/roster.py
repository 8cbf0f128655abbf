"""The roster: shifts, who has them, dated changes, swaps between people, warnings of gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cravings import selectors, shifts
from cravings.models import GapWarning, Rota, Shift, ShiftDay, ShiftMember, Swap
from cravings.models.roster import DUTIES
from cravings.selectors.roster import plans
from delivery.services import Draft, messages_enqueue
from ground import clock
from ground.errors import Conflict, Settled
from ground.wall import to_wall
from people.models import Person, check_zone
from people.selectors import coordinators, is_coordinator

GAP, WANTED, TAKEN = "roster_gap", "shift_wanted", "shift_taken"
WEEK, DAY = timedelta(days=7), timedelta(days=1)
CHECKED_EVERY = timedelta(minutes=30)
MOST_WANTED = 20


@dataclass(frozen=True, slots=True)
class ShiftIn:
    """A shift as it is entered: from `start` to `end` by the clock on the wall; an `end` that is not later is on the
    next day. `since` and `until` by the date of the start, both included."""

    weekday: int
    start: time
    end: time
    zone: str
    since: date
    until: date | None = None
    duty: str = Shift.PEER
    wanted: int = 1


def length_of(start: time, end: time) -> int:
    """Minutes from `start` to `end` by the clock on the wall, over midnight when `end` is not later."""
    return ((end.hour - start.hour) * 60 + end.minute - start.minute) % 1440 or 1440


def _coordinates(actor: Person) -> None:
    if not is_coordinator(actor):
        raise PermissionDenied


def shift_make(*, actor: Person, given: ShiftIn) -> Shift:
    """A weekly shift; one date alone has `since` and `until` the same. Raises PermissionDenied, ValidationError."""
    _coordinates(actor)
    check_zone(given.zone)
    if given.duty not in DUTIES or not 0 <= given.weekday <= 6 or not 1 <= given.wanted <= MOST_WANTED:
        raise ValidationError(_("Please choose one of the answers."))
    if given.until is not None and given.until < given.since:
        raise ValidationError({"until": _("The last day comes after the first.")})
    minutes = length_of(given.start, given.end)
    if minutes < 15:
        raise ValidationError({"end": _("A shift lasts a quarter of an hour at least.")})
    return Shift.objects.create(
        duty=given.duty,
        weekday=given.weekday,
        start=given.start,
        minutes=minutes,
        zone=given.zone,
        since=given.since,
        until=given.until,
        wanted=given.wanted,
        made_at=clock.now(),
    )


def shift_end(*, actor: Person, shift_id: int, last: date) -> None:
    """The shift takes place for the last time on `last`; before its first day: never. Raises PermissionDenied."""
    _coordinates(actor)
    shift = _shift(shift_id)
    if last < shift.since:
        shift.delete()
        return
    Shift.objects.filter(pk=shift.pk).update(until=last)


def shift_join(*, actor: Person, shift_id: int, person: Person, since: date | None = None) -> ShiftMember:
    """Put somebody on a shift, several people each. A peer's shift is for vetted responders.

    Raises PermissionDenied for all but coordinators, ValidationError for somebody who may not answer.
    """
    _coordinates(actor)
    shift = _shift(shift_id)
    if shift.duty == Shift.PEER and not selectors.is_responder(person):
        raise ValidationError({"person": _("Only people who may answer can have this shift.")})
    first = since or to_wall(clock.now(), shift.zone).date() - DAY
    try:
        with transaction.atomic():
            return ShiftMember.objects.create(shift=shift, person=person, since=max(first, shift.since))
    except IntegrityError:
        return ShiftMember.objects.get(shift=shift, person=person, until=None)


def shift_part(*, actor: Person, shift_id: int, person: Person, last: date | None = None) -> None:
    """Take somebody off a shift after `last` (default: at once). The coordinator may, and everybody for themselves."""
    if actor.pk != person.pk:
        _coordinates(actor)
    shift = _shift(shift_id)
    until = last or to_wall(clock.now(), shift.zone).date() - 2 * DAY
    rows = ShiftMember.objects.filter(shift=shift, person=person, until=None)
    rows.filter(since__gt=until).delete()
    rows.update(until=until)


def shifts_leave(*, actor: Person) -> None:
    """Off every shift at once: they do not answer any more. What was stays on record."""
    for row in ShiftMember.objects.filter(person=actor, until=None).select_related("shift"):
        shift_part(actor=actor, shift_id=row.shift_id, person=actor)
    cannot = Swap.objects.filter(leaves=actor, state=Swap.OPEN)
    cannot.update(state=Swap.WITHDRAWN, settled_at=clock.now())


def shift_day_set(
    *, actor: Person, shift_id: int, on: date, off: bool = False, start: time | None = None, end: time | None = None
) -> None:
    """A dated change: on this date the shift is off, or from `start` to `end`; neither: as every week.

    Raises PermissionDenied, ValidationError for a date on which the shift does not take place.
    """
    _coordinates(actor)
    shift = _shift(shift_id)
    if on.weekday() != shift.weekday or on < shift.since or (shift.until is not None and on > shift.until):
        raise ValidationError({"on": _("The shift does not take place on this date.")})
    if not off and (start is None or end is None):
        ShiftDay.objects.filter(shift=shift, on=on).delete()
        return
    hours = {"start": None, "minutes": None} if off or not start or not end else {}
    if start is not None and end is not None and not off:
        hours = {"start": start, "minutes": length_of(start, end)}  # type: ignore[dict-item]
        if length_of(start, end) < 15:
            raise ValidationError({"end": _("A shift lasts a quarter of an hour at least.")})
    ShiftDay.objects.update_or_create(shift=shift, on=on, defaults={"off": off, **hours})


def rota_set(*, actor: Person, zone: str, staffed: tuple[int, int] | None) -> Rota:
    """The hours of the day in which somebody should be on call (minutes; over midnight when the second is not larger),
    or none. Raises PermissionDenied, ValidationError."""
    _coordinates(actor)
    check_zone(zone)
    first, last = staffed or (None, None)
    if staffed and not (0 <= staffed[0] < 1440 and 0 <= staffed[1] <= 1440):
        raise ValidationError({"staffed": _("Please choose an hour of the day.")})
    row = selectors.rota()
    row.zone, row.staffed_from, row.staffed_until, row.check_at = zone, first, last, clock.now()
    row.save()
    return row


# --- swaps ---------------------------------------------------------------------------------------------------


def swap_ask(*, actor: Person, shift_id: int, on: date) -> Swap:
    """ "I cannot on this date." The others of this duty are asked; until one takes it, it stays the actor's.

    Raises PermissionDenied when the shift is not theirs on that date, Settled when it is over.
    """
    shift = _shift(shift_id)
    turn = _turn(shift, on)
    if turn is None or actor.pk not in turn.people:
        raise PermissionDenied
    now = clock.now()
    if turn.ends <= now:
        raise Settled(_("This date is over."))
    try:
        with transaction.atomic():
            swap = Swap.objects.create(shift=shift, on=on, leaves=actor, at=now)
            _ask_others(swap, turn, actor)
            return swap
    except IntegrityError:
        return Swap.objects.get(shift=shift, on=on, leaves=actor, state=Swap.OPEN)


def _ask_others(swap: Swap, turn: shifts.Turn, actor: Person) -> None:
    """Everybody who has shifts of this duty, but those who are on this one already."""
    have = ShiftMember.objects.filter(shift__duty=turn.duty, until=None).exclude(person__in=turn.people)
    people = Person.objects.filter(pk__in=have.values("person"), account__is_active=True).exclude(pk=actor.pk)
    messages_enqueue(
        [
            Draft(
                kind=WANTED,
                topic=f"swap:{swap.pk}",
                recipient=person,
                dedupe_key=f"{WANTED}:{swap.pk}:{person.pk}",
                not_before=clock.now(),
                payload={"swap": swap.pk, "starts": turn.starts.isoformat()},
                to_inbox=True,
            )
            for person in people
        ]
    )


def swap_withdraw(*, actor: Person, swap_id: int) -> None:
    """ "I can, after all." Raises PermissionDenied for anybody else's, Settled when somebody took it."""
    swap = Swap.objects.filter(pk=swap_id, leaves=actor).first()
    if swap is None:
        raise PermissionDenied
    if not Swap.objects.filter(pk=swap.pk, state=Swap.OPEN).update(state=Swap.WITHDRAWN, settled_at=clock.now()):
        raise Settled(_("Somebody has taken it."))


def swap_take(*, actor: Person, swap_id: int) -> Swap:
    """Take a date that somebody cannot: one winner. Raises PermissionDenied for people who may not have this shift,
    Conflict when they have it already, Settled when it was taken, withdrawn or is over."""
    swap = Swap.objects.select_related("shift").filter(pk=swap_id).first()
    if swap is None or swap.shift.duty not in selectors.duties_of(actor):
        raise PermissionDenied
    turn = _turn(swap.shift, swap.on)
    if turn is None or turn.ends <= clock.now():
        raise Settled(_("This date is over."))
    if actor.pk in turn.people:
        raise Conflict(_("You have this shift already."))
    if Swap.objects.filter(shift=swap.shift, on=swap.on, leaves=actor, state=Swap.TAKEN).exists():
        raise Conflict(_("You gave this date away yourself."))
    with transaction.atomic():
        open_one = Swap.objects.filter(pk=swap.pk, state=Swap.OPEN)
        if not open_one.update(state=Swap.TAKEN, takes=actor, settled_at=clock.now()):
            raise Settled(_("Somebody has taken it."))
        messages_enqueue(
            [
                Draft(
                    kind=TAKEN,
                    topic=f"swap:{swap.pk}",
                    recipient=swap.leaves,
                    dedupe_key=f"{TAKEN}:{swap.pk}",
                    not_before=clock.now(),
                    payload={"swap": swap.pk, "starts": turn.starts.isoformat()},
                    to_inbox=True,
                )
            ]
        )
    swap.refresh_from_db()
    return swap


def _shift(shift_id: int) -> Shift:
    shift = Shift.objects.filter(pk=shift_id).first()
    if shift is None:
        raise PermissionDenied
    return shift


def _turn(shift: Shift, on: date) -> shifts.Turn | None:
    return shifts.turn_on(plans([shift])[0], on)


# --- gaps ----------------------------------------------------------------------------------------------------


def gaps_warn(*, now: datetime) -> int:
    """Look for gaps when it is time (`Rota.check_at`), and warn the coordinators of each a week and a day ahead, once.

    Returns how many new warnings there were. Two workers at once: one looks.
    """
    row = Rota.objects.order_by("pk").first() or Rota.objects.create()
    waiting = Rota.objects.filter(pk=row.pk).exclude(check_at__gt=now)
    with transaction.atomic():
        if not waiting.update(check_at=now + CHECKED_EVERY):
            return 0
        fresh = _fresh(selectors.gaps_ahead(now, WEEK), now)
        if fresh:
            _warn(fresh, now)
    return len(fresh)


def gaps_postpone(*, until: datetime) -> None:
    """Looking for gaps raised: again at `until` (UTC)."""
    Rota.objects.update(check_at=until)


def _fresh(found: Sequence[shifts.Gap], now: datetime) -> list[GapWarning]:
    """The warnings that are due and new. A shift is known by its own hours. Wished hours without a shift are cut by
    now and by the end of the week we look ahead, so they are known once we warned of any part of them."""
    known = list(GapWarning.objects.filter(ends_at__gt=now).values_list("ahead", "duty", "starts_at", "ends_at"))
    fresh = []
    for gap in found:
        ahead = "day" if gap.starts <= now + DAY else "week"
        warned = [(starts, ends) for *key, starts, ends in known if key == [ahead, gap.duty]]
        if gap.shift is None:
            is_known = any(starts < gap.ends and ends > gap.starts for starts, ends in warned)
        else:
            is_known = (gap.starts, gap.ends) in warned
        if not is_known:
            known.append((ahead, gap.duty, gap.starts, gap.ends))
            fresh.append(GapWarning(duty=gap.duty, starts_at=gap.starts, ends_at=gap.ends, ahead=ahead, at=now))
    return fresh


def _warn(fresh: Sequence[GapWarning], now: datetime) -> None:
    """One message to each coordinator for all that came up at once."""
    GapWarning.objects.bulk_create(fresh, ignore_conflicts=True)
    first = min(fresh, key=lambda warning: warning.starts_at)
    messages_enqueue(
        [
            Draft(
                kind=GAP,
                topic="roster",
                recipient=person,
                dedupe_key=f"{GAP}:{first.ahead}:{first.duty}:{first.starts_at:%Y%m%dT%H%M}:{first.ends_at:%Y%m%dT%H%M}:{person.pk}",
                not_before=now,
                payload={"starts": first.starts_at.isoformat(), "ends": first.ends_at.isoformat()},
                to_inbox=True,
            )
            for person in coordinators()
        ]
    )
