"""Places by name, and the time zone of a spot on earth (meetings.town_table). Coordinates are degrees, distances km."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, floor, radians, sin, sqrt

from django.conf import settings
from django.utils.translation import override, pgettext

from meetings.countries import COUNTRIES
from meetings.folding import fold
from meetings.town_table import table

EARTH_KM = 6371.0088
ZONE_REACH_KM = 300.0  # farther than this from any town the zone is not guessed
Spot = tuple[float, float, float, int]  # a town on a globe of radius 1, and the number of its zone


@dataclass(frozen=True, slots=True)
class City:
    """A town of 5,000 people or more. `region` is a state or province where one is known, else empty."""

    name: str
    region: str
    region_code: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    zone: str
    people: int

    @property
    def label(self) -> str:
        """`Springfield, Illinois, United States`; the country in the reader's language."""
        known = COUNTRIES.get(self.country_code)
        country = pgettext("country", known) if known else self.country
        return ", ".join(part for part in (self.name, self.region, country) if part)


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance."""
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half_chord_squared(lat_a, lon_a, lat_b, lon_b))))


def half_chord_squared(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """The haversine of the angle between two spots; grows with their distance."""
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    across = sin(radians(lon_b - lon_a) / 2) ** 2
    return sin((phi_b - phi_a) / 2) ** 2 + cos(phi_a) * cos(phi_b) * across


def search(text: str, *, limit: int = 8) -> list[City]:
    """Towns whose name begins with `text`, the larger first; an exact name comes before a longer one.

    After a comma, or as last word, a state, province or country narrows it: `Portland, ME`, `cordoba spain`.
    """
    name, narrow = _split(text)
    if not name:
        return []
    found = _named(name, narrow, limit)
    words = name.split(" ")
    for cut in range(len(words) - 1, 0, -1):
        if found or narrow:
            break
        found = _named(" ".join(words[:cut]), (" ".join(words[cut:]),), limit)
    return found


@lru_cache(maxsize=4096)
def zone_at(latitude: float, longitude: float) -> str | None:
    """The IANA zone of the nearest town, None when there is none within 300 km. Round the input to reuse answers."""
    row, column = floor(latitude) + 90, floor(longitude) + 180
    x, y, z = on_globe(latitude, longitude)
    only = _only_zone(row, column % 360)
    if only is not None:
        # one zone all around: whichever spot is nearest lies in it, if one lies nearer than what is beyond
        edge = cos(111.0 * cos(radians(min(89.0, abs(latitude) + 1))) / EARTH_KM)
        if any(x * a + y * b + z * c > edge for a, b, c, _ in _cell(row * 360 + column % 360)):
            return _zone_name(only)
    best, nearest = cos(ZONE_REACH_KM / EARTH_KM), None  # the nearer, the nearer to 1 the cosine of the angle between
    for ring in range(4):
        for a, b, c, zone in _spots(row, column, ring):
            near = x * a + y * b + z * c
            if near > best:
                best, nearest = near, zone
        # a cell is 111 km high: what the rings so far hold is nearest if it is nearer than their edge
        edge = cos(ring * 111.0 * max(0.05, cos(radians(min(89.0, abs(latitude) + ring)))) / EARTH_KM)
        if nearest is not None and best > edge:
            break
    return None if nearest is None else _zone_name(nearest)


def on_globe(latitude: float, longitude: float) -> tuple[float, float, float]:
    """The spot on a globe of radius 1, as the columns x, y, z of a weekday row have it; the product of two is the
    cosine of the angle between them."""
    phi, around = radians(latitude), radians(longitude)
    return cos(phi) * cos(around), cos(phi) * sin(around), sin(phi)


@lru_cache(maxsize=1024)
def _zone_name(number: int) -> str:
    return str(table().execute("SELECT name FROM zone WHERE id = ?", (number,)).fetchone()[0])


@lru_cache(maxsize=4096)
def country_at(zone: str, latitude: float, longitude: float) -> tuple[str, str] | None:
    """(country code, code of the state or province where one is known) of the nearest town of this zone.

    Round the input to reuse answers. None when the zone has no town within two degrees. Reads a table without an index.
    """
    across = 2 / max(0.05, cos(radians(latitude)))
    rows = table().execute(
        "SELECT l.code, coalesce(r.code, ''), c.lat, c.lon FROM city c JOIN zone z ON z.id = c.zone AND z.name = ?"
        " JOIN country l ON l.id = c.country LEFT JOIN region r ON r.id = c.region"
        " WHERE c.lat BETWEEN ? AND ? AND c.lon BETWEEN ? AND ?",
        (zone, *(int(1000 * edge) for edge in (latitude - 2, latitude + 2, longitude - across, longitude + across))),
    )
    near = [
        (half_chord_squared(latitude, longitude, lat / 1000, lon / 1000), code, part) for code, part, lat, lon in rows
    ]
    return min(near)[1:] if near else None


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    head, *tail = text[:120].split(",")
    return fold(head), tuple(part for part in map(fold, tail) if part)


def _named(name: str, narrow: tuple[str, ...], limit: int) -> list[City]:
    rows = table().execute(
        "SELECT c.name, coalesce(r.name, ''), coalesce(r.code, ''), l.name, l.code, c.lat, c.lon, z.name, c.people,"
        " min(n.folded <> ?1) AS longer"
        " FROM called n JOIN city c ON c.id = n.city JOIN country l ON l.id = c.country JOIN zone z ON z.id = c.zone"
        " LEFT JOIN region r ON r.id = c.region"
        " WHERE n.folded >= ?1 AND n.folded < ?2 GROUP BY c.id ORDER BY longer, c.id LIMIT ?3",
        (name, name + "\uffff", 4000 if narrow else limit),
    )
    found = []
    for town, region, region_code, country, code, lat, lon, zone, people, _ in rows:
        city = City(town, region, region_code, country, code, lat / 1000, lon / 1000, zone, people)
        if all(_within(city, part) for part in narrow):
            found.append(city)
    return found[:limit]


OTHER_COUNTRY_NAMES = {"usa": "US", "u s a": "US", "america": "US", "uk": "GB", "great britain": "GB", "england": "GB"}


def _within(city: City, part: str) -> bool:
    """Whether `part` (folded) is the beginning of this city's region or country, or their code."""
    if part in (city.region_code.lower(), city.country_code.lower()):
        return True
    if OTHER_COUNTRY_NAMES.get(part) == city.country_code:
        return True
    if len(part) < 3:
        return False
    names = (fold(city.region), fold(city.country), *_country_names(city.country_code))
    return any(name.startswith(part) for name in names)


