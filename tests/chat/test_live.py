"""A room in one process: nothing is shown to anybody under a roster that could be too old."""

import asyncio
import json
from typing import Any

import pytest

from chat import live, selectors
from chat.connection import Connection
from chat.live import LiveRoom
from chat.news import News
from chat.order import Run
from chat.posts import Sender
from chat.selectors import Head, Roster
from chat.slow import SlowReaders
from chat.transport import Bundle


class Wire:
    """Remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.waiting = 0
        self.ended: Any = None

    def write(self, bundles: list[Bundle]) -> None:
        self.sent += [json.loads(frame) for bundle in bundles for frame in bundle.frames]

    def unsent(self) -> int:
        return self.waiting

    def close(self, code: int) -> None:
        self.ended = code

    def abort(self) -> None:
        self.ended = "aborted"


class Desk:
    """Answers from `roster` and `entries`; may fail first, or wait for `gate`."""

    def __init__(self) -> None:
        self.roster = Roster("1", frozenset({1, 2}))
        self.log: list[int] = []
        self.failures = 0
        self.gate: asyncio.Event | None = None

    async def run(self, work: Any, *args: Any) -> Any:
        if self.gate:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("no answer")
        if work is selectors.roster:
            return self.roster
        after = args[2]
        found = [seq for seq in self.log if seq > after]
        return Run(found[0] if found else after + 1, frames(*found), self.roster.version)


def frames(*seqs: int) -> tuple[bytes, ...]:
    return tuple(json.dumps({"seq": seq}).encode() for seq in seqs)


def news(first: int, last: int, version: str = "1") -> News:
    return News("g1", Run(first, frames(*range(first, last + 1)), version), last)


@pytest.fixture
def desk(monkeypatch):
    monkeypatch.setattr(live, "RETRY", 0.01)
    monkeypatch.setattr(live, "PATIENCE", 0.02)
    return Desk()


@pytest.fixture
async def room(desk):
    return LiveRoom("g1", Head(1, 0, 0, "e", "1"), Roster("1", frozenset({1, 2})), desk)


def member(room: LiveRoom, number: int, *, joined: bool = True) -> Any:
    loop = asyncio.get_running_loop()

    def soon(one: Connection) -> None:
        loop.call_soon(one.flush)

    connection = Connection(sender=Sender(number, str(number), "x"), session="", out=Wire(), now=0, soon=soon)
    room.sit(connection).live = joined
    return connection


def seqs(connection: Any) -> list[int]:
    return [frame["seq"] for frame in connection.wire.sent if "seq" in frame]


async def settle() -> None:
    await asyncio.sleep(0.06)


async def test_a_run_of_another_roster_is_shown_only_to_those_who_are_still_there(room, desk):
    stays, left = member(room, 1), member(room, 2)
    desk.roster = Roster("2", frozenset({1}))
    room.news(news(1, 1, "1"))  # committed before the leaving
    room.news(news(2, 3, "2"))  # committed after it
    await settle()
    assert seqs(stays) == [1, 2, 3]
    assert seqs(left) == [1]
    assert left.wire.sent[-1] == {"t": "gone", "room": "g1"}
    assert left not in room.seats


async def test_nothing_is_shown_while_the_roster_is_not_known(room, desk):
    stays, left = member(room, 1), member(room, 2)
    desk.roster, desk.gate = Roster("2", frozenset({1})), asyncio.Event()
    room.news(news(1, 1, "2"))
    room.news(news(2, 2, "2"))
    await settle()
    assert seqs(stays) == seqs(left) == []
    desk.failures = 3
    desk.gate.set()
    await asyncio.sleep(0.2)
    assert (seqs(stays), seqs(left)) == ([1, 2], [])


async def test_a_roster_that_moved_on_twice_holds_nothing_up(room, desk):
    stays = member(room, 1)
    desk.roster = Roster("5", frozenset({1}))
    for seq, version in ((1, "2"), (2, "3"), (3, ""), (4, "5")):
        room.news(news(seq, seq, version))
        await settle()
    assert seqs(stays) == [1, 2, 3, 4]


async def test_a_gap_is_waited_for_then_read_from_the_database(room, desk):
    stays = member(room, 1)
    room.news(news(3, 3))
    assert seqs(stays) == []
    desk.log = [1, 2, 3, 4]
    await settle()
    await settle()
    assert seqs(stays) == [1, 2, 3, 4]
    room.news(news(2, 4))
    room.news(news(5, 5))
    await settle()
    assert seqs(stays) == [1, 2, 3, 4, 5]


async def test_two_processes_whose_news_cross_cost_no_look_at_the_database(room, desk):
    stays = member(room, 1)
    desk.gate = asyncio.Event()  # a look would hang
    room.news(news(4, 5))
    room.news(news(1, 3))
    await settle()
    assert seqs(stays) == [1, 2, 3, 4, 5]


async def test_news_without_frames_is_read(room, desk):
    stays = member(room, 1)
    desk.log = [1, 2]
    room.news(News("g1", Run(1, (), "1"), 2))
    await settle()
    assert seqs(stays) == [1, 2]


async def test_what_was_purged_in_between_holds_nothing_up(room, desk):
    stays = member(room, 1)
    desk.log = [7, 8]
    room.order.heard_of(8)
    room.catch_up()
    await settle()
    assert seqs(stays) == [7, 8]


async def test_a_database_that_does_not_answer_is_asked_again_by_the_next_check(room, desk):
    stays = member(room, 1)
    desk.log, desk.failures = [1], 1
    room.order.heard_of(1)
    room.catch_up()
    await settle()
    assert seqs(stays) == []
    room.catch_up()
    await settle()
    assert seqs(stays) == [1]


async def test_a_seat_that_joins_keeps_what_comes_live(room):
    joins = member(room, 1, joined=False)
    room.news(news(1, 2))
    await settle()
    assert seqs(joins) == []
    assert [seq for seq, _ in joins.seats["g1"].kept] == [1, 2]


async def test_who_joined_from_a_database_ahead_of_the_news_is_shown_nothing_a_second_time(room):
    ahead, there = member(room, 1), member(room, 2)
    ahead.seats["g1"].shown = 4  # the join read up to 4; the bus is still at 0
    room.news(news(1, 3))
    room.news(news(4, 6))
    room.news(news(7, 7))
    await settle()
    assert seqs(ahead) == [5, 6, 7]
    assert seqs(there) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_slow_reader_is_dropped_whole_and_never_single_messages(room):
    slow = member(room, 1)
    slow.wire.waiting = 2_000_000
    room.news(news(1, 1))
    await settle()
    assert slow.wire.ended == "aborted"


async def test_a_reader_who_falls_behind_gets_nothing_live_until_they_caught_up(room):
    slow, other, readers = member(room, 1), member(room, 2), SlowReaders({"g1": room})
    room.news(news(1, 2))
    slow.wire.waiting = 300_000
    assert slow.flush()
    readers.hold(slow)
    room.news(news(3, 4))
    await settle()
    assert (seqs(slow), seqs(other)) == ([1, 2], [1, 2, 3, 4])
    assert list(readers.ready(100.0)) == []
    slow.wire.waiting = 60_000
    assert list(readers.ready(100.0)) == [(slow, "g1", 2)]
    assert list(readers.ready(100.0)) == []


async def test_a_reader_who_takes_nothing_for_half_a_minute_is_dropped(room):
    slow, readers = member(room, 1), SlowReaders({"g1": room})
    slow.wire.waiting = 300_000
    readers.hold(slow)
    now = asyncio.get_running_loop().time()
    assert list(readers.ready(now + 29)) == []
    assert not slow.closed
    assert list(readers.ready(now + 31)) == []
    assert slow.wire.ended == "aborted"
    assert list(readers.ready(now + 32)) == []


async def test_who_still_joins_while_they_fall_behind_misses_nothing(room):
    """The join shows what it read; what came live meanwhile follows it, and they are held at the next flush."""
    joins, readers = member(room, 1, joined=False), SlowReaders({"g1": room})
    readers.hold(joins)
    room.news(news(1, 2))
    assert [seq for seq, _ in joins.seats["g1"].kept] == [1, 2]
    assert list(readers.ready(100.0)) == []
