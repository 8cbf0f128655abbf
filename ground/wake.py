"""The wake-up bus: hints from process to process, never truth. In memory, and through Redis when REDIS_URL is set.

A hint may be lost (Redis down, a reconnect): whoever listens must find out by itself what it missed. `publish` never
blocks and never raises; a thread of its own speaks with Redis.
"""

import asyncio
import logging
import queue
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings

from ground.secret import derive

log = logging.getLogger("porchlight.wake")

Callback = Callable[[bytes], None]
PREFIX = "porchlight:"
QUEUE = 10_000  # hints waiting for Redis; more are dropped, and found by the listeners' own checks
RETRY = 0.5  # seconds between two tries to reach Redis
SENDING = "Redis does not take hints, other processes will catch up"
HEARING = "Redis cannot be heard; it is tried again and again"


class Bus:
    """One per process. Callbacks run in the attached event loop, else in the thread that brings the hint."""

    def __init__(self, url: str, site: str) -> None:
        self._url = url
        # the numbered databases of a Redis share their channels: two sites there must not hear each other
        self._prefix = f"{PREFIX}{site}:"
        self._me = secrets.token_bytes(8)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks: defaultdict[str, list[Callback]] = defaultdict(list)
        self._reconnected: list[Callable[[], None]] = []
        self._outgoing: queue.Queue[tuple[str, bytes]] = queue.Queue(QUEUE)
        self._listening = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._said: set[str] = set()  # troubles of this outage that the log has named

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run callbacks in `loop` from now on."""
        self._loop = loop

    def subscribe(self, topic: str, callback: Callback) -> None:
        self._callbacks[topic].append(callback)
        self._start()

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time the subscription to Redis stands (again): hints before it may be lost."""
        self._reconnected.append(callback)

    def connected(self) -> bool:
        """True when other processes can be heard: always without Redis, which means there are none."""
        return not self._url or self._listening.is_set()

    def publish(self, topic: str, payload: bytes = b"", *, here: bool = True) -> None:
        if here:
            self._deliver(topic, payload)
        if not self._url:
            return
        self._start()
        try:
            self._outgoing.put_nowait((topic, payload))
        except queue.Full:
            log.warning("hints wait for Redis faster than it takes them; one is dropped")

    def _deliver(self, topic: str, payload: bytes) -> None:
        for callback in self._callbacks.get(topic, ()):
            self._call(callback, payload)

    def _call(self, callback: Callable[..., None], *args: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *args)
        else:
            callback(*args)

    def _start(self) -> None:
        with self._lock:
            if self._threads or not self._url:
                return
            self._threads = [
                threading.Thread(target=run, name=name, daemon=True)
                for name, run in (("wake-out", self._send), ("wake-in", self._listen))
            ]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        client = redis.Redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2)
        while True:
            batch = [self._outgoing.get()]
            while len(batch) < 200 and not self._outgoing.empty():
                batch.append(self._outgoing.get_nowait())
            try:
                pipe = client.pipeline(transaction=False)
                for topic, payload in batch:
                    pipe.publish(self._prefix + topic, self._me + payload)
                pipe.execute()
                self._said.discard(SENDING)
            except (redis.RedisError, OSError) as error:
                self._trouble(SENDING, error)

    def _trouble(self, words: str, error: Exception) -> None:
        """Once an outage: it is tried twice a second, and a log of the same line helps nobody."""
        log.log(logging.DEBUG if words in self._said else logging.WARNING, "%s: %s", words, error)
        self._said.add(words)

    def _listen(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self._listen_once()
            except (redis.RedisError, OSError) as error:
                self._trouble(HEARING, error)
            self._listening.clear()
            pause.wait(RETRY)

    def _listen_once(self) -> None:
        client: Any = redis.Redis.from_url(self._url, socket_connect_timeout=2, health_check_interval=5)
        with client.pubsub(ignore_subscribe_messages=False) as heard:
            heard.psubscribe(self._prefix + "*")
            while True:
                # a time-out lets the health check find a connection that died without a word
                found = heard.get_message(timeout=5)
                if found is None:
                    heard.check_health()
                elif found["type"] == "psubscribe":
                    self._listening.set()
                    self._said.discard(HEARING)
                    for callback in self._reconnected:
                        self._call(callback)
                elif found["type"] == "pmessage" and found["data"][: len(self._me)] != self._me:
                    self._deliver(found["channel"].decode().removeprefix(self._prefix), found["data"][len(self._me) :])


_bus: Bus | None = None


def bus() -> Bus:
    """This process's bus."""
    global _bus  # noqa: PLW0603
    if _bus is None:
        _bus = Bus(settings.REDIS_URL, derive(settings.SECRET_KEY, "wake").hex()[:16])
    return _bus


def publish(topic: str, payload: bytes = b"", *, here: bool = True) -> None:
    """Send a hint to every process, this one included unless `here` is false. Never blocks, never raises."""
    bus().publish(topic, payload, here=here)


def subscribe(topic: str, callback: Callback) -> None:
    """Call `callback(payload)` for each hint about `topic` from now on."""
    bus().subscribe(topic, callback)


def attach(loop: asyncio.AbstractEventLoop) -> None:
    """Run callbacks in this event loop (serve calls it once)."""
    bus().attach(loop)


def connected() -> bool:
    return bus().connected()


def on_reconnect(callback: Callable[[], None]) -> None:
    bus().on_reconnect(callback)
