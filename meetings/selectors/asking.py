"""From the parameters of an address to a search: the same names on the page and in the JSON."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from meetings import places
from meetings.guide import known_zones
from meetings.guide_types import TYPES
from meetings.places import City
from meetings.selectors.finder import RADIUS_KM, Box, Search


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, and how its place was understood: the town, or that no town of this name is known."""

    search: Search
    place: City | None = None
    others: tuple[City, ...] = ()  # towns of the same name
    unknown_place: str = ""


def asked_from(params: Mapping[str, str], *, zone: str = "") -> Asked:
    """Read the parameters of docs/finder.md. Raises ValidationError naming what is wrong.

    `zone` is the visitor's when the parameters name none. A place that is not known is no error here.
    """
    wrong: dict[str, str] = {}

    def number(name: str, kind: type[int] | type[float], hint: str) -> float | None:
        text = params.get(name, "").strip()
        if not text:
            return None
        try:
            return kind(text)
        except ValueError:
            wrong[name] = hint
            return None

    within = number("within", int, _("Minutes from 1 to 10080."))
    radius = number("radius", float, _("Kilometres, more than 0 and at most 500."))
    near = _spot(params.get("near", ""), wrong)
    box = _window(params.get("box", ""), wrong)
    own_zone = params.get("zone", "").strip()
    if own_zone and own_zone not in known_zones():
        wrong["zone"] = _("This time zone is not known here.")
    tags = tuple(tag.strip().upper() for tag in params.get("tags", "").split(",") if tag.strip())
    if any(tag not in TYPES for tag in tags):
        wrong["tags"] = _("Type codes, separated by commas.")
    if wrong:
        raise ValidationError(wrong)
    place: City | None = None
    others: tuple[City, ...] = ()
    unknown = ""
    name = params.get("place", "").strip()[:120]
    if name and near is None:
        place, others, unknown = _town(name)
    search = Search(
        text=params.get("q", "")[:200],
        day=params.get("day", "").strip().lower(),
        within=None if within is None else int(within),
        on_now=params.get("on", "") not in {"", "0", "no", "false"},
        near=near or ((place.latitude, place.longitude) if place else None),
        radius=RADIUS_KM if radius is None else radius,
        time=params.get("time", "").strip().lower(),
        box=None if place or near else box,
        mode=params.get("mode", "").strip(),
        tags=tags,
        language=params.get("lang", "").strip().upper(),
        fellowship=params.get("fellowship", "").strip().upper(),
        sort="" if unknown else params.get("sort", "").strip(),
        zone=own_zone or zone,
    )
    search.check()
    return Asked(search, place, others, unknown)


def _town(name: str) -> tuple[City | None, tuple[City, ...], str]:
    found = places.search(name, limit=6)
    if not found:
        return None, (), name
    best = found[0]
    return best, tuple(city for city in found[1:] if city.name == best.name)[:3], ""


def _spot(text: str, wrong: dict[str, str]) -> tuple[float, float] | None:
    """`39.95,-75.17`, kept to two decimals (about a kilometre): more is nobody's business."""
    if not text.strip():
        return None
    try:
        lat, lon = (round(float(part), 2) for part in text.split(","))
    except ValueError:
        wrong["near"] = _("Two numbers: latitude,longitude.")
        return None
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        wrong["near"] = _("Two numbers: latitude,longitude.")
        return None
    return lat, lon


def _window(text: str, wrong: dict[str, str]) -> Box | None:
    """`south,west,north,east`: what a map shows."""
    if not text.strip():
        return None
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError:
        wrong["box"] = _("Four numbers: south,west,north,east, at most 20 degrees apart.")
        return None
    return south, west, north, east