@lru_cache(maxsize=512)
def _country_names(code: str) -> tuple[str, ...]:
    """A country in every language there is, folded: who opens a link may read another than who made it."""
    if code not in COUNTRIES:
        return ()
    names = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            names.append(fold(pgettext("country", COUNTRIES[code])))
    return tuple(names)


def _spots(row: int, column: int, ring: int) -> Iterator[Spot]:
    """All spots of the 1-degree cells that are `ring` cells away from this one."""
    cells = {
        (row + up) * 360 + (column + right) % 360
        for up in range(-ring, ring + 1)
        for right in range(-ring, ring + 1)
        if max(abs(up), abs(right)) == ring and 0 <= row + up <= 180
    }
    return (spot for cell in cells for spot in _cell(cell))


@lru_cache(maxsize=2048)
def _cell(cell: int) -> tuple[Spot, ...]:
    rows = table().execute("SELECT lat, lon, zone FROM spot WHERE cell = ?", (cell,))
    return tuple((*on_globe(lat / 1000, lon / 1000), zone) for lat, lon, zone in rows)


@lru_cache(maxsize=4096)
def _only_zone(row: int, column: int) -> int | None:
    """The zone of all spots in this cell and around it; None when there are several, or none."""
    zones = {zone for ring in (0, 1) for *_, zone in _spots(row, column, ring)}
    return zones.pop() if len(zones) == 1 else None
