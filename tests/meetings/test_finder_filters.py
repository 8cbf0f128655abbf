"""The finder's further filters and orders, the numbers beside them, and what the database itself keeps for them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.migrations import Migration

from meetings import search_schema
from meetings.folding import fold
from meetings.models import Meeting, MeetingDay
from meetings.schedule import weekly
from meetings.selectors.finder import BY_DISTANCE, BY_NAME, Search, facets, search
from meetings.services.upcoming import schedule_write
from meetings.wording import folded_words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)  # a Thursday: 19:00 in Berlin, 13:00 in New York
BERLIN, NEW_YORK, AUCKLAND = "Europe/Berlin", "America/New_York", "Pacific/Auckland"
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
EVERY_DAY = range(7)
ALEX = (52.522, 13.413)  # Berlin, Alexanderplatz


@pytest.fixture(autouse=True)
def _no_zone_is_remembered():
    cache.clear()


def listed(name, days, at, *, zone=BERLIN, minutes=60, types=(), fellowship="", **fields):
    hour, minute = map(int, at.split(":"))
    starts = datetime(2001, 1, 1, hour, minute, tzinfo=UTC) + timedelta(days=min(days)) if days else None
    meeting = Meeting.objects.create(
        name=name, slug=fold(name).replace(" ", "-"), zone=zone, starts_local=starts, minutes=minutes,
        rrule=weekly(days) if days else "", types=list(types), fellowship=fellowship, created_at=NOW,
        folded=folded_words([name, fields.get("address", "")], types=types, fellowship=fellowship), **fields,
    )  # fmt: skip
    schedule_write(meetings=[meeting], now=NOW)
    return meeting


def names(now=NOW, **asked):
    asked.setdefault("zone", BERLIN)
    return [row.meeting.name for row in search(Search(**asked), now=now).rows]


def pages(limit=3, **asked):
    """All names, a page at a time."""
    seen, after = [], ""
    for _turn in range(50):
        page = search(Search(zone=BERLIN, **asked), now=NOW, after=after, limit=limit)
        seen += [row.meeting.name for row in page.rows]
        after = page.after
        if not after:
            return seen
    raise AssertionError("the list has no end")


# --- time of day ----------------------------------------------------------------------------------------------


def test_the_evening_is_that_of_the_visitors_clock_on_any_day_to_come():
    listed("Berlin evening", [FRI], "19:30")
    listed("Berlin morning", [FRI], "08:00")
    listed("New York noon", [FRI], "12:30", zone=NEW_YORK)  # 18:30 in Berlin
    assert names(time="evening") == ["New York noon", "Berlin evening"]
    assert names(time="evening", zone=NEW_YORK) == []
    assert names(time="morning", zone=NEW_YORK) == []
    assert names(time="midday", zone=NEW_YORK) == ["New York noon", "Berlin evening"]


def test_the_night_lasts_until_five_the_next_morning_and_a_night_that_runs_counts():
    listed("Very late", EVERY_DAY, "02:00")
    listed("Late", [THU], "23:30")
    rows = search(Search(time="night", zone=BERLIN), now=NOW).rows
    assert [row.meeting.name for row in rows][:2] == ["Late", "Very late"]
    quarter_past_midnight = datetime(2026, 1, 15, 23, 15, tzinfo=UTC)
    assert names(now=quarter_past_midnight, time="night")[0] == "Late", "it began within the night and is on"


def test_the_part_of_one_day_alone():
    listed("Daily", EVERY_DAY, "09:00")
    rows = search(Search(day="sat", time="morning", zone=BERLIN), now=NOW).rows
    assert [row.held.starts_at.isoformat() for row in rows] == ["2026-01-17T08:00:00+00:00"]
    assert names(day="sat", time="evening") == []


def test_parts_of_the_day_stand_on_the_clock_of_their_day_when_the_clocks_change():
    listed("Sunday at eleven", [SUN], "11:30")
    saturday = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)  # in Berlin the clocks go forward that night
    schedule_write(meetings=list(Meeting.objects.all()), now=saturday)
    assert names(now=saturday, time="midday") == ["Sunday at eleven"]
    assert names(now=saturday, time="evening") == []


# --- language, fellowship, words ------------------------------------------------------------------------------


def test_a_language_is_one_more_mark_that_is_meant():
    listed("Esperanza", [THU], "20:00", types=["S", "X"], mode="online")
    listed("Hoffnung", [THU], "20:00", types=["DE"], mode="online")
    assert names(language="S") == ["Esperanza"]
    assert names(language="S", tags=("X",)) == ["Esperanza"]
    assert names(language="DE", tags=("X",)) == []


def test_secular_medication_friendly_and_dual_diagnosis_can_be_asked_for_together():
    listed("All three", [THU], "20:00", types=["A", "X-MED", "DD"])
    listed("Secular", [THU], "20:30", types=["A"])
    assert names(tags=("A", "X-MED", "DD")) == ["All three"]
    assert names(tags=("A",)) == ["All three", "Secular"]


def test_a_fellowship_is_found_by_its_code_its_name_and_as_a_filter():
    listed("Lamp", [THU], "20:00", fellowship="NA")
    listed("Candle", [THU], "21:00", fellowship="AA")
    assert names(fellowship="NA") == ["Lamp"]
    assert names(text="narcotics anonymous") == ["Lamp"]
    assert names(text="anonymous") == ["Lamp", "Candle"]
    assert names(text="aa") == ["Candle"]


def test_frequent_words_are_found_by_the_order_of_time_and_rare_ones_by_the_words(monkeypatch):
    for number in range(8):
        listed(f"Common {number}", [THU], f"{20 + number % 3}:00", types=["W"] if number % 2 else [])
    rare = names(text="common"), names(text="common", tags=("W",)), names(tags=("W",), day="thu")
    monkeypatch.setattr("meetings.selectors.finder.statement.FEW", 2)
    assert (names(text="common"), names(text="common", tags=("W",)), names(tags=("W",), day="thu")) == rare
    assert len(rare[0]) == 8
    assert len(rare[1]) == len(rare[2]) == 4


@pytest.mark.parametrize(
    "text",
    ['"', 'a"b', "\\", "a:* & b", "NEAR(a b)", "a OR b", "-a", "★", "' | '", "*", "a\u200db", "a\x00b", "\u0378a"],
)
def test_signs_in_the_words_are_no_commands_to_the_index(text):
    listed("Plain", [THU], "20:00")
    assert names(text=text) == []


def test_a_place_in_the_order_of_names_that_no_name_has_is_refused():
    with pytest.raises(ValidationError):
        search(Search(sort=BY_NAME), now=NOW, after="1.1.a\x00")


def test_the_words_follow_a_change_of_name_whoever_makes_it():
    meeting = listed("Old lamp", [THU], "20:00")
    Meeting.objects.filter(pk=meeting.pk).update(folded=folded_words(["New candle"], types=["A"]))
    assert names(text="lamp") == []
    assert names(text="candle") == names(tags=("A",)) == ["Old lamp"]
    meeting.delete()
    assert names(text="candle") == []


def test_a_meeting_that_moves_house_is_found_at_the_new_place_whoever_moves_it():
    meeting = listed("Lamp", [THU], "20:00", latitude=52.52, longitude=13.40)
    Meeting.objects.filter(pk=meeting.pk).update(latitude=48.14, longitude=11.58)
    assert names(near=ALEX) == []
    assert names(near=(48.1, 11.6)) == ["Lamp"]
    Meeting.objects.filter(pk=meeting.pk).update(mode="online")
    assert names(near=(48.1, 11.6)) == []
    assert names(mode="online") == ["Lamp"]


# --- places ---------------------------------------------------------------------------------------------------


def test_a_maps_window_holds_what_lies_in_it():
    listed("Inside", [THU], "20:00", latitude=52.52, longitude=13.40)
    listed("Beside", [THU], "20:00", latitude=52.52, longitude=13.61)
    listed("By appointment", [], "00:00", latitude=52.51, longitude=13.41)
    listed("Online", [THU], "20:00", latitude=52.52, longitude=13.40, mode="online")
    assert names(box=(52.4, 13.2, 52.6, 13.6)) == ["Inside", "By appointment"]


def test_a_window_over_the_date_line_holds_both_sides():
    listed("East", [THU], "20:00", latitude=-17.0, longitude=179.9)
    listed("West", [THU], "20:30", latitude=-17.0, longitude=-179.9)
    assert names(box=(-18.0, 179.0, -16.0, -179.0)) == ["East", "West"]


@pytest.mark.parametrize("radius", [1, 25, 100, 500])
def test_the_circle_is_exact_whatever_grid_is_asked(radius):
    degree = 111.195  # km between two parallels
    listed("Just inside", [THU], "20:00", latitude=52.0 + (radius - 0.2) / degree, longitude=13.0)
    listed("Just outside", [THU], "20:00", latitude=52.0 + (radius + 0.2) / degree, longitude=13.0)
    assert names(near=(52.0, 13.0), radius=radius) == ["Just inside"]


def test_at_the_pole_every_direction_is_near():
    listed("Station", [THU], "20:00", latitude=-89.99, longitude=0.0)
    assert names(near=(-89.95, 170.0), radius=25) == ["Station"]


# --- orders ---------------------------------------------------------------------------------------------------


def test_by_distance_the_nearest_comes_first_page_by_page_and_those_by_appointment_last():
    for number in range(10):
        listed(f"M{number}", [number % 7], "20:00", latitude=52.52 + (number * 7 % 10) / 100, longitude=13.4)
    listed("Ask", [], "00:00", latitude=52.52, longitude=13.4)
    seen = pages(near=(52.52, 13.4), sort=BY_DISTANCE)
    assert seen == [f"M{number}" for number in sorted(range(10), key=lambda n: n * 7 % 10)] + ["Ask"]


def test_at_one_place_the_earlier_start_comes_first_in_the_order_of_distance():
    for name, at in {"Late": "21:00", "Early": "20:00"}.items():
        listed(name, [THU], at, latitude=52.52, longitude=13.4)
    assert pages(1, near=(52.52, 13.4), sort=BY_DISTANCE) == ["Early", "Late"]


def test_by_name_accents_do_not_matter_and_pages_have_no_gap():
    for name in ("Zebra", "äpfel", "Apricot", "über uns", "Lamp", "lamp light", "Étoile"):
        listed(name, [THU], "20:00")
    assert pages(2, sort=BY_NAME) == ["äpfel", "Apricot", "Étoile", "Lamp", "lamp light", "über uns", "Zebra"]
    assert pages(2, sort=BY_NAME, text="lamp") == ["Lamp", "lamp light"]


def test_every_order_gives_whole_lists_in_pages_of_any_size():
    for number in range(17):
        listed(f"M{number % 5} {number}", {number % 7, (number + 3) % 7}, f"{number}:15", latitude=52.5, longitude=13.4)
    for asked in ({}, {"sort": BY_NAME}, {"near": (52.5, 13.4), "sort": BY_DISTANCE}, {"day": "sat"}):
        whole = pages(100, **asked)
        assert [pages(size, **asked) for size in (1, 2, 5)] == [whole] * 3
        assert len(whole) == len(set(whole))


@pytest.mark.parametrize(
    "asked",
    [
        {"time": "teatime"}, {"box": (1.0, 1.0, 1.0, 2.0)}, {"box": (0.0, 0.0, 45.0, 45.0)}, {"box": (0, 0, 91, 1)},
        {"fellowship": "KNITTERS"}, {"sort": "luck"}, {"sort": "distance"},
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_named(asked):
    with pytest.raises(ValidationError) as refused:
        search(Search(**asked), now=NOW)
    assert set(refused.value.message_dict) == set(asked)


def test_a_language_that_is_none_is_named_as_the_address_names_it():
    with pytest.raises(ValidationError) as refused:
        search(Search(language="X"), now=NOW)
    assert set(refused.value.message_dict) == {"lang"}


# --- numbers --------------------------------------------------------------------------------------------------


def test_the_numbers_say_what_each_choice_would_leave():
    listed("Both", [THU, SAT], "20:00", types=["W", "S"], mode="hybrid", fellowship="AA")
    listed("There", [SAT], "21:00", types=["W"], fellowship="NA")
    listed("Online", [SUN], "20:00", types=["DE"], mode="online", fellowship="NA")
    found = facets(Search(zone=BERLIN), now=NOW)
    assert found.total == 3
    assert found.modes == {"online": 2, "in_person": 2}
    assert found.tags == {"W": 2}
    assert found.languages == {"S": 1, "DE": 1}
    assert found.fellowships == {"AA": 1, "NA": 2}
    assert found.days == {"thu": 1, "fri": 0, "sat": 2, "sun": 1, "mon": 0, "tue": 0, "wed": 0}


def test_a_choice_is_counted_beside_the_others_and_in_place_of_its_own_kind():
    listed("A", [THU], "20:00", types=["W", "S"], mode="online")
    listed("B", [THU], "20:00", types=["W", "DE"])
    listed("C", [THU], "20:00", types=["M", "S"])
    found = facets(Search(zone=BERLIN, mode="online", language="S"), now=NOW)
    assert found.total == 1
    assert found.modes == {"online": 1, "in_person": 1}, "with Spanish: one either way"
    assert found.languages == {"S": 1}, "online: one, and it is in Spanish"
    assert facets(Search(zone=BERLIN, tags=("W",)), now=NOW).tags == {"W": 2}


@pytest.mark.parametrize(
    "asked",
    [{}, {"mode": "online"}, {"tags": ("W",)}, {"day": "sat"}, {"time": "evening"}, {"text": "m"}, {"near": ALEX}],
)
def test_the_total_is_the_length_of_the_list(asked):
    for number in range(30):
        types = [code for place, code in enumerate(("W", "S", "X")) if number >> place & 1]
        place = {"latitude": 52.52, "longitude": 13.4} if number % 3 else {}
        mode = ("online", "in_person", "hybrid")[number % 3]
        listed(f"M{number}", {number % 7, number % 5}, f"{number % 24}:10", types=types, mode=mode, **place)
    assert facets(Search(zone=BERLIN, **asked), now=NOW).total == len(pages(100, **asked))


# --- the database's part --------------------------------------------------------------------------------------

ASKED = {
    "place": {"near": ALEX, "within": 60},
    "wide place": {"near": ALEX, "radius": 400},
    "day at a place": {"near": ALEX, "day": "sat"},
    "window": {"box": (52.4, 13.2, 52.6, 13.6)},
    "on in a language": {"on_now": True, "mode": "online", "language": "S"},
    "words": {"text": "lamp light"},
    "evening": {"time": "evening"},
    "name": {"sort": BY_NAME},
    "distance": {"near": ALEX, "sort": BY_DISTANCE},
    "all": {},
}


@pytest.mark.embedded
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("ask", [lambda asked: search(asked, now=NOW), lambda asked: facets(asked, now=NOW)])
def test_no_search_reads_a_whole_table(asked, ask, django_assert_max_num_queries):
    for number in range(5):
        listed(f"Lamp light {number}", [THU], "20:00", latitude=52.5, longitude=13.4, types=["S"])
    with django_assert_max_num_queries(6) as said:
        ask(Search(zone=BERLIN, **asked))
    for query in said.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
            plan = [row[-1] for row in cursor.fetchall()]
        assert not [line for line in plan if line.startswith("SCAN meetings_meeting") and "USING" not in line], (
            query["sql"],
            plan,
        )
        over = [line for line in plan if line.startswith("SCAN d") and "USING" not in line]
        # of what words found both halves are read: what holds, and what is late
        found = 2 if "MATERIALIZE found" in plan else 0
        assert len(over) <= found, (query["sql"], plan)
        if any(name in query["sql"] for name in ("json_each", "meetings_words w")):  # though nobody ever ran ANALYZE
            by_number = {"SEARCH d": "(meeting_id=?)", "SEARCH m": "(rowid=?)"}
            assert [1 for line in plan for begun, by in by_number.items() if line.startswith(begun) and by in line], (
                plan
            )


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_forty_meetings_cost_as_many_queries_as_three(asked):
    def fill(first, last):
        for number in range(first, last):
            listed(
                f"Lamp light {number}", [number % 7], f"{number % 24}:00", latitude=52.5, longitude=13.4, types=["S"]
            )

    fill(0, 3)
    with connection.execute_wrapper(counting := Counting()):
        search(Search(zone=BERLIN, **asked), now=NOW, limit=3)
    fill(3, 40)
    with connection.execute_wrapper(again := Counting()):
        search(Search(zone=BERLIN, **asked), now=NOW, limit=3)
    assert again.number <= max(counting.number, 5 if "text" in asked else 4)


class Counting:
    number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)


def test_every_copy_is_what_the_meeting_says():
    meeting = listed("Lamp", [MON, FRI], "20:00", latitude=52.52, longitude=13.4, types=["S"], fellowship="NA")
    online = listed("Wire", [MON], "20:00", latitude=52.52, longitude=13.4, mode="online")
    for day in MeetingDay.objects.filter(meeting=meeting):
        assert (day.online, day.onsite, day.fellowship, day.tags) == (False, True, "NA", " #s ")
        assert day.name_key.startswith("lamp")
        assert (day.latitude, day.longitude) == (52.52, 13.4)
        assert day.cell == int((52.52 + 90) * 4) * 1440 + int((13.4 + 180) * 4)
        assert day.x**2 + day.y**2 + day.z**2 == pytest.approx(1)
    assert MeetingDay.objects.filter(meeting=meeting, nearest=True).count() == 1
    day = MeetingDay.objects.get(meeting=online)
    assert (day.online, day.onsite, day.latitude, day.cell, day.x, day.tags) == (True, False, None, None, None, "")


def test_a_migrate_that_was_stopped_is_noticed_and_all_is_filled_the_next_time():
    meeting = listed("Lamp", [MON], "20:00", latitude=52.52, longitude=13.4)
    assert not search_schema.missing(using="default")
    search_schema.off(using="default", plan=[(Migration("0009_more", "meetings"), False)])
    assert search_schema.missing(using="default")
    Meeting.objects.filter(pk=meeting.pk).update(folded=folded_words(["Candle"]), mode="hybrid")
    connection.check_constraints()  # PostgreSQL makes no index while a check waits for the transaction's end
    search_schema.on(using="default")
    assert not search_schema.missing(using="default")
    assert names(text="candle") == names(mode="online") == ["Lamp"]
    assert names(text="lamp") == []


def test_who_is_stopped_while_filling_leaves_nothing_that_looks_whole():
    def stopped(execute, sql, params, many, context):
        if sql.startswith("UPDATE meetings_meetingday"):
            raise KeyboardInterrupt
        return execute(sql, params, many, context)

    search_schema.off(using="default", plan=[(Migration("0009_more", "meetings"), False)])
    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(stopped):
        search_schema.on(using="default")
    assert search_schema.missing(using="default")
    search_schema.on(using="default")


def test_migrations_of_rooms_above_cost_no_new_index_of_all_meetings():
    search_schema.off(using="default", plan=[(Migration("0009_more", "chat"), False)])
    assert not search_schema.missing(using="default")
