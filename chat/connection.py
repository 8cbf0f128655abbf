"""One member's socket as the hub knows it. Lives in the event loop only."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chat import wire
from chat.limits import Bucket
from chat.posts import Sender
from chat.transport import Bundle, Wire

MOST_UNSENT = 1024 * 1024  # bytes; a resume is exact, so a slow reader may be dropped
FULL = 256 * 1024  # bytes; beyond them nothing live is sent until the reader has caught up (chat.slow)
BUSY = 64 * 1024  # bytes that wait already: typing and presence stay away; below them a full reader goes on
MOST_BUFFERED = 2000  # entries that wait for a slow join


@dataclass(slots=True, eq=False)
class Seat:
    """A connection's place in a room. While it joins, live entries are kept: they follow what the database holds."""

    live: bool = False
    shown: int = 0  # the join read the database up to here; the room's own news may still lag behind it
    kept: list[tuple[int, bytes]] = field(default_factory=list)
    resume: int | None = None  # the reader was too slow: shown up to here, the rest follows from the database


class Connection:
    """`push` collects what one turn of the event loop sends; it leaves in one write."""

    __slots__ = (
        "_soon",
        "asked",
        "closed",
        "frames",
        "greeted",
        "heard",
        "pending",
        "seats",
        "sender",
        "session",
        "slot",
        "typed",
        "wire",
    )  # fmt: skip

    def __init__(self, *, sender: Sender, session: str, out: Wire, now: float, soon: Callable[["Connection"], None]):
        self.sender = sender
        self.session = session
        self.wire = out
        self.heard = now
        self.seats: dict[str, Seat] = {}
        self.pending: list[Bundle] = []
        self.frames = Bucket(1000, 500, now)  # any frames
        self.asked = Bucket(60, 2, now)  # frames that make the database work: hello, sync
        self.greeted = False
        self.closed = False
        self.slot = 0
        self.typed = 0.0
        self._soon = soon

    def push(self, bundle: Bundle) -> None:
        """Send at the end of this turn."""
        if self.closed:
            return
        if not self.pending:
            self._soon(self)
        self.pending.append(bundle)

    def tell(self, frame: dict[str, Any]) -> None:
        """Send one frame to this connection alone."""
        self.push(Bundle([wire.encode(frame)]))

    def push_lightly(self, bundle: Bundle) -> None:
        """Send what may be lost, unless the reader is busy with what may not."""
        if self.wire.unsent() <= BUSY:
            self.push(bundle)

    def tell_lightly(self, frame: dict[str, Any]) -> None:
        """As `tell`, for what may be lost."""
        self.push_lightly(Bundle([wire.encode(frame)]))

    def say_bye(self) -> None:
        """The server stops: come back, not all at the same moment."""
        self.tell({"t": "bye", "retry": round(random.uniform(0, 5), 1)})  # noqa: S311

    def flush(self) -> bool:
        """Hand the collected frames to the transport; True when the reader is too slow for more of them."""
        pending, self.pending = self.pending, []
        if self.closed or not pending:
            return False
        self.wire.write(pending)
        unsent = self.wire.unsent()
        if unsent > MOST_UNSENT:
            self.abort()
        return unsent > FULL

    def close(self, code: int) -> None:
        """Send what is collected, then close with `code`."""
        if not self.closed:
            self.flush()
            self.closed = True
            self.wire.close(code)

    def abort(self) -> None:
        """Drop the connection; what waits is resumed elsewhere."""
        if not self.closed:
            self.closed = True
            self.wire.abort()
