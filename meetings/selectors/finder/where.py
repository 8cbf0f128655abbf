"""Where a search looks: the cells of a grid that a circle or a window touches, and the exact test within them."""

from dataclasses import dataclass
from math import cos, floor, radians, sin

from meetings.places import EARTH_KM
from meetings.selectors.finder.asked import Box, Search

KM_A_DEGREE = 111.0
MOST_CELLS = 80  # more than these, and the grid of areas is asked
AREAS = 0.5, 180  # so many in a degree, and around the earth


@dataclass(frozen=True, slots=True)
class Grid:
    """The column of the grid, and its numbers."""

    column: str
    numbers: tuple[int, ...]


def window_of(asked: Search) -> Box | None:
    """The window that holds all that is asked for; east may lie beyond 180. None: anywhere on earth."""
    if asked.near is None:
        if asked.box is None:
            return None
        south, west, north, east = asked.box
        return south, west, north, east if east > west else east + 360
    lat, lon = asked.near
    up = asked.radius / KM_A_DEGREE
    south, north = max(-90.0, lat - up), min(90.0, lat + up)
    if abs(lat) + up >= 89:
        return south, -180.0, north, 180.0
    aside = up / cos(radians(abs(lat) + up))
    return south, lon - aside, north, lon + aside


def grid_of(window: Box) -> Grid:
    """The cells that the window touches; the larger areas when it is a large one."""
    cells = numbers_of(window, 4.0, 1440)
    return Grid("cell", cells) if len(cells) <= MOST_CELLS else Grid("area", numbers_of(window, *AREAS))


def chord_squared(radius_km: float) -> float:
    """The square of the straight line through a globe of radius 1 between two places so far apart."""
    return float((2 * sin(radius_km / EARTH_KM / 2)) ** 2)


def numbers_of(window: Box, in_a_degree: float, around: int) -> tuple[int, ...]:
    """The cells, so many in a degree and around the earth, that the window touches."""
    south, west, north, east = window
    rows = range(floor((south + 90) * in_a_degree), floor((north + 90) * in_a_degree) + 1)
    first, last = floor((west + 180) * in_a_degree), floor((east + 180) * in_a_degree)
    columns = range(around) if last - first >= around else [number % around for number in range(first, last + 1)]
    return tuple(row * around + column for row in rows for column in columns)
