"""One committer a process: while one transaction runs, what is posted waits, and the next transaction takes it all.

So a commit's price is shared by all who post at once. An outcome is given only after the commit, and whatever goes
wrong with one post or its sender, the others get theirs.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from chat import posts
from chat.desk import Desk, report
from chat.order import Run
from chat.posts import Outcome, Post
from chat.quick import Quick

log = logging.getLogger("porchlight.chat")

T = TypeVar("T")
Reply = Callable[[Outcome], None]
Write = Callable[[Sequence[Post]], list[Outcome]]
Announce = Callable[[list[tuple[str, Run]]], None]
WAITING = 2000  # posts that may wait; beyond it the sender is asked to come back
GATHER = 0.002  # seconds that a transaction waits for as many posts as the latest ones had


class Committer:
    """`write` stores in the desk's one thread what the quick lane does not take; called from the event loop only.

    `announce` is told what the quick lane committed, before its senders are answered; after the slow way, which tells
    the bus itself, it is told that something was (an empty list).
    """

    def __init__(self, write: Write, desk: Desk, announce: Announce) -> None:
        self._write = write
        self._desk = desk
        self._announce = announce
        self._quick = Quick()
        self._queue: deque[tuple[Post, Reply]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._latest = self._usual = 1  # posts of the latest transaction, and of the larger of the latest two
        self._enough: asyncio.Event | None = None  # set when as many wait
        self.storing = False  # a transaction runs: in a moment there is something to show

    def submit(self, post: Post, reply: Reply) -> None:
        """Store `post`; `reply` is called in the event loop, at once when too many wait."""
        if len(self._queue) >= WAITING:
            reply(Outcome(post, code=posts.RETRY))
            return
        self._queue.append((post, reply))
        if self._enough is not None and len(self._queue) >= self._usual:
            self._enough.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def flush(self) -> None:
        """Return when nothing waits."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """No more posts come."""
        await self._quick.close()

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._gather()
                batch = [self._queue.popleft() for _ in range(min(posts.BATCH, len(self._queue)))]
                self._usual, self._latest = max(self._latest, len(batch)), len(batch)
                self.storing = True
                try:
                    outcomes = await self._store([post for post, _ in batch])
                finally:
                    self.storing = False
                for (_, reply), outcome in zip(batch, outcomes, strict=True):
                    _safely(reply, outcome)
        finally:
            self._task = None

    async def _gather(self) -> None:
        """Where several post at once, wait a moment for all of them.

        Whoever was answered last posts again first: without it one transaction takes one post and the next the other
        nine, at twice the price. A post that comes alone waits for nobody.
        """
        if len(self._queue) >= self._usual:
            return
        self._enough = asyncio.Event()
        try:
            async with asyncio.timeout(GATHER):
                await self._enough.wait()
        except TimeoutError:
            pass
        finally:
            self._enough = None

    async def _store(self, batch: list[Post]) -> list[Outcome]:
        """An outcome a post, in their order."""
        found = {id(outcome.post): outcome for outcome in await self._quickly(batch)}
        rest = [post for post in batch if id(post) not in found]
        if rest:
            found.update(zip(map(id, rest), await self._slowly(rest), strict=True))
        return [found[id(post)] for post in batch]

    async def _quickly(self, batch: list[Post]) -> list[Outcome]:
        """Those that the quick lane stored. Of the others nothing is known; the slow way knows what to do."""
        try:
            outcomes, news = await self._quick.write(self._quick.part(batch)) or ([], [])
        except Exception as error:  # noqa: BLE001  (whatever it is: the slow way finds the post that harms the others)
            log.warning("the quick lane did not store %d messages, the slow way takes them: %r", len(batch), error)
            return []
        _safely(self._announce, news)
        return outcomes

    async def _slowly(self, batch: list[Post]) -> list[Outcome]:
        try:
            outcomes = await self._desk.run(self._write, batch)
        except Exception as error:  # noqa: BLE001  (one bad round must not end the process's talk: nothing is known to be stored)
            report(log, f"{len(batch)} messages could not be stored; their senders will try again", error)
            return [Outcome(post, code=posts.RETRY) for post in batch]
        _safely(self._announce, [])
        return outcomes


def _safely(tell: Callable[[T], None], what: T) -> None:
    """It is committed: who cannot be told now asks again, and the hub compares its heads with the database."""
    try:
        tell(what)
    except Exception:
        log.exception("what was committed cannot be told")
