"""What one commit tells every process, on the wake-up bus: one compact payload. Pure.

First line: a JSON list of [room, first seq, number of entries, roster version, by (see chat.order.Run)]; then one ready
frame a line, in that order (JSON text holds no raw line end). Where the frames would make it too large they stay away:
who needs them reads the database.
"""

import json
from dataclasses import dataclass

from chat.order import Run

LARGEST = 512 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class News:
    """Entries that were committed to one room."""

    room: str
    run: Run
    last: int  # as run.last, but also known where the frames stayed away


def pack(news: list[tuple[str, Run]]) -> bytes:
    """The payload for the bus."""
    head = [[room, run.first, len(run.frames), run.version, run.by] for room, run in news]
    lines = [json.dumps(head, separators=(",", ":")).encode()]
    lines += [frame for _, run in news for frame in run.frames]
    payload = b"\n".join(lines)
    return payload if len(payload) <= LARGEST else lines[0]


def unpack(payload: bytes) -> list[News]:
    """The news of a payload. Raises ValueError for what `pack` did not make."""
    lines = payload.split(b"\n")
    found, at = [], 1
    for room, first, count, version, by in json.loads(lines[0]):
        frames = tuple(lines[at : at + count])
        at += count
        if frames and len(frames) != count:
            raise ValueError("frames are missing from the payload")
        found.append(News(room, Run(first, frames, version, tuple(by)), first + count - 1))
    return found
