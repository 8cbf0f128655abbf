"""Days, times, lengths and dates as published lists write them. No Django, no database."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from meetings.guide_text import is_empty, written

USUAL_MINUTES = 60
DAY_MINUTES = 24 * 60
BAD_DAY, NO_TIME, BAD_TIME = "day not understood", "day without a time", "time not understood"
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"^(\d{1,2})(?:[:.h](\d{2}))?(?:[:.]\d{2})?\s*([ap])?\.?\s*(?:m\.?)?$")
_DIGITS = re.compile(r"^(\d{1,2})(\d{2})$")
_DATES = (
    (re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})"), (1, 2, 3)),
    (re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})"), (3, 1, 2)),  # month first, as these lists write it
)


class Refused(Exception):
    """The entry cannot be read; the text is the reason."""


def when(raw: Mapping[str, Any]) -> tuple[tuple[int, ...], int | None, int]:
    """(weekdays from Monday = 0, the minute of the start, the length in minutes). Raises Refused."""
    days = days_of(raw.get("day"))
    time, end = raw.get("time"), raw.get("end_time")
    if is_empty(time):
        if days:
            raise Refused(NO_TIME)
        return (), None, USUAL_MINUTES
    start = minute_of(time)
    if start is None or start == DAY_MINUTES:
        raise Refused(BAD_TIME)
    if not days:
        return (), None, USUAL_MINUTES  # by appointment: a time without a day says nothing
    return days, start, _length(start, end, raw.get("duration"))


def days_of(value: object) -> tuple[int, ...]:
    """Weekdays from Monday = 0 of an int, a string or a list of either, where the list's 0 is Sunday.

    Empty means by appointment. Raises Refused for a day that is none: a wrong day is worse than an unread entry.
    """
    if is_empty(value):
        return ()
    items = value if isinstance(value, list) else re.split(r"[,;/|]", written(value))
    days = set()
    for item in items:
        text = written(item).strip().lower().removesuffix(".0")
        if text in {"", "none", "null"}:
            continue
        if text in {"0", "1", "2", "3", "4", "5", "6"}:
            days.add((int(text) - 1) % 7)
        elif len(text) >= 3 and (names := [n for n in DAY_NAMES if n.startswith(text.removesuffix("s"))]):
            days.add(DAY_NAMES.index(names[0]))
        else:
            raise Refused(BAD_DAY)
    return tuple(sorted(days))


def minute_of(value: object) -> int | None:  # noqa: PLR0911  (one line per form)
    """Minutes since midnight of `19:30`, `7:30 PM`, `7pm`, `19.30`, `1930`, `noon`; 1440 for `24:00`; else None."""
    text = written(value).strip().lower().replace("\u00a0", " ").replace("\u202f", " ")
    if text in {"noon", "12 noon", "midnight", "12 midnight"}:
        return 0 if "midnight" in text else 12 * 60
    if digits := _DIGITS.match(text):
        hour, minute, half = int(digits[1]), int(digits[2]), None
    elif clock := _CLOCK.match(text):
        if clock[2] is None and clock[3] is None:
            return None  # a bare number is no time
        hour, minute, half = int(clock[1]), int(clock[2] or 0), clock[3]
    else:
        return None
    if half and hour <= 12:
        if hour == 0:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    elif half and half == "a":
        return None
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        return None
    return hour * 60 + minute


def _length(start: int, end: object, duration: object) -> int:
    """Minutes from start to end. No end, or the start again: an hour. An end before the start lies past midnight.

    An end that would then be more than 12 hours off was written on a 12-hour clock (12:15 to 01:15): 12 hours less.
    A `duration` in minutes serves where the end is missing, and bears out an end that it leads to.
    """
    stop = None if is_empty(end) else minute_of(end)
    given = "" if is_empty(duration) else written(duration).strip()
    lasts = int(given) if given.isdecimal() and len(given) <= 4 and 0 < int(given) <= DAY_MINUTES else None
    if stop is None:
        return lasts or USUAL_MINUTES
    if lasts and (stop - start - lasts) % DAY_MINUTES == 0:
        return lasts
    length = stop - start
    if length < 0:
        length += DAY_MINUTES
        if length > DAY_MINUTES // 2:
            length -= DAY_MINUTES // 2
    return length or USUAL_MINUTES


def date_of(value: object) -> date | None:
    """The (UTC) date of `2023-08-29 15:56:59`, ISO, or `8/25/2022 11:17:07 AM`; None for anything else."""
    text_ = written(value or "").strip()
    for pattern, (year, month, day) in _DATES:
        if found := pattern.match(text_):
            try:
                return date(int(found[year]), int(found[month]), int(found[day]))
            except ValueError:
                return None
    return None
