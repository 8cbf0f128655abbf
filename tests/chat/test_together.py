"""What other processes committed waits a moment for what this one is about to show: one write a member for both."""

import asyncio
from typing import Any

from chat import hub as module
from chat.hub import Hub
from chat.news import News
from chat.order import Run


class Room:
    """Remembers what it is told."""

    def __init__(self):
        self.shown = []

    def news(self, item):
        self.shown.append(item.last)


def play(scene):
    async def run():
        hub = Hub(asyncio.get_running_loop())
        room: Any = Room()
        hub.rooms = {"g1": room}
        try:
            await scene(hub, room)
        finally:
            hub.draining = True
            hub.desk.close()
            hub._commits.close()

    asyncio.run(run())


def theirs(seq):
    return [News("g1", Run(seq, (b"{}",), "v"), seq)]


def test_a_process_that_commits_nothing_shows_at_once_what_others_committed():
    async def scene(hub, room):
        hub.hear(theirs(1))
        assert room.shown == [1]

    play(scene)


def test_between_two_transactions_of_our_own_it_waits_for_the_next_and_comes_in_order(monkeypatch):
    monkeypatch.setattr(module, "TOGETHER", 3600)

    async def scene(hub, room):
        hub._announce([("g1", Run(1, (b"{}",), "v"))])
        hub.hear(theirs(2))
        hub.hear(theirs(3))
        assert room.shown == [1]
        hub._announce([("g1", Run(4, (b"{}",), "v"))])
        assert room.shown == [1, 2, 3, 4]

    play(scene)


def test_when_our_own_takes_longer_the_others_are_shown_before_it():
    async def scene(hub, room):
        hub.committer.storing = True
        hub.hear(theirs(1))
        hub.hear(theirs(2))
        assert room.shown == []
        await asyncio.sleep(2 * module.TOGETHER)
        assert room.shown == [1, 2]

    play(scene)
