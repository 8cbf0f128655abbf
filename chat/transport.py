"""How frames leave: the one module that knows private parts of Daphne, autobahn and Twisted.

Three levels, the best that passes its self-test at start:
- `socket`: one ready WebSocket frame for all members, given to the kernel at once when nothing waits before it,
  else to Twisted's buffer (private: transport.socket, dataBuffer, _tempDataBuffer, _tempDataLen, offset);
- `frame`: the same through `transport.write` (private: how the protocol is found behind the ASGI `send`);
- `public`: ASGI's own `send`, one message after the other. Works on any server; cannot see a slow reader.
Why: docs/protocol.md, "What it costs".
"""

import asyncio
import functools
import logging
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

log = logging.getLogger("porchlight.chat")

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Bundle:
    """Frames that go to many: packed for the wire once."""

    __slots__ = ("frames", "packed")

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.frames = frames
        self.packed = b"".join([ws_frame(frame) for frame in frames])


def ws_frame(payload: bytes) -> bytes:
    """An unmasked, final text frame of RFC 6455."""
    size = len(payload)
    if size <= 125:
        return bytes((0x81, size)) + payload
    if size <= 0xFFFF:
        return b"\x81\x7e" + struct.pack("!H", size) + payload
    return b"\x81\x7f" + struct.pack("!Q", size) + payload


class Wire(Protocol):
    """One connection's way out."""

    def write(self, bundles: list[Bundle]) -> None:
        """Send, in order, without waiting."""

    def unsent(self) -> int:
        """Bytes that the reader has not taken yet; 0 where that cannot be known."""

    def close(self, code: int) -> None:
        """Send what waits, then close."""

    def abort(self) -> None:
        """Drop the connection with what waits."""


class Public:
    """ASGI's `send`, through a queue so that the order holds."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def write(self, bundles: list[Bundle]) -> None:
        for bundle in bundles:
            for frame in bundle.frames:
                self._put({"type": "websocket.send", "text": frame.decode()})

    def unsent(self) -> int:
        return 0

    def close(self, code: int) -> None:
        # Daphne's own door takes only 1000 and 3000 to 4999
        self._put({"type": "websocket.close", "code": code if code >= 3000 else code + 3000})

    def abort(self) -> None:
        self.close(4000)

    def _put(self, event: dict[str, Any]) -> None:
        self._queue.put_nowait(event)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while not self._queue.empty():
            await self._send(self._queue.get_nowait())


class Direct:
    """Daphne's connection itself."""

    def __init__(self, protocol: Any, *, at_once: bool) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._at_once = at_once and _is_plain_tcp(self._transport)

    def write(self, bundles: list[Bundle]) -> None:
        if self._protocol.state != self._protocol.STATE_OPEN:
            return
        data = bundles[0].packed if len(bundles) == 1 else b"".join([bundle.packed for bundle in bundles])
        transport = self._transport
        if self._at_once and not transport.dataBuffer and not transport._tempDataBuffer:  # noqa: SLF001
            if not transport.connected or transport.disconnecting:
                return
            try:
                sent = transport.socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                sent = 0  # Twisted meets the same error and ends the connection its way
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    def unsent(self) -> int:
        transport = self._transport
        waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001
        return waiting

    def close(self, code: int) -> None:
        if self._protocol.state == self._protocol.STATE_OPEN:
            self._protocol.sendCloseFrame(code=code)  # sendClose refuses 1012

    def abort(self) -> None:
        self._transport.abortConnection()


def _is_plain_tcp(transport: Any) -> bool:
    from twisted.internet import tcp  # noqa: PLC0415  (a process that serves nothing needs no Twisted)

    return type(transport) is tcp.Server


def protocol_behind(send: Any) -> Any | None:
    """Daphne's protocol object behind the ASGI `send` and its wrappers; None on another server."""
    for _ in range(10):
        if isinstance(send, functools.partial):
            found = send.args[0] if send.args else None
            return found if _is_daphne(found) else None
        owner = getattr(send, "__self__", None)
        send = getattr(owner, "real_send", None)
        if send is None:
            return None
    return None


def _is_daphne(found: Any) -> bool:
    kind = type(found)
    return kind.__name__ == "WebSocketProtocol" and kind.__module__ == "daphne.ws_protocol"


@functools.cache
def level() -> str:
    """The best way whose self-test passes: "socket", "frame" or "public"; logged when it is not the best."""
    for best, passes in (("public", _test_frames), ("frame", _test_twisted)):
        try:
            passes()
        except Exception as error:  # noqa: BLE001  (whatever a new version of a library does, there is a lesser way)
            log.warning("talk goes out the %s way, which costs more: %s", best, error)
            return best
    return "socket"


def _test_frames() -> None:
    from autobahn.websocket.protocol import PreparedMessage, WebSocketProtocol  # noqa: PLC0415

    for size in (0, 1, 125, 126, 65_535, 65_536):
        payload = b"x" * size
        if PreparedMessage(payload, False, False, True).payloadHybi != ws_frame(payload):
            raise RuntimeError(f"autobahn frames {size} bytes in another way")
    if not hasattr(WebSocketProtocol, "sendCloseFrame") or not hasattr(WebSocketProtocol, "STATE_OPEN"):
        raise RuntimeError("autobahn's protocol has other names")


def _test_twisted() -> None:
    from twisted.internet.abstract import FileDescriptor  # noqa: PLC0415

    found: Any = FileDescriptor(object())  # type: ignore[arg-type]
    if (found.dataBuffer, found._tempDataBuffer, found._tempDataLen, found.offset) != (b"", [], 0, 0):  # noqa: SLF001
        raise RuntimeError("Twisted's buffers have other names")


def wire_for(send: Send) -> Wire:
    """The best way out for one accepted connection."""
    best = level()
    protocol = protocol_behind(send) if best != "public" else None
    if protocol is None or getattr(protocol, "_perMessageCompress", None) is not None:
        return Public(send)
    return Direct(protocol, at_once=best == "socket")
