"""`GET /api/v1/talk/`: the frames of the socket by plain HTTP, for when sockets are blocked (docs/protocol.md).

A request is a short-lived connection of the hub: the same joining without a hole, the same order, the same rules. It is
answered as soon as there is something new, or when its time is over.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from chat import hub, services, wire
from chat.connection import Connection
from chat.greeting import greet
from chat.limits import Buckets
from chat.transport import Bundle
from people.selectors import person_of

LONGEST = 25.0  # seconds that a request may wait
BURST = 0.05  # seconds in which what comes together is answered together

asked = Buckets(60, 5)  # requests of one person: each makes the database work for all of their rooms

BYE = b'{"t":"bye"'
TYPING = b'{"t":"typing"'  # what is true for 5 s: it would end each wait, or be told too late
QUIET = tuple(f'{{"t":"{kind}"'.encode() for kind in ("typing", "presence", "hb", "live", "ready"))

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Collector:
    """A way out that keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.news = asyncio.Event()
        self.code = 0

    def write(self, bundles: list[Bundle]) -> None:
        for bundle in bundles:
            self.frames += [frame for frame in bundle.frames if not frame.startswith(TYPING)]
            if any(_is_news(frame) for frame in bundle.frames):
                self.news.set()

    def unsent(self) -> int:
        return 0

    def close(self, code: int) -> None:
        self.code = code
        self.news.set()

    def abort(self) -> None:
        self.close(wire.RESTART)


def _is_news(frame: bytes) -> bool:
    """What a client waits for; an empty page only says that nothing is missing."""
    if frame.startswith(b'{"t":"sync"'):
        return not frame.endswith(b'"msgs":[]}') or b'"reset":true' in frame
    return not frame.startswith(QUIET)


async def poll(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["method"] != "GET":
        await _answer(send, 405, {"error": {"code": "method", "message": "Only GET is answered here."}})
        return
    query = parse_qs(scope["query_string"].decode("latin-1"))
    try:
        resume = wire.resume_in({"resume": _resume(query.get("resume", [""])[0])})
        wait = min(LONGEST, max(0.0, float(query.get("wait", ["20"])[0])))
    except ValueError:
        message = "resume names rooms with the last number held, as in g12:41,g13:7."
        await _answer(send, 400, {"error": {"code": "invalid", "message": message}})
        return
    talk = hub.start(asyncio.get_running_loop())
    person = await talk.desk.run(person_of, scope["user"])
    if person is None:
        await _answer(send, 403, {"error": {"code": "forbidden", "message": "Please sign in first."}})
        return
    out = Collector()
    session = scope["session"].session_key or ""
    now = talk.loop.time()
    connection = Connection(sender=services.sender_of(person), session=session, out=out, now=now, soon=talk.soon)
    if talk.draining or asked.take(person.pk, now) or not talk.enter(connection):
        await _later(send, *((503, "The server restarts.") if talk.draining else (429, "Too many at once.")))
        return
    try:
        await greet(talk, connection, person, resume)
        await _wait(out, receive, wait)
        connection.flush()
    except asyncio.CancelledError:
        if not _stops(talk):
            raise
        # Daphne ends what runs before it stops: who waits is told, as on a socket, and comes back later
        connection.say_bye()
        connection.flush()
    finally:
        talk.leave(connection)
    if out.code == wire.NO_SESSION:
        await _answer(send, 403, {"error": {"code": "forbidden", "message": "Please sign in first."}})
        return
    if out.code == wire.RESTART and not any(frame.startswith(BYE) for frame in out.frames):
        await _later(send, 503, "The server could not go on.")  # what a socket is closed for
        return
    await _answer(send, 200, b'{"frames":[' + b",".join(out.frames) + b"]}")


def _stops(talk: hub.Hub) -> bool:
    """Asked anew: it may have begun while somebody waited."""
    return talk.draining


def _resume(text: str) -> dict[str, int]:
    """`g12:41,g13:7`. Raises ValueError."""
    pairs = [part.rpartition(":") for part in text.split(",") if part]
    return {room: int(seq) for room, _, seq in pairs}


async def _wait(out: Collector, receive: Receive, seconds: float) -> None:
    """Until there is news, the time is over, or nobody waits any more."""
    gone = asyncio.ensure_future(_until_gone(receive))
    news = asyncio.ensure_future(out.news.wait())
    try:
        done, _pending = await asyncio.wait({gone, news}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if news in done and gone not in done:
            await asyncio.sleep(BURST)
    finally:
        for task in (gone, news):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _later(send: Send, status: int, message: str) -> None:
    await _answer(send, status, {"error": {"code": "retry", "message": message}})


async def _answer(send: Send, status: int, body: bytes | dict[str, Any]) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
