"""Requests that leave the house. An address that somebody typed may name our own network, so it is looked at first.

The name is resolved once, and what was looked at is what is called: no second answer of the name server can lead
elsewhere. No redirect is followed, the whole exchange has an end, and only the beginning of the answer is read.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _

from ground.sentences import Sentence

HTTPS = 443
LIMIT = 64 * 1024  # bytes of an answer that are read
# networks inside which an address of somewhere else is written: the guard cannot see where they lead
TUNNELS = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
# what Python's lists miss: the site-local addresses of old IPv6 networks, the protocol assignments of IPv4
OUR_OWN = [ipaddress.ip_network(net) for net in ("fec0::/10", "192.0.0.0/24")]


class Refused(ValueError):
    """This address is not called: it does not lie outside, or it is no address."""


class Unreached(OSError):
    """Nothing was said: no name, no connection."""


class Unanswered(OSError):
    """The request may have been read, and no answer came: nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def check(url: str) -> SplitResult:
    """The parts of an address that may be called: https on its own port, by a name.

    What settings.OUTSIDE_ALLOWED lists as "host:port" is taken as it is, also without TLS. Raises Refused.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as wrong:
        raise Refused(Sentence(_("that is no address"))) from wrong
    if not parts.hostname or parts.username is not None or not url.isascii() or any(c <= " " for c in url):
        raise Refused(Sentence(_("that is no address")))
    if f"{parts.hostname}:{port}" in settings.OUTSIDE_ALLOWED:
        return parts
    if parts.scheme != "https" or port not in {None, HTTPS}:
        raise Refused(Sentence(_("only https on its own port is called")))
    return parts


def outside(address: str) -> bool:
    """True for a numeric address that belongs to the world and to nobody's own network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    listed = any(found in net for net in TUNNELS + OUR_OWN if net.version == found.version)
    return found.is_global and not found.is_multicast and not found.is_reserved and not listed


def dial(host: str, port: int, seconds: float, *, by_tls: bool, free: bool = False) -> socket.socket:
    """A connection to this host, which must lie outside unless it is `free`. Raises Refused or Unreached."""
    return _connect(_address(host, port, free=free), port, host, seconds, by_tls=by_tls)


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = 20, trusted: bool = False) -> Answer:
    """POST and read the beginning of the answer. `seconds` ends the connecting, then the whole exchange.

    trusted: the host's own setting named this address, so it may lie anywhere and do without TLS.
    Raises Refused, Unreached or Unanswered.
    """
    parts = urlsplit(url) if trusted else check(url)
    host = parts.hostname or ""
    by_tls = parts.scheme == "https"
    port = parts.port or (HTTPS if by_tls else 80)
    free = trusted or f"{host}:{port}" in settings.OUTSIDE_ALLOWED
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    end: Timer | None = None
    try:
        line = connection.sock = dial(host, port, seconds, by_tls=by_tls, free=free)
        # the socket itself: http.client lets go of it before the body of an answer that ends with the connection
        end = Timer(seconds, hang_up, [line])
        end.daemon = True
        end.start()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(LIMIT))
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"no answer from {host}: {type(error).__name__}") from error
    finally:
        if end is not None:
            end.cancel()
        connection.close()


def _address(host: str, port: int, *, free: bool) -> str:
    """The numeric address to call. One that is not outside refuses the whole name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreached(Sentence(_("%(host)s is not known"), {"host": host})) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not free and not all(outside(address) for address in addresses):
        raise Refused(Sentence(_("%(host)s does not lie outside"), {"host": host}))
    return addresses[0]


def _connect(address: str, port: int, host: str, seconds: float, *, by_tls: bool) -> socket.socket:
    try:
        plain = socket.create_connection((address, port), timeout=seconds)
    except OSError as error:
        raise Unreached(Sentence(_("%(host)s does not answer"), {"host": host})) from error
    if not by_tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except (OSError, ValueError) as error:
        plain.close()
        raise Unreached(f"{host} does not prove who it is") from error


def hang_up(line: socket.socket) -> None:
    """Called from the timer: a server that trickles its answer keeps nobody waiting."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
