"""Reads of the roster: who is on call, whose shift comes, what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from cravings import shifts
from cravings.models import Responder, Rota, Shift, ShiftDay, ShiftMember, Swap
from ground.errors import Unknown
from people.models import Person
from people.selectors import coordinators, is_coordinator

AHEAD = timedelta(days=28)
PAST = timedelta(days=3)  # a shift of the days before may still be on, in any zone


def plans(
    found: Iterable[Shift] | None = None, *, duty: str | None = None, answering_at: datetime | None = None
) -> list[shifts.Plan]:
    """The shifts with everything that changes them, in four statements.

    `answering_at` (UTC): from then on, with those only who answer; one statement more.
    """
    rows = list(Shift.objects.all() if found is None else found)
    if duty is not None:
        rows = [row for row in rows if row.duty == duty]
    if not rows:
        return []
    people: dict[int, list[shifts.Span]] = {row.pk: [] for row in rows}
    for member in ShiftMember.objects.filter(shift__in=people).order_by("pk"):
        people[member.shift_id].append(shifts.Span(member.person_id, member.since, member.until))
    days: dict[int, dict[date, shifts.Hours]] = {row.pk: {} for row in rows}
    changes = ShiftDay.objects.filter(shift__in=people)
    taken = Swap.objects.filter(shift__in=people, state=Swap.TAKEN)
    if answering_at is not None:  # what was changed long ago changes nothing any more
        lately = (answering_at - PAST).date()
        changes, taken = changes.filter(on__gte=lately), taken.filter(on__gte=lately)
    for day in changes:
        days[day.shift_id][day.on] = shifts.Hours(day.start, day.minutes or 0)
    swaps: dict[int, dict[tuple[date, int], int | None]] = {row.pk: {} for row in rows}
    for swap in taken:
        swaps[swap.shift_id][swap.on, swap.leaves_id] = swap.takes_id
    away = _away(people, swaps, answering_at) if answering_at is not None else {}
    return [
        shifts.Plan(
            id=row.pk,
            duty=row.duty,
            weekday=row.weekday,
            start=row.start,
            minutes=row.minutes,
            zone=row.zone,
            since=row.since,
            until=row.until,
            wanted=row.wanted,
            people=tuple(people[row.pk]),
            days=days[row.pk],
            swaps=swaps[row.pk],
            away=away.get(row.duty == Shift.PEER, {}),
        )
        for row in rows
    ]


Away = dict[int, datetime | None]


def _away(
    people: dict[int, list[shifts.Span]], swaps: dict[int, dict[tuple[date, int], int | None]], at: datetime
) -> dict[bool, Away]:
    """Who does not answer although a shift names them, until when; for peers' shifts (True) and the others (False).

    A peer's shift is for vetted people who were not barred, the others also for coordinators; whoever rests is away
    until the rest ends. Whoever left, was barred, or closed their account is nobody that can be rung.
    """
    named = {span.person for spans in people.values() for span in spans}
    named |= {person for taken in swaps.values() for person in taken.values() if person is not None}
    found: dict[bool, Away] = {True: dict.fromkeys(named), False: dict.fromkeys(named)}
    rows = Person.objects.filter(pk__in=named, account__is_active=True).values_list(
        "pk",
        "account__is_coordinator",
        "responder__vetted_at",
        "responder__barred_at",
        "responder__rests_until",
    )
    for person, coordinates, vetted, barred, rests in rows:
        answers = vetted is not None and barred is None
        for is_peers, may in ((True, answers), (False, answers or (coordinates and barred is None))):
            if not may:
                continue
            if rests is not None and rests > at:
                found[is_peers][person] = rests
            else:
                del found[is_peers][person]
    return found


def _near(at: datetime) -> list[Shift]:
    """The shifts that could be on at `at` (UTC): of the days around it, in any zone."""
    days = {(at + timedelta(days=offset)).weekday() for offset in (-2, -1, 0, 1)}
    held = Q(until=None) | Q(until__gte=at.date() - timedelta(days=2))
    return list(Shift.objects.filter(held, weekday__in=days))


def on_call_now(at: datetime, duty: str) -> list[int]:
    """The persons (ids) who are on call for this duty at `at` (UTC)."""
    found: list[int] = []
    for turn in shifts.on_call(plans(_near(at), duty=duty, answering_at=at), at):
        found += [person for person in turn.people if person not in found]
    return found


def on_call_any(at: datetime) -> set[int]:
    """The persons (ids) who are on call for anything at `at` (UTC)."""
    return {person for turn in shifts.on_call(plans(_near(at), answering_at=at), at) for person in turn.people}


def rota() -> Rota:
    """The site's own wishes; the defaults where nobody said anything."""
    return Rota.objects.order_by("pk").first() or Rota()


def staffed_of(row: Rota) -> shifts.Staffed | None:
    if row.staffed_from is None or row.staffed_until is None:
        return None
    return shifts.Staffed(row.zone, row.staffed_from, row.staffed_until)


def gaps_ahead(now: datetime, ahead: timedelta = AHEAD) -> list[shifts.Gap]:
    """Where people are missing from `now` (UTC) on."""
    return shifts.gaps(plans(answering_at=now), staffed_of(rota()), now, now + ahead)


