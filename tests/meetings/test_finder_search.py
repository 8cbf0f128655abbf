"""The finder's search: what is on, what comes next, in whose zone, where, and page by page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meetings import worker
from meetings.folding import fold
from meetings.models import Meeting, MeetingDay, Occurrence
from meetings.schedule import weekly
from meetings.selectors.finder import Search, search
from meetings.services.upcoming import schedule_write, upcoming_refresh

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)  # a Thursday: 19:00 in Berlin, 13:00 in New York
BERLIN, NEW_YORK, TOKYO = "Europe/Berlin", "America/New_York", "Asia/Tokyo"
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
EVERY_DAY = range(7)


@pytest.fixture(autouse=True)
def _no_zone_is_remembered():
    cache.clear()


def listed(name, days, at, *, zone=BERLIN, minutes=60, now=NOW, **fields):
    """A listed meeting, its next times as of `now`."""
    hour, minute = map(int, at.split(":"))
    starts = datetime(2001, 1, 1, hour, minute, tzinfo=UTC) + timedelta(days=min(days)) if days else None
    meeting = Meeting.objects.create(
        name=name,
        slug=fold(name).replace(" ", "-"),
        zone=zone,
        starts_local=starts,
        rrule=weekly(days) if days else "",
        minutes=minutes,
        folded=f" {fold(name)} " + "".join(f"#{t.lower()} " for t in fields.get("types", [])),
        created_at=now,
        **fields,
    )
    schedule_write(meetings=[meeting], now=now)
    return meeting


def names(now=NOW, **asked):
    return [row.meeting.name for row in search(Search(**asked), now=now).rows]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Zürich,  Kreis 5", "zurich kreis 5"),
        ("“Hope” group", "hope group"),
        ("¡Viva! ¿Hoy?", "viva hoy"),
        ("*New* [Zoom] #1", "new zoom 1"),
        ("Sober&Free A:B Yes!Now One+Two", "sober free a b yes now one two"),
        ("O'Brien’s", "obriens"),
        ("★★★", "★★★"),
        ("8:30 AM", "8 30 am"),
        ("नई शुरुआत", "नई शुरुआत"),
        ("co\u00adop \u200bhere", "coop here"),
        ("می\u200cخواهم", "میخواهم"),
        ("a\x00b\tc", "a b c"),
        ("👩\u200d👧", "👩👧"),
    ],
)
def test_words_are_found_beside_any_sign(written, folded):
    assert fold(written) == folded


def test_what_is_on_comes_first_then_what_starts_next_and_by_appointment_last():
    listed("Later", [THU], "21:00")
    listed("On now", [THU], "18:30")
    listed("Ask first", [], "00:00")
    listed("Soon", [THU], "19:15")
    listed("Over", [THU], "17:00")
    rows = search(Search(), now=NOW).rows
    assert [row.meeting.name for row in rows] == ["On now", "Soon", "Later", "Over", "Ask first"]
    assert [row.in_progress for row in rows] == [True, False, False, False, False]
    assert rows[3].held.starts_at == datetime(2026, 1, 22, 16, 0, tzinfo=UTC)


def test_half_past_eleven_to_half_past_twelve_is_on_after_midnight():
    listed("Midnight", [THU], "23:30")
    after_midnight = datetime(2026, 1, 15, 23, 15, tzinfo=UTC)  # Friday 00:15 in Berlin
    assert names(now=after_midnight, on_now=True) == ["Midnight"]
    assert names(now=after_midnight + timedelta(minutes=15), on_now=True) == []


def test_sunday_half_past_eleven_is_on_at_a_quarter_past_midnight_on_monday():
    listed("Sunday night", [SUN], "23:30")
    monday = datetime(2026, 1, 18, 23, 15, tzinfo=UTC)
    assert names(now=monday, on_now=True, zone=BERLIN) == ["Sunday night"]
    assert names(now=monday, day="today", zone=BERLIN) == ["Sunday night"], "it is still on today"


def test_meetings_of_several_zones_are_sorted_by_the_moment_not_by_the_wall_clock():
    listed("Tokyo Friday morning", [FRI], "05:00", zone=TOKYO)  # 20:00 UTC on Thursday
    listed("New York Thursday", [THU], "13:30", zone=NEW_YORK)  # 18:30 UTC
    listed("Berlin Thursday", [THU], "20:00")  # 19:00 UTC
    assert names() == ["New York Thursday", "Berlin Thursday", "Tokyo Friday morning"]


def test_within_the_hour_begins_now_and_includes_the_hour_and_leaves_out_what_is_on():
    for name, at in {"Started": "18:59", "Now": "19:00", "In one": "20:00", "Too late": "20:01"}.items():
        listed(name, [THU], at)
    assert names(within=60) == ["Now", "In one"]


def test_a_daily_meeting_that_is_on_now_is_within_a_day_again():
    listed("Daily", EVERY_DAY, "18:30")
    assert names(within=60) == []
    assert names(within=24 * 60) == ["Daily"]


def test_today_is_the_visitors_day_not_the_meetings():
    listed("Early in Tokyo", [FRI], "07:00", zone=TOKYO)  # Thursday 22:00 UTC, 23:00 in Berlin
    listed("Evening in New York", [THU], "19:00", zone=NEW_YORK)  # Friday 01:00 in Berlin
    assert names(day="today", zone=BERLIN) == ["Early in Tokyo"]
    assert names(day="tomorrow", zone=BERLIN) == ["Evening in New York"]
    assert names(day="today", zone=NEW_YORK) == ["Early in Tokyo", "Evening in New York"]


def test_without_a_zone_the_day_is_that_of_most_meetings_here():
    for number in range(3):
        listed(f"New York {number}", [THU], "23:00", zone=NEW_YORK)
    listed("Berlin", [FRI], "05:00")
    page = search(Search(day="today"), now=NOW)
    assert page.zone == NEW_YORK
    assert len(page.rows) == 4


def test_a_weekday_lists_each_meeting_of_that_day_though_its_very_next_date_is_earlier():
    listed("Daily", EVERY_DAY, "08:00")
    listed("Saturday only", [SAT], "10:00")
    rows = search(Search(day="sat", zone=BERLIN), now=NOW).rows
    assert [row.meeting.name for row in rows] == ["Daily", "Saturday only"]
    assert {row.held.starts_at.date().isoformat() for row in rows} == {"2026-01-17"}


def test_the_weekday_of_today_means_what_is_left_of_today():
    listed("Morning", [THU], "08:00")
    listed("Evening", [THU], "20:00")
    assert names(day="thu", zone=BERLIN) == ["Evening"]


def test_words_are_all_meant_begin_anywhere_a_word_begins_and_ignore_accents():
    listed("Café Früh am Morgen", [THU], "20:00")
    listed("Women in the Evening", [THU], "21:00")
    assert names(text="cafe FRUH") == ["Café Früh am Morgen"]
    assert names(text="früh morg") == ["Café Früh am Morgen"]
    assert names(text="cafe evening") == []
    assert names(text="men") == [], "women do not begin with men"
    assert names(text="%") == names(text="%oman") == []
    assert names(text="  ") == ["Café Früh am Morgen", "Women in the Evening"]


def test_tags_are_all_meant():
    listed("Both", [THU], "20:00", types=["A", "X"])
    listed("One", [THU], "21:00", types=["X", "AF"])
    assert names(tags=("X",)) == ["Both", "One"]
    assert names(tags=("A", "X")) == ["Both"]


def test_a_hybrid_meeting_is_both_online_and_in_person():
    for mode in ("in_person", "online", "hybrid"):
        listed(mode, [THU], "20:00", mode=mode)
    assert sorted(names(mode="online")) == ["hybrid", "online"]
    assert sorted(names(mode="in_person")) == ["hybrid", "in_person"]


def test_near_a_place_only_what_is_held_there_with_its_distance():
    listed("Round the corner", [THU], "21:00", latitude=52.53, longitude=13.41)
    listed("Potsdam", [THU], "20:00", latitude=52.40, longitude=13.06)
    listed("Hamburg", [THU], "20:00", latitude=53.55, longitude=9.99)
    listed("Online from Berlin", [THU], "20:00", latitude=52.52, longitude=13.40, mode="online")
    listed("Nowhere", [THU], "20:00")
    rows = search(Search(near=(52.52, 13.405), radius=40), now=NOW).rows
    assert [(row.meeting.name, row.distance_km) for row in rows] == [("Potsdam", 26.9), ("Round the corner", 1.2)]
    assert names(near=(52.52, 13.405), radius=10) == ["Round the corner"]


def test_near_the_date_line_both_sides_are_near():
    listed("East", [THU], "20:00", latitude=-17.0, longitude=179.95)
    listed("West", [THU], "20:30", latitude=-17.0, longitude=-179.95)
    assert names(near=(-17.0, 179.99), radius=25) == ["East", "West"]
    assert names(near=(89.9, 0.0), radius=25) == []


def test_a_cancelled_date_is_never_listed_as_on_and_the_week_after_is_next():
    meeting = listed("Lamp", [THU], "18:30")
    Occurrence.objects.create(
        meeting=meeting,
        original_local=datetime(2026, 1, 15, 18, 30, tzinfo=UTC),
        starts_at=datetime(2026, 1, 15, 17, 30, tzinfo=UTC),
        ends_at=datetime(2026, 1, 15, 18, 30, tzinfo=UTC),
        state="cancelled",
    )
    assert names(on_now=True) == [], "also before the worker has seen it"
    upcoming_refresh(meeting_ids=[meeting.pk], now=NOW)
    assert names(on_now=True) == []
    assert search(Search(), now=NOW).rows[0].held.starts_at == datetime(2026, 1, 22, 17, 30, tzinfo=UTC)


def test_a_date_that_was_moved_is_listed_where_it_was_moved_to():
    meeting = listed("Lamp", [THU], "20:00")
    Occurrence.objects.create(
        meeting=meeting,
        original_local=datetime(2026, 1, 15, 20, 0, tzinfo=UTC),
        starts_at=datetime(2026, 1, 16, 9, 0, tzinfo=UTC),
        ends_at=datetime(2026, 1, 16, 10, 0, tzinfo=UTC),
    )
    upcoming_refresh(meeting_ids=[meeting.pk], now=NOW)
    assert names(within=120) == []
    assert search(Search(), now=NOW).rows[0].held.starts_at == datetime(2026, 1, 16, 9, 0, tzinfo=UTC)


def test_closed_meetings_and_those_on_hold_are_not_found():
    listed("Closed", [THU], "20:00", closed_at=NOW)
    listed("On hold", [THU], "20:00", on_hold=True)
    assert names() == []


def test_when_the_worker_is_behind_no_row_shows_a_wrong_time_and_none_is_missing():
    listed("Daily", EVERY_DAY, "08:00")
    listed("Weekly", [THU], "20:00")
    days_later = NOW + timedelta(days=9, hours=4)  # Saturday 22:00 UTC, nothing was moved on since
    rows = search(Search(), now=days_later).rows
    assert [(row.meeting.name, row.held.starts_at.isoformat()) for row in rows] == [
        ("Daily", "2026-01-25T07:00:00+00:00"),
        ("Weekly", "2026-01-29T19:00:00+00:00"),
    ]
    assert names(now=days_later, day="thu", zone=BERLIN) == ["Daily", "Weekly"]


def test_the_worker_moves_on_what_is_over_and_leaves_what_is_on():
    listed("On", [THU], "18:30")
    listed("Over", [THU], "17:30", now=NOW - timedelta(days=1))
    before = dict(Meeting.objects.values_list("name", "next_starts_at"))
    assert worker.tick(NOW) == 1
    after = dict(Meeting.objects.values_list("name", "next_starts_at"))
    assert after["On"] == before["On"]
    assert after["Over"] == before["Over"] + timedelta(days=7)
    assert worker.tick(NOW) == 0


def test_a_big_jump_of_the_clock_is_caught_up_in_few_statements(django_assert_max_num_queries):
    for number in range(30):
        listed(f"M{number}", [number % 7, (number + 3) % 7], "20:00")
    later = NOW + timedelta(days=100)
    with django_assert_max_num_queries(25):
        while worker.tick(later):
            pass
    assert not Meeting.objects.filter(next_ends_at__lte=later).exists()
    assert not MeetingDay.objects.filter(next_ends_at__lte=later).exists()


@pytest.mark.parametrize("asked", [{}, {"day": "sat"}, {"text": "m"}, {"near": (52.5, 13.4)}, {"within": 60}])
def test_a_search_asks_the_database_a_fixed_number_of_times(asked, django_assert_max_num_queries):
    for number in range(60):
        listed(f"M{number}", EVERY_DAY, f"{number % 24}:{number % 60:02d}", latitude=52.5, longitude=13.4)
    with django_assert_max_num_queries(5):
        search(Search(**asked), now=NOW)


def test_pages_follow_each_other_without_gap_or_repeat():
    for number in range(23):
        listed(f"M{number}", [number % 7], f"{number % 3 + 18}:00")
    listed("Ask", [], "00:00")
    listed("Ask too", [], "00:00")
    seen, after = [], ""
    for _page in range(20):
        page = search(Search(), now=NOW, after=after, limit=4)
        seen += [row.meeting.name for row in page.rows]
        after = page.after
        if not after:
            break
    assert seen == [row.meeting.name for row in search(Search(), now=NOW, limit=100).rows]
    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize(
    "asked",
    [
        {"day": "someday"},
        {"within": 0},
        {"within": 99999},
        {"mode": "by pigeon"},
        {"radius": 0},
        {"radius": float("nan")},
        {"radius": 1e9},
        {"near": (91.0, 0.0)},
    ],
)
def test_a_search_that_cannot_be_read_names_the_parameter(asked):
    with pytest.raises(ValidationError) as refused:
        search(Search(**asked), now=NOW)
    assert set(refused.value.message_dict) == set(asked)


@pytest.mark.parametrize("after", ["x", "1", "1.", ".1", "1.x", "-1.2", "1" * 40 + ".1", "a.", "a." + "9" * 30])
def test_a_place_in_the_list_that_is_none_is_refused(after):
    with pytest.raises(ValidationError):
        search(Search(), now=NOW, after=after)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    minute=st.integers(0, 1439),
    length=st.integers(1, 1440),
    zone=st.sampled_from([BERLIN, NEW_YORK, TOKYO, "Australia/Lord_Howe", "America/St_Johns"]),
    hours=st.integers(0, 24 * 400),
)
def test_whoever_asks_at_any_hour_sees_the_meeting_once_and_not_over(days, minute, length, zone, hours):
    Meeting.objects.all().delete()
    now = NOW + timedelta(hours=hours)
    listed("Any", days, f"{minute // 60}:{minute % 60}", zone=zone, minutes=length, now=now)
    (row,) = search(Search(), now=now).rows
    assert row.held.ends_at > now
    assert row.in_progress == (row.held.starts_at <= now)
    assert row.local.weekday() in days
