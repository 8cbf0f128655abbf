"""The finder's map: what lies where in a window, by name or by number, and its pages, there once tiles are set."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from frontend.tiles import check_tiles, tiles
from ground import clock
from meetings.folding import fold
from meetings.models import Meeting, Occurrence
from meetings.schedule import weekly
from meetings.selectors.finder import Search, off_map, on_map
from meetings.services.upcoming import schedule_write

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)  # a Thursday, 19:00 in Berlin
BERLIN = (52.3, 13.0, 52.7, 13.8)
WORLD = (-85.0, -180.0, 85.0, 180.0)
TILES = "https://tiles.example/{z}/{x}/{y}.png"


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with clock.frozen(NOW):
        yield


def rows(*asked):
    """Listed meetings: (name, latitude, longitude, fields)."""
    made = []
    for name, lat, lon, *more in asked:
        fields = more[0] if more else {}
        days = fields.pop("days", [3])
        starts = datetime(2001, 1, 1, 20, 0, tzinfo=UTC) + timedelta(days=min(days)) if days else None
        made.append(
            Meeting(
                name=name,
                slug=fold(name).replace(" ", "-"),
                zone="Europe/Berlin",
                minutes=60,
                created_at=NOW,
                starts_local=starts,
                rrule=weekly(days) if days else "",
                latitude=lat,
                longitude=lon,
                folded=f" {fold(name)} " + "".join(f"#{t.lower()} " for t in fields.get("types", [])),
                **fields,
            )
        )
    Meeting.objects.bulk_create(made)
    schedule_write(meetings=made, now=NOW)
    return made


def shown(window=BERLIN, zoom=12, **asked):
    return on_map(Search(**asked), window, zoom, now=NOW)


def names(found):
    return sorted(row.meeting.name for place in found.places for row in place.rows)


# --- what lies where --------------------------------------------------------------------------------------------


def test_a_few_meetings_are_named_at_their_places_in_the_order_of_the_list():
    rows(
        ("Late", 52.52, 13.40, {"days": [4]}), ("Soon", 52.52, 13.40), ("Aside", 52.45, 13.30),
        ("Munich", 48.14, 11.58), ("Online", 52.52, 13.40, {"mode": "online"}), ("Nowhere", None, None),
    )  # fmt: skip
    found = shown()
    assert [(place.count, [row.meeting.name for row in place.rows]) for place in found.places] == [
        (2, ["Soon", "Late"]),
        (1, ["Aside"]),
    ]
    assert (found.total, found.capped) == (3, False)
    assert off_map(Search(), now=NOW) == off_map(Search(near=(0.0, 0.0)), now=NOW)
    off = off_map(Search(), now=NOW)
    assert (off.online, off.unplaced, off.capped) == (1, 1, False)


def test_every_filter_of_the_list_holds_on_the_map_but_for_its_place():
    rows(("Women", 52.52, 13.40, {"types": ["W"]}), ("All", 52.50, 13.45), ("Friday", 52.45, 13.35, {"days": [4]}))
    assert names(shown(tags=("W",))) == ["Women"]
    assert names(shown(text="all")) == ["All"]
    assert names(shown(day="fri", zone="Europe/Berlin")) == ["Friday"]
    assert names(shown(near=(0.0, 0.0), radius=1.0)) == ["All", "Friday", "Women"], "the window is the place"
    assert names(shown(box=(0.0, 0.0, 1.0, 1.0))) == ["All", "Friday", "Women"]


def test_a_date_that_is_cancelled_or_moved_is_shown_as_it_is():
    (meeting,) = rows(("Thursday", 52.52, 13.40))
    at = datetime(2026, 1, 15, 19, tzinfo=UTC)
    Occurrence.objects.create(
        meeting=meeting,
        original_local=datetime(2026, 1, 15, 20, tzinfo=UTC),
        starts_at=at,
        ends_at=at + timedelta(hours=1),
        state="cancelled",
    )
    ((row,),) = [place.rows for place in shown().places]
    assert row.held.starts_at == datetime(2026, 1, 22, 19, tzinfo=UTC)


def test_a_daily_meeting_stands_on_the_map_once():
    rows(("Daily", 52.52, 13.40, {"days": [0, 1, 2, 3, 4, 5, 6]}))
    assert [(place.count, len(place.rows)) for place in shown(time="evening", zone="Europe/Berlin").places] == [(1, 1)]
    assert shown(WORLD, 1, time="evening", zone="Europe/Berlin").total == 1


def test_what_is_only_about_a_place_says_so_and_one_exact_meeting_there_makes_it_a_place():
    rows(("About", 52.50, 13.40, {"approximate": True}), ("Other", 52.40, 13.20, {"approximate": True}),
         ("Exact", 52.40, 13.20))  # fmt: skip
    assert [(place.approximate, place.count) for place in shown().places] == [(True, 1), (False, 2)]


def test_close_by_places_are_one_until_the_map_comes_closer():
    rows(("One", 52.5200, 13.4000), ("Two", 52.5202, 13.4003))
    (both,) = shown(zoom=10).places
    assert (both.count, both.rows) == (2, ())
    assert both.box == (52.52, 13.4, 52.5202, 13.4003)
    assert names(shown((52.51, 13.39, 52.53, 13.41), 17)) == ["One", "Two"]


def test_many_meetings_are_counted_and_every_one_is_in_some_place():
    rows(*[(f"M{n}", 52.31 + n % 20 * 0.018, 13.01 + n // 20 * 0.05) for n in range(230)])
    found = shown(zoom=9)
    assert found.total == 230 == sum(place.count for place in found.places)
    assert not any(place.rows for place in found.places)
    assert 1 < len(found.places) < 60


def test_from_far_away_places_are_counted_and_what_is_by_appointment_waits_until_it_is_near():
    rows(("Berlin", 52.52, 13.40), ("Sydney", -33.87, 151.21), ("Ask first", 52.45, 13.40, {"days": []}))
    assert [(place.count, place.rows) for place in shown(WORLD, 2).places] == [(1, ()), (1, ())]
    assert names(shown()) == ["Ask first", "Berlin"]


def test_a_large_window_that_is_full_holds_the_next_to_start_and_says_so(monkeypatch):
    monkeypatch.setitem(on_map.__globals__, "MOST_COUNTED", 3)
    monkeypatch.setitem(on_map.__globals__, "CAP", 2)
    rows(*[(f"Day {day}", 50.0 + day, 10.0 + day, {"days": [day]}) for day in (3, 4, 5, 6)])
    found = shown(WORLD, 4)
    assert (found.total, found.capped) == (2, True)
    assert {edge for place in found.places for edge in place.box[::2]} == {53.0, 54.0}, "Thursday's and Friday's"
    assert not shown((52.5, 12.0, 54.5, 15.0), 8).capped


# --- the edges of the earth -------------------------------------------------------------------------------------


def test_a_window_lies_over_the_date_line():
    rows(("Fiji", -17.7, 178.1), ("Beyond", -17.0, -179.9), ("On it", -18.0, 180.0), ("Far", -17.0, 170.0))
    assert names(shown((-20.0, 175.0, -10.0, -175.0), 8)) == ["Beyond", "Fiji", "On it"]
    assert shown((-60.0, 100.0, 60.0, -100.0), 3).total == 4, "a large one, too"


def test_a_window_reaches_to_the_poles():
    rows(("North", 89.9, 10.0), ("Pole", 90.0, 0.0), ("South", -90.0, 0.0))
    assert shown((80.0, -10.0, 90.0, 10.0), 9).total == 2
    assert shown((-90.0, -180.0, 90.0, 180.0), 0).total == 3
    assert shown((-90.0, -5.0, -80.0, 5.0), 9).total == 1


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    south=st.floats(-90, 89), tall=st.floats(0.01, 180), west=st.floats(-180, 180), wide=st.floats(0.01, 359),
    zoom=st.integers(0, 22), lat=st.floats(-90, 90), lon=st.floats(-180, 180),
)  # fmt: skip
def test_wherever_the_window_lies_it_holds_exactly_what_lies_in_it(south, tall, west, wide, zoom, lat, lon):
    cache.clear()
    Meeting.objects.all().delete()
    rows(("Somewhere", lat, lon))
    north, east = min(90.0, south + tall), west + wide
    east = east - 360 if east > 180 else east
    inside = south <= lat <= north and (west <= lon <= east if west < east else lon >= west or lon <= east)
    found = shown((south, west, north, east), zoom)
    assert found.total == int(inside)


@pytest.mark.parametrize(
    "window",
    [
        (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0), (0.0, 5.0, 1.0, 5.0), (-91.0, 0.0, 0.0, 1.0),
        (0.0, -181.0, 1.0, 0.0), (float("nan"), 0.0, 1.0, 1.0), (0.0, 0.0, float("inf"), 1.0),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(ValidationError) as refused:
        shown(window)
    assert set(refused.value.message_dict) == {"window"}


def test_a_window_smaller_than_anything_is_a_window_and_no_overflow():
    assert shown((0.0, 0.0, 1e-320, 1e-320), 22).total == 0


# --- the door ---------------------------------------------------------------------------------------------------


def test_the_door_needs_no_sign_in_and_names_what_it_cannot_read(client):
    rows(
        ("Lamp", 52.52, 13.40), ("About", 52.45, 13.30, {"approximate": True}), ("Net", None, None, {"mode": "online"})
    )
    answer = client.get("/api/v1/map/", {"window": "52.3,13,52.7,13.8", "zoom": "12", "q": "lamp"}).json()
    (place,) = answer["places"]
    assert (place["latitude"], place["longitude"], place["count"], place["approximate"]) == (52.52, 13.4, 1, False)
    assert place["meetings"][0]["url"] == "/meetings/lamp/"
    assert place["meetings"][0]["starts_at"] == "2026-01-15T19:00:00Z"
    assert answer["off_map"] == {"online": 0, "unplaced": 0, "capped": False}
    whole = client.get("/api/v1/map/?window=52.3,13,52.7,13.8&zoom=12&place=Munich&sort=distance&box=nonsense").json()
    assert whole["total"] == 2, "the window is the place"
    for query in ("", "?window=1,2,3&zoom=4", "?window=a,b,c,d&zoom=4", "?window=nan,0,1,1&zoom=4",
                  "?window=0,0,1,1e999&zoom=4", "?window=0,0,1,1", "?window=0,0,1,1&zoom=23", "?window=0,0,1,1&zoom=-1",
                  "?window=0,0,1,1&zoom=4&day=someday", "?window=0,0,1,1&zoom=²"):  # fmt: skip
        refused = client.get("/api/v1/map/" + query)
        assert refused.status_code == 400, query
        assert refused.json()["error"]["fields"], query


@pytest.mark.parametrize(("count", "zoom"), [(3, 12), (60, 12), (230, 9)])
def test_the_map_asks_the_database_a_fixed_number_of_times(client, django_assert_max_num_queries, count, zoom):
    rows(*[(f"M{n}", 52.31 + n % 20 * 0.018, 13.01 + n // 20 * 0.05) for n in range(count)])
    with django_assert_max_num_queries(8):
        assert client.get(f"/api/v1/map/?window=52.3,13,52.7,13.8&zoom={zoom}").json()["total"] == count
    with django_assert_max_num_queries(8):
        assert client.get("/api/v1/map/?window=-60,-180,75,180&zoom=2").json()["total"] == count


# --- the pages, and whose server draws --------------------------------------------------------------------------


def policy(answer):
    return answer["Content-Security-Policy"]


def test_until_an_operator_names_a_server_there_is_no_map_anywhere(client, settings):
    settings.MAP_TILES = ""
    rows(("Lamp", 52.52, 13.40))
    for address in ("/", "/?place=Berlin", "/meetings/lamp/"):
        page = client.get(address).content.decode()
        assert "/map/" not in page
        assert "leaflet" not in page.lower()
    assert client.get("/find/map/").status_code == 404
    assert client.get("/meetings/lamp/map/").status_code == 404
    assert check_tiles() == []


def test_only_the_maps_own_pages_let_in_pictures_of_that_one_host(client, settings):
    settings.MAP_TILES, settings.MAP_CREDIT = TILES, "© Somebody https://example.org/licence"
    rows(("Lamp", 52.52, 13.40))
    found = client.get("/?place=Berlin")
    assert 'href="/find/map/?place=Berlin"' in found.content.decode()
    assert 'href="/meetings/lamp/map/"' in client.get("/meetings/lamp/").content.decode()
    for address in ("/", "/meetings/lamp/"):
        assert "tiles.example" not in policy(client.get(address))
        assert "leaflet" not in client.get(address).content.decode()
    for address in ("/find/map/?place=Berlin", "/meetings/lamp/map/"):
        answer = client.get(address)
        page = answer.content.decode()
        assert "img-src 'self' data: https://tiles.example;" in policy(answer) + ";"
        assert policy(answer).count("tiles.example") == 1
        assert "<strong>tiles.example</strong>" in page, "whose server is asked"
        assert '<a href="https://example.org/licence"' in page
        assert 'src="/static/vendor' not in page, "nothing of it is loaded before it is opened"


def test_without_a_script_the_lists_of_the_area_are_there_and_lead_back(client, settings):
    settings.MAP_TILES = TILES
    rows(("Lamp", 52.52, 13.40), ("Munich", 48.14, 11.58), ("Net", None, None, {"mode": "online"}))
    page = client.get("/find/map/?box=52.3,13,52.7,13.8&day=thu").content.decode()
    assert "Lamp" in page
    assert "Munich" not in page
    assert 'href="/?box=52.3%2C13%2C52.7%2C13.8&amp;day=thu"' in page, "back to the list with all filters"
    assert 'href="/?day=thu&amp;mode=online"' in page
    assert "1 meeting online" in page
    assert client.get("/find/map/?box=1,2,3").status_code == 400
    assert client.get("/find/map/?place=Nowhereatall").status_code == 200


def test_the_map_asks_for_the_days_of_the_clock_whose_list_stands_beside_it(client, settings):
    settings.MAP_TILES = TILES
    rows(("Lamp", 52.52, 13.40))
    client.cookies["zone"] = "Asia/Tokyo"
    page = client.get("/find/map/?day=today&place=Berlin").content.decode()
    (door,) = re.findall(r'data-door="([^"]*)"', page)
    asked = dict(parse_qsl(urlsplit(unescape(door)).query))
    assert asked == {"day": "today", "zone": "Asia/Tokyo"}
    found = client.get(unescape(door) + "&window=52,13,53,14&zoom=10").json()
    assert (found["zone"], found["total"]) == ("Asia/Tokyo", 1 if "Lamp" in page else 0)


def test_the_map_near_me_is_kept_nowhere_and_says_when_the_place_is_lost(client, settings):
    settings.MAP_TILES = TILES
    rows(("Lamp", 52.52, 13.40))
    lost = client.get("/find/map/?near=me")
    assert "Where you are is not kept" in lost.content.decode()
    client.cookies["near"] = "52.52_13.41"
    found = client.get("/find/map/?near=me")
    assert "Where you are is not kept" not in found.content.decode()
    for answer in (lost, found):
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_meeting_without_a_place_of_its_own_has_no_map(client, settings):
    settings.MAP_TILES = TILES
    rows(("Net", 52.5, 13.4, {"mode": "online"}), ("Nowhere", None, None), ("Gone", 52.5, 13.4),
         ("About", 52.5, 13.4, {"approximate": True}))  # fmt: skip
    Meeting.objects.filter(slug="gone").update(closed_at=NOW)
    for slug in ("net", "nowhere", "gone", "none-such"):
        assert client.get(f"/meetings/{slug}/map/").status_code == 404
        assert f"/meetings/{slug}/map/" not in client.get(f"/meetings/{slug}/").content.decode()
    assert 'data-approximate="yes"' in client.get("/meetings/about/map/").content.decode()


@pytest.mark.parametrize(
    "template",
    [
        "tiles", "https://{s}.tiles.example/{z}/{x}/{y}.png", "https://tiles.example/{z}/{x}.png", "ftp://a/{z}/{x}/{y}",
        "https://tiles.example/{z}/{x}/{y}/{x}", "https://name:word@tiles.example/{z}/{x}/{y}", "https:///{z}/{x}/{y}",
        "https://tiles.example; script-src *//{z}/{x}/{y}", "https://*.tiles.example/{z}/{x}/{y}",
        "https://tiles.example:port/{z}/{x}/{y}", "https://tiles.example/{z}/{x}/{y}{w}",
    ],
)  # fmt: skip
def test_an_address_of_tiles_that_cannot_be_used_is_told_at_the_start_and_no_map_is_shown(client, settings, template):
    settings.MAP_TILES = template
    (error,) = check_tiles()
    assert error.id == "frontend.E001"
    assert error.msg.startswith("PORCHLIGHT_MAP_TILES")
    assert tiles() is None
    assert client.get("/find/map/").status_code == 404


def test_a_site_that_speaks_https_refuses_tiles_without_it_and_a_zoom_is_a_number(settings):
    settings.MAP_TILES, settings.MAP_CREDIT = "http://tiles.lan:8080/{z}/{x}/{y}.png?key=1", "Our own"
    assert tiles().origin == "http://tiles.lan:8080"
    assert check_tiles() == []
    settings.BEHIND_TLS = True
    assert check_tiles()[0].id == "frontend.E001"
    settings.MAP_TILES, settings.MAP_ZOOM = TILES, "all the way"
    assert "PORCHLIGHT_MAP_ZOOM" in check_tiles()[0].msg
    settings.MAP_ZOOM, settings.MAP_CREDIT = "12", ""
    assert check_tiles()[0].id == "frontend.W001"
