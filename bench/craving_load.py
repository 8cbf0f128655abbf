"""The people of `script/bench craving` at their sockets: they ask, come and enter the room as a page would."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import websockets
from websockets.typing import Subprotocol

from bench.craving_world import SignedIn

AT_ONCE = 20  # handshakes on their way
TOKEN = "b" * 32  # of the form's protection: the same in cookie and header
PATIENCE = 30.0


class Member:
    """One open socket. `live` and `pressed` hold when a room was live here, and when a press was heard of."""

    def __init__(self, url: str, who: SignedIn, pool: ThreadPoolExecutor) -> None:
        self.url, self.who, self.pool = url, who, pool
        self.live: dict[str, float] = {}
        self.pressed: list[tuple[float, str]] = []
        self.changed = asyncio.Event()

    async def enter(self) -> None:
        headers = {"Cookie": f"sessionid={self.who.session}", "Origin": self.url}
        where = self.url.replace("http", "ws") + "/ws/"
        self.socket = await websockets.connect(
            where, subprotocols=[Subprotocol("porchlight.v1")], additional_headers=headers
        )
        await self.say(t="hello", resume={})
        while json.loads(await self.socket.recv())["t"] != "ready":
            pass
        self.reader = asyncio.create_task(self._read())

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def _read(self) -> None:
        async for text in self.socket:
            frame, at = json.loads(text), time.perf_counter()
            if frame["t"] == "hb":
                await self.say(t="hb")
            elif frame["t"] == "live":
                self.live.setdefault(frame["room"], at)
            elif frame["t"] == "press":
                self.pressed.append((at, frame["ref"]))
            self.changed.set()

    async def until(self, true: Any) -> bool:
        """False when it does not come true in time."""
        end = time.perf_counter() + PATIENCE
        while not true():
            if time.perf_counter() > end:
                return False
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 1.0)
            except TimeoutError:
                continue
        return True

    async def call(self, method: str, path: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON door, over HTTP; {} when it refuses."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, self._call, method, path, given)

    def _call(self, method: str, path: str, given: dict[str, Any] | None) -> dict[str, Any]:
        headers = {
            "Cookie": f"sessionid={self.who.session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/json",
        }
        body = json.dumps(given or {}).encode() if method == "POST" else None
        asked = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError:
            return {}


async def all_enter(url: str, people: list[SignedIn], pool: ThreadPoolExecutor) -> list[Member]:
    """Everybody with an open socket."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(who: SignedIn) -> Member:
        member = Member(url, who, pool)
        async with gate:
            await member.enter()
        return member

    return list(await asyncio.gather(*(one(who) for who in people)))


async def press(member: Member) -> tuple[str, str]:
    """(key, ref) of a fresh press."""
    key = str(uuid4())
    made = await member.call("POST", "/api/v1/presses/", {"client_key": key})
    return key, made["ref"]


async def meet(member: Member, key: str, peer: Member, ref: str, others: list[Member]) -> tuple[float, float] | None:
    """The peer says yes, both enter the room as their pages would.

    (seconds until both have the room live, seconds until the last open page of those who were asked was told); None
    when somebody else was quicker, or the peer may not.
    """
    begun = time.perf_counter()
    came = await peer.call("POST", f"/api/v1/presses/{ref}/claim/")
    room = came.get("room", "")
    if not room:
        return None

    def heard(one: Member) -> float | None:
        return next((at for at, of in one.pressed if of == ref and at > begun), None)

    async def member_enters() -> None:
        while not (await member.call("GET", f"/api/v1/presses/{key}/")).get("room"):
            await member.until(lambda: heard(member) is not None)
        await member.say(t="sync", room=room)
        await member.until(lambda: room in member.live)

    async def peer_enters() -> None:
        await peer.say(t="sync", room=room)
        await peer.until(lambda: room in peer.live)

    async def told(one: Member) -> None:
        await one.until(lambda: heard(one) is not None)

    await asyncio.gather(member_enters(), peer_enters(), *(told(one) for one in others))
    if room not in member.live or room not in peer.live:
        return PATIENCE, PATIENCE
    last = max((heard(one) or begun + PATIENCE for one in others), default=begun)
    return max(member.live[room], peer.live[room]) - begun, last - begun
