"""The bare durable limit for `script/bench talk`: picows and uvloop, one table, group commit, Redis pub/sub.

No sessions, no members, no idempotence, no gaps looked after: only what a message costs that is committed with
`synchronous_commit=on` before its ack and shown to everybody at every process. argv: port, database, Redis.
"""

import asyncio
import json
import sys
from collections import defaultdict
from typing import Any

import psycopg
import redis.asyncio as redis
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

STORE = """
WITH new AS (SELECT * FROM unnest(%(rooms)s::text[], %(cids)s::uuid[], %(bodies)s::text[]) WITH ORDINALITY
             AS n(room, cid, body, nr)),
     taken AS (INSERT INTO limit_room AS r (id, last_seq) SELECT room, count(*) FROM new GROUP BY room ORDER BY room
               ON CONFLICT (id) DO UPDATE SET last_seq = r.last_seq + excluded.last_seq RETURNING id, last_seq)
INSERT INTO limit_message (room, seq, cid, body)
SELECT new.room, taken.last_seq - count(*) OVER same + row_number() OVER (same ORDER BY nr), cid, body
FROM new JOIN taken ON taken.id = new.room WINDOW same AS (PARTITION BY new.room) ORDER BY nr RETURNING seq
"""
TABLES = """
CREATE TABLE IF NOT EXISTS limit_room (id text PRIMARY KEY, last_seq bigint NOT NULL);
CREATE TABLE IF NOT EXISTS limit_message (room text, seq bigint, cid uuid, body text, PRIMARY KEY (room, seq));
"""


def wired(frame: bytes) -> bytes:
    """A text frame as it travels from a server; none here has 64 KiB."""
    size = bytes([len(frame)]) if len(frame) < 126 else b"\x7e" + len(frame).to_bytes(2, "big")
    return b"\x81" + size + frame


class Server:
    """The rooms of this process, one committer, one subscription."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], bus: Any, me: str) -> None:
        self.connection, self.bus, self.me = connection, bus, me
        self.rooms: defaultdict[str, set[WSTransport]] = defaultdict(set)
        self.waiting: list[tuple[WSTransport, str, str, str]] = []
        self.task: asyncio.Task[None] | None = None

    def post(self, transport: WSTransport, room: str, cid: str, body: str) -> None:
        self.waiting.append((transport, room, cid, body))
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self.work())

    async def work(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting[:200], self.waiting[200:]
            rooms, cids, bodies = ([post[at] for post in batch] for at in (1, 2, 3))
            found = await self.connection.execute(STORE, {"rooms": rooms, "cids": cids, "bodies": bodies}, prepare=True)
            seqs = [seq for (seq,) in await found.fetchall()]
            shown: defaultdict[str, list[bytes]] = defaultdict(list)
            for (transport, room, cid, body), seq in zip(batch, seqs, strict=True):
                transport.send(WSMsgType.TEXT, b'{"t":"ack","cid":"%s","seq":%d}' % (cid.encode(), seq))
                frame = {"t": "msg", "room": room, "seq": seq, "cid": cid, "body": body}
                shown[room].append(json.dumps(frame, separators=(",", ":")).encode())
            payload = [self.me.encode()]
            for room, frames in shown.items():
                self.show(room, frames)
                payload += [f"{room} {len(frames)}".encode(), *frames]
            asyncio.get_running_loop().create_task(self.bus.publish("limit", b"\n".join(payload)))
        self.task = None

    def show(self, room: str, frames: list[bytes]) -> None:
        """One write a member for all that a batch brings: a system call a message would be most of the price."""
        together = b"".join(wired(frame) for frame in frames)
        for transport in self.rooms[room]:
            transport.underlying_transport.write(together)

    async def listen(self) -> None:
        heard = self.bus.pubsub(ignore_subscribe_messages=True)
        await heard.subscribe("limit")
        async for found in heard.listen():
            me, *lines = found["data"].split(b"\n")
            if me.decode() == self.me:
                continue
            at = 0
            while at < len(lines):
                room, count = lines[at].decode().split(" ")
                self.show(room, lines[at + 1 : at + 1 + int(count)])
                at += 1 + int(count)


class Member(WSListener):
    def __init__(self, server: Server, room: str) -> None:
        self.server, self.room = server, room

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.server.rooms[self.room].add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.server.rooms[self.room].discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            post = json.loads(frame.get_payload_as_utf8_text())
            self.server.post(transport, post["room"], post["cid"], post["body"])


async def main(port: str, database: str, bus: str) -> None:
    connection = await psycopg.AsyncConnection.connect(database, autocommit=True)
    await connection.execute("SELECT pg_advisory_lock(1)")
    await connection.execute(TABLES)
    await connection.execute("SELECT pg_advisory_unlock(1)")
    server = Server(connection, redis.Redis.from_url(bus), port)
    listening = asyncio.create_task(server.listen())

    def member(request: WSUpgradeRequest) -> Member:
        return Member(server, request.path.decode().strip("/"))

    await ws_create_server(member, "127.0.0.1", int(port), enable_auto_ping=False)
    await listening


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
