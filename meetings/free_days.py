"""Which days are public holidays: of a country, or of one of its parts. No Django, no database.

A region is a country by its ISO 3166 code, or with a part of it as the `holidays` library names it: `DE`, `DE-BY`. The
library is loaded when somebody first asks, not at the start: what it costs stands in docs/dependencies.md.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from meetings.countries import COUNTRIES
from meetings.folding import fold

SHORTEST_NAME = 4  # a shorter part of an address ("CA", "Rio") could name too many regions


def country_of(region: str) -> str:
    return region.partition("-")[0]


def part_of(region: str) -> str:
    return region.partition("-")[2]


def is_known(region: str) -> bool:
    """Whether the holidays of this region are known."""
    country, dash, part = region.partition("-")
    return country in COUNTRIES and (not dash or part in parts_of(country))


@lru_cache(maxsize=256)
def parts_of(country: str) -> dict[str, str]:
    """The parts of a country that have holidays of their own, by code, in their own language where it is known."""
    found = _class_of(country)
    names: dict[str, str] = {}
    for name, code in getattr(found, "subdivisions_aliases", {}).items():
        if len(name) > len(names.get(code, "")):  # "Wien" rather than "W"
            names[code] = name
    parts = {code: names.get(code, code) for code in found.subdivisions}
    return dict(sorted(parts.items(), key=lambda one: fold(one[1])))


def region_named(country: str, names: Iterable[str]) -> str:
    """The region of a country that one of these names or codes means exactly, else the country itself."""
    if country not in COUNTRIES:
        return ""
    known = _by_name(country)
    for name in names:
        part = known.get(fold(name)) if len(name) >= SHORTEST_NAME else name if name in parts_of(country) else None
        if part:
            return f"{country}-{part}"
    return country


@lru_cache(maxsize=64)
def days_of(region: str, year: int, language: str) -> Mapping[date, str]:
    """The public holidays of a year by day, named in `language` (ISO 639) where that is known, else as they are there.

    Several on one day are one name, with `;` in between. Empty for a region that is not known.
    """
    if not is_known(region):
        return {}
    country, part = country_of(region), part_of(region)
    found = _class_of(country)
    spoken = [one for one in found.supported_languages if one.partition("_")[0] == language]
    own = found.default_language
    chosen = own if own in spoken else next(iter(spoken), own)
    days = found(years=year, subdiv=part or None, language=chosen)
    return {day: name for day, name in sorted(days.items()) if day.year == year}


@lru_cache(maxsize=256)
def _by_name(country: str) -> dict[str, str]:
    aliases = getattr(_class_of(country), "subdivisions_aliases", {})
    return {fold(name): code for name, code in aliases.items()}


def _class_of(country: str) -> Any:
    import holidays  # noqa: PLC0415  (see above)

    return getattr(holidays, country)
