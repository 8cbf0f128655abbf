"""Favourites: a member's belong to the account, a guest's to the browser; which they are stands in no address."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from rest_framework.test import APIClient

from ground.errors import TooMany
from own import services
from own.models import Favourite
from own.selectors import favourites_of
from people.services import person_erase, person_export
from tests.group_stories import make_circle
from tests.people_of_the_story import make_contact, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def slug(evening):
    return make_circle().meeting.slug


def test_a_member_keeps_a_meeting_and_sees_when_it_is_next(slug):
    dana = make_member("Dana")
    client = Client()
    client.force_login(dana.account)
    assert "No favourites yet" in client.get("/favourites/").content.decode()
    back = client.post("/favourites/", {"slug": slug, "action": "keep", "next": f"/meetings/{slug}/"})
    assert back["Location"] == f"/meetings/{slug}/"
    assert "One of your favourites" in client.get(f"/meetings/{slug}/").content.decode()
    page = client.get("/favourites/").content.decode()
    assert "Thursday circle" in page
    assert "Thu 15 Jan" in page
    client.post("/favourites/", {"slug": slug, "action": "drop"})
    assert favourites_of(dana) == []


def test_a_guests_are_shown_when_the_browser_names_them_and_kept_nowhere(slug):
    guest = Client()
    assert "Kept in this browser alone" in guest.get("/favourites/").content.decode()
    shown = guest.post("/favourites/rows/", {"slug": [slug, "unknown"]})
    assert "Thursday circle" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert guest.get("/favourites/rows/").status_code == 405
    assert guest.post("/favourites/", {"slug": slug, "action": "keep"}).status_code == 400
    assert not Favourite.objects.exists()


def test_favourites_go_with_the_person_and_can_be_taken_along(slug):
    dana = make_member("Dana")
    assert services.favourites_keep(actor=dana, slugs=[slug, slug, "unknown"]) == 1
    assert services.favourites_keep(actor=dana, slugs=[slug]) == 1
    assert person_export(actor=dana)["own"]["favourites"] == [slug]
    with pytest.raises(PermissionDenied):
        services.favourites_keep(actor=make_contact(), slugs=[slug])
    person_erase(actor=dana)
    assert not Favourite.objects.exists()


def test_the_json_door_names_the_meeting_in_the_body(slug):
    client = APIClient()
    client.force_login(make_member("Dana").account)
    kept = client.post("/api/v1/favourites/", {"meeting": slug}, format="json").json()["results"]
    assert [row["slug"] for row in kept] == [slug]
    assert client.post("/api/v1/favourites/", {"meeting": "unknown"}, format="json").status_code == 400
    gone = client.post("/api/v1/favourites/", {"meeting": slug, "keep": False}, format="json")
    assert gone.json() == {"results": []}


def test_a_full_list_takes_no_more_and_stays_as_it_was(slug, monkeypatch):
    monkeypatch.setattr("own.services.FAVOURITES", 1)
    dana = make_member("Dana")
    services.favourites_keep(actor=dana, slugs=[slug])
    with pytest.raises(TooMany):
        services.favourites_keep(actor=dana, slugs=[make_circle().meeting.slug])
    assert [one.meeting.slug for one in Favourite.objects.select_related("meeting")] == [slug]
