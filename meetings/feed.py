"""Reads the elements of a JSON list of meetings one by one, never the whole in memory.

What is no list of meetings is refused in one sentence, as early as it can be told.
"""

from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import ijson
from django.utils.translation import gettext_noop as _

from ground.sentences import Sentence

CHUNK = 1 << 16
NO_QUOTE_FOR = 1 << 20  # bytes: a meeting list has a string more often than this
MOST_EVENTS = 20_000  # JSON tokens of one entry
MOST_TEXT = 1 << 20  # characters of one string
JUDGED_AFTER = (
    1_000  # elements of which none has a name, or none says anything that only a meeting has: no meeting list
)
OF_A_MEETING = frozenset(
    ("day", "time", "end_time", "timezone", "types", "location", "address", "formatted_address", "city", "latitude",
     "coordinates", "attendance_option", "conference_url", "conference_phone", "weekday_tinyint", "start_time")
)  # fmt: skip
MOST_BYTES = 512 * 1024 * 1024
WHITE = b" \t\r\n"
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
UNREADABLE = (ijson.JSONError, UnicodeDecodeError, OverflowError)
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class NotAList(Exception):
    """The input is no list of meetings; one sentence says what it is instead and what to do (ground.sentences)."""

    def __init__(self, text: str, **parts: Sentence | str | int) -> None:
        self.said = Sentence(text, parts)
        super().__init__(self.said)


OnBytes = Callable[[int], object]


class Source(Protocol):
    """Anything that is read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


def is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def place_of(address: str) -> str:
    """Where a list was read, written so that the same place is the same text."""
    return address if is_web(address) else str(Path(address).resolve())


def name_of(address: str) -> str:
    """What a list is called when nobody named it: the file's name without its ending, or the host."""
    if is_web(address):
        return (urlsplit(address).hostname or address)[:80]
    return (Path(address).stem or address)[:80]


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading. Raises NotAList with the reason why it cannot be."""
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise NotAList(_("There is no file %(path)s."), path=str(path)) from error
    except OSError as error:
        raise NotAList(_("%(path)s cannot be read: %(why)s."), path=str(path), why=error.strerror or "") from error


def elements(
    path: Path,
    *,
    within: str = "",
    on_bytes: OnBytes | None = None,
    most_bytes: int = MOST_BYTES,
    meetings: bool = True,
) -> Iterator[Any]:
    """The elements of the JSON array in this file, or of the array `within` its object. Raises NotAList.

    `on_bytes(n)` hears of every n bytes read. Without `meetings` any elements will do, also none.
    """
    with open_file(path) as raw:
        source = guarded(raw, on_bytes, most_bytes)
        yield from parse(source, within=within) if meetings else _any(_Peeked(source), within)


def guarded(source: Source, on_bytes: OnBytes | None, most_bytes: int, *, quoted: bool = True) -> Source:
    """The same bytes, counted, and no more than `most_bytes` of them; `quoted`: a JSON list, which has texts."""
    return _Guarded(source, on_bytes, most_bytes, quoted=quoted)


def _any(reader: "_Peeked", within: str) -> Iterator[Any]:
    count = 0
    try:
        for element in _built(reader, within):
            count += 1
            yield element
    except UNREADABLE as error:
        raise _what_broke(error, count) from error


def _built(reader: "_Peeked", within: str) -> Iterator[Any]:
    events = ijson.basic_parse(reader, buf_size=CHUNK, use_float=True)
    return _build(_inside(events, within) if within else events)


def _inside(events: Iterator[tuple[str, Any]], key: str) -> Iterator[tuple[str, Any]]:
    """Of the events of an object those of the array under `key`; the rest is read to its end all the same."""
    depth, ours = 0, False
    for event, value in events:
        if event == "map_key" and depth == 1:
            ours = value == key
        depth -= event in {"end_map", "end_array"}
        if ours and (depth > 1 or event in {"start_array", "end_array"}):
            yield event, value
        depth += event in {"start_map", "start_array"}


def parse(source: Source, *, within: str = "") -> Iterator[Any]:
    """The elements of a JSON array (or of the array `within` an object). Raises NotAList for anything else.

    An empty array is refused, too.
    """
    reader = _Peeked(source)
    if not within:
        refuse_early(reader.head)
    count = named = meant = 0
    try:
        for element in _built(reader, within):
            count += 1
            if isinstance(element, dict):
                named += bool(element.get("name") or element.get("meeting_name"))
                meant += not OF_A_MEETING.isdisjoint(element)
            if count == JUDGED_AFTER:
                _refuse_others(count, named=named, meant=meant)
            yield element
    except UNREADABLE as error:
        raise _what_broke(error, count) from error
    if not count:
        raise NotAList(_("The list is empty; an empty list would close all of its meetings."))
    if count < JUDGED_AFTER:
        _refuse_others(count, named=1, meant=meant)


def _refuse_others(count: int, *, named: int, meant: int) -> None:
    """Refuse a list of which `count` elements were seen and none looks like a meeting."""
    if not named:
        raise NotAList(_("This is no meeting list: none of its first %(count)s elements has a name."), count=count)
    if not meant:
        raise NotAList(
            _("This is no meeting list: none of its first %(count)s elements says a day, a time or a place."),
            count=count,
        )


def _what_broke(error: Exception, count: int) -> NotAList:
    why = str(error)
    if isinstance(error, UnicodeDecodeError) or "UTF8" in why:
        told = _("The text after element %(count)s is not UTF-8: save the list as UTF-8 and import it again.")
        return NotAList(told, count=count)
    words: Sentence | str = " ".join(why.split())[:120]
    words = next((Sentence(told) for sign, told in BROKEN.items() if sign in why), words)
    return NotAList(_("This is not JSON, or was cut off, after element %(count)s: %(why)s."), count=count, why=words)


BROKEN = {  # the parser's words, and ours
    "overflow": _("it holds a number that is too large"),
    "unallowed token": _("a comma, bracket or quotation mark is missing or too many"),
    "invalid char": _("it holds something that JSON does not know (NaN, a comment, single quotation marks)"),
    "Incomplete": _("it breaks off in the middle"),
    "premature EOF": _("it breaks off in the middle"),
}


def refuse_early(head: bytes) -> None:
    """Tell by the first two signs what is no list of objects, before a parser reads on."""
    start = refuse_others(head)
    if start[:1] == b"{":
        raise NotAList(_("This is a JSON object, not a list: a meeting list is a JSON array of entries ([{…}, {…}])."))
    if start[:1] != b"[":
        raise NotAList(
            _(
                "This is not JSON, nor a table: a meeting list is a JSON array of entries ([{…}, {…}]), "
                "or a CSV table whose first row names its columns (Name, Day, Time …)."
            )
        )
    inner = start[1:].lstrip(WHITE)
    if inner and inner[:1] not in b"{]n":
        raise NotAList(_("This is a JSON list, but not of meetings: each element must be an object ({…})."))


def refuse_others(head: bytes) -> bytes:
    """Refuse what is no plain text in UTF-8, or a web page. Returns the text's beginning."""
    if head.startswith(PACKED):
        raise NotAList(_("This is a packed file: unpack it and import what is in it."))
    if head.startswith(UTF_16):
        raise NotAList(_("This is UTF-16 text, not JSON as it travels: save the list as UTF-8 and import it again."))
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(WHITE)
    if not start:
        raise NotAList(_("The file is empty: a meeting list is a JSON array of entries."))
    if start[:1] == b"<":
        raise NotAList(_("This is a web page, not a meeting list: give the address of the JSON list itself."))
    return start


