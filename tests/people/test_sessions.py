"""Which sessions still sign somebody in: open sockets are closed by this."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from ground import clock
from people import sessions
from tests.people_of_the_story import make_account

pytestmark = pytest.mark.django_db


def test_a_session_stands_until_it_runs_out_or_the_password_or_the_account_changes():
    account, client = make_account(), Client()
    client.force_login(account, "allauth.account.auth_backends.AuthenticationBackend")
    key = str(client.session.session_key)
    assert sessions.standing([key, "unknown"]) == {key}
    with clock.frozen(clock.now() + timedelta(days=365)):
        assert sessions.standing([key]) == set()
    account.is_active = False
    account.save(update_fields=["is_active"])
    assert sessions.standing([key]) == set()
    account.is_active = True
    account.set_password("another one entirely")
    account.save(update_fields=["is_active", "password"])
    assert sessions.standing([key]) == set()
    Session.objects.all().delete()
    assert sessions.standing([key]) == set()
