"""The one load client of `script/bench talk`: the same for every server, on picows and uvloop.

Reads one JSON line on standard input (`Order`), connects, says "ready", measures when told "go", prints one JSON line.
A sender posts again when its ack and its own copy are back (`calm`: at fixed times instead). Each frame that shows
a message is counted once; what was sent and what every member should have seen are compared at the end.
"""

import asyncio
import json
import statistics
import sys
import time
import uuid
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

PADDING = "x" * 84  # with the cid in front of it a body has 120 characters
AT_ONCE = 20  # handshakes on their way
SETTLE = 10.0  # seconds that the last copies may take


class Run:
    """What is counted over all members."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.rooms: dict[str, int] = {}  # members in each room
        self.deliveries = self.sent = self.expected = self.missing = self.nacks = 0
        self.spans: list[float] = []  # seconds from a post to its sender's own copy
        self.last: dict[bytes, tuple[float, int, float]] = {}  # calm: cid -> sent at, copies, latest copy
        self.measuring = False

    def calm_copy(self, data: bytes) -> None:
        at = data.find(b'"body":"') if b'"body":"' in data else data.find(b'"message":"')
        cid = data[data.index(b'"', at + 7) + 1 :][:36] if at < 0 else data[data.index(b':"', at) + 2 :][:36]
        if found := self.last.get(cid):
            self.last[cid] = (found[0], found[1] + 1, time.perf_counter())


class Member(WSListener):
    """One socket in one or more rooms."""

    def __init__(self, run: Run, room: str, *, sends: bool) -> None:
        self.run, self.room, self.sends = run, room, sends
        self.dialect = run.order["dialect"]
        self.calm = bool(run.order.get("calm"))
        self.ready = asyncio.get_running_loop().create_future()
        self.cid = b""
        self.acked = self.copied = False
        self.began = 0.0
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.dialect == "porchlight":
            self.say({"t": "hello", "resume": {}})
        elif not self.ready.done():
            self.ready.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was ready"))

    def say(self, frame: dict[str, Any]) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, json.dumps(frame).encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        data = frame.get_payload_as_bytes()
        if data.startswith((b'{"t":"msg"', b'{"message"')):
            self.run.deliveries += 1
            if self.calm:
                self.run.calm_copy(data)
            elif self.sends and not self.copied and self.cid in data:
                self.copied = True
                self.run.spans.append(time.perf_counter() - self.began)
                self.again()
        elif data.startswith(b'{"t":"ack"'):
            if self.cid in data:
                self.acked = True
                self.again()
        elif data.startswith(b'{"t":"ready"'):
            self.ready.set_result(None)
        elif data.startswith(b'{"t":"hb"'):
            self.say({"t": "hb"})
        elif data.startswith(b'{"t":"nack"'):
            self.run.nacks += 1
            if self.cid in data:
                asyncio.get_running_loop().call_later(0.2, self.repeat)

    def again(self) -> None:
        if self.copied and (self.acked or self.dialect == "tutorial") and self.run.measuring:
            self.post()

    def post(self) -> None:
        cid = str(uuid.uuid4())
        self.cid, self.acked, self.copied = cid.encode(), False, False
        self.began = time.perf_counter()
        self.run.sent += 1
        self.run.expected += self.run.rooms[self.room]
        if self.calm:
            self.run.last[self.cid] = (self.began, 0, 0.0)
        self.repeat()

    def repeat(self) -> None:
        cid = self.cid.decode()
        if self.dialect == "tutorial":
            self.say({"message": cid + PADDING})
        else:
            self.say({"t": "post", "room": self.room, "cid": cid, "body": cid + PADDING})


async def connect(run: Run, url: str, headers: list[tuple[str, str]], room: str, *, sends: bool) -> Member:
    for attempt in range(5):
        member = Member(run, room, sends=sends)
        try:
            await ws_connect(lambda one=member: one, url, extra_headers=headers, websocket_handshake_timeout=60)
            await asyncio.wait_for(member.ready, 60)
        except (OSError, TimeoutError):
            if attempt == 4:
                raise
            await asyncio.sleep(0.5)
        else:
            return member
    raise AssertionError("unreachable")


async def everybody(run: Run) -> list[Member]:
    """Connect all; in each room the first few are senders."""
    order = run.order
    gate = asyncio.Semaphore(AT_ONCE)
    seated: dict[str, int] = {}

    async def one(place: int, seat: dict[str, Any]) -> Member:
        room = seat["room"]
        run.rooms[room] = run.rooms.get(room, 0) + 1
        seated[room] = seated.get(room, 0) + 1
        sends = seated[room] <= order["senders"]
        urls = order["urls"]
        async with gate:
            return await connect(
                run, urls[place % len(urls)] + seat.get("path", ""), list(seat["headers"].items()), room, sends=sends
            )

    return list(await asyncio.gather(*(one(place, seat) for place, seat in enumerate(order["seats"]))))


async def calm(run: Run, senders: list[Member], per_second: float, seconds: float) -> None:
    """Posts at fixed times, whoever's turn it is."""
    began = time.perf_counter()
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        senders[number % len(senders)].post()


async def main() -> None:
    run = Run(json.loads(sys.stdin.readline()))
    members = await everybody(run)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while (word := (await loop.run_in_executor(None, sys.stdin.readline)).strip()) and word != "end":
        print(json.dumps(await measure(run, members)), flush=True)


async def measure(run: Run, members: list[Member]) -> dict[str, Any]:
    """One stretch: a second to warm up, then `seconds` that are counted."""
    order = run.order
    senders = [member for member in members if member.sends]
    seconds = order["seconds"]
    run.measuring = True
    if order.get("calm"):
        began, before, used = time.perf_counter(), run.deliveries, time.process_time()
        await calm(run, senders, order["calm"], seconds)
    else:
        for sender in senders:
            sender.post()
        await asyncio.sleep(order["warm"])
        run.spans.clear()
        began, before, used = time.perf_counter(), run.deliveries, time.process_time()
        await asyncio.sleep(seconds)
    took, delivered, used = time.perf_counter() - began, run.deliveries - before, time.process_time() - used
    spans = sorted(run.spans)
    run.measuring = False
    deadline = time.perf_counter() + SETTLE
    while run.deliveries < run.expected and time.perf_counter() < deadline:  # noqa: ASYNC110  (counted per frame)
        await asyncio.sleep(0.05)
    run.missing += run.expected - run.deliveries  # what did not come by now is not waited for again
    run.expected = run.deliveries
    whole = [latest - sent for sent, copies, latest in run.last.values() if copies >= run.rooms[senders[0].room]]
    return {
        "deliveries": delivered,
        "seconds": took,
        "sent": run.sent,
        "missing": run.missing,
        "client": used / took,
        "nacks": run.nacks,
        "p50": statistics.median(spans or whole or [0.0]),
        "p99": percentile(spans or whole, 0.99),
    }


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


if __name__ == "__main__":
    uvloop.run(main())
