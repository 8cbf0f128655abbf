"""What a meeting's page tells machines: JSON-LD of what is public, and where the feed of all meetings is."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from meetings.models import Meeting
from meetings.out.public import Public, address_parts
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def lamp():
    one = Meeting.objects.create(
        slug="lamp", name="Lamp </script><b>", zone="Europe/Berlin", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=TH",
        starts_local=datetime(2026, 1, 1, 19, 30, tzinfo=UTC), mode="hybrid", place="Hall", notes="Code 7",
        address="Weg 1, Berlin, BE 10115, Germany", conference_url="https://zoom.us/j/1",
    )  # fmt: skip
    schedule_write(meetings=[one])
    return one


def data_of(path="/meetings/lamp/", client=None):
    text = (client or Client()).get(path).content.decode()
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert len(found) == 1
    return json.loads(found[0])


@pytest.mark.usefixtures("lamp")
def test_a_page_says_what_when_and_where_in_the_meetings_own_time():
    event = data_of()
    assert event["@type"] == "Event"
    assert event["name"] == "Lamp </script><b>", "no name breaks out of the element"
    assert (event["startDate"], event["endDate"]) == ("2026-01-15T19:30:00+01:00", "2026-01-15T20:30:00+01:00")
    assert event["eventSchedule"]["byDay"] == ["https://schema.org/Thursday"]
    assert event["eventSchedule"]["scheduleTimezone"] == "Europe/Berlin"
    place, online = event["location"]
    assert place["address"]["addressLocality"] == "Berlin"
    assert online["url"] == "https://zoom.us/j/1"


def test_the_link_of_a_group_is_not_told_even_to_its_member(lamp):
    account = make_account("Marta")
    group_found_from_meeting(actor=account.person, meeting=lamp)
    client = Client()
    client.force_login(account)
    event = data_of(client=client)
    assert "zoom" not in json.dumps(event)
    assert "description" not in event


def test_a_meeting_that_is_no_longer_listed_is_no_event(lamp):
    Meeting.objects.update(closed_at=NOW)
    assert b"ld+json" not in Client().get("/meetings/lamp/").content


def test_every_page_says_where_the_feed_is():
    text = Client().get("/").content.decode()
    assert '<link rel="alternate" type="application/json" title="Meetings Feed" href="/meetings.json">' in text


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("9 Elm St, Albany, NY 12207, USA", ("9 Elm St", "Albany", "NY", "12207", "USA")),
        ("9 Elm St, Albany, NY 12207", ("9 Elm St", "Albany", "NY", "12207", "")),
        ("9 Elm St, Albany, NY", ("9 Elm St", "Albany", "NY", "", "")),
        ("Annex, 9 Elm St, Albany, NY 12207, USA", ("Annex, 9 Elm St", "Albany", "NY", "12207", "USA")),
        ("Hafenweg 3, 20457 Hamburg, Germany", ("Hafenweg 3", "Hamburg", "", "20457", "Germany")),
        ("Hafenweg 3, Hamburg, 20457, Germany", ("Hafenweg 3", "Hamburg", "", "20457", "Germany")),
        ("Prosta 1, 00-950 Warszawa, Poland", ("Prosta 1", "Warszawa", "", "00-950", "Poland")),
        ("Dam 1, 1012 JS Amsterdam, Netherlands", ("Dam 1", "Amsterdam", "", "1012 JS", "Netherlands")),
        ("10 High St, London, SW1A 1AA, UK", ("10 High St", "London", "", "SW1A 1AA", "UK")),
        ("Calle Mayor 1, Madrid, Spain", ("Calle Mayor 1", "Madrid", "", "", "Spain")),
        ("Albany, NY, USA", ("", "Albany", "NY", "", "USA")),
        ("10 High St, London, UK", ("10 High St", "London", "", "", "UK")),
        ("9 Elm St", ("9 Elm St", "", "", "", "")),
    ],
)
def test_an_address_is_taken_apart_as_its_country_writes_it(address, parts):
    one = Public(pk=1, slug="a", name="A", zone="UTC", rule=None, address=address)
    assert tuple(address_parts(one)) == parts


@pytest.mark.parametrize(
    ("address", "zone", "parts"),
    [
        ("9 Elm St, Albany, New York", "America/New_York", ("9 Elm St", "Albany", "New York", "", "")),
        ("Annex, 9 Elm St, Albany, New York", "America/New_York", ("Annex, 9 Elm St", "Albany", "New York", "", "")),
        ("9 Elm St, Albany, New York 12207", "America/New_York", ("9 Elm St", "Albany", "New York", "12207", "")),
        ("9 Elm St, Albany, New York, USA", "America/New_York", ("9 Elm St", "Albany", "New York", "", "USA")),
        ("1 Peach St, Athens, Georgia", "America/New_York", ("1 Peach St", "Athens", "Georgia", "", "")),
        ("1 Rustaveli, Tbilisi, Georgia", "Asia/Tbilisi", ("1 Rustaveli", "Tbilisi", "", "", "Georgia")),
        ("1 King St, Toronto, Ontario", "America/Toronto", ("1 King St", "Toronto", "Ontario", "", "")),
        ("Calle 1, Tijuana, Mexico", "America/Tijuana", ("Calle 1", "Tijuana", "", "", "Mexico")),
    ],
)
def test_a_state_that_is_written_out_is_no_country(address, zone, parts):
    one = Public(pk=1, slug="a", name="A", zone=zone, rule=None, address=address)
    assert tuple(address_parts(one)) == parts


@pytest.mark.parametrize("address", ["Albany, New York", "Albany, NY"])
def test_a_town_with_its_state_is_both_where_no_more_is_told(address):
    one = Public(pk=1, slug="a", name="A", zone="America/New_York", rule=None, address=address, approximate=True)
    assert tuple(address_parts(one)) == ("", "Albany", address.partition(", ")[2], "", "")


def test_a_street_stays_a_street_where_the_place_is_known_by_its_town_alone():
    """What a group types has no coordinates: it stands at its town, `approximate`, with the street that it says."""
    for address in ("Hafenweg 3, 20457 Hamburg, Germany", "Hafenweg 3, Hamburg"):
        one = Public(pk=1, slug="a", name="A", zone="Europe/Berlin", rule=None, address=address, approximate=True)
        assert address_parts(one)[:2] == ("Hafenweg 3", "Hamburg")


def test_what_a_list_said_of_a_street_is_over_once_another_address_was_typed_here():
    said = {"address": "9 Elm Street", "city": "Albany", "state": "NY", "postal_code": "12207", "country": "USA"}
    known = {"pk": 1, "slug": "a", "name": "A", "zone": "America/New_York", "rule": None, "extra": said}
    still = Public(address="9 Elm Street, Albany, NY 12207, USA", **known)
    assert tuple(address_parts(still)) == tuple(said.values())
    for typed, parts in (
        ("2 Oak St, Albany, NY 12207", ("2 Oak St", "Albany", "NY", "12207", "")),
        ("2 Oak St, Troy", ("2 Oak St", "Troy", "", "", "")),
        ("", ("", "", "", "", "")),
    ):
        assert tuple(address_parts(Public(address=typed, **known))) == parts
    town = Public(address="Albany, NY, USA", approximate=True, **known | {"extra": {"city": "Albany", "state": "NY"}})
    assert address_parts(town)[:3] == ("", "Albany", "NY")
