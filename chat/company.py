"""Typing and who is here: light frames beside the log, never stored, dropped first, found again by the next ones.

Nobody hears of somebody from whom they are kept apart (a block), nor of anybody outside the room's members.
"""

import asyncio
import json
import secrets
from typing import Any

from chat import wire
from chat.connection import Connection
from chat.live import LiveRoom
from chat.presence import MOST, Presence, Who
from chat.transport import Bundle
from ground import wake

PRESENCE = "talk.presence"
TYPING = "talk.typing"
TYPERS = 50  # members of a room beyond which typing is not shown
PAUSE = 3.0  # seconds between two typing frames of one socket


class Company:
    """Lives in the event loop; `rooms` is the hub's own."""

    def __init__(self, rooms: dict[str, LiveRoom]) -> None:
        self._rooms = rooms
        self._presence = Presence()
        self._me = secrets.token_hex(8)
        self._apart: dict[str, dict[int, frozenset[int]]] = {}  # by room, as it was when its members were last told

    def tick(self) -> None:
        """Every two seconds: tell the other processes who is here, and the members what changed."""
        now = asyncio.get_running_loop().time()
        small = {key: room for key, room in self._rooms.items() if len(room.roster.people) <= MOST}
        seated = {key: {c.sender.id: c.sender.pid for c in room.seats} for key, room in small.items()}
        self._presence.seated(seated, now)
        if said := self._presence.say(now):
            lists, whole = said
            payload = [self._me, {room: list(people.items()) for room, people in lists.items()}, whole]
            wake.publish(PRESENCE, json.dumps(payload, separators=(",", ":")).encode(), here=False)
        for diff in self._presence.show({key: room.roster.people for key, room in small.items()}):
            room = small[diff.room]
            for connection, seat in room.seats.items():
                if seat.live:
                    self._tell(room, connection, diff.came, diff.went)
        self._after_blocks(small)

    def _after_blocks(self, rooms: dict[str, LiveRoom]) -> None:
        """Who blocked somebody, or was blocked, sees them go; who lifted it sees them come: the whole list anew."""
        for key, room in rooms.items():
            before, now = self._apart.get(key, {}), room.roster.apart
            if before is now:
                continue
            for connection, seat in room.seats.items():
                one = connection.sender.id
                if seat.live and before.get(one) != now.get(one):
                    self.welcome(room, connection)
        self._apart = {key: room.roster.apart for key, room in rooms.items()}

    def welcome(self, room: LiveRoom, connection: Connection) -> None:
        """A member has just come in: everybody who is here now."""
        if len(room.roster.people) <= MOST:
            here = self._presence.here(room.key, room.roster.people)
            here |= {one.sender.id: one.sender.pid for one in room.seats}  # who came since the last tick
            self._tell(room, connection, here, {}, whole=True)

    def _tell(self, room: LiveRoom, connection: Connection, came: Who, went: Who, *, whole: bool = False) -> None:
        apart = room.apart_from(connection.sender.id)
        lists = {"in": [pid for one, pid in came.items() if one not in apart]}
        lists["out"] = [pid for one, pid in went.items() if one not in apart]
        if whole:
            connection.tell_lightly({"t": "presence", "room": room.key, "whole": True, **lists})
        elif lists["in"] or lists["out"]:
            connection.tell_lightly({"t": "presence", "room": room.key, **lists})

    def hear_presence(self, payload: bytes) -> None:
        process, said, whole = json.loads(payload)
        if process != self._me:
            self._presence.hear(process, said, whole=whole, now=asyncio.get_running_loop().time())

    def reconnected(self) -> None:
        """What was said meanwhile may be lost."""
        self._presence.say_all_soon()

    def typing(self, connection: Connection, key: str) -> None:
        """The member types in a room that they sit in; more often than every three seconds is dropped."""
        room = self._rooms.get(key)
        seat = connection.seats.get(key)
        now = asyncio.get_running_loop().time()
        if room is None or seat is None or not seat.live or now - connection.typed < PAUSE:
            return
        connection.typed = now
        sender = connection.sender
        if len(room.roster.people) <= TYPERS:
            frame = {"t": "typing", "room": key, "from": {"id": sender.pid, "name": sender.name}}
            self._show_typing(key, sender.id, frame)
            wake.publish(TYPING, json.dumps([key, sender.id, frame]).encode(), here=False)

    def hear_typing(self, payload: bytes) -> None:
        self._show_typing(*json.loads(payload))

    def _show_typing(self, key: str, person: int, frame: dict[str, Any]) -> None:
        if (room := self._rooms.get(key)) is None or person not in room.roster.people:
            return
        bundle = Bundle([wire.encode(frame)])
        for connection, seat in room.seats.items():
            if seat.live and connection.sender.id != person and person not in room.apart_from(connection.sender.id):
                connection.push_lightly(bundle)
