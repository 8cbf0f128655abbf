"""The quick lane into PostgreSQL: plain texts of many senders in one statement, one transaction, one round trip.

It takes only posts about which there is nothing to decide: new texts that answer nothing and need not be held, each
sender an active member of a group's open room without slow mode and not asked to listen, no key used before. The
statement and the table's own constraints check that, in the transaction that stores, and store all or nothing;
whatever they leave, `services.entries_write` decides. Rows, order and locks are the same in both. Lives in the event
loop on a connection of its own: a thread and the ORM cost three times as much processor time a message
(docs/protocol.md).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections

from chat import posts, wire
from chat.order import Run
from chat.posts import Outcome, Post
from chat.services.book import must_be_held
from ground import clock

# Rooms are locked in one order, or two processes wait for each other. A leaving that is under way is waited for (FOR
# SHARE), and one that comes later waits for us. Locked rows are read anew after the wait. A key that was used before
# breaks the unique constraint, and the slow way gives the old answer: to ask for it would cost every batch, and with a
# plan from when the table was empty (kept until its statistics are renewed) it read the whole room each time.
STORE = """
WITH new AS MATERIALIZED (
    SELECT * FROM unnest(%(rooms)s::text[], %(people)s::bigint[], %(names)s::text[], %(cids)s::uuid[],
                         %(bodies)s::text[]) WITH ORDINALITY AS n(key, sender, name, cid, body, nr)),
room AS MATERIALIZED (
    SELECT r.id, r.key, r.group_id FROM chat_room r JOIN groups_group g ON g.id = r.group_id
    WHERE r.key = ANY(%(keys)s) AND r.kind = 'group' AND r.slow_seconds = 0 AND r.closed_at IS NULL
      AND g.closed_at IS NULL ORDER BY r.id FOR UPDATE OF r),
member AS MATERIALIZED (
    SELECT m.group_id, m.person_id FROM groups_membership m
    WHERE m.group_id IN (SELECT group_id FROM room) AND m.person_id = ANY(%(senders)s) AND m.state = 'active'
      AND NOT EXISTS (SELECT 1 FROM chat_silence s JOIN room ON room.id = s.room_id
                      WHERE room.group_id = m.group_id AND s.person_id = m.person_id)
    ORDER BY m.id FOR SHARE OF m),
clear AS MATERIALIZED (
    SELECT count(*) = %(count)s AS yes FROM new JOIN room ON room.key = new.key
    JOIN member ON member.group_id = room.group_id AND member.person_id = new.sender),
taken AS (
    UPDATE chat_room r SET last_seq = r.last_seq + wanted.count
    FROM (SELECT room.id, count(*) FROM new JOIN room ON room.key = new.key GROUP BY room.id ORDER BY room.id) AS wanted
    WHERE r.id = wanted.id AND (SELECT yes FROM clear) RETURNING r.id, r.key, r.last_seq)
INSERT INTO chat_message (room_id, seq, kind, sender_id, sender_name, cid, body, at, gone, held)
SELECT taken.id, taken.last_seq - count(*) OVER same + row_number() OVER (same ORDER BY nr), 'text', sender, name, cid,
       body, %(at)s, '', false
FROM new JOIN taken ON taken.key = new.key WINDOW same AS (PARTITION BY taken.id) ORDER BY nr RETURNING room_id, seq
"""
# as chat.roster.roster_versions has it
VERSIONS = """
SELECT r.key, count(m.id), count(m.id) FILTER (WHERE m.state = 'active'), count(m.id) FILTER (WHERE m.state = 'ended'),
       coalesce(max(m.id), 0), coalesce(min(b.count), 0), coalesce(min(b.ids), 0)
FROM chat_room r LEFT JOIN groups_membership m ON m.group_id = r.group_id LEFT JOIN (
    SELECT one.group_id, count(*), sum(k.id) AS ids FROM chat_room here
    JOIN groups_membership one ON one.group_id = here.group_id AND one.state = 'active'
    JOIN people_block k ON k.blocker_id = one.person_id
    JOIN groups_membership other ON other.person_id = k.blocked_id AND other.group_id = one.group_id
                                    AND other.state = 'active'
    WHERE here.key = ANY(%(keys)s) GROUP BY one.group_id) AS b ON b.group_id = r.group_id
