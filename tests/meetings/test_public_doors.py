"""Every public door at once: it knows nobody, tells nothing that a group keeps to itself, and any site may read it."""

import re
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from meetings.models import Meeting
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
SWITCHERS = [
    f"Get{what}"
    for what in ("Formats", "ServiceBodies", "Changes", "FieldKeys", "ServerInfo", "CoverageArea", "SearchResults")
]
DOORS = [
    "/meetings.json",
    "/meetings.json?source=a%00b",
    "/calendar/meetings/zed.ics",
    "/calendar/meetings/zed.ics?date=20260122T1900",
    "/calendar/search.ics?q=zed",
    "/widget.js",
    "/widget.json?zone=Europe/Berlin",
    "/main_server//client_interface/json/?switcher=GetSearchResults&get_used_formats=1",
    "/client_interface/tsml/?switcher=GetSearchResults",
    "/client_interface/csv/?switcher=GetNAWSDump&sb_id=1",
    "/client_interface/json/?switcher=GetFieldValues&meeting_key=comments",
    *(f"/client_interface/{kind}/?switcher={one}" for one in SWITCHERS for kind in ("json", "jsonp", "csv")),
]
REFUSALS = [
    "/client_interface/jsonp/?switcher=GetSearchResults&callback=alert(1)",
    "/client_interface/json/?switcher=None",
    "/calendar/meetings/nobody.ics",
    "/widget.json?day=someday",
]
KEPT = ("zoom.us", "99", "Marta", "Secret", "555-1", "Weg 7")  # ways in, people, the group's name


def of_somebody(account):
    """Who is signed in, in another zone and language, with credentials."""
    client = Client(headers={"Authorization": "Bearer x", "Accept-Language": "es", "X-Forwarded-For": "10.0.0.9"})
    client.force_login(account)
    client.cookies["zone"] = "Asia/Tokyo"
    return client


def asked(client, door):
    answer = client.get(door)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, body.decode()


def test_no_public_door_knows_who_asks_or_tells_what_a_group_keeps_to_itself():
    one = Meeting.objects.create(
        slug="zed", name="Zed", zone="Europe/Berlin", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=TH", mode="online",
        starts_local=datetime(2026, 1, 1, 19, 0, tzinfo=UTC), conference_url="https://zoom.us/j/99", folded=" zed ",
        conference_notes="Passcode 99", conference_phone="+4930555-1,,99#", notes="PW 99",
        extra={"contact_1_name": "Marta", "contact_1_phone": "555-1", "group_notes": "Code 99", "location_notes": "99",
               "mailing_address": "Weg 7", "email": "Marta@example.org"},
    )  # fmt: skip
    schedule_write(meetings=[one])
    account = make_account("Marta")
    group = group_found_from_meeting(actor=account.person, meeting=one, name="Secret name")
    member = of_somebody(account)
    for door in [*DOORS, f"/calendar/groups/{group.slug}.ics"]:
        cache.clear()
        answer, seen = asked(member, door)
        guest, public = asked(Client(), door)
        assert (answer.status_code, guest.status_code) == (200, 200), door
        assert seen == public, door
        if "zed" in door or "GetSearchResults" in door:
            assert "Zed" in public, door
        told = re.sub(r"\d{4,}", "", public)  # moments and numbers of rows may hold a 99
        assert door == "/widget.js" or not [word for word in KEPT if word in told], door
        for one_of in (answer, guest):
            may_be_read_by_any_site(one_of, door)
    for door in REFUSALS:
        answer, _body = asked(member, door)
        assert 400 <= answer.status_code < 500, door
        assert answer.headers["Content-Type"].startswith("text/plain"), door
        may_be_read_by_any_site(answer, door)


def may_be_read_by_any_site(answer, door):
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin", door
    assert answer.headers["X-Content-Type-Options"] == "nosniff", door
    assert answer.headers["Access-Control-Allow-Origin"] == "*", door
    assert not answer.cookies, door
    assert answer.headers["Vary"] == "Accept-Encoding", door
