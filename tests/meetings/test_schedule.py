"""When a meeting is held: over the changes of the clock, past midnight, over the end of the week, with exceptions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from ground.wall import to_utc
from meetings import schedule
from meetings.schedule import BadRule, Moved, Rule, in_progress, next_held, occurrences, weekly

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MONDAY, SUNDAY = 0, 6
DAY = timedelta(days=1)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def rule(*parts, days=(MONDAY,), zone=BERLIN, minutes=60):
    return Rule(datetime(*parts), zone, minutes, weekly(days))


def starts(a_rule, after, before, changes=None):
    return [held.starts_at for held in occurrences(a_rule, after, before, changes)]


def test_a_weekly_meeting_stays_at_its_wall_time_when_summer_time_begins():
    evenings = rule(2026, 3, 23, 19, 0)
    assert starts(evenings, utc(2026, 3, 22), utc(2026, 4, 1)) == [utc(2026, 3, 23, 18), utc(2026, 3, 30, 17)]


def test_a_weekly_meeting_stays_at_its_wall_time_when_summer_time_ends():
    evenings = rule(2026, 10, 19, 19, 0)
    assert starts(evenings, utc(2026, 10, 19), utc(2026, 10, 27)) == [utc(2026, 10, 19, 17), utc(2026, 10, 26, 18)]


def test_new_york_and_berlin_change_on_different_weekends():
    assert starts(rule(2026, 3, 2, 19, 0, zone=NEW_YORK), utc(2026, 3, 1), utc(2026, 3, 12)) == [
        utc(2026, 3, 3, 0),
        utc(2026, 3, 9, 23),
    ]


def test_a_wall_time_that_the_clock_skips_is_read_with_the_offset_before():
    """Berlin, 29 March 2026: 02:00 to 03:00 does not exist; 02:30 is then 03:30 summer time."""
    nights = rule(2026, 3, 22, 2, 30, days=(SUNDAY,))
    assert starts(nights, utc(2026, 3, 28), utc(2026, 3, 30)) == [utc(2026, 3, 29, 1, 30)]
    assert to_utc(datetime(2026, 3, 29, 2, 30), BERLIN).astimezone(ZoneInfo(BERLIN)).hour == 3


def test_a_wall_time_that_comes_twice_is_the_first():
    """Berlin, 25 October 2026: 02:30 is 00:30 UTC, then 01:30 UTC again."""
    nights = rule(2026, 10, 18, 2, 30, days=(SUNDAY,))
    assert starts(nights, utc(2026, 10, 24), utc(2026, 10, 26)) == [utc(2026, 10, 25, 0, 30)]


@pytest.mark.parametrize("minute", [22 * 60 + 30, 23 * 60, 23 * 60 + 29])
def test_half_past_eleven_to_half_past_twelve_is_in_progress_on_both_sides_of_midnight(minute):
    late = rule(2026, 1, 12, 23, 30)  # Berlin: 22:30 to 23:30 UTC
    now = utc(2026, 1, 12) + timedelta(minutes=minute)
    held = next_held(late, now)
    assert held is not None
    assert held.starts_at == utc(2026, 1, 12, 22, 30)
    assert in_progress(held, now)


def test_its_end_is_excluded_and_a_week_later_comes_the_next():
    late = rule(2026, 1, 12, 23, 30)
    held = next_held(late, utc(2026, 1, 12, 23, 30))
    assert held is not None
    assert held.starts_at == utc(2026, 1, 19, 22, 30)


def test_sunday_half_past_eleven_is_in_progress_on_monday_at_a_quarter_past_midnight():
    late = rule(2026, 1, 4, 23, 30, days=(SUNDAY,))
    monday = utc(2026, 1, 11, 23, 15)  # Monday the 12th, 00:15 in Berlin
    held = next_held(late, monday)
    assert held is not None
    assert held.original_local == datetime(2026, 1, 11, 23, 30)
    assert in_progress(held, monday)
    assert next_held(late, monday, weekday=SUNDAY) == held


def test_a_cancelled_date_is_excluded_and_a_moved_one_counts_where_it_was_moved_to():
    evenings = rule(2026, 1, 5, 19, 0)
    moved_to = Moved(utc(2026, 1, 20, 18), utc(2026, 1, 20, 19))
    changes = {datetime(2026, 1, 12, 19, 0): None, datetime(2026, 1, 19, 19, 0): moved_to}
    assert starts(evenings, utc(2026, 1, 10), utc(2026, 1, 27), changes) == [utc(2026, 1, 20, 18), utc(2026, 1, 26, 18)]
    first = next_held(evenings, utc(2026, 1, 10), changes)
    assert first is not None
    assert first.starts_at == moved_to.starts_at


def test_a_meeting_held_once_has_no_next_one_afterwards():
    once = Rule(datetime(2026, 1, 5, 19, 0), BERLIN, 60)
    assert next_held(once, utc(2026, 1, 5, 18, 59)) is not None
    assert next_held(once, utc(2026, 1, 5, 19, 0)) is None


def test_the_third_thursday_and_the_last_friday_of_the_month():
    third = Rule(datetime(2026, 1, 1, 19, 0), BERLIN, 60, "FREQ=MONTHLY;BYDAY=3TH")
    assert starts(third, utc(2026, 1, 1), utc(2026, 3, 1)) == [utc(2026, 1, 15, 18), utc(2026, 2, 19, 18)]
    last = Rule(datetime(2026, 1, 1, 19, 0), BERLIN, 60, "FREQ=MONTHLY;BYDAY=-1FR")
    assert starts(last, utc(2026, 1, 1), utc(2026, 2, 1)) == [utc(2026, 1, 30, 18)]


def test_until_and_count_end_a_meeting():
    until = Rule(datetime(2026, 1, 5, 19, 0), BERLIN, 60, "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260112")
    count = Rule(datetime(2026, 1, 5, 19, 0), BERLIN, 60, "FREQ=WEEKLY;BYDAY=MO;COUNT=2")
    both = [utc(2026, 1, 5, 18), utc(2026, 1, 12, 18)]
    assert starts(until, utc(2026, 1, 1), utc(2026, 3, 1)) == both
    assert starts(count, utc(2026, 1, 1), utc(2026, 3, 1)) == both


@pytest.mark.parametrize(
    "text",
    ["FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=XX", "nonsense", "FREQ=WEEKLY;BYHOUR=3", "FREQ=DAILY;COUNT=x", "BYDAY=MO"],
)
def test_a_rule_that_cannot_be_kept_is_refused(text):
    with pytest.raises(BadRule):
        schedule.check(text)


def test_a_weekly_meeting_needs_a_weekday():
    with pytest.raises(BadRule):
        weekly([])


@given(
    first=st.datetimes(datetime(2001, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.sets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from([BERLIN, NEW_YORK, "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    minutes=st.integers(1, 1440),
    after=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 1)),
    span=st.integers(0, 40),
)
def test_the_short_way_of_weekly_rules_equals_dateutil(first, days, zone, minutes, after, span):
    a_rule = Rule(first, zone, minutes, weekly(days))
    low, high = after.replace(tzinfo=UTC), after.replace(tzinfo=UTC) + span * DAY
    length = timedelta(minutes=minutes)
    walls = rrulestr(a_rule.rrule, dtstart=first).between(after - 4 * DAY, after + (span + 3) * DAY, inc=True)
    expected = [at for at in (to_utc(wall, zone) for wall in walls) if at + length > low and at < high]
    found = occurrences(a_rule, low, high)
    assert [held.starts_at for held in found] == sorted(expected)
    assert all(held.ends_at - held.starts_at == length for held in found)
    held = next_held(a_rule, low)
    assert held is not None
    assert held.ends_at > low
    if found:
        assert held == found[0]
