"""From what the tables say about one person to HITs and MISSes (docs/rules.md, sections 1 and 2)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, Self

LATEST_CLOSING = timedelta(days=14)  # 2.5
_HITS = frozenset({"present", "late", "online"})
_MARKS = _HITS | {"excused", "absent", None}


def utc(moment: datetime) -> datetime:
    """`moment` in UTC. Raises ValueError when it is naive: a wall time is no moment."""
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"not a moment, its zone is missing: {moment!r}")
    return moment.astimezone(UTC)


class Kind(StrEnum):
    """What a record is to the streak (section 1)."""

    HIT = "hit"
    MISS = "miss"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` (included) to `until` (excluded), open when `until` is None (2.8)."""

    since: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", utc(self.since))
        if self.until is not None:
            object.__setattr__(self, "until", utc(self.until))

    def holds(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Record:
    """One HIT or MISS. `group` is None for a self-logged meeting; `key` is the occurrence's or the log's.

    `order` is where it stands among others, `row` how it is written down: both once, since many members share it.
    """

    start: datetime
    key: str
    kind: Kind
    group: int | None
    order: tuple[datetime, str, Kind] = field(init=False, repr=False, compare=False)
    row: tuple[str, str, int | None, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start))
        if self.kind is Kind.NEUTRAL:
            raise ValueError("a neutral record neither adds nor ends anything; leave it out")
        object.__setattr__(self, "order", (self.start, self.key, self.kind))
        object.__setattr__(self, "row", (self.start.isoformat(), self.kind.value, self.group, self.key))


@dataclass(frozen=True, slots=True)
class Mark:
    """One person on one sheet. `key` names the occurrence and stays when it is moved; `start` and `end` are as of now.

    `closed` is the sheet's state now (open and expired are both False); `first_closed_at` is when it was closed first.
    `record` is the HIT it is, or the MISS it may be, which hangs on the person (see `classify`); None: NEUTRAL for all.
    Raises ValueError for a value that is no mark, and for a closed sheet without a first closing.
    """

    key: str
    group: int
    meeting: int
    start: datetime
    end: datetime
    value: str | None
    closed: bool
    first_closed_at: datetime | None = None
    cancelled: bool = False
    record: Record | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.value not in _MARKS:
            raise ValueError(f"no such mark: {self.value!r}")
        if self.closed and self.first_closed_at is None:
            raise ValueError(f"a closed sheet was closed at some time: {self.key}")
        object.__setattr__(self, "start", utc(self.start))
        object.__setattr__(self, "end", utc(self.end))
        if self.first_closed_at is not None:
            object.__setattr__(self, "first_closed_at", utc(self.first_closed_at))
        object.__setattr__(self, "record", self._record())

    def _record(self) -> Record | None:
        if self.value in _HITS:
            return Record(self.start, self.key, Kind.HIT, self.group)
        if self.value == "absent" and not self.cancelled and self._closed_in_time():
            return Record(self.start, self.key, Kind.MISS, self.group)
        return None

    def _closed_in_time(self) -> bool:
        """2.5: the sheet is closed, and was first closed not more than 14 days after the occurrence's end."""
        return self.closed and self.first_closed_at is not None and self.first_closed_at - self.end <= LATEST_CLOSING


@dataclass(frozen=True, slots=True)
class SelfLog:
    """A meeting the member logged: any place, the member's own word. Always a HIT (section 1)."""

    key: str
    start: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start))


@dataclass(frozen=True, slots=True)
class Membership:
    """One time in one group. One with an `until` has ended; joining again is another one."""

    group: int
    span: Span


@dataclass(frozen=True, slots=True)
class Commitment:
    """ "I plan to come to this meeting", from a time, until a time."""

    meeting: int
    span: Span


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one person. `rule` holds every time the rule was on, `pauses` every pause."""

    marks: tuple[Mark, ...] = ()
    self_logs: tuple[SelfLog, ...] = ()
    memberships: tuple[Membership, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    rule: tuple[Span, ...] = ()
    pauses: tuple[Span, ...] = ()


def _rule_active(facts: Facts, moment: datetime) -> bool:
    """Only the latest time the rule was on counts: on again, it counts occurrences from then on (section 3)."""
    latest = max(facts.rule, key=attrgetter("since"), default=None)
    return latest is not None and latest.holds(moment)


def expected(mark: Mark, facts: Facts) -> bool:
    """2.1: at the occurrence's start, membership, commitment and rule are all active."""
    member = any(m.group == mark.group and m.span.holds(mark.start) for m in facts.memberships)
    return member and _planned(mark, facts) and _rule_active(facts, mark.start)


def _planned(mark: Mark, facts: Facts) -> bool:
    for commitment in facts.commitments:
        if commitment.meeting == mark.meeting and commitment.span.holds(mark.start):
            return True
    return False


def _membership_lasts(mark: Mark, facts: Facts) -> bool:
    """2.7: the membership the person had at the start has not ended since."""
    for membership in facts.memberships:
        if membership.group == mark.group and membership.span.until is None and membership.span.holds(mark.start):
            return True
    return False


def classify(mark: Mark, facts: Facts) -> Kind:
    """Section 1 with 2.1, 2.3, 2.5 and 2.7. The overlap (2.4) depends on the other records: see `streak_at`."""
    if mark.record is None:
        return Kind.NEUTRAL
    if mark.record.kind is Kind.HIT:
        return Kind.HIT
    # a membership that lasts is one that was active at the start: with the rest, the person was expected
    miss = (
        _membership_lasts(mark, facts)
        and _planned(mark, facts)
        and _rule_active(facts, mark.start)
        and not any(pause.holds(mark.start) for pause in facts.pauses)
    )
    return Kind.MISS if miss else Kind.NEUTRAL


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The records one watch sees, in order of start. `group` is None in scope any.

    A watch keeps the one of its last evaluation: "the streak at the same moment over the records before" (section 3).
    """

    records: tuple[Record, ...] = ()
    group: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "records", tuple(sorted(self.records, key=attrgetter("order"))))

    def since(self, moment: datetime) -> Self:
        """Only the records that start at or after `moment`: see `horizon`."""
        if not self.records or self.records[0].start >= moment:
            return self
        return type(self)(tuple(record for record in self.records if record.start >= moment), self.group)

    def to_json(self) -> dict[str, Any]:
        """A small value for a JSON column; `from_json` gives the same snapshot back."""
        return {"group": self.group, "records": [record.row for record in self.records]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Raises ValueError when `value` is not what `to_json` made."""
        try:
            rows = tuple(_read(start, kind, group, key) for start, kind, group, key in value["records"])
            return cls(rows, value["group"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of records: {error}") from error


@lru_cache(maxsize=8192)
def _read(start: str, kind: str, group: int | None, key: str) -> Record:
    """The members of a group have the same records."""
    return Record(datetime.fromisoformat(start), key, Kind(kind), group)


def _in_scope(records: Iterable[Record], group: int | None) -> tuple[Record, ...]:
    """2.2: scope any merges all groups and self-logged meetings; scope group has only that group's."""
    return tuple(record for record in records if group is None or record.group == group)


def snapshot(facts: Facts, *, group: int | None = None) -> Snapshot:
    """The records of one watch: scope any when `group` is None, else scope group (2.2)."""
    marked = [
        mark.record
        for mark in facts.marks
        if mark.record is not None and (mark.record.kind is Kind.HIT or classify(mark, facts) is Kind.MISS)
    ]
    logged = [Record(log.start, log.key, Kind.HIT, None) for log in facts.self_logs]
    return Snapshot(_in_scope([*marked, *logged], group), group)
