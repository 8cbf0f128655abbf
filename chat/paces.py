"""How fast one person may post, counted over all processes.

Each process keeps its own buckets, so that a post waits for nobody. Once a second it tells the others what was taken
here, and they take the same. Without Redis, or while it is away, each process counts alone.
"""

import json
import secrets
import time

from chat.limits import Buckets

SLOWED = 30.0  # seconds without a message, after one that was held for its words (an offer, T3)
SHARE = 1.0  # seconds between two messages about what was taken


class Paces:
    """Thread-safe enough: a race costs a token more or less."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._buckets = Buckets(burst, per_second)
        self._taken: dict[int, int] = {}
        self._slowed: list[int] = []
        self._me = secrets.token_hex(8)

    def take(self, sender: int) -> float:
        """Seconds until this sender may post; 0.0 takes one of their tokens."""
        wait = self._buckets.take(sender, time.monotonic())
        if not wait:
            self._taken[sender] = self._taken.get(sender, 0) + 1
        return wait

    def slow(self, sender: int) -> None:
        """What this sender wrote was held: nothing more for SLOWED, here and at the other processes."""
        self._buckets.close(sender, SLOWED, time.monotonic())
        self._slowed.append(sender)

    def forget(self) -> None:
        """As if nobody had posted."""
        self._buckets.clear()
        self._taken.clear()
        self._slowed.clear()

    def share(self) -> bytes:
        """What was taken here since the last time, for the other processes; empty: nothing."""
        taken, self._taken = self._taken, {}
        slowed, self._slowed = self._slowed, []
        return json.dumps([self._me, list(taken.items()), slowed]).encode() if taken or slowed else b""

    def hear(self, payload: bytes) -> None:
        """Another process tells what was taken there."""
        process, taken, slowed = json.loads(payload)
        if process != self._me:
            now = time.monotonic()
            for sender, count in taken:
                self._buckets.spend(sender, count, now)
            for sender in slowed:
                self._buckets.close(sender, SLOWED, now)
