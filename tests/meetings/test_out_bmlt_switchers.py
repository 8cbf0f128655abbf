"""/client_interface/: the switchers of the BMLT semantic API beside the search."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meetings.api.bmlt import told
from meetings.models import Source
from meetings.out.bmlt_formats import languages_of, of_list
from tests.meetings.bmlt_door import FIELDS, ask, get, meeting
from tests.meetings.list_desk import LAMP, take_in
from tests.people_of_the_story import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]


def test_formats_by_key_by_id_used_or_all():
    some = ask("switcher=GetFormats&lang_enum=en&key_strings[]=TC&key_strings[]=VM")
    assert [one["key_string"] for one in some] == ["VM", "TC"]
    assert [one["world_id"] for one in ask("switcher=GetFormats&format_ids=17,4")] == ["CLOSED", "OPEN"]
    used, every = ask("switcher=GetFormats"), ask("switcher=GetFormats&show_all=1")
    assert {"O", "C", "M", "W", "St", "VM", "HY", "TC"} == {one["key_string"] for one in used}
    assert len(every) > 80
    assert len({one["id"] for one in every}) == len({one["key_string"] for one in every}) == len(every)
    assert set(every[0]) == {
        "key_string", "name_string", "description_string", "lang", "id", "world_id", "format_type_enum",
        "root_server_uri",
    }  # fmt: skip


def named(query):
    return {(one["key_string"], one["lang"], one["name_string"]) for one in ask(f"switcher=GetFormats&{query}")}


def test_formats_are_called_in_the_language_that_is_asked_for():
    keys = "key_strings=C,W,So,LS"
    assert named(f"{keys}&lang_enum=es") == {
        ("C", "es", "Cerrado"), ("W", "es", "Mujeres"), ("So", "es", "Solamente Orador"),
        ("LS", "es", "Viviendo sobrio"),
    }  # fmt: skip
    assert named(f"{keys}&lang_enum=fr-CA") == {
        ("C", "fr", "Fermée"), ("W", "fr", "Femmes"), ("So", "fr", "Partage seulement"), ("LS", "en", "Living Sober"),
    }  # fmt: skip
    assert named("key_strings=W&lang_enum[]=sv&lang_enum[]=en") == {("W", "sv", "Kvinnomöte"), ("W", "en", "Women")}


def test_a_format_without_a_name_in_that_language_is_there_all_the_same_and_says_whose_name_it_has():
    every = {one["id"] for one in ask("switcher=GetFormats&show_all=1")}
    for language in ("sv", "xx", "", "es,xx"):
        found = ask(f"switcher=GetFormats&show_all=1&lang_enum={language}")
        assert {one["id"] for one in found} == every
        assert all(one["name_string"] for one in found)
    assert {one["lang"] for one in ask("switcher=GetFormats&show_all=1&lang_enum=xx")} == {"en"}


def test_what_the_server_says_it_speaks_is_what_it_has_names_for():
    assert ask("switcher=GetServerInfo")[0]["langs"] == "en,es,fr,sv"


def test_the_formats_beside_a_search_are_in_its_language_and_csv_has_them_too():
    found = ask("switcher=GetSearchResults&get_used_formats=1&lang_enum=es")
    assert {"Abierta", "Reunión virtual"} <= {one["name_string"] for one in found["formats"]}
    table = get("switcher=GetFormats&lang_enum=es&key_strings=W", "csv")[1].decode()
    assert next(csv.DictReader(io.StringIO(table)))["name_string"] == "Mujeres"


def test_formats_that_only_a_list_has_keep_its_names_in_each_language():
    one = {"id": "90", "key_string": "ZZ", "world_id": "", "format_type_enum": "FC1"}
    given: list[object] = [
        one | {"lang": "de", "name_string": "Zuhören"},
        one | {"lang": "it", "name_string": "Ascolto"},
    ]
    given += ["no record", {"id": "x", "key_string": "YY"}, {"id": "91", "key_string": "W", "lang": "de"}]
    (own,) = of_list(3, given).values()
    said = [own.records("", [language], told)[0] for language in ("de", "it", "es")]
    assert [(one["lang"], one["name_string"]) for one in said] == [
        ("de", "Zuhören"),
        ("it", "Ascolto"),
        ("de", "Zuhören"),
    ]
    assert languages_of([own]) == {"de", "it"}


def test_a_lists_formats_keep_their_descriptions_and_a_broken_one_harms_no_other():
    one = {
        "id": "90",
        "key_string": "ZZ",
        "name_string": "Candles",
        "lang": "en",
        "description_string": "By <b>candle</b>",
    }
    given: list[object] = [
        one, one | {"lang": "pt-BR", "name_string": "Velas", "description_string": "À luz de velas"},
        one | {"lang": "it", "name_string": "Candele", "description_string": ""},
        one | {"lang": "<script>", "name_string": "Nobody's"}, one | {"lang": ["de"], "name_string": {"a": 1}},
        one | {"key_string": "BIG", "id": "1" * 5000}, one | {"key_string": "NEXT", "id": "100001"},
        one | {"key_string": "BARE", "id": "92", "name_string": None, "description_string": None},
    ]  # fmt: skip
    Source.objects.create(name="Candle server", kind="bmlt", about={"formats": given})
    own = {one["key_string"]: one for one in ask("switcher=GetFormats&show_all=1") if int(one["id"]) > 99_999}
    assert set(own) == {"ZZ", "BARE"}, "no number of another list's"
    assert (own["ZZ"]["name_string"], own["ZZ"]["description_string"]) == ("Candles", "By candle")
    assert own["BARE"]["name_string"] == own["BARE"]["description_string"] == "BARE"
    said = [
        (one["lang"], one["description_string"]) for one in ask("switcher=GetFormats&key_strings=ZZ&lang_enum=pt,it")
    ]
    assert said == [("pt", "À luz de velas"), ("it", "Candele")]
    assert ask("switcher=GetServerInfo")[0]["langs"] == "en,es,fr,it,pt,sv"


def test_service_bodies_with_their_parents():
    bodies = ask("switcher=GetServiceBodies")
    assert [(one["parent_id"], one["type"]) for one in bodies] == [("0", "RS"), ("1", "AS")]
    office = bodies[1]
    assert (office["name"], office["url"]) == ("office", "https://office.example/list")
    assert ask(f"switcher=GetServiceBodies&services={office['id']}") == [office]
    assert ask(f"switcher=GetServiceBodies&services={office['id']}&parents=1") == bodies
    assert ask("switcher=GetServiceBodies&services=1&recursive=1") == bodies


def test_changes_are_what_was_added_and_what_was_taken_off():
    rows = ask("switcher=GetChanges")
    assert [(one["change_type"], one["meeting_name"]) for one in rows][:1] == [("comdef_change_type_delete", "Gone")]
    assert len(rows) == 8
    assert rows[0]["meeting_exists"] == "0"
    day = (NOW - timedelta(days=3)).date().isoformat()
    added = ask(f"switcher=GetChanges&start_date={day}&end_date={day}")
    assert {one["change_type"] for one in added} == {"comdef_change_type_new"}
    assert len(added) == 7
    assert ask("switcher=GetChanges&start_date=2030-01-01") == []
    assert len(ask("switcher=GetChanges&start_date=0001-01-01&end_date=9999-12-31")) == 8


def test_changes_of_one_meeting_and_of_one_body(town):
    assert [one["meeting_name"] for one in ask(f"switcher=GetChanges&meeting_id={town['Shut'] + 6}")] == ["Shut"]
    office = ask("switcher=GetServiceBodies")[1]["id"]
    found = {one["meeting_name"] for one in ask(f"switcher=GetChanges&service_body_id={office}")}
    assert found == {"Gone", "Morning", "Screen"}


def test_what_a_list_changed_is_told_field_by_field_but_never_how_to_join(coordinator):
    take_in(coordinator, LAMP | {"conference_url": "https://zoom.us/j/1"}, name="Desk")
    take_in(coordinator, LAMP | {"conference_url": "https://zoom.us/j/2", "time": "20:00"}, name="Desk")
    edits = [one for one in ask("switcher=GetChanges") if one["change_type"] == "comdef_change_type_change"]
    ((said, change),) = [(one["details"], one["json_data"]) for one in edits]
    assert said == "Lamp was changed: time, link."
    assert change == {"before": {"time": "19:00"}, "after": {"time": "20:00"}}
    lamp = edits[0]["meeting_id"]
    kinds = {one["change_type"] for one in ask(f"switcher=GetChanges&meeting_id={lamp}")}
    assert kinds == {"comdef_change_type_new", "comdef_change_type_change"}


def test_field_keys_and_the_values_of_a_field():
    keys = [one["key"] for one in ask("switcher=GetFieldKeys")]
    assert set(FIELDS.split()) <= set(keys)
    values = ask("switcher=GetFieldValues&meeting_key=weekday_tinyint")
    assert {one["weekday_tinyint"]: len(one["ids"].split(",")) for one in values} == {
        "1": 1, "2": 2, "3": 1, "4": 1, "6": 1,
    }  # fmt: skip


def test_values_of_formats_are_ids_and_can_be_narrowed_to_some(town):
    """O is 17, M 15, W 32, VM 54."""

    def values(query=""):
        found = ask(f"switcher=GetFieldValues&meeting_key=formats{query}")
        return {one["formats"]: len(one["ids"].split(",")) for one in found}

    assert values() == {"4,27": 2, "15,17": 1, "15,17,32,54": 1, "17,32,56": 1, "55": 1}
    assert values("&specific_formats=15,32") == {"15": 1, "32": 1, "15,32": 1}
    assert values("&specific_formats=15,32&all_formats=1") == {"15,32": 1}
    assert values("&specific_formats=999") == {}


def test_a_field_that_says_nothing_has_the_value_null():
    found = ask("switcher=GetFieldValues&meeting_key=location_municipality")
    assert {one["location_municipality"]: len(one["ids"].split(",")) for one in found} == {"Albany": 2, "NULL": 4}
    for key in (one["key"] for one in ask("switcher=GetFieldKeys")):
        assert ask(f"switcher=GetFieldValues&meeting_key={key}"), key


def test_the_server_says_what_it_is_and_where():
    (info,) = ask("switcher=GetServerInfo")
    assert info["versionInt"] == "4002007"
    assert set(FIELDS.split()) <= set(info["available_keys"].split(","))
    assert all(isinstance(value, str) for value in info.values())
    (area,) = ask("switcher=GetCoverageArea")
    assert (area["nw_corner_latitude"], area["se_corner_latitude"]) == ("41.5", "40.7")


def test_the_dump_for_world_services_has_its_52_columns_and_marks_what_is_gone():
    office = ask("switcher=GetServiceBodies")[1]["id"]
    answer, body = get(f"switcher=GetNAWSDump&sb_id={office}", "csv")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert len(rows[0]) == 52
    assert (next(iter(rows[0])), list(rows[0])[-1]) == ("Committee", "unpublished")
    by_name = {one["CommitteeName"]: one for one in rows}
    assert (by_name["Morning"]["Day"], by_name["Morning"]["Time"]) == ("Monday", "0700")
    assert (by_name["Screen"]["Format1"], by_name["Screen"]["Closed"]) == ("VM", "OPEN")
    assert by_name["Gone"]["Delete"] == "D"
    assert set(by_name) == {"Morning", "Screen", "Gone"}
    (info,) = ask("switcher=GetServerInfo")
    _answer, body = get("switcher=GetNAWSDump&sb_id=1", "csv")
    closed = {one["CommitteeName"]: one["Closed"] for one in csv.DictReader(io.StringIO(body.decode()))}
    assert closed == {"Midnight": "OPEN", "Quarter": "CLOSED", "Shut": "CLOSED"}
    assert info["default_closed_status"] == "1", "what says neither is closed"


def test_the_dump_says_the_town_its_parts_the_way_there_and_formats_without_a_code():
    extra = {"location_city_subsection": "Brooklyn", "city": "New York", "location_neighborhood": "Park Slope",
             "location_notes": "Back door", "formats": "O,Ti,IL"}  # fmt: skip
    meeting("Slope", "20:00", "SA", extra=extra, notes="Bring a chair")
    _answer, body = get("switcher=GetNAWSDump&sb_id=1", "csv")
    (row,) = [one for one in csv.DictReader(io.StringIO(body.decode())) if one["CommitteeName"] == "Slope"]
    assert (row["City"], row["LocBorough"]) == ("Brooklyn", "Park Slope")
    assert (row["Directions"], row["Room"]) == ("Back door, Bring a chair", "Illness, Timer")


def test_the_dump_of_many_meetings_asks_the_database_as_often_as_that_of_few():
    """BMLT's asks for the history of each meeting (bmlt-server#703)."""
    with CaptureQueriesContext(connection) as few:
        get("switcher=GetNAWSDump&sb_id=1", "csv")
    for number in range(12):
        meeting(f"More {number}", "10:00", "MO")
    with CaptureQueriesContext(connection) as many:
        _answer, body = get("switcher=GetNAWSDump&sb_id=1", "csv")
    assert body.count(b"More ") == 12
    assert len(few) == len(many)
