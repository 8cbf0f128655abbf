"""The pages of talk as a member reads them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from chat import services
from ground import clock
from groups.models import Group, Membership
from tests.people_of_the_story import NOW, make_account

pytestmark = pytest.mark.django_db


def test_the_time_of_a_message_is_the_readers_own_on_every_page_of_talk():
    """23:30 in London, and 05:15 of the next day in Kathmandu."""
    reader = make_account("Reader", zone="Asia/Kathmandu")
    group = Group.objects.create(slug="harbour", name="Harbour", zone="UTC", created_at=NOW)
    Membership.objects.create(group=group, person=reader.person, since=NOW)
    key = services.room_of(group).key
    client = Client()
    client.force_login(reader, "allauth.account.auth_backends.AuthenticationBackend")
    late = (NOW + timedelta(days=1)).replace(hour=23, minute=30)
    with clock.frozen(late):
        services.message_post(actor=reader.person, room_key=key, cid=uuid4(), body="still awake")
        room = client.get(f"/talk/{key}/").content.decode()
        rooms = client.get("/talk/").content.decode()
        found = client.post("/talk/search/", {"q": "awake"}).content.decode()
    there = late + timedelta(hours=5, minutes=45)
    assert there.date() != late.date()
    assert f'data-day="{there:%Y-%m-%d}"' in room
    for page in (room, rooms, found):
        assert f"{there:%H:%M}" in page
        assert "23:30" not in page


def test_a_member_reads_how_much_a_room_tells_them_and_chooses_less():
    reader = make_account("Reader")
    group = Group.objects.create(slug="harbour", name="Harbour", zone="UTC", created_at=NOW)
    Membership.objects.create(group=group, person=reader.person, since=NOW)
    key = services.room_of(group).key
    client = Client()
    client.force_login(reader, "allauth.account.auth_backends.AuthenticationBackend")
    assert 'value="all" aria-current="true"' in client.get(f"/talk/{key}/").content.decode()
    chosen = client.post(f"/talk/{key}/notify/", {"notify": "named"}, follow=True).content.decode()
    assert 'value="named" aria-current="true"' in chosen
    assert 'value="all" aria-current="true"' not in chosen
