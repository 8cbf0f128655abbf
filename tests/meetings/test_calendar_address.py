"""The private address of a member's calendar, on its page."""

import pytest
from django.test import Client

from tests.people_of_the_story import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def test_a_member_makes_renews_and_takes_back_the_address_of_their_calendar():
    client = Client()
    client.force_login(make_member().account)
    assert ".ics" not in client.get("/me/calendar/").content.decode()

    def address():
        page = client.get("/me/calendar/").content.decode()
        return page.partition("/calendar/mine/")[2].partition(".ics")[0]

    client.post("/me/calendar/", {"action": "give"})
    first = address()
    assert first == address() != ""
    assert Client().get(f"/calendar/mine/{first}.ics").status_code == 200
    client.post("/me/calendar/", {"action": "renew"})
    assert address() not in {"", first}
    assert Client().get(f"/calendar/mine/{first}.ics").status_code == 410
    client.post("/me/calendar/", {"action": "revoke"})
    assert address() == ""
