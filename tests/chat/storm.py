"""A storm: clients that keep to docs/protocol.md while, drawn from a seed, what is around them breaks and comes back.

Each client keeps a log of its own: what it posted, under which seq that was acked, and (tests.chat.talker) every entry
in the order shown. What is checked at the end is checked from these logs against the database.
"""

import asyncio
import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import websockets

from tests.chat.folk import Folk
from tests.chat.talker import Talker

BROKEN = (OSError, websockets.WebSocketException, TimeoutError)
SETTLE = 60.0  # seconds in which all must be told everything once nothing breaks any more


@dataclass
class Wanderer:
    """A client that loses its connection again and again: the same keys until acked, resumed from what it holds."""

    talker: Talker
    urls: list[str]
    dice: Random
    rooms: list[str]
    pause: float  # seconds between two posts, on the average
    posted: list[tuple[str, str, str]] = field(default_factory=list)  # (room, cid, body), in order
    acked: dict[str, int] = field(default_factory=dict)  # cid -> seq
    comings: int = 0

    def cut(self) -> None:
        """The network is gone without a word; the next one is another way in, perhaps at another process."""
        with contextlib.suppress(AttributeError):  # not connected yet
            self.talker.socket.transport.abort()

    async def live(self, is_over: Callable[[], bool]) -> None:
        """Post until it is over, then until all that was posted is acked."""
        while not is_over() or self._open_posts():
            if self.talker.code is not None or self.comings == 0:
                await self._come_in()
            elif self._open_posts():
                await self._insist(*self._open_posts()[0])
            else:
                room, cid = self.dice.choice(self.rooms), str(uuid.uuid4())
                self.posted.append((room, cid, f"{self.talker.name} {len(self.posted)}"))
                await asyncio.sleep(self.dice.expovariate(1 / self.pause))

    async def stay(self, until: Callable[[], bool]) -> None:
        """Only listen, and come back whenever the connection is lost."""
        while not until():
            if self.talker.code is not None:
                await self._come_in()
            await asyncio.sleep(0.05)

    def _open_posts(self) -> list[tuple[str, str, str]]:
        return [post for post in self.posted[-1:] if post[1] not in self.acked]

    async def _come_in(self) -> None:
        self.comings += 1
        self.talker.url = self.dice.choice(self.urls)
        try:
            await self.talker.connect(open_timeout=5)
            await self.talker.say(t="hello", resume=self.talker.seqs)
            await self._until(lambda: any(frame["t"] == "ready" for frame in self.talker.other))
        except BROKEN:
            self.talker.code = 1006
            await asyncio.sleep(self.dice.uniform(0.05, 0.4))

    async def _insist(self, room: str, cid: str, body: str) -> None:
        """Post it (again) and wait for the answer or the end of the connection."""
        try:
            await self.talker.post(room, body, cid)
            await self._until(lambda: cid in self.talker.answers)
        except BROKEN:
            self.talker.code = self.talker.code or 1006
            return
        answer = self.talker.answers.pop(cid, None)
        if answer is None:
            return
        if answer["t"] == "ack":
            self.acked[cid] = answer["seq"]
        else:
            assert answer["code"] in {"retry", "rate"}, answer
            await asyncio.sleep(0.2)

    async def _until(self, true: Callable[[], bool]) -> None:
        """As the talker's own, and the end of the connection ends it too; silence ends the connection."""
        try:
            await self.talker.until(lambda: true() or self.talker.code is not None, "no answer", 12)
        except AssertionError as silent:
            self.cut()
            raise TimeoutError from silent


Fault = Callable[[], Awaitable[None]]


