"""The widget's two addresses: for every site, without cookies, in the zone and language that are asked for."""

import json
import zlib
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client

from frontend.views import widget
from ground import clock
from meetings.models import Meeting
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with clock.frozen(NOW):
        yield


@pytest.fixture(autouse=True)
def lamp():
    one = Meeting.objects.create(
        slug="lamp", name="Lamp", zone="Europe/Berlin", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=TH", place="Hall",
        starts_local=datetime(2026, 1, 1, 21, 0, tzinfo=UTC), mode="hybrid", conference_url="https://zoom.us/j/1",
    )  # fmt: skip
    schedule_write(meetings=[one])
    return one


def ask(query="", client=None):
    answer = (client or Client()).get("/widget.json?" + query)
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_times_are_of_the_zone_that_is_asked_for_and_links_lead_here():
    answer, body = ask("zone=America/New_York")
    found = json.loads(body)
    (day,) = found["days"]
    assert (day["name"], day["meetings"][0]["time"], day["meetings"][0]["where"]) == ("Today", "15:00", "Hall")
    assert day["meetings"][0]["url"].endswith("/meetings/lamp/")
    assert b"zoom" not in body
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_its_words_are_of_the_language_that_is_asked_for_whatever_the_browser_says():
    assert json.loads(ask("words=es")[1])["days"][0]["name"] == "Hoy"
    answer = Client().get("/widget.json", headers={"Accept-Language": "es"})
    assert json.loads(b"".join(answer.streaming_content))["lang"] == "en"


def test_where_somebody_is_leaves_nothing_on_the_disk(settings, tmp_path):
    settings.FEEDS_FOLDER, settings.FEEDS_KEPT_SECONDS = tmp_path / "feeds", 60
    assert ask("near=52.52,13.4")[0].status_code == 200
    assert list((tmp_path / "feeds").iterdir()) == []
    ask("q=lamp")
    assert len(list((tmp_path / "feeds").iterdir())) == 1


def test_a_cookie_changes_nothing():
    client = Client()
    client.force_login(make_account("Marta"))
    client.cookies["zone"] = "Asia/Tokyo"
    assert ask(client=client)[1] == ask()[1]


def test_a_page_with_many_visitors_asks_the_database_once_a_minute(settings, tmp_path, django_assert_num_queries):
    settings.FEEDS_FOLDER, settings.FEEDS_KEPT_SECONDS = tmp_path, 60
    first = ask("zone=Europe/Berlin")[1]
    with django_assert_num_queries(0):
        assert ask("zone=Europe/Berlin")[1] == first


def test_what_cannot_be_read_is_a_sentence():
    for query in ("day=someday", "place=Xyzzyville", "zone=Mars", "after=x"):
        assert ask(query)[0].status_code == 400


def test_the_script_is_for_every_site():
    answer = Client().get("/widget.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_a_packed_answer_is_one_stream_that_every_browser_reads_to_its_end():
    """Django packs each part of an async answer for itself; Chromium reads the first and drops the rest."""
    answer = await AsyncClient().get("/widget.js", headers={"Accept-Encoding": "gzip"})
    body = b"".join([part async for part in answer.streaming_content])
    assert answer.headers["Content-Encoding"] == "gzip"
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(body) == widget.SCRIPT.read_bytes()
    assert unpacker.eof
    assert not unpacker.unused_data
    plain = await AsyncClient().get("/widget.js")
    assert b"".join([part async for part in plain.streaming_content]) == widget.SCRIPT.read_bytes()
