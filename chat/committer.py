"""One committer a process: while one transaction runs, what is posted waits, and the next transaction takes it all.

So a commit's price is shared by all who post at once. An outcome is given only after the commit.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import psycopg

from chat import posts
from chat.desk import Desk, report
from chat.order import Run
from chat.posts import Outcome, Post
from chat.quick import Quick, Stored

log = logging.getLogger("porchlight.chat")

Reply = Callable[[Outcome], None]
Write = Callable[[Sequence[Post]], list[Outcome]]
Announce = Callable[[list[tuple[str, Run]]], None]
WAITING = 2000  # posts that may wait; beyond it the sender is asked to come back


class Committer:
    """`write` stores a batch in the desk's one thread, unless the quick lane takes it; called from the event loop only.

    `announce` is told what the quick lane committed, before its senders are answered.
    """

    def __init__(self, write: Write, desk: Desk, announce: Announce) -> None:
        self._write = write
        self._desk = desk
        self._announce = announce
        self._quick = Quick()
        self._queue: deque[tuple[Post, Reply]] = deque()
        self._task: asyncio.Task[None] | None = None

    def submit(self, post: Post, reply: Reply) -> None:
        """Store `post`; `reply` is called in the event loop, at once when too many wait."""
        if len(self._queue) >= WAITING:
            reply(Outcome(post, code=posts.RETRY))
            return
        self._queue.append((post, reply))
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
                batch = [self._queue.popleft() for _ in range(min(posts.BATCH, len(self._queue)))]
                outcomes = await self._store([post for post, _ in batch])
                for (_, reply), outcome in zip(batch, outcomes, strict=True):
                    reply(outcome)
        finally:
            self._task = None

    async def _store(self, batch: list[Post]) -> list[Outcome]:
        try:
            outcomes, news = await self._quickly(batch) or (await self._desk.run(self._write, batch), [])
            self._announce(news)
        except Exception as error:  # noqa: BLE001  (one bad round must not end the process's talk: nothing is known to be stored)
            report(log, f"{len(batch)} messages could not be stored; their senders will try again", error)
            return [Outcome(post, code=posts.RETRY) for post in batch]
        return outcomes

    async def _quickly(self, batch: list[Post]) -> Stored | None:
        if not self._quick.takes(batch):
            return None
        try:
            return await self._quick.write(batch)
        except psycopg.errors.UniqueViolation:  # another process stored one of the keys meanwhile
            return None
        except (psycopg.Error, OSError) as error:  # the slow way tries again, and knows what to do
            log.warning("the quick lane did not store %d messages, the slow way takes them: %s", len(batch), error)
            return None
