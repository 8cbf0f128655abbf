"""Where an entry without coordinates is, roughly: the town its address names, in the entry's zone."""

from functools import lru_cache

from meetings import places
from meetings.folding import fold


def town_in(address: str, region: str, zone: str) -> tuple[float, float] | None:
    """(lat, lon) of the largest town of this zone that a part of the address, else of the region, names exactly."""
    for part in [*reversed(address.split(",")), *reversed(region.split(","))]:
        found = _town(part.strip()[:60], zone)
        if found:
            return found
    return None


@lru_cache(maxsize=8192)
def _town(part: str, zone: str) -> tuple[float, float] | None:
    name = fold(part)
    if len(name) < 3 or any(c.isdigit() for c in name) or name in places.OTHER_COUNTRY_NAMES:
        return None
    for city in places.search(part, limit=20):
        if city.zone == zone and fold(city.name) in {name, f"{name} city"}:
            return city.latitude, city.longitude
    return None
