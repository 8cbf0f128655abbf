"""The public doors: feeds, JSONP, calendars and the widget, for everybody and from every site.

They know nobody: cookies are taken off before anything reads them, so an answer cannot depend on who asks, and may be
kept by caches on the way. A large answer is written to a file first and sent from there: neither the memory nor a
cursor of the database waits for a slow reader, and its digest is the ETag.
"""

import os
import tempfile
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from ground import clock

PREFIXES = ("meetings.json", "client_interface/", "main_server/", "calendar/", "widget")
PRIVATE = "/calendar/mine/"  # its address is a secret, so it is no business of other sites
CHUNK = 1 << 16
MOST_BYTES = 256 * 2**20  # of kept answers; the oldest go first
MOST_FILES = 500
JSON, JSONP, CSV, CALENDAR = (
    "application/json",
    "application/javascript; charset=utf-8",
    "text/csv; charset=utf-8",
    "text/calendar; charset=utf-8",
)

POSITIONS = {"near", "lat_val", "long_val"}  # where somebody is: the answer to it is kept nowhere

Make = Callable[[], Iterable[bytes]]
_one_at_a_time = [threading.Lock() for _ in range(16)]  # the same answer is not made twice at once


def is_public(path: str) -> bool:
    """Whether this is one of the public doors. Old clients write repeated slashes."""
    return path.lstrip("/").startswith(PREFIXES)


class PublicDoors:
    """Takes cookies and credentials off what goes to a public door, and says that any site may read the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_public(request.path_info):
            return self.get_response(request)
        for header in ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE"):
            request.META.pop(header, None)
        response = self.get_response(request)
        if not request.path_info.startswith(PRIVATE):
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["X-Content-Type-Options"] = "nosniff"
        for header in ("Content-Language", "Set-Cookie"):
            response.headers.pop(header, None)
        response.headers["Vary"] = "Accept-Encoding"  # nothing else that was asked with makes a difference
        response.cookies.clear()
        return response


def send(
    request: HttpRequest,
    make: Make,
    *,
    content_type: str,
    key: str = "",
    around: tuple[bytes, bytes] = (b"", b""),
    filename: str = "",
    private: bool = False,
) -> HttpResponseBase:
    """The answer that `make` writes, kept under `key` (the address when empty) for FEEDS_KEPT_SECONDS.

    `around` is put around it for this request only. 304 when the asker has it already. A private one is never kept,
    nor one that was asked for with a position.
    """
    kept = 0 if private or POSITIONS & request.GET.keys() else settings.FEEDS_KEPT_SECONDS
    body, etag = _body(key or request.get_full_path(), make, kept)
    headers = {
        "ETag": f'"{etag}"',
        "Cache-Control": "private, no-cache" if private else f"public, max-age={max(kept, 1)}",
    }
    if f'"{etag}"' in request.META.get("HTTP_IF_NONE_MATCH", ""):
        body.close()
        return HttpResponse(status=304, headers=headers)
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    parts = _parts(body, around)
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        headers["Content-Encoding"] = "gzip"
        parts = _packed(parts)
    content = _aside(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def refuse(sentence: str, status: int) -> HttpResponse:
    """A refusal that no page of another site can take for an answer."""
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain; charset=utf-8")


# --- kept answers ---------------------------------------------------------------------------------------------


def _body(key: str, make: Make, seconds: int) -> tuple[BinaryIO, str]:
    """(the answer, to be read from its beginning; its digest): the kept one while it is young, else a new one."""
    name = blake2b(key.encode(), digest_size=16).hexdigest()
    folder = Path(settings.FEEDS_FOLDER)
    with _one_at_a_time[int(name[0], 16)]:
        if seconds and (found := _young(folder, name, seconds)):
            return found
        folder.mkdir(parents=True, exist_ok=True)
        return _written(folder, name, make, keep=bool(seconds))


def _young(folder: Path, name: str, seconds: int) -> tuple[BinaryIO, str] | None:
    for file in folder.glob(f"{name}.*"):
        try:
            age = clock.now() - datetime.fromtimestamp(file.stat().st_mtime, UTC)
            if 0 <= age.total_seconds() < seconds:
                return file.open("rb"), file.suffix[1:]
        except FileNotFoundError:  # another process has just put a newer one in its place
            continue
    return None


def _written(folder: Path, name: str, make: Make, *, keep: bool) -> tuple[BinaryIO, str]:
    digest = blake2b(digest_size=16)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in make():
                digest.update(piece)
                file.write(piece)
        etag = digest.hexdigest()
        body = Path(draft).open("rb")  # noqa: SIM115  (closed when it was sent)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    if not keep:
        Path(draft).unlink()  # read on through the open file
        return body, etag
    moment = clock.now().timestamp()
    os.utime(draft, (moment, moment))
    for old in folder.glob(f"{name}.*"):
        old.unlink(missing_ok=True)
    Path(draft).replace(folder / f"{name}.{etag}")
    _make_room(folder)
    return body, etag


def _make_room(folder: Path) -> None:
    files = []
    for file in folder.iterdir():
        try:
            files.append((file.stat().st_mtime, file.stat().st_size, file))
        except FileNotFoundError:
            continue
    total, number = sum(size for _, size, _ in files), len(files)
    for _, size, file in sorted(files, key=lambda one: one[0]):
        if total <= MOST_BYTES and number <= MOST_FILES:
            return
        file.unlink(missing_ok=True)
        total, number = total - size, number - 1


def _parts(body: BinaryIO, around: tuple[bytes, bytes]) -> Iterator[bytes]:
    with body:
        yield around[0]
        while piece := body.read(CHUNK):
            yield piece
        yield around[1]


def _packed(parts: Iterator[bytes]) -> Iterator[bytes]:
    """One gzip stream: Django packs each part of an async answer for itself, and Chromium reads only the first."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


async def _aside(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for Daphne, read in a thread: the loop waits for no disk."""

    def following() -> bytes | None:
        return next(parts, None)

    while (piece := await sync_to_async(following, thread_sensitive=False)()) is not None:
        yield piece
