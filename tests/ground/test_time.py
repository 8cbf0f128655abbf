"""Wall time, windows and the clock, over the changes of summer time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground import clock
from ground.wall import to_utc, to_wall
from ground.windows import next_allowed

MORNING, EVENING = 8 * 60, 21 * 60
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "UTC"])
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_local_time_that_does_not_exist_is_read_with_the_offset_before_the_gap():
    assert to_utc(datetime(2026, 3, 29, 2, 30), "Europe/Berlin") == utc(2026, 3, 29, 1, 30)


def test_a_local_time_that_occurs_twice_is_the_first():
    assert to_utc(datetime(2026, 10, 25, 2, 30), "Europe/Berlin") == utc(2026, 10, 25, 0, 30)


def test_what_lies_beyond_the_edges_of_time_is_the_edge():
    first, last = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)
    assert to_utc(first, "Asia/Tokyo") == datetime.min.replace(tzinfo=UTC)
    assert to_utc(last, "America/New_York") == datetime.max.replace(tzinfo=UTC)
    assert to_utc(last, "UTC") == last.replace(tzinfo=UTC)


def test_a_weekly_seven_oclock_in_berlin_moves_by_an_hour_in_utc_in_march():
    assert to_utc(datetime(2026, 3, 22, 19), "Europe/Berlin") == utc(2026, 3, 22, 18)
    assert to_utc(datetime(2026, 3, 29, 19), "Europe/Berlin") == utc(2026, 3, 29, 17)


@pytest.mark.parametrize(
    ("zone", "due", "arrives"),
    [
        ("Europe/Berlin", utc(2026, 1, 16, 19, 35), utc(2026, 1, 16, 19, 35)),
        ("America/New_York", utc(2026, 1, 16, 19, 35), utc(2026, 1, 16, 19, 35)),
        ("Australia/Sydney", utc(2026, 1, 16, 19, 35), utc(2026, 1, 16, 21, 0)),  # Sat 08:00 AEDT
        ("Europe/Berlin", utc(2026, 1, 15, 21, 10), utc(2026, 1, 16, 7, 0)),  # 22:10 waits for 08:00
        ("Europe/Berlin", utc(2026, 3, 29, 19, 0), utc(2026, 3, 30, 6, 0)),  # 21:00 CEST is outside already
    ],
)
def test_the_worked_examples_of_quiet_hours(zone, due, arrives):
    assert next_allowed(due, zone, MORNING, EVENING) == arrives


@given(MOMENTS, ZONES)
def test_what_is_allowed_lies_in_the_window_and_waits_less_than_a_day_and_an_hour(moment, zone):
    allowed = next_allowed(moment, zone, MORNING, EVENING)
    local = to_wall(allowed, zone)
    assert MORNING <= local.hour * 60 + local.minute < EVENING
    assert timedelta() <= allowed - moment <= timedelta(hours=25)
    assert next_allowed(allowed, zone, MORNING, EVENING) == allowed


def test_the_development_clock_moves_and_ticks_on(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    clock.move_to(utc(2030, 1, 1))
    assert utc(2030, 1, 1) <= clock.now() < utc(2030, 1, 1, 0, 1)


def test_without_the_development_switch_the_clock_is_the_real_one(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    clock.move_to(utc(2030, 1, 1))
    settings.DEVELOPMENT = False
    assert clock.now() < utc(2030, 1, 1)
    with pytest.raises(RuntimeError):
        clock.move_to(utc(2031, 1, 1))
