"""`manage.py seed_bench`: invented members, rooms and sessions for a load client that knows docs/protocol.md alone."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from chat.services import room_of
from ground import clock
from groups.models import Group, Membership
from people.models import Account, Person
from porchlight.database import refuse_unmigrated

ADDRESS = "http://localhost:8000"  # where `serve` listens when nothing is said


class Command(BaseCommand):
    help = "Makes members, rooms and signed-in sessions for a load client. For a database made for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--members", type=int, required=True, help="how many accounts to make")
        parser.add_argument("--rooms", type=int, required=True, help="how many groups with a room to make")
        parser.add_argument("--room-size", type=int, required=True, help="members of each room")
        parser.add_argument("--out", required=True, help="file for the JSON object (sessions: keep it to yourself)")
        parser.add_argument("--url", default="", help=f"the site's address (default: PORCHLIGHT_URL, else {ADDRESS})")

    def handle(self, *args: Any, **options: Any) -> None:
        members, rooms, size = options["members"], options["rooms"], options["room_size"]
        if members < 1 or rooms < 0 or not 0 <= size <= members:
            raise CommandError("at least one member is needed, and a room holds at most as many as there are members")
        refuse_unmigrated()
        address = (options["url"] or settings.SITE_URL or ADDRESS).rstrip("/")
        with transaction.atomic():
            found = seed(members, rooms, size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as a site that has run for a while: the planner knows how much there is
        write(Path(options["out"]), {**addresses(address), "members": found})
        self.stdout.write(f"{members} members in {rooms} rooms of {size}; their sessions stand in {options['out']}")
        self.stdout.write(
            f"A person may send {settings.TALK_PER_SECOND:g} messages a second here: PORCHLIGHT_TALK_PER_SECOND of the "
            "server sets it."
        )


def addresses(http: str) -> dict[str, str]:
    """Where the client connects, and the name of the session's cookie."""
    return {"url": f"ws{http.removeprefix('http')}/ws/", "http": http, "cookie": settings.SESSION_COOKIE_NAME}


def seed(members: int, rooms: int, size: int) -> list[dict[str, Any]]:
    """The members with their sessions and rooms. The rooms are filled in turn, so that few members are in many."""
    run = secrets.token_hex(3)  # a second run finds other names
    accounts = accounts_of([f"bench-{run}-{number}" for number in range(members)])
    held: list[list[str]] = [[] for _ in accounts]
    now = clock.now()
    for number in range(rooms):
        group = Group.objects.create(slug=f"bench-{run}-{number}", name=f"Bench {number}", zone="UTC", created_at=now)
        inside = [(number * size + place) % members for place in range(size)]
        Membership.objects.bulk_create(
            Membership(group=group, person=accounts[place].person, since=now) for place in inside
        )
        key = room_of(group).key
        for place in inside:
            held[place].append(key)
    sessions = sessions_of(accounts)
    return [
        {"alias": account.alias, "session": session, "rooms": keys}
        for account, session, keys in zip(accounts, sessions, held, strict=True)
    ]


def accounts_of(names: list[str]) -> list[Account]:
    """As account_create makes them, thousands at once; nobody signs in with a password."""
    now = clock.now()
    people = Person.objects.bulk_create(Person(name=name, created_at=now) for name in names)
    accounts = [Account(alias=one.name, person=one, adult_confirmed_at=now, created_at=now) for one in people]
    for account in accounts:
        account.set_unusable_password()
    return Account.objects.bulk_create(accounts)


def sessions_of(accounts: list[Account]) -> list[str]:
    """The keys of sessions in which the accounts are signed in."""
    store = SessionStore()
    made = [
        Session(
            session_key=secrets.token_hex(16),
            session_data=store.encode(
                {
                    SESSION_KEY: str(account.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: account.get_session_auth_hash(),
                }
            ),
            expire_date=store.get_expiry_date(),
        )
        for account in accounts
    ]
    Session.objects.bulk_create(made)
    return [session.session_key for session in made]


def write(path: Path, found: dict[str, Any]) -> None:
    """Whoever reads a session's key is that member: the file is for its owner only."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(found, out)
    except OSError as error:
        raise CommandError(f"cannot write {path} ({error.strerror}): name another file with --out") from error
