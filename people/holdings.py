"""The register of what each room keeps about a person: how it is exported, erased and purged, and in which order.

Lower rooms come last in an erasure: what is pending first, then what points at the person, then the person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from people.models import Person


@dataclass(frozen=True, slots=True)
class Holding:
    """What one room keeps. `models` are the labels ("room.Model") that the room answers for."""

    room: str
    order: int
    export: Callable[[Person], dict[str, Any]]
    erase: Callable[[Person], None]
    purge: Callable[[datetime], int]
    models: tuple[str, ...]


_holdings: dict[str, Holding] = {}


def register(
    room: str,
    order: int,
    *,
    export: Callable[[Person], dict[str, Any]],
    erase: Callable[[Person], None],
    purge: Callable[[datetime], int],
    models: list[str],
) -> None:
    """Enter a room's holding; called once from its AppConfig.ready()."""
    _holdings[room] = Holding(room, order, export, erase, purge, tuple(models))


def holdings() -> list[Holding]:
    """All holdings in the order in which they are erased."""
    return sorted(_holdings.values(), key=lambda holding: (holding.order, holding.room))
