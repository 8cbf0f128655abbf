"""The quick lane into PostgreSQL: plain texts of many senders in one transaction and two round trips.

Same rules (`services.Book`), same rows, same order as `services.entries_write`, which does all that this lane does not
take: other kinds, other databases, and every batch after an error here. Lives in the event loop on a connection of
its own; a thread and the ORM would cost three times as much processor time a message (docs/protocol.md).
"""

import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections

from chat import services
from chat.models import Message, Room
from chat.order import Run
from chat.posts import Outcome, Post
from groups.models import Group

log = logging.getLogger("porchlight.chat")

ROOM_FIELDS = [field.attname for field in Room._meta.concrete_fields]  # noqa: SLF001  (Django's documented API)
ENTRY_FIELDS = [field.attname for field in Message._meta.concrete_fields]  # noqa: SLF001

# all rooms are locked in one order, or two processes wait for each other; a membership cannot end under our hands
ROOMS = f"""
SELECT {", ".join(f"r.{name}" for name in ROOM_FIELDS)}, g.closed_at
FROM chat_room r LEFT JOIN groups_group g ON g.id = r.group_id
WHERE r.key = ANY(%(keys)s) ORDER BY r.id FOR UPDATE OF r
"""  # noqa: S608  (names of columns)
MEMBERS = """
SELECT m.group_id, m.person_id FROM groups_membership m JOIN chat_room r ON r.group_id = m.group_id
WHERE r.key = ANY(%(keys)s) AND m.person_id = ANY(%(senders)s) AND m.state = 'active' ORDER BY m.id FOR SHARE OF m
"""
KNOWN = f"""
SELECT {", ".join(f"m.{name}" for name in ENTRY_FIELDS)}
FROM unnest(%(rooms)s::text[], %(people)s::bigint[], %(cids)s::uuid[]) AS asked(key, sender, cid)
JOIN chat_room r ON r.key = asked.key
JOIN chat_message m ON m.room_id = r.id AND m.sender_id = asked.sender AND m.cid = asked.cid
"""  # noqa: S608
INSERT = """
INSERT INTO chat_message (room_id, seq, kind, sender_id, sender_name, cid, body, at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::text[],
                     %s::timestamptz[])
"""
HEADS = """
UPDATE chat_room SET last_seq = new.last_seq FROM unnest(%s::bigint[], %s::bigint[]) AS new(id, last_seq)
WHERE chat_room.id = new.id
"""
VERSIONS = """
SELECT r.id, count(m.id), count(m.id) FILTER (WHERE m.state = 'active'), count(m.id) FILTER (WHERE m.state = 'ended'),
       coalesce(max(m.id), 0)
FROM chat_room r LEFT JOIN groups_membership m ON m.group_id = r.group_id WHERE r.id = ANY(%s) GROUP BY r.id
"""


class Quick:
    """`write` is called by one committer, one batch after the other."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._prepared = connections["default"].vendor == "postgresql"

    def takes(self, batch: Sequence[Post]) -> bool:
        """Texts alone: what else an entry does, the ORM does better."""
        return self._prepared and all(post.kind == "text" for post in batch)

    async def write(self, batch: Sequence[Post]) -> tuple[list[Outcome], list[tuple[str, Run]]]:
        """One outcome a post, in their order, and what every process is to hear.

        Raises psycopg.Error and OSError: nothing is known to be stored, and the connection is a new one next time.
        """
        try:
            connection = self._connection or await self._connect()
            self._connection = connection
            book = await self._read(connection, batch)
            outcomes = [book.enter(post) for post in batch]
            return outcomes, await self._store(connection, book)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Whatever was begun is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        given = connections["default"].get_connection_params()
        for name in ("cursor_factory", "context", "prepare_threshold"):
            given.pop(name, None)
        return await psycopg.AsyncConnection.connect(**given, autocommit=True, prepare_threshold=0, connect_timeout=5)

    async def _read(self, connection: psycopg.AsyncConnection[Any], batch: Sequence[Post]) -> "services.Book":
        """Lock the rooms, then read what decides: one round trip."""
        keys, senders = sorted({post.room for post in batch}), sorted({post.sender.id for post in batch})
        asked = {
            "rooms": [post.room for post in batch],
            "people": [post.sender.id for post in batch],
            "cids": [post.cid for post in batch],
        }
        async with connection.pipeline():
            await connection.execute("BEGIN")
            rooms = await connection.execute(ROOMS, {"keys": keys})
            members = await connection.execute(MEMBERS, {"keys": keys, "senders": senders})
            known = await connection.execute(KNOWN, asked)
        found: dict[str, Room] = {}
        for *values, closed_at in await rooms.fetchall():
            room = Room.from_db("default", ROOM_FIELDS, values)
            if room.group_id is not None:
                room.group = Group(pk=room.group_id, closed_at=closed_at)
            found[room.key] = room
        return services.Book(
            found,
            members=set(await members.fetchall()),
            known=[Message.from_db("default", ENTRY_FIELDS, values) for values in await known.fetchall()],
        )

    async def _store(self, connection: psycopg.AsyncConnection[Any], book: "services.Book") -> list[tuple[str, Run]]:
        """Write and commit, then read the rosters' versions: one more round trip."""
        if not book.new:
            await connection.execute("ROLLBACK")
            return []
        grown = [room for room in book.rooms.values() if room.key in book.firsts]
        ids = [room.pk for room in grown]
        rows = [(e.room_id, e.seq, e.kind, e.sender_id, e.sender_name, e.cid, e.body, e.at) for e in book.new]
        async with connection.pipeline():
            await connection.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])
            await connection.execute(HEADS, (ids, [room.last_seq for room in grown]))
            await connection.execute("COMMIT")
            versions = await connection.execute(VERSIONS, (ids,))
        found = {
            pk: f"{rows}.{active}.{ended}.{highest}" for pk, rows, active, ended, highest in await versions.fetchall()
        }
        return [(room.key, book.run(room.key, found.get(room.pk, ""))) for room in grown]
