"""One code, two ways to run."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from porchlight.settings import database_from
from tests.conftest import WAY


@pytest.mark.django_db
def test_the_embedded_way_is_sqlite_and_the_scaled_way_is_postgresql():
    assert connection.vendor == {"embedded": "sqlite", "scaled": "postgresql"}[WAY]


@pytest.mark.embedded
@pytest.mark.django_db
def test_sqlite_writes_ahead_and_waits_for_its_turn():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA foreign_keys")
        assert cursor.fetchone() == (1,)
    assert getattr(connection, "transaction_mode", None) == "IMMEDIATE"


@pytest.mark.parametrize("url", ["mysql://localhost/x", "porchlight", "http://example.org"])
def test_a_database_url_of_another_kind_is_refused_with_a_way_out(url):
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        database_from(url)
