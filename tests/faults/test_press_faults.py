"""A press lives through everything that may die after it: the socket, the worker, the web process, Redis. Its waves
go on, and nobody is asked twice."""

import http.client
import json
import socket
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from cravings.models import Asked, Availability, Press, Responder
from cravings.services import press_make
from delivery.models import Delivery
from ground import clock
from groups.models import Group, Membership
from people.services import account_create
from tests.faults.conftest import database_url, until
from tests.servers import Site, Valkey

CSRF = "c" * 32
OFFERS = Delivery.objects.filter(kind="craving_offer")
MINUTE = timedelta(minutes=1)


class Cast:
    """A member, and three responders of the same group who are available and can be reached."""

    def __init__(self) -> None:
        now = clock.now()
        self.account = account_create(alias=f"Dana {uuid4().hex[:6]}", adult=True)
        self.member = self.account.person
        self.group = Group.objects.create(name="Lamp", slug=uuid4().hex[:8], zone="UTC", created_at=now)
        for number in range(3):
            email = f"r{number}-{uuid4().hex[:6]}@example.org"
            person = account_create(alias=f"R{number} {uuid4().hex[:6]}", email=email, adult=True).person
            Membership.objects.create(group=self.group, person=person, since=now)
            Responder.objects.create(person=person, since=now, vetted_at=now)
            Availability.objects.create(person=person, since=now, until=now + timedelta(hours=8))
        Membership.objects.create(group=self.group, person=self.member, since=now)

    def headers(self) -> dict[str, str]:
        session = SessionStore()
        session[SESSION_KEY] = str(self.account.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = self.account.get_session_auth_hash()
        session.save()
        cookie = f"sessionid={session.session_key}; csrftoken={CSRF}"
        return {"Cookie": cookie, "X-CSRFToken": CSRF, "Content-Type": "application/json"}


@pytest.fixture
def cast(transactional_db):
    return Cast()


def web(workers, **env) -> Site:
    """The web process alone, on the database of this test."""
    shared = {"DATABASE_URL": database_url(), "PORCHLIGHT_DATA": str(settings.DATA_DIR), "PORCHLIGHT_TEST": "1", **env}
    return Site(env=shared, migrate=False, serve=("--no-worker",))


def post(site: Site, cast: Cast) -> int:
    connection = http.client.HTTPConnection("localhost", site.port, timeout=30)
    body = json.dumps({"client_key": str(uuid4()), "late": True})
    connection.request("POST", "/api/v1/presses/", body, cast.headers())
    return connection.getresponse().status


def each_told_once() -> bool:
    return OFFERS.filter(state="handed_over").count() == 3 and OFFERS.count() == 3


def test_a_worker_killed_in_the_middle_of_a_wave_asked_nobody_and_the_next_one_asks_each_once(workers, cast):
    press_make(actor=cast.member, client_key=uuid4(), late=True)
    assert workers.wait(workers.start("waving")) == -9
    assert (Asked.objects.count(), OFFERS.count(), Press.objects.get().wave) == (0, 0, 0)
    workers.start()
    until(each_told_once, "the second worker did not take over")
    assert sum(workers.sent().values()) == 3


def test_the_waves_go_on_after_a_worker_was_killed_between_them(workers, cast):
    press_make(actor=cast.member, client_key=uuid4(), late=True)
    first = workers.start()
    until(each_told_once, "the first wave did not go out")
    workers.nursery.end(first, 9)
    workers.pids.remove(first)
    Press.objects.update(wave_at=clock.now())  # a minute passes
    workers.start()
    until(lambda: Press.objects.get().wave == 2, "the second wave did not come")
    assert OFFERS.count() == 3  # nobody twice


def test_a_press_whose_socket_dies_before_the_answer_lives_and_asks(workers, cast):
    with web(workers) as site:
        head = "".join(f"{name}: {value}\r\n" for name, value in cast.headers().items())
        body = json.dumps({"client_key": str(uuid4()), "late": True})
        request = (
            f"POST /api/v1/presses/ HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        with socket.create_connection(("localhost", site.port)) as wire:
            wire.sendall(request.encode())
        until(Press.objects.exists, "the press was lost with its socket")
        workers.start()
        until(each_told_once, "the first wave did not go out")


def test_a_press_lives_when_the_web_process_is_killed_right_after_its_answer(workers, cast):
    with web(workers) as site:
        assert post(site, cast) == 201
        site.process.kill()
        site.process.wait()
        workers.start()
        until(each_told_once, "the first wave did not go out")


@pytest.mark.scaled
def test_a_press_goes_out_while_redis_is_away_and_after_it_came_back(workers, cast):
    with Valkey() as valkey, web(workers, REDIS_URL=valkey.url) as site:
        workers.start()
        valkey.kill()
        assert post(site, cast) == 201
        until(each_told_once, "the first wave did not go out while Redis was away")
        valkey.start()
        Press.objects.update(wave_at=clock.now())
        until(lambda: Press.objects.get().wave == 2, "the second wave did not come")
