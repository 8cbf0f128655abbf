"""The worker's loop: every room gets its turn, and no room's trouble becomes another's."""

import threading
from datetime import timedelta

import pytest

from delivery.models import WorkerBeat
from delivery.selectors import worker_alive
from delivery.services import worker_beat
from ground import clock
from porchlight import worker
from tests.people_of_the_story import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def calls(monkeypatch):
    """Three rooms: one that raises, one that is looked at every second, one every ten."""
    seen = []

    def raises(_now):
        seen.append("raises")
        raise RuntimeError("on purpose")

    def often(_now):
        seen.append("often")
        return 0

    def seldom(_now):
        seen.append("seldom")
        return 0

    monkeypatch.setattr(worker, "TICKS", [(raises, 1), (often, 1), (seldom, 10)])
    return seen


@pytest.mark.django_db
def test_a_room_that_raises_is_tried_again_and_the_others_go_on(calls):
    rounds = worker.Rounds()
    assert rounds.run(NOW) == 0
    rounds.run(NOW + SECOND)
    assert calls == ["raises", "often", "seldom", "raises", "often"]


@pytest.mark.django_db
def test_what_only_prepares_waits_its_seconds_by_the_sites_clock(calls):
    rounds = worker.Rounds()
    for number in range(21):
        rounds.run(NOW + number * SECOND)
    assert calls.count("often") == 21
    assert calls.count("seldom") == 3


@pytest.mark.django_db
def test_a_clock_that_is_set_back_silences_no_room(calls):
    rounds = worker.Rounds()
    rounds.run(NOW)
    rounds.run(NOW - timedelta(days=1))
    assert calls.count("seldom") == 2


@pytest.mark.django_db
def test_left_over_work_is_taken_up_in_the_next_round(monkeypatch):
    left = [3, 2, 0]
    monkeypatch.setattr(worker, "TICKS", [(lambda _now: left.pop(0), 3600)])
    rounds = worker.Rounds()
    assert [rounds.run(NOW) for _ in range(3)] == [3, 2, 0]


@pytest.mark.django_db
def test_a_heartbeat_is_fresh_for_a_minute_and_ends_with_the_worker():
    with clock.frozen(NOW):
        worker_beat(name="one")
    assert worker_alive(NOW + 30 * SECOND)
    assert not worker_alive(NOW + 61 * SECOND)
    with clock.frozen(NOW + SECOND):
        worker_beat(name="one", stopped=True)
    assert not worker_alive(NOW + 2 * SECOND)


@pytest.mark.django_db(transaction=True)
def test_the_loop_stops_when_told_and_says_so():
    stop = threading.Event()
    thread = threading.Thread(target=worker.loop, args=(stop,))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert WorkerBeat.objects.get().stopped_at


@pytest.mark.django_db
def test_the_health_check_of_the_worker_fails_when_nobody_sends(client):
    with clock.frozen(NOW):
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz/worker").status_code == 503
        worker_beat(name="one")
        assert client.get("/healthz/worker").status_code == 200
