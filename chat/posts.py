"""What is posted and what came of it: plain values that doors, committer and services hand to each other.

Pure: no Django, no database.

A room's log holds texts and what happened to them, each an entry with a seq of its own (docs/protocol.md, "Kinds").
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

LONGEST = 4000  # characters of a text
BATCH = 200  # posts in one transaction

TEXT, EDIT, DELETE, REACT, UNREACT, PIN, HOLD = "text", "edit", "delete", "react", "unreact", "pin", "hold"
KINDS = frozenset({TEXT, EDIT, DELETE, REACT, UNREACT, PIN, HOLD})
VOID = "void"  # what a reader gets in place of an entry that is not for them: it counts, and says nothing
REACTIONS = ("❤️", "👍", "🙏", "💪", "😊", "😢")  # a set of ours: nobody can put words into one
ON, OFF = "on", "off"  # the body of a hold: held back, given free

# Why a post was refused: the `code` of a nack.
INVALID = "invalid"  # empty, too long, or not text
FORBIDDEN = "forbidden"  # not a member of the room's group, or no such room: the answer is the same
CLOSED = "closed"  # the group is closed: its room can be read
RATE = "rate"  # too many in a short time
CONFLICT = "conflict"  # this cid was used for another text
MUTED = "muted"  # a facilitator asked this person to listen for a while, in this room
LATE = "late"  # an edit after its 15 minutes
WORDS = "words"  # an edit into words that a facilitator would have to look at: send it as a new message
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
    """One entry on its way into a room's log. `of`: the seq that it is about, or answers."""

    sender: Sender
    room: str
    cid: UUID
    body: str
    kind: str = TEXT
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seq` and `at` (UTC) of the stored entry, or the `code` of the refusal; `after`: try again in so many seconds."""

    post: Post
    seq: int = 0
    at: datetime | None = None
    code: str = ""
    after: float = 0.0


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


def checked(kind: object, of: object, body: object) -> tuple[str, int | None, str]:
    """Kind, of and body as they are stored. Raises BadBody for what no post of this kind may be."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadBody(NO_TEXT)
    if of is not None and (isinstance(of, bool) or not isinstance(of, int) or not 1 <= of < 2**53):
        raise BadBody(NO_TEXT)
    if of is None and kind not in {TEXT, PIN}:
        raise BadBody(EMPTY)
    if kind in {TEXT, EDIT}:
        return kind, of, body_of(body)
    allowed = {REACT: REACTIONS, UNREACT: REACTIONS, HOLD: (ON, OFF)}.get(kind, ("", None))
    if body not in allowed:
        raise BadBody(NO_TEXT)
    return kind, of, body if isinstance(body, str) else ""
