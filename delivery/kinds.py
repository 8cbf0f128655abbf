"""The register of kinds of message. Each room declares its own in its `kinds.py`; delivery knows only what to ask.

This and people.holdings are the only two places where a lower room calls a higher one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from delivery.models import Delivery
from people.models import Person

Check = Callable[[Delivery, datetime], str | None]
Checks = Callable[[Sequence[Delivery], datetime], Sequence[str | None]]
Context = Callable[[Delivery], dict[str, str]]
Contexts = Callable[[Sequence[Delivery]], Sequence[dict[str, str]]]
Subject = tuple[str, int]  # a link's purpose and subject
LinkOf = Callable[[Delivery], Subject | None]
TagOf = Callable[[Delivery], str]
OnlyWay = Callable[[Delivery], int | None]
Reply = Callable[[Delivery], None]


def no_link(delivery: Delivery) -> Subject | None:
    return None


def no_tag(delivery: Delivery) -> str:
    return ""


def any_way(delivery: Delivery) -> int | None:
    """The first that is left."""
    return None


def unheard(delivery: Delivery) -> None:
    """Nobody needs to know that it came back."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message.

    check(delivery, now): the reason to suppress, or None. It runs inside the hand-over's transaction, so what it reads
    is what holds at the moment of sending. context(delivery) fills the text `text` of the catalogue, at the send.
    checks and contexts stand in their place where a kind answers for many deliveries at once, in their order and in a
    fixed number of statements.
    link and stop name the login-free links that the message carries; a supporter's message must carry stop.
    ways: the kinds of ways that it may take; None: any. tag(delivery): what a later message of the same tag replaces.
    only(delivery): the id of the one way that it takes, where somebody is told on each of theirs; None: any.
    replies: what a digit means that comes back as a text message; it raises Settled when that is over.
    came_back(delivery): a message that was handed over did not arrive. It runs in the transaction that finds out,
    before the delivery's row is locked and changed.
    """

    name: str
    text: str
    check: Check | None = None
    context: Context | None = None
    link: LinkOf = no_link
    stop: LinkOf = no_link
    replies: Mapping[str, Reply] = field(default_factory=dict)
    came_back: Reply = unheard
    checks: Checks | None = None
    contexts: Contexts | None = None
    ways: frozenset[str] | None = None
    tag: TagOf = no_tag
    only: OnlyWay = any_way

    def reasons(self, deliveries: Sequence[Delivery], now: datetime) -> Sequence[str | None]:
        """For each delivery of this kind the reason to suppress, or None."""
        if self.checks is not None:
            return self.checks(deliveries, now)
        assert self.check is not None
        return [self.check(delivery, now) for delivery in deliveries]

    def fillings(self, deliveries: Sequence[Delivery]) -> Sequence[dict[str, str]]:
        """For each delivery of this kind what its text is filled with."""
        if self.contexts is not None:
            return self.contexts(deliveries)
        assert self.context is not None
        return [self.context(delivery) for delivery in deliveries]


_kinds: dict[str, Kind] = {}
_stops: dict[str, Callable[[Person], None]] = {}


def register(kind: Kind) -> None:
    """Enter a kind; called from the owning room's AppConfig.ready().

    Raises TypeError for a kind without a check, and for one whose text nothing fills.
    """
    if not callable(kind.checks or kind.check):
        raise TypeError(f"the kind {kind.name} has no check: nothing is sent that nobody re-checks")
    if not callable(kind.contexts or kind.context):
        raise TypeError(f"the kind {kind.name} has no context: nothing fills its text")
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Raises KeyError for a kind that no room entered."""
    return _kinds[name]


def register_stop(room: str, stop: Callable[[Person], None]) -> None:
    """Enter what a room does when somebody it writes to says STOP for good; called from its AppConfig.ready()."""
    _stops[room] = stop


def stop_everywhere(person: Person) -> None:
    """Tell every room that this person said STOP, in the caller's transaction."""
    for stop in _stops.values():
        stop(person)
