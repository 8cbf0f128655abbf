"""The streak of a watch, and whether a decision stands (docs/rules.md 2.2, 2.4, 2.6 and section 3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from support.streaks.records import Kind, Record, Snapshot, utc

LOOK_BACK = timedelta(days=90)  # 2.2
OVERLAP = timedelta(hours=2)  # 2.4


@dataclass(frozen=True, slots=True)
class Streak:
    """The MISSes that count, in order of start."""

    misses: tuple[Record, ...] = ()

    @property
    def count(self) -> int:
        return len(self.misses)

    @property
    def latest(self) -> Record | None:
        return self.misses[-1] if self.misses else None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a final notice: N, grace and levels of an episode are those at its decision (section 3).

    `deciding_*` is of the deciding MISS, the latest of the streak then; its group is the group of rule 4.6.
    """

    threshold: int
    deciding_start: datetime
    deciding_group: int | None
    decided_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "deciding_start", utc(self.deciding_start))
        object.__setattr__(self, "decided_at", utc(self.decided_at))


def streak_at(records: Snapshot, t: datetime, *, up_to_start: datetime | None = None) -> Streak:
    """2.2 and 2.4: the MISSes after the latest HIT, not looking further back than 90 days before `t` (limit included).

    With `up_to_start` only records that start at or before it play a part. A MISS that starts after `t` does not count
    yet, a HIT does. A HIT just outside the 90 days still ends by overlap a MISS just inside them: a MISS that was
    NEUTRAL does not come to life by time alone.
    """
    latest_hit: datetime | None = None
    misses = []
    for record in reversed(records.records):
        if up_to_start is not None and record.start > up_to_start:
            continue
        if record.kind is Kind.HIT:
            latest_hit = record.start
            break
        misses.append(record)
    # Of all HITs the latest is the nearest to every MISS that starts after it, so 2.4 needs no other.
    gap = OVERLAP if records.group is None else timedelta()
    oldest = utc(t) - LOOK_BACK
    counted = (r for r in reversed(misses) if oldest <= r.start <= t)
    return Streak(tuple(r for r in counted if latest_hit is None or r.start - latest_hit > gap))


def decision_stands(records: Snapshot, decision: Decision) -> bool:
    """Section 3: the streak over the records that start at or before the deciding MISS is still >= N.

    The 90 days are taken back from the moment of the decision: time alone never voids a decision.
    """
    streak = streak_at(records, decision.decided_at, up_to_start=decision.deciding_start)
    return streak.count >= decision.threshold


def hit_after(records: Snapshot, start: datetime) -> bool:
    """A HIT that starts later than `start` is among the records (section 3)."""
    return any(r.kind is Kind.HIT and r.start > start for r in records.records)


def horizon(now: datetime, decision: Decision | None = None) -> datetime:
    """Records that start before this moment play no part in a streak from `now` on, nor in the open decision."""
    from_when = utc(now) if decision is None else min(utc(now), decision.decided_at)
    return from_when - LOOK_BACK - OVERLAP