@dataclass
class Storm:
    """Breaks things, one after the other, and puts them right again."""

    folk: Folk
    dice: Random
    wanderers: list[Wanderer]
    processes: dict[int, Any]  # port -> the process that serves there
    valkey: Any = None
    postgres: Any = None
    happened: list[str] = field(default_factory=list)

    def faults(self) -> dict[str, Fault]:
        found: dict[str, Fault] = {
            "sockets cut": self.sockets_cut,
            "a process stands still": self.process_stands_still,
            "the clock steps back": self.clock_steps_back,
            "a process is killed": self.process_killed,
        }
        if self.valkey is not None:
            found |= {"news are late": self.news_late, "valkey restarts": self.valkey_restarts}
        if self.postgres is not None:
            found |= {"postgresql restarts": self.postgres_restarts, "postgresql crashes": self.postgres_crashes}
        return found

    async def blow(self, seconds: float) -> None:
        """Faults drawn at random until the time is over; 0: each once, in a drawn order."""
        faults, began = self.faults(), time.monotonic()
        names = self.dice.sample(sorted(faults), len(faults))
        while names or time.monotonic() - began < seconds:
            name = names.pop() if names else self.dice.choice(sorted(faults))
            self.happened.append(name)
            await faults[name]()
            await asyncio.sleep(self.dice.uniform(0.1, 1.0))
        self._clock(0)

    async def sockets_cut(self) -> None:
        for one in self.dice.sample(self.wanderers, self.dice.randint(1, len(self.wanderers))):
            one.cut()

    async def process_stands_still(self) -> None:
        process = self.processes[self.dice.choice(sorted(self.processes))]
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0.2, 1.5))
        os.kill(process.pid, signal.SIGCONT)

    async def process_killed(self) -> None:
        port = self.dice.choice(sorted(self.processes))
        self.processes[port].kill()
        await asyncio.to_thread(self.processes[port].wait)
        await asyncio.sleep(self.dice.uniform(0, 1))
        await self._serve(port)

    async def _serve(self, port: int) -> None:
        site = self.folk.site
        if port == site.port:
            await asyncio.to_thread(site.start)
            self.processes[port] = site.process
        else:
            self.processes[port] = site.spawn("serve", "--port", str(port))

    async def clock_steps_back(self) -> None:
        """By a few milliseconds or by hours; or forth, so that it can step back again."""
        self._clock(self.dice.choice([-0.005, -1, -3600, 30]))

    def _clock(self, seconds: float) -> None:
        file = self.folk.site.folder / "data" / "clock.json"
        new = file.with_suffix(".storm")
        new.write_text(json.dumps({"offset_seconds": seconds}))
        new.replace(file)

    async def news_late(self) -> None:
        """Valkey takes hints and passes none on for a while."""
        import redis

        def pause() -> None:
            with redis.Redis.from_url(self.valkey.url) as client:
                client.execute_command("CLIENT", "PAUSE", self.dice.randint(100, 2000), "ALL")

        await asyncio.to_thread(pause)

    async def valkey_restarts(self) -> None:
        await asyncio.to_thread(self.valkey.kill)
        await asyncio.sleep(self.dice.uniform(0, 2))
        await asyncio.to_thread(self.valkey.start)

    async def postgres_restarts(self) -> None:
        await asyncio.to_thread(self.postgres.restart)

    async def postgres_crashes(self) -> None:
        await asyncio.to_thread(self.postgres.kill)
        await asyncio.to_thread(self.postgres.start)


async def weather(storm: Storm, seconds: float) -> None:
    """All wander while it storms; then nothing breaks any more, and everybody must hold everything."""
    over = asyncio.Event()
    lives = [asyncio.create_task(one.live(over.is_set)) for one in storm.wanderers]
    try:
        while not all(one.acked for one in storm.wanderers):  # each of them takes part
            broken, _alive = await asyncio.wait(lives, timeout=0.05, return_when=asyncio.FIRST_EXCEPTION)
            for life in broken:
                life.result()  # raises: nobody waits for who is out already
        await storm.blow(seconds)
    finally:
        over.set()
    await asyncio.wait_for(asyncio.gather(*lives), SETTLE)
    rooms = storm.wanderers[0].rooms
    stored = {room: await asyncio.to_thread(storm.folk.bodies, room) for room in rooms}

    def all_hold_all() -> bool:
        return all(one.talker.seqs.get(room) == len(stored[room]) for one in storm.wanderers for room in rooms)

    await asyncio.wait_for(asyncio.gather(*(one.stay(all_hold_all) for one in storm.wanderers)), SETTLE)
    for one in storm.wanderers:
        check(one, stored)
    said = sorted(body for one in storm.wanderers for _, _, body in one.posted)
    assert sorted(body for room in rooms for body in stored[room]) == said, "lost, or stored twice"
    for one in storm.wanderers:
        await one.talker.close()


def check(one: Wanderer, stored: dict[str, list[str]]) -> None:
    """What this client saw and was told, against what is stored."""
    for room, bodies in stored.items():
        seqs = [entry["seq"] for entry in one.talker.log[room]]
        assert seqs == list(range(len(bodies) - len(seqs) + 1, len(bodies) + 1)), "a hole, or something twice"
        assert one.talker.bodies(room) == bodies[len(bodies) - len(seqs) :]
        mine = [one.acked[cid] for where, cid, _ in one.posted if where == room]
        assert mine == sorted(set(mine)), "one's own words out of order"
    for room, cid, body in one.posted:
        assert stored[room][one.acked[cid] - 1] == body, "acked and not there"
    assert one.talker.broken is None, one.talker.broken
