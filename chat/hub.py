"""One hub a process: it knows the sockets here and shows each its rooms' entries in order, each once.

Storage is the truth. What the wake-up bus brings is a hint, delivered when it fits and looked up when it does not;
every few seconds, and whenever the bus was away, the rooms' heads in the database are compared with what was shown.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from chat import news, selectors, services, wire
from chat.committer import Committer
from chat.company import PRESENCE, TYPING, Company
from chat.connection import Connection, Seat
from chat.desk import Desk, report
from chat.live import LiveRoom
from chat.news import News
from chat.order import Run
from chat.read_marks import ReadMarks
from chat.slow import SlowReaders
from chat.transport import Bundle, level
from ground import wake
from people import sessions
from people.models import Person

log = logging.getLogger("porchlight.chat")

TELL = "tell"  # topic: a frame for one person's sockets, wherever they are
PACES = "talk.paces"  # topic: what was posted at other processes counts for the rate limit
ROSTER = "roster"  # topic: the payload is a group's id whose memberships changed; a hint that makes it quicker
BLOCKS = "blocks"  # topic: somebody blocked somebody, or lifted a block
CHECK = 5  # seconds between two comparisons of the heads
MARKS = 2  # seconds between two writes of read marks
COMPANY = 2  # seconds between two words on who is here
TOGETHER = 0.005  # seconds that entries of other processes may wait for a transaction of ours
DRAIN = 5.0  # seconds that a stopping process waits for its last commit
MOST_SOCKETS = 30  # of one person in one process


class Hub:
    """Lives in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.draining = False
        self.rooms: dict[str, LiveRoom] = {}
        self.people: dict[int, set[Connection]] = {}
        self.desk = Desk("talk-read", 2)
        self._commits = Desk("talk-commit", 1)
        self.committer = Committer(lambda batch: services.entries_write(posts=batch), self._commits, self._announce)
        self.company = Company(self.rooms)
        self.slow = SlowReaders(self.rooms)
        self.marks = ReadMarks(self.desk)
        self._opening: dict[str, asyncio.Task[LiveRoom | None]] = {}
        self._wheel: list[set[Connection]] = [set() for _ in range(wire.BEAT)]
        self._turn = 0
        self._dirty: list[Connection] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._checking = False
        self._heard: list[News] = []
        self._announced = 0.0
        loop.call_later(1, self._tick)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` beside; what it raises is logged."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        report(log, "a task of talk ended early, it is begun again in a few seconds", error)

    # --- connections ---------------------------------------------------------------------------------------

    def enter(self, connection: Connection) -> bool:
        """Know a new socket; False when its person has too many."""
        mine = self.people.setdefault(connection.sender.id, set())
        if len(mine) >= MOST_SOCKETS:
            return False
        mine.add(connection)
        connection.slot = random.randrange(wire.BEAT)  # noqa: S311
        self._wheel[connection.slot].add(connection)
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a socket."""
        connection.closed = True
        self._wheel[connection.slot].discard(connection)
        mine = self.people.get(connection.sender.id, set())
        mine.discard(connection)
        if not mine:
            self.people.pop(connection.sender.id, None)
        for key in list(connection.seats):
            self._rise(connection, key, tell=False)

    def soon(self, connection: Connection) -> None:
        """Flush this connection at the end of the turn."""
        if not self._dirty:
            self.loop.call_soon(self._flush)
        self._dirty.append(connection)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            try:
                if connection.flush():
                    self.slow.hold(connection)
            except Exception:  # one member's broken socket is not the others' harm
                log.exception("a socket cannot be written to")
                connection.abort()

    def _rise(self, connection: Connection, key: str, *, tell: bool = True) -> None:
        room = self.rooms.get(key)
        if room is None:
            connection.seats.pop(key, None)
            return
        room.rise(connection, tell=tell)
        if not room.seats:
            del self.rooms[key]

    # --- rooms ---------------------------------------------------------------------------------------------

    async def join(self, connection: Connection, key: str, after: int | None) -> None:
        """Send what the member lacks above `after` (None: the last page), then everything live, without a hole."""
        seat = connection.seats.get(key)
        if seat is not None and not seat.live and seat.resume is None:
            return  # on its way already
        try:
            room = await self._room(key)
            while room is not None and self.rooms.get(key) is not room:  # emptied and forgotten while this waited
                room = await self._room(key)
            if room is None or connection.closed:
                connection.tell({"t": "gone", "room": key})
                return
            await self._sync(connection, room, room.sit(connection), after)
        except Exception as error:  # noqa: BLE001  (whatever it is: the client comes back and resumes)
            report(log, "a member cannot be brought up to date, the socket is closed", error)
            connection.close(wire.RESTART)

    async def _sync(self, connection: Connection, room: LiveRoom, seat: Seat, after: int | None) -> None:
        key, shown, more = room.key, 0, True
        while more:
            await self.slow.room_for(connection)
            seat.kept.clear()  # it is committed, so the page that is read now has it
            page = await self.desk.run(selectors.page_for, key, connection.sender.id, after)
            if connection.seats.get(key) is not seat or connection.closed:
                return
            if page is None or not page.is_member:
                self._rise(connection, key)
                return
            more, shown = page.more, page.run.last
            frame = wire.sync(
                room=key,
                epoch=page.epoch,
                first=page.run.first,
                last=shown,
                frames=list(page.run.frames),
                more=more,
                reset=page.reset,
            )
            connection.push(Bundle([frame]))
            after = shown
        self._go_live(connection, room, seat, shown)

    def _go_live(self, connection: Connection, room: LiveRoom, seat: Seat, shown: int) -> None:
        """What was shown live meanwhile follows what the database held."""
        kept = [(seq, frame) for seq, frame in seat.kept if seq > shown]
        if kept:
            connection.push(Bundle([frame for _, frame in kept]))
            shown = kept[-1][0]
        seat.kept.clear()
        seat.shown, seat.live = shown, True
        connection.tell({"t": "live", "room": room.key, "seq": shown, "epoch": room.epoch})
        self.company.welcome(room, connection)

    async def _room(self, key: str) -> LiveRoom | None:
        """The room, read from the database by the first who asks."""
        if room := self.rooms.get(key):
            return room
        task = self._opening.get(key)
        if task is None:
            task = self._opening[key] = self.loop.create_task(self._open(key))
            task.add_done_callback(lambda _: self._opening.pop(key, None))
        return await task

    async def _open(self, key: str) -> LiveRoom | None:
        head = (await self.desk.run(selectors.heads, [key])).get(key)
        if head is None:
            return None
        roster = await self.desk.run(selectors.roster, head.pk)
        return self.rooms.setdefault(key, LiveRoom(key, head, roster, self.desk))

    # --- what the bus brings -------------------------------------------------------------------------------

    def hear(self, found: list[News]) -> None:
        """Entries were committed, mostly at another process.

        While this process commits one batch after the other they wait a moment for the next, so that a member gets both
        in one write: the writes are most of the price, and two processes that talk in one room would pay them twice.
        """
        if not self.committer.storing and self.loop.time() - self._announced > TOGETHER:
            self._show(found)
            return
        if not self._heard:
            self.loop.call_later(TOGETHER, self._show, ())
        self._heard += found

    def _show(self, found: Sequence[News]) -> None:
        heard, self._heard = self._heard, []
        for item in (*heard, *found):
            if room := self.rooms.get(item.room):
                room.news(item)

    def _announce(self, found: list[tuple[str, Run]]) -> None:
        """What this process committed: shown here at once with what waited, and told to the others."""
        self._announced = self.loop.time()
        self._show([News(room, run, run.last) for room, run in found])
        if found:
            wake.publish(services.TOPIC, news.pack(found), here=False)

    def hear_person(self, person_pk: int, frame: dict[str, Any]) -> None:
        """Something for one person's sockets."""
        bundle = Bundle([wire.encode(frame)])
        for connection in self.people.get(person_pk, ()):
            connection.push(bundle)

    def reload(self, key: str) -> None:
        """Who belongs to this room may have changed."""
        if room := self.rooms.get(key):
            room.reload()

    def look_again(self) -> None:
        """Compare heads and rosters now."""
        if not self._checking and self.rooms:
            self._checking = True
            self.spawn(self._check())

    async def _check(self) -> None:
        try:
            before = {key: room.order.head for key, room in self.rooms.items()}
            found = await self.desk.run(selectors.heads, list(before))
            for key, shown in before.items():
                if (room := self.rooms.get(key)) is not None:
                    self._compare(room, found.get(key), shown)
                    if not room.seats:
                        self.rooms.pop(key, None)
        finally:
            self._checking = False

    def _compare(self, room: LiveRoom, head: selectors.Head | None, shown: int) -> None:
        if head is None:  # the group is gone
            for connection in list(room.seats):
                self._rise(connection, room.key)
            return
        if head.epoch != room.epoch or head.last_seq < shown:
            room.renumber(head)
            for connection in list(room.seats):
                connection.seats[room.key].live = True  # what a join in progress holds is of the old log
                self.spawn(self.join(connection, room.key, None))
            return
        if head.version != room.roster.version:
            room.reload()
        room.order.heard_of(head.last_seq)
        room.catch_up()

    # --- time ----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.draining:
            return
        self.loop.call_later(1, self._tick)
        self._turn += 1
        slot = list(self._wheel[self._turn % wire.BEAT])
        if slot:
            self._beat(slot)
            self.spawn(self._check_sessions(slot))
        if self._turn % CHECK == 0:
            self.look_again()
        for connection, key, shown in self.slow.ready(self.loop.time()):
            self.spawn(self.join(connection, key, shown))
        if self._turn % MARKS == 0 and self.marks.waiting:
            self.spawn(self.marks.write())
        if self._turn % COMPANY == 0 and self.rooms:
            self.company.tick()
        if taken := services.paces.share():
            wake.publish(PACES, taken, here=False)

    def _beat(self, slot: list[Connection]) -> None:
        now = self.loop.time()
        for connection in slot:
            if now - connection.heard > wire.SILENCE:
                connection.close(wire.SILENT)
            else:
                rooms = [self.rooms[key] for key in connection.seats if key in self.rooms]
                heads = {room.key: room.order.head for room in rooms}
                connection.tell({"t": "hb", "h": heads, "epoch": {room.key: room.epoch for room in rooms}})

    def look_at_sessions_of(self, person_pk: int) -> None:
        """Some session of this person may have ended."""
        if mine := list(self.people.get(person_pk, ())):
            self.spawn(self._check_sessions(mine))

    async def _check_sessions(self, slot: list[Connection]) -> None:
        """Who signed out elsewhere, has a new password or lost the account, hears no more."""
        alive = await self.desk.run(sessions.standing, [connection.session for connection in slot])
        for connection in slot:
            if connection.session not in alive:
                connection.close(wire.NO_SESSION)

    # --- the end -------------------------------------------------------------------------------------------

    async def drain(self) -> None:
        """Commit what waits, tell all to come back a little later, close."""
        self.draining = True
        held = [connection for mine in self.people.values() for connection in mine]
        try:
            await asyncio.wait_for(self.committer.flush(), DRAIN)
            await self.marks.write()
        except Exception:  # whoever got no ack posts again
            log.exception("talk did not end in order")
        await self.committer.close()
        await asyncio.sleep(0)  # what was committed is shown first
        for connection in held:
            connection.say_bye()
            connection.close(wire.RESTART)
        for _ in range(10):
            if not any(connection.wire.unsent() for connection in held):
                break
            await asyncio.sleep(0.1)
        self.desk.close()
        self._commits.close()


_hub: Hub | None = None
_subscribed = False


def start(loop: asyncio.AbstractEventLoop) -> Hub:
    """The hub of this process, made for `loop` when there is none yet. Called by serve, and by the first socket."""
    global _hub, _subscribed  # noqa: PLW0603
    if _hub is None or _hub.loop.is_closed() or _hub.loop is not loop:
        level()
        wake.attach(loop)
        _hub = Hub(loop)
    if not _subscribed:
        _subscribed = True
        for topic, hear in WAKE_UPS.items():
            wake.subscribe(topic, partial(_pass_on, hear))
        wake.on_reconnect(_on_reconnect)
    return _hub


async def drain() -> None:
    """Called by serve before it stops."""
    if _hub is not None:
        await _hub.drain()


def tell(person: Person, frame: dict[str, Any]) -> None:
    """Show `frame` on all open sockets of a person, in every process. From any thread; a hint that may be lost."""
    wake.publish(TELL, json.dumps([person.pk, frame], separators=(",", ":")).encode())


WAKE_UPS: dict[str, Callable[[Hub, bytes], None]] = {
    services.TOPIC: lambda hub, payload: hub.hear(news.unpack(payload)) if hub.rooms else None,
    TELL: lambda hub, payload: hub.hear_person(*json.loads(payload)),
    ROSTER: lambda hub, payload: hub.reload("g" + payload.decode()),
    BLOCKS: lambda hub, _: hub.look_again(),
    services.SEATS: lambda hub, payload: hub.reload(payload.decode()),
    sessions.TOPIC: lambda hub, payload: hub.look_at_sessions_of(json.loads(payload)),
    PACES: lambda _, payload: services.paces.hear(payload),
    PRESENCE: lambda hub, payload: hub.company.hear_presence(payload),
    TYPING: lambda hub, payload: hub.company.hear_typing(payload),
}


def _pass_on(hear: Callable[[Hub, bytes], None], payload: bytes) -> None:
    if _hub is not None:
        hear(_hub, payload)


def _on_reconnect() -> None:
    if _hub is not None:
        _hub.company.reconnected()
        _hub.look_again()
