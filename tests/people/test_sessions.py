"""Which sessions still sign somebody in: asked of every open socket."""

from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from people import sessions
from tests.people_of_the_story import make_account

pytestmark = pytest.mark.django_db


def test_a_session_stands_until_it_ends_by_time_by_a_new_password_or_with_the_account():
    account, client = make_account("Dana"), Client()
    client.force_login(account)
    key = str(client.session.session_key)
    assert sessions.standing([key, "forged"]) == {key}
    until = Session.objects.get(pk=key).expire_date
    Session.objects.update(expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    assert sessions.standing([key]) == set()
    Session.objects.update(expire_date=until)
    account.is_active = False
    account.save(update_fields=["is_active"])
    assert sessions.standing([key]) == set()
    account.is_active = True
    account.set_password("another one, long enough")
    account.save(update_fields=["is_active", "password"])
    assert sessions.standing([key]) == set()
