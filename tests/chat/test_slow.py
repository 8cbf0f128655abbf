"""A member with a slow phone comes in after a night: page by page, as they take it, and live when they have it all."""

import asyncio
import json
from typing import Any

import pytest

from chat import selectors
from chat import slow as module
from chat.connection import MOST_UNSENT, Connection
from chat.hub import Hub
from chat.news import News
from chat.order import Run
from chat.posts import Sender
from chat.selectors import Head, Page, Roster
from chat.transport import Bundle

LONG = "x" * 2000


class Wire:
    """A line that takes nothing until it is told to; remembers the most that waited."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.waiting = self.most = 0
        self.ended: Any = None

    def write(self, bundles: list[Bundle]) -> None:
        self.sent += [json.loads(frame) for bundle in bundles for frame in bundle.frames]
        self.waiting += sum(len(bundle.packed) for bundle in bundles)
        self.most = max(self.most, self.waiting)

    def unsent(self) -> int:
        return self.waiting

    def close(self, code: int) -> None:
        self.ended = code

    def abort(self) -> None:
        self.ended = "aborted"

    def shown(self) -> list[int]:
        """The seqs in the order in which they came, by page or alone."""
        found = []
        for frame in self.sent:
            found += [one["seq"] for one in frame.get("msgs", [frame])] if frame["t"] in {"sync", "msg"} else []
        return found


class Desk:
    """Two rooms with a log of long texts; pages of 50."""

    def __init__(self) -> None:
        self.last = 400

    async def run(self, work: Any, *args: Any) -> Any:
        await asyncio.sleep(0)
        if work is selectors.heads:
            return {key: Head(1, self.last, 0, "e", "v") for key in args[0]}
        if work is selectors.roster:
            return Roster("v", frozenset({1}))
        key, _person, after = args
        upto = min(self.last, after + 50)
        run = Run(after + 1, tuple(entry(key, seq) for seq in range(after + 1, upto + 1)), "v")
        return Page("e", run, more=upto < self.last, reset=False, is_member=True)

    def close(self) -> None:
        pass


def entry(room: str, seq: int) -> bytes:
    return json.dumps({"t": "msg", "room": room, "seq": seq, "body": LONG}).encode()


async def turns(count: int = 400) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def hub(monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0)
    hub = Hub(asyncio.get_running_loop())
    hub.desk.close()
    desk: Any = Desk()
    hub.desk = desk
    yield hub
    hub.draining = True
    hub._commits.close()


async def test_who_missed_much_gets_it_as_they_take_it_and_is_not_dropped(hub):
    out = Wire()
    slow = Connection(sender=Sender(1, "p1", "Ada"), session="s", out=out, now=0.0, soon=hub.soon)
    assert hub.enter(slow)
    joining = asyncio.create_task(hub.join(slow, "g1", 0))
    for _ in range(20):
        await turns()
        if joining.done():
            break
        assert not slow.closed
        assert hub.desk.last > len(out.shown())
        hub.desk.last += 1  # said meanwhile
        hub.rooms["g1"].news(News("g1", Run(hub.desk.last, (entry("g1", hub.desk.last),), "v"), hub.desk.last))
        out.waiting = 0
        assert list(hub.slow.ready(0.0)) == []
    await asyncio.wait_for(joining, 20)
    await turns()
    assert out.shown() == list(range(1, hub.desk.last + 1))
    assert out.most < MOST_UNSENT / 2
    assert slow.seats["g1"].live
    assert out.ended is None


async def test_who_goes_away_while_they_are_waited_for_is_waited_for_no_more(hub):
    out = Wire()
    slow = Connection(sender=Sender(1, "p1", "Ada"), session="s", out=out, now=0.0, soon=hub.soon)
    assert hub.enter(slow)
    joining = asyncio.create_task(hub.join(slow, "g1", 0))
    await turns()
    assert not joining.done()
    hub.leave(slow)
    await asyncio.wait_for(joining, 20)
    assert list(hub.slow.ready(0.0)) == []
    assert not hub.rooms