@dataclass(frozen=True, slots=True)
class MyTurn:
    """One of somebody's own shifts to come. `asks`: they asked to be replaced on this date; `with_others`: how many."""

    shift: int
    on: date
    starts: datetime
    ends: datetime
    duty: str
    on_now: bool
    asks: int | None
    with_others: int


def turns_of(person: Person, now: datetime, ahead: timedelta = AHEAD) -> list[MyTurn]:
    """The person's own shifts that are on or come, soonest first."""
    mine = Shift.objects.filter(Q(members__person=person) | Q(swaps__takes=person, swaps__state=Swap.TAKEN)).distinct()
    asked = {(swap.shift_id, swap.on): swap.pk for swap in Swap.objects.filter(leaves=person, state=Swap.OPEN)}
    return [
        MyTurn(
            turn.shift,
            turn.on,
            turn.starts,
            turn.ends,
            turn.duty,
            turn.covers(now),
            asked.get((turn.shift, turn.on)),
            len(turn.people) - 1,
        )
        for turn in shifts.turns(plans(mine), now, now + ahead)
        if person.pk in turn.people
    ]


@dataclass(frozen=True, slots=True)
class OpenSwap:
    """A date that somebody cannot. Whose it is is not said."""

    id: int
    starts: datetime
    ends: datetime
    duty: str


def swaps_open(person: Person, now: datetime) -> list[OpenSwap]:
    """Dates that others cannot and that this person could take: not their own, not while they have that shift."""
    found = []
    coming = Swap.objects.filter(state=Swap.OPEN, on__gte=now.date() - timedelta(days=1))
    waiting = list(coming.filter(shift__duty__in=duties_of(person)).select_related("shift"))
    known = {plan.id: plan for plan in plans({swap.shift_id: swap.shift for swap in waiting}.values())}
    for swap in waiting:
        turn = shifts.turn_on(known[swap.shift_id], swap.on)
        if turn is not None and turn.ends > now and swap.leaves_id in turn.people and person.pk not in turn.people:
            found.append(OpenSwap(swap.pk, turn.starts, turn.ends, turn.duty))
    return sorted(found, key=lambda one: one.starts)


def duties_of(person: Person) -> set[str]:
    """The shifts that this person may take over: a peer's by people who may answer; others by coordinators and those
    who have one of the kind."""
    if is_coordinator(person):
        others = {Shift.FACILITATOR, Shift.LEAD}
    else:
        standing = ShiftMember.objects.filter(person=person, until=None).exclude(shift__duty=Shift.PEER)
        others = set(standing.values_list("shift__duty", flat=True))
    return others | ({Shift.PEER} if Responder.objects.answering().filter(person=person).exists() else set())


@dataclass(frozen=True, slots=True)
class ListedTurn:
    """One shift on one date, for the coordinator: with names."""

    shift: int
    on: date
    duty: str
    starts: datetime
    ends: datetime
    wanted: int
    names: list[str]
    asking: list[str]
    changed: bool
    off: bool = False


def turns_listed(now: datetime, ahead: timedelta = timedelta(days=8)) -> list[ListedTurn]:
    """What is on and what comes, for the coordinator."""
    known = plans(answering_at=now)
    coming = shifts.turns(known, now, now + ahead)
    names = dict(Person.objects.filter(pk__in={p for turn in coming for p in turn.people}).values_list("pk", "name"))
    asks: dict[tuple[int, date], list[str]] = {}
    for swap in Swap.objects.filter(state=Swap.OPEN).select_related("leaves"):
        asks.setdefault((swap.shift_id, swap.on), []).append(swap.leaves.name)
    changed = {(plan.id, on) for plan in known for on in plan.days}
    return [
        ListedTurn(
            turn.shift,
            turn.on,
            turn.duty,
            turn.starts,
            turn.ends,
            turn.wanted,
            [names[person] for person in turn.people if person in names],
            asks.get((turn.shift, turn.on), []),
            (turn.shift, turn.on) in changed,
        )
        for turn in coming
    ]


def shifts_listed(today: date) -> list[Shift]:
    """The weekly shifts that stand or are to come, with their people, for the coordinator."""
    standing = Shift.objects.filter(Q(until=None) | Q(until__gte=today))
    return list(standing.prefetch_related("members__person", "days"))


def shift_one(shift_id: int) -> Shift:
    """One shift with its people and dates, for the coordinator. Raises Unknown."""
    found = Shift.objects.filter(pk=shift_id).prefetch_related("members__person", "days").first()
    if found is None:
        raise Unknown(_("This shift is not here any more."))
    return found


def on_roster_by_pid(pid: UUID) -> Person:
    """Somebody who may have a shift, or has one, by public id. Raises Unknown for anybody else."""
    known = Q(responder__isnull=False) | Q(account__is_coordinator=True) | Q(shifts__isnull=False)
    found = Person.objects.filter(known, pid=pid).first()
    if found is None:
        raise Unknown(_("Nobody here has this name."))
    return found


def lead_now(at: datetime) -> list[Person]:
    """Who is paged: the leads on call at `at` (UTC), else every coordinator."""
    people = on_call_now(at, Shift.LEAD)
    if people:
        return list(Person.objects.filter(pk__in=people, account__is_active=True))
    return list(coordinators())
