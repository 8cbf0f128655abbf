"""Ways out of the house. One transport is one class with `send()`; adding one means copying a neighbour's folder."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class TransportError(Exception):
    """The message was not handed over. permanent: this address refuses it for good; else it may be tried again."""

    def __init__(self, detail: str, *, permanent: bool) -> None:
        super().__init__(detail)
        self.permanent = permanent


class Uncertain(Exception):
    """Nobody knows whether the message arrived, and a repeat would be a second message."""


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves the house: `key` is the same for every repeat of one delivery."""

    key: str
    kind: str
    subject: str
    text: str
    sender: str  # the neutral or chosen sender label
    link: str = ""
    stop: str = ""
    language: str = "en"
    ref: str = ""  # the delivery's public id: opaque, the only id that leaves the house; what a provider's report names
    replies: bool = False  # a short reply to this message is understood
    tag: str = ""  # opaque: where a channel can, a message replaces an earlier one with the same tag; empty: `ref`


class Transport(Protocol):
    """absorbs_repeats: a second hand-over with the same key is one message to the person (mail's Message-ID).

    Three ways not to arrive: soft (TransportError, may be tried again), hard (TransportError, permanent: this address
    refuses for good), uncertain (nobody knows). A channel that absorbs repeats never leaves an uncertain message: it
    is sent once more.
    """

    absorbs_repeats: bool

    def send(self, address: str, message: Message) -> None:
        """Hand `message` to the provider. Raises TransportError or Uncertain. Runs outside any transaction."""


def dispatch(way_kind: str, address: str, message: Message) -> tuple[str, str]:
    """One hand-over; the outcome ("sent", "soft", "hard", "uncertain") and its detail. Raises for our own faults only.

    Raises KeyError when this site has no such way out.
    """
    transport = _transports[way_kind]
    try:
        transport.send(address, message)
    except Uncertain as unknown:
        return "soft" if transport.absorbs_repeats else "uncertain", str(unknown)
    except TransportError as error:
        return "hard" if error.permanent else "soft", str(error)
    return "sent", ""


_transports: dict[str, Transport] = {}


def register(way_kind: str, transport: Transport) -> None:
    """Enter the transport for a kind of contact way ("email", "sms", "webpush")."""
    _transports[way_kind] = transport


def transport_of(way_kind: str) -> Transport | None:
    """None: this site has no such way out, the next way is taken."""
    return _transports.get(way_kind)


def ways_out() -> tuple[str, ...]:
    """The kinds of contact way that this site can send by. A call goes to the number for text messages: no kind of its
    own."""
    return tuple(kind for kind in _transports if kind != "voice")


@contextlib.contextmanager
def replaced(transports: dict[str, Transport]) -> Iterator[None]:
    """For tests and replays: these transports and no others inside the block."""
    global _transports  # noqa: PLW0603
    before, _transports = _transports, transports
    try:
        yield
    finally:
        _transports = before
