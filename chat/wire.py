"""The words of the wire (docs/protocol.md): frames of the server, and the client's frames checked. Pure.

Every frame is one JSON object as text, `t` is its type. Nothing here touches a socket or a database.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

PROTOCOL = "porchlight.v1"
LARGEST = 16 * 1024  # bytes of a client's frame
BEAT = 25  # seconds between two heartbeats of the server
SILENCE = 60  # seconds after which a silent client is let go
PAGE = 200  # entries of one sync frame
PAGE_BYTES = 128 * 1024  # of one sync frame, more or less: long texts make it shorter
FRESH = 50  # entries a newcomer or a reset gets
GAP = 500  # missed entries that are replayed; more is a reset
MOST_ROOMS = 200  # rooms of one socket
_BIGGEST = 2**53  # beyond it a browser's numbers are not exact

# Close codes. 1012 is "service restart"; a server that may not send it sends 4012.
RESTART, BAD_FRAMES, NO_SESSION, NO_PROTOCOL, SILENT, TOO_LARGE, TOO_MUCH = 1012, 4400, 4401, 4406, 4408, 4413, 4429


class BadFrame(ValueError):
    """A frame that cannot be understood; `code` says how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def encode(frame: dict[str, Any]) -> bytes:
    """One JSON line, UTF-8; half of a surrogate pair, which a client may send as an escape, becomes a question mark."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def moment(at: datetime) -> str:
    """2026-11-22T03:29:22.123Z"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(
    *,
    room: str,
    seq: int,
    kind: str,
    cid: UUID,
    pid: str | None,
    name: str,
    at: datetime,
    body: str,
    of: int | None = None,
    **state: Any,
) -> bytes:
    """An entry of a room's log. `from` is null when the sender's account is gone. `state` holds what is true of it."""
    sender = {"id": pid, "name": name} if pid else None
    frame = {"t": "msg", "room": room, "seq": seq, "kind": kind, "cid": str(cid), "from": sender}
    if of is not None:
        frame["of"] = of
    return encode({**frame, "at": moment(at), "body": body, **{name: value for name, value in state.items() if value}})


def void(room: str, seq: int) -> bytes:
    """In place of an entry that is not for this reader."""
    return encode({"t": "msg", "room": room, "seq": seq, "kind": "void"})


def sync(*, room: str, epoch: str, first: int, last: int, frames: list[bytes], more: bool, reset: bool) -> bytes:
    """A page of the log: it covers the seqs `first` to `last`, all of them."""
    head = {"t": "sync", "room": room, "epoch": epoch, "from": first, "to": last, "more": more}
    if reset:
        head["reset"] = True
    return encode(head)[:-1] + b',"msgs":[' + b",".join(frames) + b"]}"


def parse(text: str | None) -> dict[str, Any]:
    """The object in a client's text frame. Raises BadFrame: not_json, too_large."""
    if text is None:
        raise BadFrame("not_json")
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise BadFrame("too_large")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("not_json") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
        raise BadFrame("not_json")
    return frame


def may_be_room(key: str) -> bool:
    """False for what is no room's key, nor anything that a database can be asked for."""
    return 0 < len(key) <= 40 and key.isascii() and key.isprintable()


def room_in(frame: dict[str, Any]) -> str:
    """The room that a frame names. Raises BadFrame."""
    room = frame.get("room")
    if not isinstance(room, str) or not may_be_room(room):
        raise BadFrame("bad_frame")
    return room


def seq_in(value: object) -> int:
    """A seq, or 0 for "nothing yet". Raises BadFrame."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _BIGGEST:
        raise BadFrame("bad_frame")
    return value


def resume_in(frame: dict[str, Any]) -> dict[str, int]:
    """The rooms of a hello with the last seq that the client holds of each. Raises BadFrame."""
    resume = frame.get("resume", {})
    if not isinstance(resume, dict) or len(resume) > MOST_ROOMS:
        raise BadFrame("bad_frame")
    return {room_in({"room": room}): seq_in(seq) for room, seq in resume.items()}


def cid_in(frame: dict[str, Any]) -> UUID:
    """The client's key of a post. Raises BadFrame."""
    cid = frame.get("cid")
    if not isinstance(cid, str) or len(cid) != 36:
        raise BadFrame("bad_frame")
    try:
        return UUID(cid)
    except ValueError as error:
        raise BadFrame("bad_frame") from error
