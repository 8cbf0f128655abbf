"""Members, groups and signed-in sessions in the database of a site, made before or beside its server."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.servers import ROOT, Site

PREPARE = """
import json, sys
import django
django.setup()
from django.contrib.sessions.backends.db import SessionStore
from chat.services import room_of
from ground import clock
from groups.models import Group, Membership
from people.services import account_create

asked = json.load(sys.stdin)
now = clock.now()
made = {"rooms": {}, "people": {}}
for name in asked["people"]:
    account = account_create(alias=name, adult=True)
    session = SessionStore()
    session["_auth_user_id"] = str(account.pk)
    session["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    session["_auth_user_hash"] = account.get_session_auth_hash()
    session.create()
    made["people"][name] = {"session": session.session_key, "pid": str(account.person.pid), "pk": account.person.pk}
for name, members in asked["groups"].items():
    group = Group.objects.create(slug=name.lower().replace(" ", "-"), name=name, zone="UTC", created_at=now)
    Membership.objects.bulk_create(
        [Membership(group=group, person_id=made["people"][who]["pk"], since=now) for who in members]
    )
    made["rooms"][name] = room_of(group).key
print(json.dumps(made))
"""

CHANGE = """
import json, sys
import django
django.setup()
from django.contrib.sessions.models import Session
from chat.models import Message, Room
from ground import clock
from groups.models import Group, Membership
asked = json.load(sys.stdin)
membership = Membership.objects.filter(person=asked.get("person"), state="active")
if asked["do"] == "leave":
    membership.update(state="ended", until=clock.now())
elif asked["do"] == "join":
    group = Group.objects.get(room__key=asked["room"])
    Membership.objects.create(group=group, person_id=asked["person"], since=clock.now())
elif asked["do"] == "close group":
    Group.objects.filter(room__key=asked["room"]).update(closed_at=clock.now())
elif asked["do"] == "sign out":
    Session.objects.filter(session_key=asked["session"]).delete()
elif asked["do"] == "bodies":
    print(json.dumps(list(Message.objects.filter(room__key=asked["room"]).order_by("seq").values_list("seq", "body"))))
elif asked["do"] == "fill":
    from uuid import uuid4
    from chat.posts import Post
    from chat.services import entries_write, sender_of
    from people.models import Person
    sender = sender_of(Person.objects.get(pk=asked["person"]))
    for start in range(0, asked["count"], 200):
        numbers = range(start, min(start + 200, asked["count"]))
        entries_write(posts=[Post(sender, asked["room"], uuid4(), f"filled {number}") for number in numbers])
elif asked["do"] == "house":
    from chat.services.entries import house_entry
    house_entry(room_pk=Room.objects.get(key=asked["room"]).pk, kind=asked["kind"], of=asked["of"])
elif asked["do"] == "new epoch":
    Room.objects.filter(key=asked["room"]).update(epoch=asked.get("epoch", "another"))
"""


@dataclass(frozen=True)
class Folk:
    """Who is there: sessions, ids and the keys of the rooms by name."""

    site: Site
    rooms: dict[str, str]
    people: dict[str, dict[str, Any]]

    def session(self, name: str) -> str:
        return str(self.people[name]["session"])

    def change(self, what: str, **asked: Any) -> Any:
        """Do something to the database from outside the server."""
        if isinstance(asked.get("person"), str):
            asked["person"] = self.people[asked["person"]]["pk"]
        return _run(self.site, CHANGE, {"do": what, **asked})

    def bodies(self, room: str) -> list[str]:
        """What is stored, in the order of seq."""
        rows = self.change("bodies", room=room)
        assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1)), "a hole in the log"
        return [body for _, body in rows]


def settle(site: Site, people: list[str], groups: dict[str, list[str]]) -> Folk:
    """Make accounts with sessions, and groups with their rooms."""
    made = _run(site, PREPARE, {"people": people, "groups": groups})
    return Folk(site, made["rooms"], made["people"])


def _run(site: Site, code: str, asked: dict[str, Any]) -> Any:
    env = {**site.env, "DJANGO_SETTINGS_MODULE": "porchlight.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout) if done.stdout.strip() else None
