"""Opens a meeting list, a file or a web address, and yields its elements one by one, never the whole in memory.

What is no list of meetings is refused in one sentence, as early as it can be told.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import ijson

CHUNK = 1 << 16
NO_QUOTE_FOR = 1 << 20  # bytes: a meeting list has a string more often than this
MOST_EVENTS = 20_000  # JSON tokens of one entry
MOST_TEXT = 1 << 20  # characters of one string
JUDGED_AFTER = 1_000  # elements of which none has a name: no meeting list
TIMEOUT = 30.0  # seconds without a byte
MOST_BYTES = 512 * 1024 * 1024
WHITE = b" \t\r\n"


class NotAList(Exception):
    """The input is no list of meetings; the text is one sentence that says what it is instead and what to do."""


OnBytes = Callable[[int], object]


class Source(Protocol):
    """Anything that is read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


def is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def name_of(address: str) -> str:
    """What a list is called when nobody named it: the file's name without its ending, or the host."""
    if is_web(address):
        return (urlsplit(address).hostname or address)[:80]
    return (Path(address).stem or address)[:80]


def elements(address: str, *, on_bytes: OnBytes | None = None, most_bytes: int = MOST_BYTES) -> Iterator[Any]:
    """The elements of the list at `address`. `on_bytes(n)` hears of every n bytes read. Raises NotAList."""
    with closing(_open(address)) as raw:
        yield from parse(_Guarded(raw, on_bytes, most_bytes))


def size_of(address: str) -> int | None:
    """Bytes of a file, for the progress bar; None for the web."""
    try:
        return None if is_web(address) else Path(address).stat().st_size
    except OSError:
        return None


def parse(source: Source) -> Iterator[Any]:
    """The elements of a JSON array. Raises NotAList for anything else, an empty array included."""
    reader = _Peeked(source)
    _refuse_early(reader.head)
    count = named = 0
    try:
        for element in _build(ijson.basic_parse(reader, buf_size=CHUNK, use_float=True)):
            count += 1
            named += isinstance(element, dict) and bool(element.get("name"))
            if count == JUDGED_AFTER and not named:
                raise NotAList(f"This is no meeting list: none of its first {JUDGED_AFTER} elements has a name.")
            yield element
    except (ijson.JSONError, UnicodeDecodeError, OverflowError) as error:
        why = " ".join(str(error).split())[:120]
        raise NotAList(f"This is not JSON, or was cut off, after element {count}: {why}") from error
    if not count:
        raise NotAList("The list is empty: nothing was changed. If that is meant, close its meetings on the site.")


def _refuse_early(head: bytes) -> None:
    """Tell by the first two signs what is no list of objects, before a parser reads on."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(WHITE)
    if not start:
        raise NotAList("The file is empty: a meeting list is a JSON array of entries.")
    if start[:1] == b"{":
        raise NotAList("This is a JSON object, not a list: a meeting list is a JSON array of entries ([{…}, {…}]).")
    if start[:1] == b"<":
        raise NotAList("This is a web page, not a meeting list: give the address of the JSON list itself.")
    if start[:1] != b"[":
        raise NotAList("This is not JSON: a meeting list is a JSON array of entries ([{…}, {…}]).")
    inner = start[1:].lstrip(WHITE)
    if inner and inner[:1] not in b"{]n":
        raise NotAList("This is a JSON list, but not of meetings: each element must be an object ({…}).")


def _build(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """Elements of the outer array from parser events. One that is too large to be a meeting raises NotAList."""
    depth = size = 0
    stack: list[Any] = []
    keys: list[str] = []
    for event, value in events:
        size += 1
        if size > MOST_EVENTS or (isinstance(value, str) and len(value) > MOST_TEXT):
            raise NotAList("This is no meeting list: one of its elements is far larger than any meeting.")
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

    def __init__(self, source: Source, on_bytes: OnBytes | None, limit: int) -> None:
        self._source, self._on_bytes, self._limit = source, on_bytes, limit
        self._read = self._bare = 0

    def read(self, size: int = -1, /) -> bytes:
        try:
            piece = self._source.read(size)
        except (OSError, HTTPException) as error:
            raise NotAList(f"The list could not be read to its end: {error}") from error
        self._read += len(piece)
        if self._read > self._limit:
            raise NotAList(f"The list is larger than {self._limit // 2**20} MB (PORCHLIGHT_MAX_FEED_MB).")
        last = piece.replace(b'\\"', b"..").rfind(b'"')  # an escaped quotation mark ends no text
        self._bare = self._bare + len(piece) if last < 0 else len(piece) - last
        if self._bare > NO_QUOTE_FOR:
            raise NotAList("This is no meeting list: it runs on for a megabyte without a piece of text.")
        if self._on_bytes:
            self._on_bytes(len(piece))
        return piece


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


# --- where it comes from -------------------------------------------------------------------------------------


def _open(address: str) -> BinaryIO:
    if is_web(address):
        return _open_web(address)
    try:
        return Path(address).open("rb")
    except FileNotFoundError as error:
        raise NotAList(f"There is no file {address}.") from error
    except OSError as error:
        raise NotAList(f"{address} cannot be read: {error.strerror}.") from error


class _SameKind(HTTPRedirectHandler):
    """Follows redirects to the web only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if not is_web(newurl):
            raise HTTPError(newurl, code, "it leads away from the web", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open_web(address: str) -> BinaryIO:
    request = Request(address, headers={"User-Agent": "Porchlight", "Accept": "application/json"})  # noqa: S310
    try:
        answer: BinaryIO = _opener().open(request, timeout=TIMEOUT)
    except HTTPError as error:
        raise NotAList(f"{address} answered {error.code} {error.reason}.") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        why = "no answer in time" if isinstance(why, TimeoutError | socket.timeout) else why
        raise NotAList(f"{address} cannot be reached: {why}.") from error
    return answer


def _opener() -> OpenerDirector:
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(context=ssl.create_default_context()),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        _SameKind(),
    ):
        opener.add_handler(handler)
    return opener
