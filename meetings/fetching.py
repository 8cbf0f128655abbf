"""Fetches a meeting list from the web into files: once, within limits, and for a coordinator only from outside.

An address that somebody typed into a page may name our own network, so every name and every redirect is looked at
before it is called (ground.outside), on the web's own ports. Who has a shell on the server may name any host; where
that one leads to is looked at like all the rest.
"""

import http.client
import json
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _

from ground import outside
from ground.sentences import Sentence
from meetings.feed import CHUNK, MOST_BYTES, NotAList, OnBytes

TIMEOUT = 30.0  # seconds without a byte
LONGEST = 900.0  # seconds for the whole
REDIRECTS = 5
PAGE = 1000  # meetings of a server that gives them in pages only
MOST_PAGES = 1000
GOOD, UNCHANGED, MOVED = 200, 304, {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}


class Unchanged(Exception):
    """The server says that the list is as it was."""


@dataclass(slots=True)
class Fetched:
    """Files that are one list together, and by what its server knows this copy."""

    paths: list[Path] = field(default_factory=list)
    etag: str = ""
    last_modified: str = ""


@dataclass(slots=True)
class Fetching:
    """How lists are fetched: into this folder; `trusted`: also when the host that is named lies in our own network."""

    folder: Path
    trusted: bool = False
    most_bytes: int = MOST_BYTES
    on_bytes: OnBytes | None = None
    wait: float = TIMEOUT
    _number: int = 0
    _read: int = 0
    _named: str = ""

    def fetch(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """The list at this address: a file, or the root of a BMLT server with all that belongs to it.

        Raises Unchanged, or NotAList with a sentence that says why there is no list.
        """
        self._read, self._named = 0, parts_of(url).hostname or ""
        root, query = _bmlt_root(url)
        if root:
            return self._server(root, query)
        try:
            found = self._get(url, etag=etag, last_modified=last_modified)
        except NotAList:
            if self._is_server(url):
                return self._server(url, {})
            raise
        if _is_page(found.paths[0]) and self._is_server(url):
            return self._server(url, {})
        return found

    # --- a BMLT server

    def _is_server(self, url: str) -> bool:
        try:
            found = self._get(_ask(url, "GetServerInfo")).paths[0]
            return "versionInt" in _itself(_json(found, url))
        except NotAList:
            return False

    def _server(self, root: str, query: dict[str, str]) -> Fetched:
        """Everything that a server says of its meetings. One that gathers many servers gives them in pages only."""
        beside = [
            self._get(_ask(root, switcher)).paths[0] for switcher in ("GetServerInfo", "GetFormats", "GetServiceBodies")
        ]
        itself = _itself(_json(beside[0], root))
        if str(itself.get("aggregator_mode_enabled", "")).lower() not in {"true", "1"}:
            return Fetched([*beside, self._get(_ask(root, "GetSearchResults", query)).paths[0]])
        return Fetched([*beside, *self._pages(root, query)])

    def _pages(self, root: str, query: dict[str, str]) -> list[Path]:
        pages: list[Path] = []
        before = b""
        for number in range(1, MOST_PAGES + 1):
            turn = query | {"page_size": str(PAGE), "page_num": str(number), "sort_keys": "id_bigint"}
            page = self._get(_ask(root, "GetSearchResults", turn)).paths[0]
            said = page.read_bytes()
            if said.strip() in {b"[]", b""} or said == before:  # over, or a server that knows no pages
                break
            pages.append(page)
            before = said
        return pages or [page]

    # --- one file

    def _get(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        headers = {"User-Agent": "Porchlight", "Accept": "application/json, text/csv;q=0.9, */*;q=0.5"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        end = time.monotonic() + LONGEST
        for _turn in range(REDIRECTS + 1):
            found = self._once(url, headers, end)
            if isinstance(found, Fetched):
                return found
            url = found
        raise NotAList(_("%(address)s leads from one address to the next."), address=_shown(url))

    def _once(self, url: str, headers: dict[str, str], end: float) -> Fetched | str:
        """The file, or the address that the server names instead."""
        parts = parts_of(url)
        host = parts.hostname or ""
        connection = http.client.HTTPConnection(host, parts.port or PORTS[parts.scheme], timeout=self.wait)
        cut: Timer | None = None
        try:
            line = connection.sock = self._line(parts)
            cut = Timer(max(0.0, end - time.monotonic()), outside.hang_up, [line])  # headers may trickle for ever
            cut.daemon = True
            cut.start()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status == UNCHANGED and {"If-None-Match", "If-Modified-Since"} & headers.keys():
                raise Unchanged
            if answer.status in MOVED and (target := answer.headers.get("Location")):
                return urljoin(url, target)
            if answer.status != GOOD:
                raise NotAList(
                    _("%(address)s answered %(status)s %(words)s."),
                    address=_shown(url),
                    status=answer.status,
                    words=answer.reason,
                )
            return Fetched(
                [self._kept(answer, end)],
                (answer.headers.get("ETag") or "")[:255],
                (answer.headers.get("Last-Modified") or "")[:64],
            )
        except (OSError, http.client.HTTPException) as error:
            late = isinstance(error, TimeoutError) or time.monotonic() >= end
            why = Sentence(_("no answer in time")) if late else _why(error)
            raise NotAList(_("%(address)s cannot be reached: %(why)s."), address=_shown(url), why=why) from error
        except outside.Refused as error:
            raise NotAList(_("%(address)s is not called: %(why)s."), address=_shown(url), why=_why(error)) from error
        finally:
            if cut is not None:
                cut.cancel()
            connection.close()

    def _line(self, parts: SplitResult) -> socket.socket:
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        free = f"{host}:{port}" in settings.OUTSIDE_ALLOWED or (self.trusted and host == self._named)
        if not free and port not in PORTS.values():
            raise outside.Refused(Sentence(_("only the ports 80 and 443 are called")))
        return outside.dial(host, port, self.wait, by_tls=parts.scheme == "https", free=free)

    def _kept(self, answer: http.client.HTTPResponse, end: float) -> Path:
        """The answer in a file of its own."""
        self._number += 1
        path = self.folder / f"{self._number}.list"
        with path.open("wb") as out:
            while piece := answer.read1(CHUNK):
                self._read += len(piece)  # of all files of the list
                if self._read > self.most_bytes:
                    raise NotAList(
                        _("The list is larger than %(size)s MB (PORCHLIGHT_MAX_FEED_MB)."),
                        size=self.most_bytes // 2**20,
                    )
                if time.monotonic() >= end:
                    break
                out.write(piece)
                if self.on_bytes:
                    self.on_bytes(len(piece))
            if time.monotonic() >= end:  # the line was cut: what came may be half a list
                raise NotAList(_("The list did not come to its end in time."))
            if answer.length:  # of the length that was named, so much did not come
                raise NotAList(_("The list could not be read to its end: the connection broke off."))
        return path


def parts_of(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise NotAList(_("That is no web address.")) from error
    plain = url.isascii() and not any(c <= " " for c in url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or not plain:
        raise NotAList(
            _("That is no web address: give one that begins with https://, without a name or password in it.")
        )
    return parts


def _json(path: Path, url: str) -> object:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise NotAList(_("%(address)s did not answer in JSON."), address=_shown(url)) from error


def _itself(info: object) -> dict[str, object]:
    """What a server says of itself: an array of one object; empty when it is something else."""
    return info[0] if isinstance(info, list) and info and isinstance(info[0], dict) else {}


def _why(error: Exception) -> Sentence | str:
    """What an error says: ours in the reader's words later, the system's as it is."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Sentence) else str(error) or type(error).__name__


def _shown(url: str) -> str:
    """An address without its query, which may hold a key."""
    return url.partition("?")[0]


def _is_page(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"<", b""}


def _bmlt_root(url: str) -> tuple[str, dict[str, str]]:
    """(root, further parameters) of an address that asks a BMLT server for meetings; ("", {}) for another one."""
    root, door, rest = url.partition("/client_interface/")
    if not door:
        return "", {}
    query = dict(parse_qsl(urlsplit(rest).query, keep_blank_values=True))
    if query.pop("switcher", "GetSearchResults") != "GetSearchResults":
        return "", {}
    return root, query


def _ask(root: str, switcher: str, query: dict[str, str] | None = None) -> str:
    base = root.partition("?")[0].rstrip("/")
    return f"{base}/client_interface/json/?{urlencode({'switcher': switcher, **(query or {})})}"
