"""The committed table of towns, meetings/data/cities.sqlite3, and what it says of countries and their regions.

Data: GeoNames, CC BY 4.0; made by script/cities. No Django: the feeds out ask it, too.
"""

import sqlite3
import threading
from functools import lru_cache
from pathlib import Path

from meetings.folding import fold

TABLE = Path(__file__).resolve().parent / "data" / "cities.sqlite3"
_local = threading.local()


def table() -> sqlite3.Connection:
    """One read-only connection per thread."""
    found: sqlite3.Connection | None = getattr(_local, "table", None)
    if found is None:
        found = sqlite3.connect(f"file:{TABLE}?mode=ro&immutable=1", uri=True)
        _local.table = found
    return found


@lru_cache(maxsize=512)
def country_in(zone: str) -> str:
    """The code of the country to which most people of this zone belong; empty for a zone without a town (UTC)."""
    row = (
        table()
        .execute(
            "SELECT l.code FROM city c JOIN zone z ON z.id = c.zone AND z.name = ? JOIN country l ON l.id = c.country"
            " GROUP BY l.code ORDER BY sum(c.people) DESC LIMIT 1",
            (zone,),
        )
        .fetchone()
    )
    return str(row[0]) if row else ""


def is_region(name: str, zone: str) -> bool:
    """Whether a state or province of the country to which a zone belongs is called so."""
    return (country_in(zone), fold(name)) in _regions()


@lru_cache(maxsize=1)
def _regions() -> frozenset[tuple[str, str]]:
    rows = table().execute(
        "SELECT DISTINCT l.code, r.name FROM city c JOIN country l ON l.id = c.country JOIN region r ON r.id = c.region"
    )
    return frozenset((code, fold(name)) for code, name in rows)
