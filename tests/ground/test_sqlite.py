"""SQLite's connections: kept for the next thread, and nothing of the last one's left in them."""

import threading

import pytest
from django.db import connection, transaction

from meetings.models import Source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


def aside(act):
    """What `act` returns in a thread of its own, which closes its connection as the end of a request does."""
    found = []

    def run():
        try:
            found.append(act())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    return found[0]


def names():
    return sorted(Source.objects.values_list("name", flat=True))


def raw():
    connection.ensure_connection()
    return connection.connection


def test_a_closed_connection_waits_for_the_next_thread():
    assert aside(raw) is aside(raw)


def test_a_statement_that_nobody_finished_holds_nobody_to_an_old_state():
    Source.objects.bulk_create(Source(name=f"list {n}") for n in range(300))
    left = []

    def half_read():
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM meetings_source")
        left.append((cursor, cursor.fetchone()))
        return raw()

    kept = aside(half_read)
    Source.objects.all().delete()
    Source.objects.create(name="new")
    assert aside(lambda: (raw() is kept, names())) == (True, ["new"])


def test_an_open_transaction_is_given_to_nobody():
    def broken_off():
        transaction.set_autocommit(False)
        Source.objects.create(name="half")
        return raw()

    half = aside(broken_off)
    assert aside(lambda: (raw() is half, names())) == (False, [])
    Source.objects.create(name="whole")  # the lock is free
    assert aside(names) == ["whole"]


def test_a_cursor_of_a_connection_that_was_closed_for_good_breaks_no_later_end():
    def again():
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        many = threading.Barrier(6)

        def open_at_once():
            raw()
            many.wait(20)
            connection.close()

        others = [threading.Thread(target=open_at_once) for _ in range(5)]
        for one in others:
            one.start()
        many.wait(20)
        for one in others:
            one.join(20)
        connection.close()  # enough wait already: this one ends
        names()
        connection.close()
        return cursor

    assert aside(again) is not None
