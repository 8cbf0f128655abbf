"""/client_interface/: what a search of the BMLT semantic API finds, and what its rows say."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meetings.models import Meeting
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.imports import feed_import
from meetings.services.upcoming import schedule_write
from tests.meetings.bmlt_door import EVERY, FIELDS, ask, meeting, names, search
from tests.people_of_the_story import make_account

pytestmark = pytest.mark.django_db
FEEDS = Path(__file__).resolve().parents[1] / "feeds"
NEW_YORK = [str(FEEDS / f"bmlt-newyork{part}.json") for part in ("", "-formats", "-bodies")]


@pytest.mark.usefixtures("town")
class TestWhatARowSays:
    def test_every_value_is_text_and_every_stock_field_is_there(self):
        rows = search()
        assert [one["meeting_name"] for one in rows] == EVERY
        for one in rows:
            assert set(FIELDS.split()) <= set(one)
            assert all(isinstance(value, str) for value in one.values())
        quarter = rows[2]
        assert (quarter["weekday_tinyint"], quarter["start_time"], quarter["duration_time"]) == (
            "2",
            "18:45:00",
            "01:30:00",
        )
        assert quarter["time_zone"] == "America/New_York"
        assert (quarter["location_street"], quarter["location_municipality"]) == ("9 Elm St", "Albany")
        assert (quarter["location_province"], quarter["location_postal_code_1"]) == ("NY", "12207")
        assert quarter["formats"] == "C,St"
        assert (quarter["published"], quarter["venue_type"]) == ("1", "1")

    def test_each_weekday_of_a_meeting_is_a_row_with_an_id_that_stays(self, town):
        before = {one["id_bigint"] for one in search()}
        schedule_write(meetings=list(Meeting.objects.all()))  # the rows of the days are written anew
        assert {one["id_bigint"] for one in search()} == before
        assert {str(town["Quarter"] + 2), str(town["Quarter"] + 4)} <= before

    def test_venue_and_formats_say_online_hybrid_and_closed_for_now(self):
        rows = {one["meeting_name"]: one for one in search()}
        assert (rows["Screen"]["venue_type"], rows["Screen"]["formats"]) == ("2", "M,O,VM,W")
        assert (rows["Midnight"]["venue_type"], rows["Midnight"]["formats"]) == ("3", "HY,O,W")
        assert rows["Shut"]["formats"] == "TC"

    def test_a_groups_link_is_not_in_it(self, town):
        assert {one["meeting_name"]: one for one in search()}["Screen"]["virtual_meeting_link"] == "https://zoom.us/j/7"
        group_found_from_meeting(actor=make_account("Marta").person, meeting=Meeting.objects.get(name="Screen"))
        screen = {one["meeting_name"]: one for one in search()}["Screen"]
        assert (screen["virtual_meeting_link"], screen["virtual_meeting_additional_info"]) == ("", "")


@pytest.mark.usefixtures("town")
class TestWhatIsAskedFor:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("weekdays=1", ["Midnight"]),
            ("weekdays[]=1&weekdays[]=3", ["Midnight", "Screen"]),
            ("weekdays=1,3", ["Midnight", "Screen"]),
            ("weekdays[0]=1&weekdays[1]=3", ["Midnight", "Screen"]),
            ("weekdays=-2", ["Midnight", "Screen", "Quarter", "Shut"]),
            ("weekdays[]=-2&weekdays[]=-1", ["Screen", "Quarter", "Shut"]),
            ("venue_types=2", ["Screen"]),
            ("venue_types=-1", ["Midnight", "Screen"]),
            ("venue_types[]=1&venue_types[]=3", ["Midnight", "Morning", "Quarter", "Quarter", "Shut"]),
            ("formats=17", ["Midnight", "Morning", "Screen"]),
            ("formats=15,32", ["Screen"]),
            ("formats=15,32&formats_comparison_operator=OR", ["Midnight", "Morning", "Screen"]),
            ("formats=17,-32", ["Morning"]),
            ("formats=-17", ["Quarter", "Quarter", "Shut"]),
            ("meeting_key=location_municipality&meeting_key_value[]=Albany", ["Quarter", "Quarter"]),
            ("meeting_key=weekday_tinyint&meeting_key_value=1", ["Midnight"]),
            ("SearchString=midn", ["Midnight"]),
            ("SearchString=mi", EVERY),
            ("SearchString=99999999999999999999", []),  # a number of no meeting, and too large for a column
            ("StartsAfterH=18&StartsAfterM=45", ["Midnight", "Screen"]),
            ("StartsAfterH=18&StartsAfterM=44", ["Midnight", "Quarter", "Screen", "Quarter"]),
            ("StartsBeforeH=12", ["Morning"]),
            ("MinDurationH=1&MinDurationM=30", ["Quarter", "Quarter"]),
            ("MaxDurationM=45", ["Morning"]),
            ("page_size=2&page_num=1", ["Midnight", "Morning"]),
            ("page_size=2&page_num=3", ["Quarter", "Shut"]),
            ("page_size=2&page_num=9", []),
            ("sort_keys=start_time", ["Morning", "Shut", "Quarter", "Quarter", "Screen", "Midnight"]),
            ("sort_key=time", EVERY),
            ("sort_key=weekday", ["Midnight", "Quarter", "Morning", "Screen", "Quarter", "Shut"]),
            ("sort_key=weekday_state", ["Midnight", "Quarter", "Morning", "Screen", "Quarter", "Shut"]),
            ("sort_key=state", ["Quarter", "Quarter", "Midnight", "Morning", "Screen", "Shut"]),
            ("sort_keys=meeting_name", ["Midnight", "Morning", "Quarter", "Quarter", "Screen", "Shut"]),
            ("sort_keys=duration_time,meeting_name", ["Morning", "Midnight", "Screen", "Shut", "Quarter", "Quarter"]),
            ("sort_key=town", ["Quarter", "Quarter", "Midnight", "Morning", "Screen", "Shut"]),
            ("sort_keys=location_text,meeting_name", ["Shut", "Midnight", "Morning", "Quarter", "Quarter", "Screen"]),
            ("meeting_key=start_time&meeting_key_value=18:45", ["Quarter", "Quarter"]),
            ("meeting_key=duration_time&meeting_key_value[]=0:45", ["Morning"]),
            ("meeting_key=location_municipality", []),
            ("meeting_key=location_municipality&meeting_key_value=", []),
            ("root_server_ids=7&advanced_published=-1", EVERY),
            ("meeting_ids=", EVERY),
            ("lang_enum=xx", EVERY),
            ("nothing_we_know=1", EVERY),
        ],
    )  # fmt: skip
    def test_parameters_narrow_and_order(self, query, found):
        assert names(query) == found

    def test_ids_are_asked_for_and_refused(self, town):
        wanted = town["Quarter"] + 4
        assert [one["weekday_tinyint"] for one in search(f"meeting_ids={wanted}")] == ["4"]
        assert [one["weekday_tinyint"] for one in search(f"SearchString={wanted}")] == ["4"]
        assert names(f"meeting_ids=-{wanted}") == ["Midnight", "Morning", "Quarter", "Screen", "Shut"]

    def test_service_bodies_are_the_lists_and_the_site_is_above_them(self):
        (office,) = [one for one in ask("switcher=GetServiceBodies") if one["name"] == "office"]
        assert names(f"services={office['id']}") == ["Morning", "Screen"]
        assert names(f"services=-{office['id']}") == ["Midnight", "Quarter", "Quarter", "Shut"]
        assert names("services=1") == ["Midnight", "Quarter", "Quarter", "Shut"]
        assert names("services=1&recursive=1") == EVERY
        assert names("services[]=1&recursive") == EVERY
        assert names("services=999") == []

    def test_ends_before_counts_in_minutes_and_past_midnight_is_later_than_any_time(self):
        """BMLT adds TIME values as numbers: 18:45 and 01:30 make nothing, and the meeting is silently missing."""
        assert names("EndsBeforeH=20&EndsBeforeM=15") == ["Morning", "Quarter", "Quarter", "Shut"]
        assert names("EndsBeforeH=20&EndsBeforeM=14") == ["Morning", "Shut"]
        assert "Midnight" not in names("EndsBeforeH=23&EndsBeforeM=59")

    @pytest.mark.parametrize("value", ["-1", "0", "1"])
    def test_unpublished_meetings_are_never_told(self, value):
        assert names(f"advanced_published={value}") == EVERY

    def test_flags_count_by_their_presence(self):
        for query in ("get_used_formats", "get_used_formats=", "get_used_formats=1"):
            found = search(query)
            assert [one["meeting_name"] for one in found["meetings"]] == EVERY
            assert [one["key_string"] for one in found["formats"]] == ["C", "M", "O", "St", "W", "VM", "TC", "HY"]
        assert set(search("get_formats_only")) == {"formats"}

    def test_a_field_that_is_asked_for_is_all_that_comes(self):
        assert search("data_field_key=meeting_name,weekday_tinyint&weekdays=1") == [
            {"meeting_name": "Midnight", "weekday_tinyint": "1"}
        ]
        assert set(search("data_field_key=meeting_name,secret")[0]) == {"meeting_name"}

    def test_a_language_that_is_not_here_loses_neither_formats_nor_their_ids(self):
        found = search("get_used_formats&lang_enum=xx")
        assert found["formats"]
        assert all(one["format_shared_id_list"] for one in found["meetings"])


@pytest.mark.usefixtures("town")
class TestNear:
    def test_within_a_width_in_kilometres_or_miles_with_the_distance(self):
        found = search("lat_val=40.70&long_val=-74.0&geo_width_km=3&sort_results_by_distance=1")
        assert [one["meeting_name"] for one in found] == ["Morning", "Quarter", "Quarter"]
        assert float(found[0]["distance_in_km"]) == 0
        assert float(found[1]["distance_in_km"]) == pytest.approx(2.22, abs=0.02)
        assert float(found[1]["distance_in_miles"]) == pytest.approx(1.38, abs=0.02)
        assert names("lat_val=40.70&long_val=-74.0&geo_width=1") == ["Morning"]

    def test_a_negative_width_is_the_smallest_ring_with_so_many(self):
        assert names("lat_val=40.70&long_val=-74.0&geo_width=-1") == ["Morning"]
        assert names("lat_val=40.70&long_val=-74.0&geo_width=-2") == ["Morning", "Quarter", "Quarter"]
        assert sorted(names("lat_val=40.70&long_val=-74.0&geo_width=-4")) == [
            "Midnight",
            "Morning",
            "Quarter",
            "Quarter",
        ]

    def test_the_rings_are_of_the_unit_that_was_asked_in(self):
        """2.22 km are within the ring of 2.25 km and of 1.5 miles; 2.35 km within that of 1.5 miles only."""
        meeting("Further", "09:00", "MO", latitude=40.70 - 2.35 / 111.195, longitude=-74.0)
        spot = "lat_val=40.70&long_val=-74.0"
        assert names(f"{spot}&geo_width_km=-2") == ["Morning", "Quarter", "Quarter"]
        assert sorted(names(f"{spot}&geo_width=-2")) == ["Further", "Morning", "Quarter", "Quarter"]

    def test_miles_go_before_kilometres_and_without_a_width_only_distances_are_told(self):
        spot = "lat_val=40.70&long_val=-74.0"
        assert names(f"{spot}&geo_width=1&geo_width_km=100") == ["Morning"]
        assert search(spot) == []
        found = search(f"{spot}&data_field_key=meeting_name,distance_in_km&sort_results_by_distance=1")
        assert [one["meeting_name"] for one in found] == ["Morning", "Quarter", "Quarter", "Midnight"]
        assert float(found[3]["distance_in_km"]) == pytest.approx(88.96, abs=0.02)

    def test_over_the_edge_of_the_map_and_at_the_pole(self):
        meeting("Fiji", "07:00", "MO", latitude=-17.0, longitude=179.9)
        meeting("Across", "08:00", "MO", latitude=-17.0, longitude=-179.9)
        meeting("Pole", "09:00", "MO", latitude=89.5, longitude=10.0)
        for width in ("geo_width_km=30", "geo_width=-2"):
            assert names(f"lat_val=-17&long_val=180&{width}") == ["Fiji", "Across"]
        assert names("lat_val=89.9&long_val=-170&geo_width_km=100") == ["Pole"]

    def test_the_database_is_asked_for_the_neighbourhood_only(self):
        with CaptureQueriesContext(connection) as asked:
            assert names("lat_val=40.70&long_val=-74.0&geo_width=-1") == ["Morning"]
        (rows,) = [one["sql"] for one in asked if "meetingday" in one["sql"]]
        assert '"latitude" BETWEEN' in rows
        assert '"longitude" BETWEEN' in rows

    def test_half_a_place_is_nowhere(self):
        assert search("lat_val=40.70&geo_width=10") == search("long_val=-74&geo_width=10") == []

    def test_an_address_is_found_among_the_towns_we_carry(self):
        assert "Morning" in names("SearchString=New York City&StringSearchIsAnAddress=1&SearchStringRadius=10")
        assert search("SearchString=Xyzzyville&StringSearchIsAnAddress=1&SearchStringRadius=10") == []


@pytest.mark.usefixtures("evening")
class TestNewYork:
    """A BMLT server's own list, in and out again."""

    SAME = (
        "location_street", "location_municipality", "location_province", "location_postal_code_1", "duration_time",
        "location_sub_province", "location_neighborhood", "location_info",
    )  # fmt: skip

    def test_every_published_meeting_comes_out_as_it_was(self):
        feed_import(address=NEW_YORK, zone="America/New_York", name="ny")

        def key(one):
            return tidy(one["meeting_name"]), one["weekday_tinyint"], one["start_time"], one["worldid_mixed"]

        def tidy(text):
            return " ".join(text.split())

        def end_of(one):
            (hour, minute), (hours, minutes) = (
                map(int, one[f].split(":")[:2]) for f in ("start_time", "duration_time")
            )
            return (hour + hours) * 60 + minute + minutes

        given = {key(one): one for one in json.loads(Path(NEW_YORK[0]).read_text()) if one["published"] == "1"}
        found = {key(one): one for one in search()}
        assert set(found) == set(given)
        for known, one in given.items():
            ours = found[known]
            assert [ours[field] for field in self.SAME] == [tidy(one.get(field, "")) for field in self.SAME]
            assert set(ours["formats"].split(",")) >= set(one["formats"].split(",")) - {""}, known
        ends = {key(one): one for one in search("EndsBeforeH=20&EndsBeforeM=30")}
        assert set(ends) == {known for known, one in given.items() if end_of(one) <= 20 * 60 + 30}, (
            "more than a quarter of them is missing at BMLT: their minutes add up to 60 and more"
        )
        assert {"ID", "BT"} <= {one["key_string"] for one in ask("switcher=GetFormats")}, (
            "also formats only this list has"
        )