def _build(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """Elements of the outer array from parser events. One that is too large to be a meeting raises NotAList."""
    depth = size = 0
    stack: list[Any] = []
    keys: list[str] = []
    for event, value in events:
        size += 1
        if size > MOST_EVENTS or (isinstance(value, str) and len(value) > MOST_TEXT):
            raise NotAList(_("This is no meeting list: one of its elements is far larger than any meeting."))
        if event == "map_key":
            keys[-1] = value
            continue
        if event in {"start_map", "start_array"}:
            depth += 1
            if depth > 1:
                stack.append({} if event == "start_map" else [])
                keys.append("")
            continue
        if event in {"end_map", "end_array"}:
            depth -= 1
            if depth == 0:
                continue  # the end; the parser still refuses what stands behind it
            keys.pop()
        done = stack.pop() if event in {"end_map", "end_array"} else value
        if not stack:
            size = 0
            yield done
        elif isinstance(stack[-1], dict):
            stack[-1][keys[-1]] = done
        else:
            stack[-1].append(done)


class _Guarded:
    """Counts what is read; refuses more than the limit, and a long stretch without a quotation mark."""

    def __init__(self, source: Source, on_bytes: OnBytes | None, limit: int, *, quoted: bool) -> None:
        self._source, self._on_bytes, self._limit, self._quoted = source, on_bytes, limit, quoted
        self._read = self._bare = 0

    def read(self, size: int = -1, /) -> bytes:
        try:
            piece = self._source.read(size)
        except (OSError, HTTPException) as error:
            raise NotAList(_("The list could not be read to its end: %(why)s"), why=str(error)) from error
        self._read += len(piece)
        if self._read > self._limit:
            raise NotAList(
                _("The list is larger than %(size)s MB (PORCHLIGHT_MAX_FEED_MB)."), size=self._limit // 2**20
            )
        if self._quoted:
            self._refuse_bare(piece)
        if self._on_bytes:
            self._on_bytes(len(piece))
        return piece

    def _refuse_bare(self, piece: bytes) -> None:
        last = piece.replace(b'\\"', b"..").rfind(b'"')  # an escaped quotation mark ends no text
        self._bare = self._bare + len(piece) if last < 0 else len(piece) - last
        if self._bare > NO_QUOTE_FOR:
            raise NotAList(_("This is no meeting list: it runs on for a megabyte without a piece of text."))


class _Peeked:
    """A source whose first bytes have been looked at, without a byte order mark."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.head = b""
        while len(self.head.lstrip(WHITE)) < 64 and (piece := source.read(CHUNK)):
            self.head += piece
        self._left = self.head.removeprefix(b"\xef\xbb\xbf")

    def read(self, size: int = -1, /) -> bytes:
        if size == 0:
            return b""
        if self._left:
            piece, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
            return piece
        return self._source.read(size)
