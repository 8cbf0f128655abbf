"""The worker: one loop over the rooms' ticks, once a second, until told to stop."""

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

from django.db import DatabaseError, connection

import chat.worker
import circle.worker
import cravings.worker
import delivery.worker
import meetings.worker
import support.worker
from delivery.services import worker_beat
from ground import clock, memory, wake
from people.holdings import holdings

log = logging.getLogger("porchlight.worker")

Tick = Callable[[datetime], int]


def housekeeping(now: datetime) -> int:
    """What each room keeps no longer than its retention allows (people.holdings)."""
    return sum(holding.purge(now) for holding in holdings())


# In the direction of the data, each with the seconds (of the site's clock) between two rounds. What decides and sends
# is looked at every second; what only prepares may wait a little, so that a resting site costs next to nothing.
TICKS: list[tuple[Tick, int]] = [
    (meetings.worker.tick, 5),
    (circle.worker.tick, 60),
    (support.worker.tick, 1),
    (cravings.worker.tick, 1),
    (cravings.worker.rights_tick, 60),
    (chat.worker.tick, 5),
    (delivery.worker.tick, 1),
    (housekeeping, 3600),
]
# What may take minutes runs in a lane of its own, so that nobody waits for it; each with the seconds between two looks.
SLOW: list[tuple[Tick, int]] = [(meetings.worker.lists, 2)]
SLOW_ENDS = 5.0  # seconds that a piece of slow work has when the worker stops; it is undone and taken up again later
BEAT = 10.0  # seconds of real time between two heartbeats
PAUSE = 1.0  # seconds between two rounds when nothing was due


class Rounds:
    """Runs the rooms' ticks; a room that raises is reported and does not keep the others from their work."""

    def __init__(self, ticks: list[tuple[Tick, int]] | None = None) -> None:
        self._ticks = TICKS if ticks is None else ticks
        self._last: dict[Tick, datetime] = {}

    def run(self, now: datetime) -> int:
        """One round at `now` (UTC); returns how many items were handled."""
        return sum(self._try(tick, now) for tick, seconds in self._ticks if self._due(tick, now, seconds))

    def _due(self, tick: Tick, now: datetime, seconds: int) -> bool:
        last = self._last.get(tick)
        # a clock that was set back must not silence a room
        return seconds <= 1 or last is None or now < last or now - last >= timedelta(seconds=seconds)

    def _try(self, tick: Tick, now: datetime) -> int:
        try:
            done = tick(now)
        except Exception:  # the loop must never die: report, go on with the next room
            log.exception("%s failed, will be tried again", tick.__module__)
            if not connection.in_atomic_block:
                connection.close()  # a server that was restarted answers on a fresh one
            return 0
        if done == 0:
            self._last[tick] = now  # work that is left over is taken up in the next round
        return done


def run_once(now: datetime | None = None) -> int:
    """Run every room's tick once at `now` (UTC, default: the present); return how many items they handled."""
    return Rounds().run(now or clock.now())


def loop(stop: Event) -> None:
    """Run until `stop` is set; a round that found work is followed by the next one at once."""
    memory.settle()
    woken = Event()
    wake.subscribe("work", lambda _payload: woken.set())
    name = f"{os.uname().nodename}-{os.getpid()}"[:40]
    rounds, beaten = Rounds(), -BEAT
    slow = Thread(target=_slow_lane, args=(stop,), name="slow lane", daemon=True)
    slow.start()
    while not stop.is_set():
        woken.clear()
        if time.monotonic() - beaten >= BEAT:
            _beat(name)
            beaten = time.monotonic()
        if rounds.run(clock.now()) == 0:
            woken.wait(PAUSE)
    slow.join(SLOW_ENDS)
    _beat(name, stopped=True)
    connection.close()


def _slow_lane(stop: Event) -> None:
    """The slow ticks, until `stop` is set."""
    woken = Event()
    wake.subscribe("work", lambda _payload: woken.set())
    rounds = Rounds(SLOW)
    while not stop.is_set():
        woken.clear()
        if rounds.run(clock.now()) == 0:
            woken.wait(PAUSE)
    connection.close()


def _beat(name: str, *, stopped: bool = False) -> None:
    """The heartbeat row. A database that does not answer is reported; the loop goes on and tries again."""
    try:
        worker_beat(name=name, stopped=stopped)
    except DatabaseError:
        log.exception("the heartbeat could not be written")
        connection.close()
