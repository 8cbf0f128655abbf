"""The WebSocket door: it reads the client's frames (docs/protocol.md) and asks hub, committer and services.

One plain loop a socket. Channels' own dispatch would look after database connections in a thread before every event,
and keep two tasks a socket; here only the desks of the hub touch the database.
"""

import asyncio
import logging
import uuid
from functools import partial
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer

from chat import hub, posts, services, wire
from chat.connection import Connection
from chat.greeting import greet
from chat.posts import Outcome, Post
from chat.transport import wire_for
from people.models import Person
from people.selectors import person_of

log = logging.getLogger("porchlight.chat")


class TalkConsumer(AsyncConsumer):  # type: ignore[misc]
    """`/ws/`: one socket, many rooms."""

    channel_layer_alias = None  # a layer may lose messages

    person: Person
    hub: hub.Hub
    connection: Connection

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.base_send = scope, send
        if (await receive())["type"] != "websocket.connect" or not await self._accept():
            return
        try:
            while (event := await receive())["type"] == "websocket.receive":
                self._hear(event.get("text"))
        finally:
            if not self.hub.draining:  # a stopping server cancels this, and still has a bye to say
                self.hub.leave(self.connection)

    async def _accept(self) -> bool:
        """Answer the handshake; a refusal is told by a close code, which a browser can read only after accepting."""
        known = wire.PROTOCOL in self.scope.get("subprotocols", [])
        await self.base_send({"type": "websocket.accept", "subprotocol": wire.PROTOCOL if known else None})
        self.hub = hub.start(asyncio.get_running_loop())
        person = await self.hub.desk.run(person_of, self.scope["user"])
        code = wire.NO_PROTOCOL if not known else wire.NO_SESSION if person is None else 0
        if code or person is None:
            await self.base_send({"type": "websocket.close", "code": code})
            return False
        self.person = person
        out = wire_for(self.base_send)
        self.connection = Connection(
            sender=services.sender_of(person),
            session=self.scope["session"].session_key or "",
            out=out,
            now=self.hub.loop.time(),
            soon=self.hub.soon,
        )
        if self.hub.draining:
            out.close(wire.RESTART)
            return False
        if not self.hub.enter(self.connection):
            out.close(wire.TOO_MUCH)
            return False
        return True

    # --- frames --------------------------------------------------------------------------------------------

    def _hear(self, text: str | None) -> None:
        connection = self.connection
        if connection.closed:
            return
        now = connection.heard = self.hub.loop.time()
        if connection.frames.take(now):
            connection.close(wire.TOO_MUCH)
            return
        frame: dict[str, Any] = {}
        try:
            frame = wire.parse(text)
            self.HANDLERS.get(frame["t"], TalkConsumer._unknown)(self, frame)
        except wire.BadFrame as error:
            self._refuse(frame, error.code)

    def _refuse(self, frame: dict[str, Any], code: str) -> None:
        """Text that is no frame ends the socket; a frame that is wrong gets an answer."""
        if code in {"not_json", "too_large"}:
            self.connection.tell({"t": "error", "code": code})
            self.connection.close(wire.TOO_LARGE if code == "too_large" else wire.BAD_FRAMES)
            return
        answer: dict[str, Any] = {"t": "error", "code": code, "type": frame["t"][:40]}
        for name in ("room", "cid"):
            if isinstance(frame.get(name), str):
                answer[name] = frame[name][:40]
        self.connection.tell(answer)

    def _may_ask(self) -> None:
        """Raises BadFrame when this socket makes the database work too often."""
        if self.connection.asked.take(self.hub.loop.time()):
            raise wire.BadFrame("rate")

    def _hello(self, frame: dict[str, Any]) -> None:
        resume = wire.resume_in(frame)
        if self.connection.greeted:
            raise wire.BadFrame("again")
        self.connection.greeted = True
        self.connection.tell(
            {"t": "welcome", "hb": wire.BEAT, "sid": uuid.uuid4().hex, "me": self.connection.sender.pid}
        )
        self.hub.spawn(greet(self.hub, self.connection, self.person, resume))

    def _sync(self, frame: dict[str, Any]) -> None:
        room, after = wire.room_in(frame), frame.get("after")
        seq = None if after is None else wire.seq_in(after)
        self._may_ask()
        self.hub.spawn(self.hub.join(self.connection, room, seq))

    def _post(self, frame: dict[str, Any]) -> None:
        room, cid = wire.room_in(frame), wire.cid_in(frame)
        try:
            kind, of, body = posts.checked(frame.get("kind", posts.TEXT), frame.get("of"), frame.get("body"))
        except posts.BadBody:
            self._nack(room, str(cid), posts.INVALID)
            return
        if wait := services.pace(self.connection.sender.id):
            self._nack(room, str(cid), posts.RATE, after=round(wait + 0.05, 1))
            return
        post = Post(self.connection.sender, room, cid, body, kind, of)
        self.hub.committer.submit(post, partial(self._answer, self.connection))

    def _nack(self, room: str, cid: str, code: str, **more: Any) -> None:
        self.connection.tell({"t": "nack", "room": room, "cid": cid, "code": code, **more})

    @staticmethod
    def _answer(connection: Connection, outcome: Outcome) -> None:
        """Only after the commit."""
        post = outcome.post
        head = {"room": post.room, "cid": str(post.cid)}
        if outcome.at is None:
            more = {"after": outcome.after} if outcome.after else {}
            connection.tell({"t": "nack", **head, "code": outcome.code, **more})
        else:
            connection.tell({"t": "ack", **head, "seq": outcome.seq, "at": wire.moment(outcome.at)})

    def _read(self, frame: dict[str, Any]) -> None:
        room, seq = wire.room_in(frame), wire.seq_in(frame.get("seq"))
        if room in self.connection.seats:
            self.hub.marks.set(self.connection.sender.id, room, seq)

    def _typing(self, frame: dict[str, Any]) -> None:
        self.hub.company.typing(self.connection, wire.room_in(frame))

    def _beat(self, frame: dict[str, Any]) -> None:
        """That it came is all it says."""

    def _unknown(self, frame: dict[str, Any]) -> None:
        raise wire.BadFrame("unknown_type")

    HANDLERS: ClassVar = {
        "hello": _hello,
        "sync": _sync,
        "post": _post,
        "read": _read,
        "typing": _typing,
        "hb": _beat,
    }
