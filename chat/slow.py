"""Readers who take less than their rooms say. Dropping entries would be a loss; a resume from the database is exact."""

import asyncio
from collections.abc import Iterator

from chat.connection import BUSY, Connection
from chat.live import LiveRoom

FULL_FOR = 30.0  # seconds that a reader may take nothing live
LOOK = 0.1  # seconds between two looks whether one who joins has taken what waits


class SlowReaders:
    """Those of one process. `rooms` are the hub's own."""

    def __init__(self, rooms: dict[str, LiveRoom]) -> None:
        self._rooms = rooms
        self._since: dict[Connection, float] = {}  # of the loop's clock

    def hold(self, connection: Connection) -> None:
        """Nothing live for this reader until they have caught up: what waits for them stays small."""
        if not connection.closed:
            self._since.setdefault(connection, asyncio.get_running_loop().time())
            for key in connection.seats:
                if room := self._rooms.get(key):
                    room.hold(connection)

    async def room_for(self, connection: Connection) -> None:
        """Return when this reader can be sent another page: who joins is held like who fell behind."""
        while connection in self._since and not connection.closed:  # noqa: ASYNC110  (nobody says so when it is closed)
            await asyncio.sleep(LOOK)

    def ready(self, now: float) -> Iterator[tuple[Connection, str, int]]:
        """Who took most of what waited goes on from there, room by room; who has not for too long is dropped."""
        for connection, since in list(self._since.items()):
            if not connection.closed and connection.wire.unsent() > BUSY:
                if now - since > FULL_FOR:
                    connection.abort()
                continue
            del self._since[connection]
            for key, seat in list(connection.seats.items()):
                if seat.resume is not None and not connection.closed:
                    yield connection, key, seat.resume
