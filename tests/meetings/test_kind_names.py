"""Words find kinds by their Spanish names too: page, JSON, feeds; by the index of words, and with no query more."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ground import clock
from meetings.kind_names import marks_of
from meetings.models import Meeting
from meetings.selectors.finder import Search, facets, search
from meetings.services.import_rows import folded_of
from meetings.services.upcoming import schedule_write
from tests.meetings.bmlt_door import ask
from tests.meetings.test_finder_search import EVERY_DAY, NEW_YORK, NOW, listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def lists():
    """Meetings with their words as imports write them."""
    spot = {"latitude": 40.7, "longitude": -74.0, "zone": NEW_YORK}
    made = [
        listed("Dawn", EVERY_DAY, "07:00", types=["W", "MED"], **spot),
        listed("Porch", EVERY_DAY, "20:00", types=["X", "O"], mode="hybrid", **spot),
        listed("Mujeres del sur", EVERY_DAY, "21:00", types=["C"], **spot),
        listed("Ask first", [], "10:00", types=["W"], **spot),
    ]
    for one in made:
        one.folded = folded_of(one)
        one.save()
        schedule_write(meetings=[one], now=NOW)
    with clock.frozen(NOW):
        yield made


def found(text, **asked):
    return [row.meeting.name for row in search(Search(text=text, **asked), now=NOW).rows]


ASKED = {
    "mujeres": {"Dawn", "Mujeres del sur", "Ask first"},
    "muj": {"Dawn", "Mujeres del sur", "Ask first"},
    "MEDITACIÓN mujer": {"Dawn"},
    "silla de ruedas": {"Porch"},
    "women": {"Dawn", "Ask first"},
    "mujeres sur": {"Mujeres del sur"},
    "de": {"Mujeres del sur"},  # a little word alone means no kind
    "hombres": set(),
}


@pytest.mark.parametrize(
    "asked",
    [{}, {"near": (40.7, -74.0)}, {"day": "fri", "zone": NEW_YORK}, {"sort": "name"}, {"box": (40, -75, 41, -73)}],
    ids=["any", "near", "day", "name", "box"],
)
def test_kinds_are_found_by_their_spanish_and_english_names_whatever_drives_the_search(lists, asked):
    for text, names in ASKED.items():
        expected = names - {"Ask first"} if "day" in asked else names
        assert set(found(text, **asked)) == expected, text
        assert facets(Search(text=text, **asked), now=NOW).total == len(expected - {"Ask first"})


def test_a_word_for_a_kind_costs_no_query_more_and_uses_the_index_of_words(lists):
    found("mujeres")  # names are read
    counts = []
    for text in ("mujeres", "dawn"):
        with CaptureQueriesContext(connection) as asked:
            found(text)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as asked:
        assert ask("switcher=GetSearchResults&SearchString=mujeres+meditacion")
    driven = [one["sql"] for one in asked.captured_queries if "#med" in one["sql"]]
    assert len(driven) == 1
    assert "LIKE" not in driven[0]


def test_page_json_and_feeds_answer_alike(lists):
    reader = Client(headers={"accept-language": "es"})
    assert "Dawn" in reader.get("/?q=mujeres").content.decode()
    for client in (reader, Client()):
        answer = client.get("/api/v1/meetings/?q=mujeres").json()
        assert {one["name"] for one in answer["results"]} == {"Dawn", "Mujeres del sur", "Ask first"}
    assert {one["meeting_name"] for one in ask("switcher=GetSearchResults&SearchString=mujeres")} == {
        "Dawn", "Mujeres del sur",
    }  # fmt: skip
    kept = Client().get("/calendar/search.ics?q=mujeres+meditacion")
    assert b"SUMMARY:Dawn" in b"".join(kept.streaming_content)


def test_signs_in_words_are_no_question_of_their_own(lists):
    for text in ('"mujeres" OR', "mujeres') | ('x", "muj\\", "#w", "mujeres*"):
        found(text)
        ask(f"switcher=GetSearchResults&SearchString={text.replace('#', '%23')}")
    assert Meeting.objects.count() == 4


def test_a_little_word_counts_beside_another_of_the_same_name_only():
    assert marks_of(["luz", "de", "vela"]) == [("#can",), ("#can",), ("#can",)]
    assert marks_of(["de"]) == marks_of(["la"]) == [()]
    assert marks_of(["mujeres", "la"]) == [("#w",), ()]
    assert marks_of([]) == []
