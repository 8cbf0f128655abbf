"""When what happens to a press: the table of docs/cravings.md as arithmetic. No Django here; all moments are UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ground.wall import to_utc, to_wall

UNDO = timedelta(seconds=3)  # told to nobody so long
AFTER_FIRST = {2: timedelta(seconds=60), 3: timedelta(minutes=3)}  # from the first wave on
CALL_AFTER = timedelta(seconds=60)  # a chosen person is rung so long after their text
NOBODY_YET = timedelta(minutes=5)
PAGE = timedelta(minutes=15)
UNANSWERED = timedelta(minutes=30)
ANOTHER_CHANCE = timedelta(minutes=5)  # whoever is asked anew has so long at least
LEASE = timedelta(seconds=60)  # a claim without a word
GONE = timedelta(seconds=30)  # the peer's connection is away: who asked is told
GONE_ASK = timedelta(seconds=60)  # and a second peer is asked
PROMPT = timedelta(minutes=5)  # who asked is silent
LEAD = timedelta(minutes=10)
CALLED = 2  # the step of a silence at which the lead is called
RESTS = timedelta(hours=4)  # a claimed press that nobody closed
LOOK = timedelta(seconds=5)  # between two looks at a talk
AVAILABLE = timedelta(hours=8)
MANY, MANY_WITHIN = 3, timedelta(hours=1)  # presses before this one; from the fourth on only people on call
CAP, CAP_WITHIN = 3, timedelta(hours=24)  # claims of one peer
ASKED_AT_ONCE = 8  # available peers of the first wave
KNOCKS, KNOCKS_WITHIN = 3, timedelta(minutes=2)  # messages to one peer, for all presses together
LAST_WAVE, PAGED = 3, 4  # the wave of those who are paged comes after all others

HOURS, NEXT_DAY, DAY_THREE = "hours", "next_day", "day_three"
SOON = timedelta(hours=2)
STALE = timedelta(hours=3)  # a question that could not go out in time is not asked


@dataclass(frozen=True, slots=True)
class Times:
    """The timers of a fresh press."""

    wave1_at: datetime
    nobody_yet_at: datetime
    page_at: datetime
    unanswered_at: datetime


def times_of(pressed: datetime, *, late: bool) -> Times:
    """A press that comes late from offline has no wait: the moment to undo it has passed."""
    first = pressed if late else pressed + UNDO
    return Times(first, pressed + NOBODY_YET, pressed + PAGE, pressed + UNANSWERED)


def wave_after(wave: int, first: datetime, *, last: int = LAST_WAVE) -> datetime | None:
    """When the wave after `wave` goes out, `first` being the moment of the first; None when there is none."""
    return first + AFTER_FIRST[wave + 1] if wave < last else None


def asked_anew(unanswered_at: datetime, now: datetime) -> datetime:
    """Until when a press is asked that was taken and is free again: at least a few minutes more."""
    return max(unanswered_at, now + ANOTHER_CHANCE)


def quiet_step(silent_since: datetime, now: datetime) -> int:
    """0: fine; 1: who asked is prompted; 2: the safety lead hears of it."""
    silent = now - silent_since
    return CALLED if silent >= LEAD else 1 if silent >= PROMPT else 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question afterwards. `answered`, `sent`: what became of it."""

    step: str
    sent: bool
    answered: bool


def aftercare_times(ended: datetime, zone: str, hour: int) -> dict[str, datetime]:
    """Two hours later; on the next day and the third at the member's own hour. A press ended before 04:00 belongs
    to the day before: its next day is the same date."""
    local = to_wall(ended, zone)
    day = local.date() if local.hour < 4 else local.date() + timedelta(days=1)
    return {HOURS: ended + SOON, NEXT_DAY: _at(day, hour, zone), DAY_THREE: _at(day + timedelta(days=2), hour, zone)}


def _at(day: date, hour: int, zone: str) -> datetime:
    return to_utc(datetime.combine(day, time(hour)), zone)


def still_asked(before: Sequence[Question]) -> bool:
    """Whether one more question goes out: after one without an answer at most one more."""
    unanswered = 0
    for one in before:
        if one.sent:
            unanswered = 0 if one.answered else unanswered + 1
    return unanswered <= 1
