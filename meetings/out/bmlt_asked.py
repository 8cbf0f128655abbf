"""Reads the parameters of the BMLT semantic API: `x[]=1&x[]=2` and `x=1,-2` alike, negatives exclude. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from meetings.out.bmlt import KEYS, MILES, Row

MOST_PAGE = 100_000
RINGS = (  # widths that a BMLT server tries for the nearest n, of the unit that was asked in
    0.0625, 0.125, 0.1875, 0.25, 0.4375, 0.5, 0.5625, 0.75, 0.8125,
    *(n / 4 for n in range(4, 20)), *(n / 2 for n in range(10, 20)), 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 17.5, 20.0,
    22.5, 25.0, 27.5, 30.0, 35.0, 40.0, 45.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 150.0, 200.0,
)  # fmt: skip
ANYWHERE_KM = 21_000.0  # wider than the earth is
EARTH_KM = 6371.0088
SORTS = {
    "weekday": ("weekday_tinyint", "location_municipality", "location_city_subsection", "start_time",
                "location_neighborhood"),
    "time": ("weekday_tinyint", "start_time", "location_municipality", "location_city_subsection",
             "location_neighborhood"),
    "town": ("location_municipality", "location_city_subsection", "location_neighborhood", "weekday_tinyint",
             "start_time"),
    "state": ("location_province", "location_municipality", "location_city_subsection", "weekday_tinyint",
              "start_time"),
    "weekday_state": ("weekday_tinyint", "location_province", "location_municipality", "start_time",
                      "location_city_subsection"),
}  # fmt: skip
DISTANCES = {"distance_in_km", "distance_in_miles"}
USUAL_SORT = ("weekday_tinyint", "start_time", "duration_time")
CALLBACK = re.compile(r"^[A-Za-z_$][\w$.]{0,63}$", re.ASCII)


class Refused(ValueError):
    """The request cannot be answered; the text is a sentence that says why (422)."""


class Params(Protocol):
    """What a QueryDict can do."""

    def getlist(self, key: str, /) -> list[str]: ...

    def __contains__(self, key: object, /) -> bool: ...

    def keys(self) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """Ids that are asked for and ids that are refused. Nothing chosen: everything is meant."""

    wanted: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()

    def __contains__(self, number: int) -> bool:
        return number not in self.refused and (not self.wanted or number in self.wanted)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.refused)


@dataclass(frozen=True, slots=True)
class Near:
    """Around a place: within `km`, or with `least` the smallest ring (of `unit` km) that holds so many."""

    latitude: float
    longitude: float
    km: float = 0.0
    least: int = 0
    unit: float = MILES


@dataclass(frozen=True, slots=True)
class Asked:
    """A GetSearchResults request. Times are minutes of the day, lengths minutes."""

    ids: Chosen = field(default_factory=Chosen)
    weekdays: Chosen = field(default_factory=Chosen)
    venues: Chosen = field(default_factory=Chosen)
    services: Chosen = field(default_factory=Chosen)
    recursive: bool = False
    formats: Chosen = field(default_factory=Chosen)
    every_format: bool = True
    key: str = ""
    values: frozenset[str] = frozenset()
    words: str = ""
    starts_after: int | None = None
    starts_before: int | None = None
    ends_before: int | None = None
    shortest: int | None = None
    longest: int | None = None
    near: Near | None = None
    nowhere: bool = False  # half a place was given: nothing is near it
    sort: tuple[str, ...] = USUAL_SORT
    by_distance: bool = False
    fields: tuple[str, ...] = ()
    page_size: int = 0
    page: int = 1
    used_formats: bool = False
    formats_only: bool = False

    def meant(self, row: Row) -> bool:
        """Whether a row passes all that is told by the row itself. An end past midnight is later than any time."""
        one = row.one
        ends = one.minute + one.minutes
        times = (
            (self.starts_after is None or one.minute > self.starts_after)
            and (self.starts_before is None or one.minute < self.starts_before)
            and (self.ends_before is None or ends <= self.ends_before)
            and (self.shortest is None or one.minutes >= self.shortest)
            and (self.longest is None or one.minutes <= self.longest)
        )
        if not (times and row.weekday in self.weekdays and row.ident in self.ids):
            return False
        have = {found.id for found in row.formats}
        if have & self.formats.refused:
            return False
        wanted = self.formats.wanted
        return not wanted or (wanted <= have if self.every_format else bool(wanted & have))


def values_of(params: Params, name: str) -> list[str]:
    """The values of `name`, `name[]` and `name[0]`, each split at commas."""
    numbered = re.compile(rf"^{re.escape(name)}\[\d*\]$")
    keys = [name, *(key for key in params.keys() if numbered.match(key))]  # noqa: SIM118  (a QueryDict's)
    parts = (part.strip() for key in keys for value in params.getlist(key) for part in value.split(","))
    return [part for part in parts if part]


def chosen(params: Params, *names: str) -> Chosen:
    """Positive numbers are wanted, negative ones refused. Raises Refused for what is no number."""
    numbers = [_whole(name, value) for name in names for value in values_of(params, name)]
    return Chosen(frozenset(n for n in numbers if n > 0), frozenset(-n for n in numbers if n < 0))


def flag(params: Params, name: str) -> bool:
    """A flag counts by its presence, whatever its value; `0` alone takes it back."""
    return name in params and params.getlist(name) != ["0"]


def text(params: Params, name: str) -> str:
    found = params.getlist(name)
    return found[-1].strip() if found else ""


def asked_from(params: Params, town: Callable[[str], tuple[float, float] | None]) -> Asked:
    """Read a GetSearchResults request. `town` finds a place by its name. Raises Refused."""
    words, ids = text(params, "SearchString")[:200], chosen(params, "meeting_ids")
    near, nowhere = _near(params, town)
    if flag(params, "StringSearchIsAnAddress"):
        words = ""
    elif words and all(re.fullmatch(r"\d{1,18}", part.strip()) for part in words.split(",")):
        ids, words = Chosen(ids.wanted | {int(part) for part in words.split(",")}, ids.refused), ""
    elif len(words) < 3:
        words = ""
    fields = tuple(key for key in values_of(params, "data_field_key") if key in KEYS)
    return Asked(
        ids=ids,
        weekdays=chosen(params, "weekdays"),
        venues=chosen(params, "venue_types"),
        services=chosen(params, "services"),
        recursive=flag(params, "recursive"),
        formats=chosen(params, "formats"),
        every_format=text(params, "formats_comparison_operator").upper() != "OR",
        key=(key := _key(text(params, "meeting_key"))),
        values=frozenset(_written_out(key, value) for value in _values(params)),
        words=words,
        starts_after=_moment(params, "StartsAfter"),
        starts_before=_moment(params, "StartsBefore"),
        ends_before=_moment(params, "EndsBefore"),
        shortest=_moment(params, "MinDuration"),
        longest=_moment(params, "MaxDuration"),
        near=near,
        nowhere=nowhere,
        sort=_sort(params),
        by_distance=flag(params, "sort_results_by_distance"),
        fields=fields,
        page_size=min(_number(params, "page_size"), MOST_PAGE),
        page=max(_number(params, "page_num"), 1),
        used_formats=flag(params, "get_used_formats"),
        formats_only=flag(params, "get_formats_only"),
    )


def callback_of(params: Params) -> str:
    """The name that JSONP calls. Raises Refused for anything that could be more than a name."""
    name = text(params, "callback") or "callback"
    if not CALLBACK.match(name):
        raise Refused("A callback is a name of at most 64 letters, digits, dots, dollar signs and underscores.")
    return name


def _near(params: Params, town: Callable[[str], tuple[float, float] | None]) -> tuple[Near | None, bool]:
    """(around where, whether that is nowhere). Half a place, or a place without a width, is nowhere."""
    if flag(params, "StringSearchIsAnAddress"):
        width = _decimal(params, "SearchStringRadius")
        spot = town(text(params, "SearchString"))
        if spot is None:
            return None, True
        return _ring(*spot, -10.0 if width is None else width, 1.0 if _in_km(params) else MILES), False
    latitude, longitude = _decimal(params, "lat_val"), _decimal(params, "long_val")
    if latitude is None and longitude is None:
        return None, False
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None, True
    near = _within(params, latitude, longitude)
    return near, near is None


def _within(params: Params, latitude: float, longitude: float) -> Near | None:
    """Miles go before kilometres; without either a place serves to say how far each is."""
    kilometres, miles = _decimal(params, "geo_width_km"), _decimal(params, "geo_width")
    if miles is not None:
        return _ring(latitude, longitude, miles, MILES)
    if kilometres is not None:
        return _ring(latitude, longitude, kilometres, 1.0)
    if DISTANCES & set(values_of(params, "data_field_key")):
        return Near(latitude, longitude, km=ANYWHERE_KM)
    return None


def _in_km(params: Params) -> bool:
    return "geo_width_km" in params


def _ring(latitude: float, longitude: float, width: float, unit: float) -> Near:
    if width < 0:
        return Near(latitude, longitude, least=max(1, int(-width)), unit=unit)
    return Near(latitude, longitude, km=width * unit)


def _sort(params: Params) -> tuple[str, ...]:
    keys = tuple(key for key in values_of(params, "sort_keys") if key in KEYS)
    return keys or SORTS.get(text(params, "sort_key"), USUAL_SORT)


def _key(name: str) -> str:
    if name and name not in KEYS:
        raise Refused(f"“{name[:40]}” is no field of a meeting: see GetFieldKeys.")
    return name


def _values(params: Params) -> list[str]:
    """Values as they are: a comma may be part of one. An empty one is none."""
    keys = [key for key in params.keys() if re.match(r"^meeting_key_value(\[\d*\])?$", key)]  # noqa: SIM118
    return [value for key in keys for value in params.getlist(key) if value]


def _written_out(key: str, value: str) -> str:
    """A value as a row has it: `19:00` and `7:5` are times, too."""
    time = re.fullmatch(r"(\d{1,2}):(\d{1,2})(:\d{1,2})?", value.strip())
    return f"{int(time[1]):02}:{int(time[2]):02}:00" if time and key in {"start_time", "duration_time"} else value


def _moment(params: Params, name: str) -> int | None:
    """Minutes of `NameH` and `NameM`; None when neither is given."""
    if not (text(params, f"{name}H") or text(params, f"{name}M")):
        return None
    return _number(params, f"{name}H") * 60 + _number(params, f"{name}M")


def _number(params: Params, name: str) -> int:
    value = text(params, name)
    return max(_whole(name, value), 0) if value else 0


def _whole(name: str, value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise Refused(f"{name} is a whole number, not “{value[:40]}”.")
    return int(value)


def _decimal(params: Params, name: str) -> float | None:
    value = text(params, name)
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not abs(number) <= 100_000:
        raise Refused(f"{name} is a number, not “{value[:40]}”.")
    return number
