"""The roster as arithmetic: weekly shifts in wall time, dated changes, swaps, gaps. No Django here.

A shift belongs to the date on which it starts, also when it ends on the next one. It starts and ends by the clock on
the wall of its own zone, so in the night when clocks change it is an hour shorter or longer, and never misses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from ground.wall import to_utc, to_wall

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Somebody has the shift on dates from `since` to `until`, both included; None: from then on."""

    person: int
    since: date
    until: date | None = None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Hours:
    """A dated change: other hours, or off (None)."""

    start: time | None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One weekly shift with all that changes it. `swaps`: (date, who leaves) -> who takes it, None: nobody.

    `away`: who is on it and does not answer, until when (UTC); None: for good.
    """

    id: int
    duty: str
    weekday: int
    start: time
    minutes: int
    zone: str
    since: date
    until: date | None = None
    wanted: int = 1
    people: tuple[Span, ...] = ()
    days: Mapping[date, Hours] = field(default_factory=dict)
    swaps: Mapping[tuple[date, int], int | None] = field(default_factory=dict)
    away: Mapping[int, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One shift on one date. `starts` included, `ends` excluded (UTC)."""

    shift: int
    on: date
    duty: str
    starts: datetime
    ends: datetime
    wanted: int
    people: tuple[int, ...]

    def covers(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Staffed:
    """Hours of each day in which somebody should be on call: minutes of the wall clock, over midnight when `until` is
    not larger than `start`; equal: round the clock."""

    zone: str
    start: int
    until: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time with too few people. `shift` is None where no shift stands at all; `missing`: how many."""

    starts: datetime
    ends: datetime
    duty: str
    missing: int
    shift: int | None = None
    on: date | None = None


def turn_on(plan: Plan, on: date) -> Turn | None:
    """The shift on this date, or None when it does not take place."""
    if on.weekday() != plan.weekday or on < plan.since or (plan.until is not None and on > plan.until):
        return None
    change = plan.days.get(on)
    start, minutes = (change.start, change.minutes) if change else (plan.start, plan.minutes)
    if start is None:
        return None
    wall = datetime.combine(on, start)
    starts, ends = to_utc(wall, plan.zone), to_utc(wall + timedelta(minutes=minutes), plan.zone)
    if ends <= starts:  # a quarter of an hour in the hour that does not exist
        ends = starts + timedelta(minutes=minutes)
    return Turn(plan.id, on, plan.duty, starts, ends, plan.wanted, _people(plan, on, starts))


def _people(plan: Plan, on: date, starts: datetime) -> tuple[int, ...]:
    found: list[int] = []
    for span in plan.people:
        if span.holds(on):
            who = _stands_in(plan, on, span.person)
            if who is not None and who not in found and not _is_away(plan, who, starts):
                found.append(who)
    return tuple(found)


def _is_away(plan: Plan, person: int, starts: datetime) -> bool:
    """Whoever rests beyond the start of a turn is away for all of it."""
    if person not in plan.away:
        return False
    until = plan.away[person]
    return until is None or starts < until


def _stands_in(plan: Plan, on: date, person: int) -> int | None:
    """Who has it in the end: somebody who took it over may have given it on."""
    who: int | None = person
    for _ in range(len(plan.swaps) + 1):
        if who is None or (on, who) not in plan.swaps:
            return who
        who = plan.swaps[on, who]
    return person  # given round in a ring: whose it was has it


def turns(plans: Iterable[Plan], begin: datetime, end: datetime) -> list[Turn]:
    """All turns that touch the time from `begin` to `end` (UTC, excluded), by their start."""
    found = []
    for plan in plans:
        day, last = to_wall(begin, plan.zone).date() - 2 * DAY, to_wall(end, plan.zone).date() + DAY
        day += ((plan.weekday - day.weekday()) % 7) * DAY
        while day <= last:
            turn = turn_on(plan, day)
            if turn is not None and turn.starts < end and turn.ends > begin:
                found.append(turn)
            day += 7 * DAY
    return sorted(found, key=lambda turn: (turn.starts, turn.shift))


def on_call(plans: Iterable[Plan], at: datetime) -> list[Turn]:
    """The turns that are on at `at` (UTC)."""
    return [turn for turn in turns(plans, at, at + timedelta(microseconds=1)) if turn.covers(at)]


def staffed_spans(staffed: Staffed, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The wished hours between `begin` and `end` (UTC), clipped to it; neighbours are joined."""
    found: list[tuple[datetime, datetime]] = []
    day, last = to_wall(begin, staffed.zone).date() - DAY, to_wall(end, staffed.zone).date() + DAY
    length = (staffed.until - staffed.start) % 1440 or 1440
    while day <= last:
        wall = datetime.combine(day, time()) + timedelta(minutes=staffed.start)
        starts, ends = to_utc(wall, staffed.zone), to_utc(wall + timedelta(minutes=length), staffed.zone)
        starts, ends = max(starts, begin), min(ends, end)
        if starts < ends:
            found.append((starts, ends))
        day += DAY
    return joined(found)


def joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans in order, without overlap."""
    found: list[tuple[datetime, datetime]] = []
    for starts, ends in sorted(spans):
        if found and starts <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((starts, ends))
    return found


def without(
    spans: Iterable[tuple[datetime, datetime]], taken: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """What is left of `spans` outside `taken` (joined and in order)."""
    found = []
    for starts, ends in spans:
        at = starts
        for begun, over in taken:
            if over <= at or begun >= ends:
                continue
            if begun > at:
                found.append((at, begun))
            at = max(at, over)
        if at < ends:
            found.append((at, ends))
    return found


def gaps(plans: Sequence[Plan], staffed: Staffed | None, begin: datetime, end: datetime) -> list[Gap]:
    """Where people are missing between `begin` and `end` (UTC): shifts with fewer than they want, and wished hours
    in which no peer's shift with anybody on it stands."""
    found = []
    coming = turns(plans, begin, end)
    for turn in coming:
        missing = turn.wanted - len(turn.people)
        if missing > 0 and turn.starts >= begin:
            found.append(Gap(turn.starts, turn.ends, turn.duty, missing, turn.shift, turn.on))
    if staffed is not None:
        stands = joined((turn.starts, turn.ends) for turn in coming if turn.duty == "peer")
        empty = without(staffed_spans(staffed, begin, end), stands)
        found += [Gap(starts, ends, "peer", 1) for starts, ends in empty]
    return sorted(found, key=lambda gap: (gap.starts, gap.ends, gap.duty))


def covered(plans: Sequence[Plan], begin: datetime, end: datetime, duty: str = "peer") -> timedelta:
    """For how long somebody was on call between `begin` and `end` (UTC)."""
    there = joined(
        (max(turn.starts, begin), min(turn.ends, end))
        for turn in turns(plans, begin, end)
        if turn.people and turn.duty == duty
    )
    return sum((ends - starts for starts, ends in there), timedelta())
