"""What is posted and what came of it: plain values that doors, committer and services hand to each other.

Pure: no Django, no database.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

LONGEST = 4000  # characters of a text
BATCH = 200  # posts in one transaction

# Why a post was refused: the `code` of a nack.
INVALID = "invalid"  # empty, too long, or not text
FORBIDDEN = "forbidden"  # not a member of the room's group, or no such room: the answer is the same
CLOSED = "closed"  # the group is closed: its room can be read
RATE = "rate"  # too many in a short time
CONFLICT = "conflict"  # this cid was used for another text
RETRY = "retry"  # not stored, through no fault of the sender: post the same cid again


EMPTY, LONG, NO_TEXT = "empty", "long", "no text"


class BadBody(ValueError):
    """The text cannot be posted: EMPTY, LONG or NO_TEXT."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who posts: `pid` is the only id that leaves the house."""

    id: int
    pid: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """One text on its way into a room's log."""

    sender: Sender
    room: str
    cid: UUID
    body: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seq` and `at` (UTC) of the stored entry, or the `code` of the refusal."""

    post: Post
    seq: int = 0
    at: datetime | None = None
    code: str = ""


def body_of(text: object) -> str:
    """The text as it is stored: line ends are `\\n`, the ends are stripped, 1 to 4000 characters, no NUL.

    Raises BadBody.
    """
    if not isinstance(text, str) or "\0" in text:
        raise BadBody(NO_TEXT)
    body = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not body:
        raise BadBody(EMPTY)
    if len(body) > LONGEST:
        raise BadBody(LONG)
    try:
        body.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair, from a JSON escape
        raise BadBody(NO_TEXT) from error
    return body
