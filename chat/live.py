"""A room as one process shows it: its members' seats, the last seq shown, and what may be shown next.

Nobody gets a message that was committed after they left: each run of entries carries the roster's version that was
read after its commit, and is shown only under a roster of that version, or under one that was read after the run
arrived.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any

from chat import selectors, wire
from chat.connection import MOST_BUFFERED, Connection, Seat
from chat.desk import Desk, report
from chat.news import News
from chat.order import Order, Run
from chat.transport import Bundle

log = logging.getLogger("porchlight.chat")

PATIENCE = 0.1  # seconds that an entry waits for those before it, until they are read from the database
RETRY = 0.5  # seconds between two tries when the database does not answer


class LiveRoom:
    """Lives in the event loop; the database is asked through `desk`."""

    def __init__(self, key: str, head: selectors.Head, roster: selectors.Roster, desk: Desk) -> None:
        self.key = key
        self.pk = head.pk
        self.epoch = head.epoch
        self.order = Order(head.last_seq)
        self.roster = roster
        self.seats: dict[Connection, Seat] = {}
        self._shown = head.last_seq  # unlike the order's head, which may still wait for a roster
        self._desk = desk
        self._queue: deque[Run] = deque()
        self._cleared = 0  # runs at the front of the queue that came before the present roster was read
        self._reloading: asyncio.Task[None] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def news(self, item: News) -> None:
        """Entries were committed, here or elsewhere."""
        if item.run.frames:
            self._take(self.order.offer(item.run))
        self.order.heard_of(item.last)
        if self.order.behind and self._timer is None and self._filling is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.catch_up)

    def catch_up(self) -> None:
        """Read what is missing from the database, when something is."""
        self._timer = None
        if self.order.behind and self._filling is None:
            self._filling = _task(self._fill())

    def reload(self) -> None:
        """Read the roster; nothing is shown until it is known."""
        if self._reloading is None:
            self._reloading = _task(self._reload())

    def sit(self, connection: Connection) -> Seat:
        """A new seat, which keeps live entries until it is joined."""
        seat = Seat()
        self.seats[connection] = connection.seats[self.key] = seat
        return seat

    def hold(self, connection: Connection) -> None:
        """Show this slow reader nothing live until they join again, from where they are now."""
        seat = self.seats[connection]
        if seat.live:
            seat.live, seat.resume = False, max(self._shown, seat.shown)

    def rise(self, connection: Connection, *, tell: bool = True) -> None:
        """Take the connection out of the room."""
        self.seats.pop(connection, None)
        if connection.seats.pop(self.key, None) is not None and tell:
            connection.tell({"t": "gone", "room": self.key})

    def apart_from(self, person: int) -> frozenset[int]:
        """Whom this member does not see, and who does not see them."""
        return self.roster.apart.get(person, frozenset())

    def renumber(self, head: selectors.Head) -> None:
        """The log is another one (a restored backup): start over at its end."""
        self.pk, self.epoch = head.pk, head.epoch
        self.order = Order(head.last_seq)
        self._shown = head.last_seq
        self._queue.clear()
        self._cleared = 0

    def _take(self, runs: list[Run]) -> None:
        self._queue.extend(runs)
        self._pump()

    def _pump(self) -> None:
        if self._reloading is not None:
            return
        while self._queue:
            if not self._cleared and self._queue[0].version != self.roster.version:
                self.reload()
                return
            self._cleared = max(0, self._cleared - 1)
            self._show(self._queue.popleft())

    def _show(self, run: Run) -> None:
        self._shown = run.last
        bundle = Bundle(run.frames)
        veiled = bool(self.roster.apart) or any(by < 0 for by in run.by)
        for connection, seat in list(self.seats.items()):
            frames = self._veil(run, connection.sender.id) if veiled else run.frames
            if seat.live:
                if run.first > seat.shown:
                    connection.push(bundle if frames is run.frames else Bundle(frames))
                elif run.last > seat.shown:
                    connection.push(Bundle(frames[seat.shown + 1 - run.first :]))
                continue
            if seat.resume is not None:
                continue
            seat.kept += enumerate(frames, run.first)
            if len(seat.kept) > MOST_BUFFERED:
                connection.abort()

    def _veil(self, run: Run, reader: int) -> tuple[bytes, ...]:
        """The run's frames as this reader may see them: the very same ones, unless something is not for them."""
        hidden = run.hidden_from(reader, self.apart_from(reader))
        if not hidden:
            return run.frames
        frames = list(run.frames)
        for seq in hidden:
            frames[seq - run.first] = wire.void(self.key, seq)
        return tuple(frames)

    async def _reload(self) -> None:
        said = False  # once an outage: it is tried twice a second
        while True:
            before = len(self._queue)
            try:
                roster = await self._desk.run(selectors.roster, self.pk)
                break
            except Exception as error:  # noqa: BLE001  (until the roster is known nobody is shown anything)
                if not said:
                    report(log, f"the members of {self.key} cannot be read, tried again until they can", error)
                said = True
                await asyncio.sleep(RETRY)
        self.roster = roster
        self._cleared = before
        self._reloading = None
        for connection in [c for c in self.seats if c.sender.id not in roster.people]:
            self.rise(connection)
        self._pump()

    async def _fill(self) -> None:
        try:
            while self.order.behind:
                run = await self._desk.run(selectors.run_after, self.pk, self.key, self.order.head)
                if not run.frames:
                    break
                if run.first > self.order.head + 1:  # what lay between was purged
                    self.order.head = run.first - 1
                self._take(self.order.offer(run))
        except Exception as error:  # noqa: BLE001  (the next check of the heads finds it again)
            report(log, f"entries of {self.key} cannot be read yet", error)
        finally:
            self._filling = None


_tasks: set[asyncio.Task[None]] = set()


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that is not forgotten before it is done."""
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task
