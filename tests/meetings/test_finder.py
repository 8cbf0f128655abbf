"""A guest looks for a meeting, on the page and in the JSON: the right ones, at the right times, in steady order."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from ground import clock
from meetings.models import Meeting, Occurrence
from meetings.services.imports import feed_import
from meetings.services.upcoming import upcoming_due, upcoming_refresh
from tests.people_of_the_story import HOUR, NOW, make_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
# NOW is Thursday 15 January 2026, 18:00 UTC, 19:00 in Berlin, 13:00 in New York. In a list Thursday is 4.
BERLIN = {"timezone": "Europe/Berlin", "latitude": 52.52, "longitude": 13.405, "address": "Weg 1", "city": "Berlin"}
BERLIN |= {"attendance_option": "in_person"}
ONLINE = {"timezone": "America/New_York", "conference_url": "https://zoom.us/j/1", "attendance_option": "online"}
LIST = [
    {"slug": "cafe", "name": "Café Courage", "day": 4, "time": "18:30", "end_time": "19:30", "types": ["X"], **BERLIN},
    {"slug": "soon", "name": "Zürich evening", "day": 4, "time": "19:30", "location": "Gemeindehaus", **BERLIN},
    {"slug": "hour", "name": "On the hour", "day": 4, "time": "14:00", **ONLINE},
    {"slug": "late", "name": "Late lamp", "day": 4, "time": "23:30", "end_time": "00:30", **BERLIN},
    {"slug": "friday", "name": "Friday lamp", "day": 5, "time": "19:00", **BERLIN},
    {"slug": "both", "name": "Both ways", "day": [5, 0], "time": "12:00", **BERLIN} | {"attendance_option": "hybrid"},
    {"slug": "ask", "name": "By arrangement", **BERLIN},
    {"slug": "closed", "name": "Shut", "day": 4, "time": "19:15", "types": ["TC"], **BERLIN}
    | {"attendance_option": "inactive"},
]


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with clock.frozen(NOW):
        yield


def take_in(tmp_path, entries):
    file = tmp_path / "list.json"
    file.write_text(json.dumps(list(entries)))
    feed_import(address=str(file))


@pytest.fixture
def listed(tmp_path):
    take_in(tmp_path, LIST)


def ask(**params):
    """The JSON answer to a guest."""
    answer = APIClient().get("/api/v1/meetings/", params)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def slugs(**params):
    return [row["slug"] for row in ask(**params)["results"]]


def page(zone="", **params):
    """The page as a guest sees it whose browser is in `zone`."""
    client = Client()
    if zone:
        client.cookies["zone"] = zone
    return client.get("/", params)


def on_page(**params):
    return re.findall(r'<div class="row-main"><a href="/meetings/([^/]+)/">', page(**params).content.decode())


@pytest.mark.usefixtures("listed")
class TestWhatIsFound:
    @pytest.mark.parametrize("found", [slugs, on_page], ids=["json", "page"])
    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({}, ["cafe", "soon", "hour", "late", "both", "friday", "ask"]),
            ({"q": "lamp"}, ["late", "friday"]),
            ({"q": "LAMP fri"}, ["friday"]),
            ({"q": "cafe"}, ["cafe"]),
            ({"q": "CAFÉ"}, ["cafe"]),
            ({"q": "zurich"}, ["soon"]),
            ({"q": "gemeindeh"}, ["soon"]),
            ({"q": "amp"}, []),  # from the beginning of a word
            ({"q": "%"}, []),
            ({"within": "60"}, ["soon", "hour"]),  # the hour itself is within it; what is on has begun
            ({"within": "59"}, ["soon"]),
            ({"on": "1"}, ["cafe"]),
            ({"day": "tomorrow"}, ["both", "friday"]),
            ({"day": "fri"}, ["both", "friday"]),
            ({"day": "sun"}, ["both"]),
            ({"day": "mon"}, []),
            ({"mode": "online"}, ["hour", "both"]),
            ({"mode": "in_person"}, ["cafe", "soon", "late", "both", "friday", "ask"]),
            ({"near": "52.5,13.4", "within": "60"}, ["soon"]),
            ({"near": "40.7,-74.0"}, []),
            ({"near": "52.7,13.4", "radius": "5"}, []),
            ({"place": "Berlin", "on": "1"}, ["cafe"]),
            ({"tags": "X"}, ["cafe"]),
            ({"q": "lamp", "day": "fri", "mode": "in_person"}, ["friday"]),
        ],
    )
    def test_the_page_and_the_json_find_the_same(self, found, params, expected):
        assert found(**params) == expected

    def test_today_is_what_has_not_ended_of_the_days_of_the_visitors_zone(self):
        assert slugs(day="today", zone="Europe/Berlin") == ["cafe", "soon", "hour", "late"]
        assert slugs(day="today", zone="Asia/Tokyo") == ["cafe", "soon", "hour", "late", "both"]  # there it is Friday

    def test_what_is_closed_for_now_is_not_listed(self):
        assert "closed" not in slugs() + slugs(q="shut")

    def test_what_is_on_now_says_so_and_when_it_ends(self):
        row = ask(on="1")["results"][0]
        assert (row["in_progress"], row["starts_at"], row["ends_at"]) == (
            True, "2026-01-15T17:30:00Z", "2026-01-15T18:30:00Z",
        )  # fmt: skip
        assert "on now" in page().content.decode()

    def test_an_end_is_excluded_a_start_included(self):
        with clock.frozen(NOW + 30 * MINUTE):
            assert slugs(on="1") == ["soon"]

    def test_past_midnight_it_is_still_on(self):
        with clock.frozen(NOW + 5 * HOUR + 15 * MINUTE):  # Friday, 00:15 in Berlin
            assert slugs(on="1") == ["late"]

    def test_the_json_has_the_start_in_the_meetings_zone(self):
        row = ask(q="hour")["results"][0]
        assert (row["starts_at"], row["starts_local"], row["zone"]) == (
            "2026-01-15T19:00:00Z", "2026-01-15T14:00", "America/New_York",
        )  # fmt: skip

    def test_the_page_has_the_visitors_time_and_the_meetings_own_where_they_differ(self):
        html = page(zone="Europe/Berlin", q="hour").content.decode()
        assert ">20:00</time>" in html
        assert "Thu 14:00 in" in html
        assert " in Berlin" not in page(zone="Europe/Berlin", q="cafe").content.decode().split('id="results"')[1]

    def test_an_answer_without_rows_says_what_to_try(self):
        html = page(within="60", q="nothing like this").content.decode()
        assert "Nothing starts within the hour here" in html
        assert "See what comes next" in html

    def test_a_town_nobody_knows_is_said_and_not_an_error_on_the_page(self):
        assert "t know a town called" in page(place="Xyzzyville").content.decode()
        assert APIClient().get("/api/v1/meetings/", {"place": "Xyzzyville"}).status_code == 400

    def test_without_javascript_everything_is_a_form_or_a_link(self):
        html = page().content.decode()
        assert '<form action="/" method="get"' in html
        assert 'href="?within=60"' in html
        assert 'href="?mode=online"' in html

    def test_words_in_the_address_come_back_harmless(self):
        assert "<script>alert" not in page(q="<script>alert(1)</script>").content.decode()

    def test_one_meeting_has_its_coming_dates_and_how_to_join(self):
        answer = APIClient().get("/api/v1/meetings/hour/").json()
        assert [date["starts_local"] for date in answer["dates"]][:2] == ["2026-01-15T14:00", "2026-01-22T14:00"]
        assert answer["join_shown"]
        assert answer["conference_url"] == "https://zoom.us/j/1"
        assert "https://zoom.us/j/1" in Client().get("/meetings/hour/").content.decode()

    def test_a_meeting_nobody_knows_is_404(self):
        assert APIClient().get("/api/v1/meetings/none/").status_code == 404
        assert Client().get("/meetings/none/").status_code == 404

    def test_a_cancelled_date_is_never_listed_as_on_nor_as_next(self):
        meeting = Meeting.objects.get(slug="cafe")
        Occurrence.objects.create(
            meeting=meeting,
            original_local=datetime(2026, 1, 15, 18, 30, tzinfo=UTC),
            starts_at=NOW - 30 * MINUTE,
            ends_at=NOW + 30 * MINUTE,
            state=Occurrence.CANCELLED,
        )
        assert slugs(on="1") == []  # even before the stored columns know it
        upcoming_refresh(meeting_ids=[meeting.pk])
        assert slugs(on="1") == []
        assert "cafe" not in slugs(day="today", zone="Europe/Berlin")
        assert ask(q="cafe")["results"][0]["starts_at"] == "2026-01-22T17:30:00Z"

    @pytest.mark.parametrize("hours", [3, 30, 24 * 8])
    def test_the_times_are_right_when_the_worker_is_behind_and_the_same_when_it_was_there(self, hours):
        with clock.frozen(NOW + hours * HOUR):
            behind = ask()["results"]
            assert all(row["by_appointment"] or row["ends_at"] > f"{clock.now():%Y-%m-%dT%H:%M:%SZ}" for row in behind)
            while upcoming_due(now=clock.now()):
                pass
            assert ask()["results"] == behind

    def test_a_member_finds_the_same(self):
        client = APIClient()
        client.force_authenticate(make_account())
        assert client.get("/api/v1/meetings/").json() == ask()


@pytest.mark.parametrize(
    "params",
    [
        {"day": "someday"},
        {"within": "soon"},
        {"within": "0"},
        {"within": "99999"},
        {"mode": "hologram"},
        {"near": "here"},
        {"near": "91,0"},
        {"near": "nan,1"},
        {"radius": "0", "near": "1,1"},
        {"radius": "nan"},
        {"radius": "501"},
        {"zone": "Mars/Olympus"},
        {"tags": "NOPE"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"after": "x"},
        {"after": "99999999999999999999.1"},
        {"after": "1.99999999999999999999999"},
    ],
    ids=lambda params: "&".join(f"{key}={value}" for key, value in params.items()),
)
def test_wrong_parameters_are_400_in_the_house_shape(params):
    answer = APIClient().get("/api/v1/meetings/", params)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert error["message"]
    assert set(error["fields"]) <= set(params)


@pytest.mark.parametrize("params", [{"day": "someday"}, {"within": "x"}, {"near": "a,b"}, {"after": "x"}])
def test_a_page_that_cannot_be_read_is_400_and_says_why(params):
    answer = Client().get("/", params)
    assert answer.status_code == 400
    assert "<h1" in answer.content.decode()


def test_an_empty_list_says_that_it_is_empty():
    assert "The meeting list is empty" in page().content.decode()
    assert ask() == {"results": [], "next": None, "zone": "UTC", "place": None}


def many(number):
    """Meetings at few different times, so that most starts are equal; every tenth by appointment."""
    for index in range(number):
        timed = {"day": index % 7, "time": f"{10 + index % 3}:00"} if index % 10 else {}
        yield {"slug": f"m{index}", "name": f"Meeting {index}", **timed, **BERLIN}


@pytest.mark.parametrize("params", [{}, {"mode": "in_person"}, {"day": "tomorrow"}, {"near": "52.5,13.4"}])
def test_paging_shows_every_meeting_once_and_in_the_same_order(tmp_path, params):
    take_in(tmp_path, many(60))
    whole = slugs(limit="100", **params)
    seen, answer = [], ask(limit="7", **params)
    while True:
        seen += [row["slug"] for row in answer["results"]]
        if not answer["next"]:
            break
        answer = APIClient().get(answer["next"]).json()
    assert seen == whole
    assert len(set(seen)) == len(seen)
    assert params.get("day") or len(seen) == 60


def test_paging_goes_on_where_it_was_when_meetings_came_and_went_meanwhile(tmp_path):
    take_in(tmp_path, many(30))
    first = ask(limit="10")
    take_in(tmp_path, list(many(40))[1:])
    rest = APIClient().get(first["next"] + "&limit=100").json()
    shown = [row["slug"] for row in first["results"]]
    assert not set(shown) & {row["slug"] for row in rest["results"]}


@pytest.mark.parametrize("params", [{}, {"day": "today"}, {"within": "600"}, {"near": "52.5,13.4"}, {"q": "meeting"}])
def test_fifty_rows_cost_as_many_queries_as_five(tmp_path, django_assert_max_num_queries, params):
    take_in(
        tmp_path, ({"slug": f"m{i}", "name": f"Meeting {i}", "day": 4, "time": "20:00", **BERLIN} for i in range(60))
    )
    for limit in ("5", "50"):
        cache.clear()
        with django_assert_max_num_queries(5):
            assert len(ask(limit=limit, **params)["results"]) == int(limit)
    cache.clear()
    with django_assert_max_num_queries(6):
        page(**params)
