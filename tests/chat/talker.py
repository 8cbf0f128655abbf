"""A client of the protocol as docs/protocol.md tells it, which checks every rule that a client can check.

It knows nothing of the product's code.
"""

import asyncio
import json
import uuid
from typing import Any

import websockets

PATIENCE = 30.0  # seconds, also on a machine that is busy with other things


class Talker:
    """One member at one socket. `log` holds each room's entries in the order shown; a broken rule is an assertion."""

    def __init__(self, url: str, session: str, name: str = "") -> None:
        self.url = url
        self.session = session
        self.name = name
        self.log: dict[str, list[dict[str, Any]]] = {}
        self.seqs: dict[str, int] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.other: list[dict[str, Any]] = []
        self.live: set[str] = set()
        self.duplicates = 0
        self.code: int | None = None
        self.broken: AssertionError | None = None  # a rule of the protocol that the server broke
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, **options: Any) -> "Talker":
        headers = {"Cookie": f"sessionid={self.session}", "Origin": self.url}
        options = {"subprotocols": ["porchlight.v1"], "additional_headers": headers, "max_size": None, **options}
        self.socket = await websockets.connect(self.url.replace("http", "ws") + "/ws/", **options)
        self.code = None
        self.live.clear()
        self.other.clear()
        self._reader = asyncio.create_task(self._read())
        return self

    async def enter(self) -> "Talker":
        """Connect, say hello with what is held, and wait until all rooms are live."""
        await self.connect()
        await self.say(t="hello", resume=self.seqs)
        await self.until(lambda: any(frame["t"] == "ready" for frame in self.other), "no ready")
        return self

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame, ensure_ascii=False))

    async def post(self, room: str, body: str, cid: str | None = None) -> str:
        """Send without waiting; returns the cid."""
        cid = cid or str(uuid.uuid4())
        await self.say(t="post", room=room, cid=cid, body=body)
        return cid

    async def posted(self, room: str, body: str, cid: str | None = None) -> dict[str, Any]:
        """Send and wait for the answer: an ack or a nack."""
        cid = await self.post(room, body, cid)
        return await self.answer(cid)

    async def answer(self, cid: str) -> dict[str, Any]:
        await self.until(lambda: cid in self.answers, f"no answer to {cid}")
        return self.answers.pop(cid)

    def bodies(self, room: str) -> list[str]:
        return [entry["body"] for entry in self.log.get(room, [])]

    async def until(self, true: Any, why: str, patience: float = PATIENCE) -> None:
        deadline = asyncio.get_running_loop().time() + patience
        while not true():
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"{self.name}: {why}; {self.other[-5:]}, code {self.code}"
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, 1.0))
            except TimeoutError:
                continue

    async def sees(self, room: str, body: str, patience: float = PATIENCE) -> None:
        await self.until(lambda: body in self.bodies(room), f"{body!r} was not shown", patience)

    async def closed(self, patience: float = PATIENCE) -> int:
        """Wait until the server closed; returns the code."""
        await self.until(lambda: self.code is not None, "not closed", patience)
        assert self.code is not None
        return self.code

    async def close(self) -> None:
        await self.socket.close()
        if self._reader:
            await self._reader

    async def _read(self) -> None:
        socket = self.socket
        try:
            async for text in socket:
                if socket is not self.socket:  # another way in has taken its place
                    return
                await self._take(json.loads(text))
                self._changed.set()
        except websockets.ConnectionClosed:
            pass
        except AssertionError as broken:
            self.broken = self.broken or broken
            raise
        finally:
            if socket is self.socket:
                self.code = socket.close_code or 1006
            self._changed.set()

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "msg":
            await self._entry(frame)
        elif kind == "sync":
            self._page(frame)
        elif kind == "live":
            assert frame["seq"] == self.seqs[frame["room"]], (frame, self.seqs)
            self.live.add(frame["room"])
        elif kind in {"ack", "nack"}:
            self.answers[frame["cid"]] = frame
        elif kind == "hb":
            await self.say(t="hb")
            self.other.append(frame)
        else:
            self.other.append(frame)

    def _page(self, frame: dict[str, Any]) -> None:
        room, held = frame["room"], self.seqs.get(frame["room"], 0)
        if frame.get("reset"):
            self.log[room] = []
        else:
            assert frame["from"] == held + 1, (frame, held)
        seqs = [entry["seq"] for entry in frame["msgs"]]
        assert seqs == list(range(frame["from"], frame["to"] + 1))
        self.log.setdefault(room, []).extend(frame["msgs"])
        self.seqs[room] = frame["to"]

    async def _entry(self, frame: dict[str, Any]) -> None:
        """The client's rule: the next one is shown, an old one ignored, a later one asked for."""
        room, held = frame["room"], self.seqs.get(frame["room"], 0)
        if frame["seq"] == held + 1:
            self.log.setdefault(room, []).append(frame)
            self.seqs[room] = frame["seq"]
        elif frame["seq"] <= held:
            self.duplicates += 1
        else:
            raise AssertionError(f"{self.name}: {frame['seq']} came after {held}")