WHERE r.key = ANY(%(keys)s) GROUP BY r.id
"""

Stored = tuple[list[Outcome], list[tuple[str, Run]]]  # an outcome a post, and what every process is to hear


class Quick:
    """Called by one committer, one batch after the other."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._usable = connections["default"].vendor == "postgresql"

    def part(self, batch: Sequence[Post]) -> list[Post]:
        """What this lane may take: all posts of those groups' rooms for which nothing but plain texts came.

        Whole rooms, so that each keeps its order. The rooms of pairs and cravings have rules of their own, which one
        statement more would have to repeat, and two people in them.
        """
        if not self._usable:
            return []
        keys = Counter(post.cid for post in batch)
        others = {post.room for post in batch if keys[post.cid] > 1 or not _is_plain(post)}
        return [post for post in batch if post.room not in others]

    async def write(self, batch: Sequence[Post]) -> Stored | None:
        """None: nothing to store, or there is something to decide and nothing was stored.

        Raises psycopg.Error and OSError: nothing is known to be stored, and the connection is a new one next time.
        """
        if not batch:
            return None
        try:
            connection = self._connection or await self._connect()
            self._connection = connection
            return await self._write(connection, batch)
        except psycopg.errors.UniqueViolation:
            return None
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
        return await psycopg.AsyncConnection.connect(
            **{"connect_timeout": 5, **given}, autocommit=True, prepare_threshold=0
        )

    async def _write(self, connection: psycopg.AsyncConnection[Any], batch: Sequence[Post]) -> Stored | None:
        at = clock.now()
        keys = sorted({post.room for post in batch})
        asked = {
            "rooms": [post.room for post in batch],
            "people": [post.sender.id for post in batch],
            "names": [post.sender.name for post in batch],
            "cids": [post.cid for post in batch],
            "bodies": [post.body for post in batch],
            "senders": sorted({post.sender.id for post in batch}),
            "keys": keys,
            "count": len(batch),
            "at": at,
        }
        async with connection.pipeline() as pipeline:
            stored = await connection.execute(STORE, asked)
            await pipeline.sync()  # the commit: who left before it is in none of the versions
            versions = await connection.execute(VERSIONS, {"keys": keys})
        seqs = [seq for _, seq in await stored.fetchall()]
        if len(seqs) != len(batch):
            return None
        found = {key: "{}.{}.{}.{}/{}.{}".format(*counts) for key, *counts in await versions.fetchall()}
        outcomes = [Outcome(post, seq, at) for post, seq in zip(batch, seqs, strict=True)]
        return outcomes, _runs(outcomes, found)


def _is_plain(post: Post) -> bool:
    """A new text in a group's room that answers nothing, without words that have to be held."""
    return post.kind == posts.TEXT and post.of is None and post.room.startswith("g") and not must_be_held(post.body)


def _runs(outcomes: Sequence[Outcome], versions: dict[str, str]) -> list[tuple[str, Run]]:
    firsts: dict[str, int] = {}
    frames: dict[str, list[bytes]] = {}
    by: dict[str, list[int]] = {}
    for outcome in outcomes:
        post = outcome.post
        firsts.setdefault(post.room, outcome.seq)
        frames.setdefault(post.room, []).append(frame_of(outcome))
        by.setdefault(post.room, []).append(post.sender.id)
    return [
        (key, Run(first, tuple(frames[key]), versions.get(key, ""), tuple(by[key]))) for key, first in firsts.items()
    ]


def frame_of(outcome: Outcome) -> bytes:
    """The entry as everybody is shown it."""
    post = outcome.post
    assert outcome.at is not None
    return wire.message(
        room=post.room,
        seq=outcome.seq,
        kind=post.kind,
        cid=post.cid,
        pid=post.sender.pid,
        name=post.sender.name,
        at=outcome.at,
        body=post.body,
    )
