"""In what order a process may show a room's entries: by seq, each once, none skipped. Pure.

Two processes commit, then publish: the news of seq 4 may come before that of 1 to 3. What comes too early is held;
what came already is dropped; the caller reads from the database what does not come at all.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive entries `first` … as ready frames, with the roster's version seen after their commit.

    `by` holds a number for each: the sender (0: nobody), below zero when it is for its sender alone. Empty: all are
    for everybody.
    """

    first: int
    frames: tuple[bytes, ...]
    version: str
    by: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        return self.first + len(self.frames) - 1

    def after(self, seq: int) -> "Run":
        """The part of it above `seq`."""
        start = seq + 1 - self.first
        return Run(seq + 1, self.frames[start:], self.version, self.by[start:])

    def hidden_from(self, reader: int, apart: frozenset[int]) -> list[int]:
        """The seqs of entries that are not for this reader, who is kept apart from those persons."""
        return [
            seq
            for seq, by in enumerate(self.by, self.first)
            if (by < 0 and -by != reader) or (apart and abs(by) in apart)
        ]


class Order:
    """`head` is the last seq handed on. Announced but unread entries are runs without frames."""

    def __init__(self, head: int) -> None:
        self.head = head
        self.seen = head  # the highest seq heard of
        self._held: dict[int, Run] = {}

    @property
    def behind(self) -> bool:
        """True while an entry is known to exist that could not be handed on yet."""
        return self.seen > self.head

    def heard_of(self, last: int) -> None:
        """The database holds entries up to `last`."""
        self.seen = max(self.seen, last)

    def offer(self, run: Run) -> list[Run]:
        """What may be shown now, in order; the rest is kept until the gap before it is closed."""
        self.seen = max(self.seen, run.last)
        if run.last <= self.head:
            return []
        if run.first > self.head + 1:
            before = self._held.get(run.first)
            if before is None or before.last < run.last:
                self._held[run.first] = run
            return []
        ready = [run if run.first == self.head + 1 else run.after(self.head)]
        self.head = run.last
        return ready + self._released()

    def _released(self) -> list[Run]:
        ready = []
        for first in sorted(self._held):
            if first > self.head + 1:
                break
            run = self._held.pop(first)
            if run.last > self.head:
                ready.append(run if run.first == self.head + 1 else run.after(self.head))
                self.head = run.last
        return ready
