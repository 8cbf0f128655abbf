"""What somebody looks for, and what an answer is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ground.wall import to_wall
from meetings.fellowships import FELLOWSHIPS
from meetings.folding import fold
from meetings.guide_types import LANGUAGES
from meetings.models import Meeting
from meetings.schedule import Held

PAGE = 25
MOST = 100  # rows of one answer
MOST_WORDS = 8
RADIUS_KM = 25.0
MOST_KM = 500.0
MOST_DEGREES = 20.0  # of a map's window, either way
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MODES = {Meeting.IN_PERSON, Meeting.ONLINE}
BY_DISTANCE, BY_NAME = "distance", "name"
# the parts of a day overlap, as people's words for them do (hours of the visitor's clock)
TIMES: Mapping[str, tuple[int, int]] = {"morning": (4, 12), "midday": (11, 17), "evening": (16, 21), "night": (20, 29)}
Box = tuple[float, float, float, float]  # south, west, north, east


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. Everything is optional and narrows.

    `within`: minutes from now in which it starts. `on_now`: in progress. `day`: today, tomorrow, or mon … sun (the
    coming one, today included), a day of `zone`. `time`: a part of the day of `zone`, in the coming week. `near`: (lat,
    lon), with `radius` in km, and `box`, a map's window: only meetings with a place. `mode`: in_person or online,
    hybrid meetings count as both. `tags`: type codes, all of them; `language` one more. `fellowship`: a code.
    `sort`: by the next start, or by distance (with `near`), or by name; those by appointment come last in each.
    """

    text: str = ""
    day: str = ""
    within: int | None = None
    on_now: bool = False
    time: str = ""
    near: tuple[float, float] | None = None
    radius: float = RADIUS_KM
    box: Box | None = None
    mode: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    fellowship: str = ""
    sort: str = ""
    zone: str = ""

    @property
    def words(self) -> list[str]:
        return fold(self.text).split()[:MOST_WORDS]

    @property
    def marks(self) -> list[str]:
        """The type codes that are all meant, as they stand in the index."""
        codes = dict.fromkeys([*self.tags[:MOST_WORDS], self.language])
        return [f"#{code.lower()}" for code in codes if code]

    def check(self) -> None:
        """Raise ValidationError naming the parameter that cannot be read."""
        wrong = {
            "day": self.day not in {"", "today", "tomorrow", *DAY_NAMES},
            "within": self.within is not None and not 1 <= self.within <= 7 * 24 * 60,
            "time": self.time not in {"", *TIMES},
            "mode": self.mode not in {"", *MODES},
            "radius": not 0 < self.radius <= MOST_KM,
            "near": self.near is not None and not (abs(self.near[0]) <= 90 and abs(self.near[1]) <= 180),
            "box": self.box is not None and not _is_window(self.box),
            "lang": self.language not in {"", *LANGUAGES},
            "fellowship": self.fellowship not in {"", *FELLOWSHIPS},
            "sort": self.sort not in {"", BY_DISTANCE, BY_NAME} or (self.sort == BY_DISTANCE and self.near is None),
        }
        if not any(wrong.values()):
            return
        hints = {
            "day": _("Use today, tomorrow, or mon to sun."),
            "within": _("Minutes from 1 to 10080."),
            "time": _("Use morning, midday, evening or night."),
            "mode": _("Use in_person or online."),
            "radius": _("Kilometres, more than 0 and at most 500."),
            "near": _("Two numbers: latitude,longitude."),
            "box": _("Four numbers: south,west,north,east, at most 20 degrees apart."),
            "lang": _("A type code of a language."),
            "fellowship": _("A code of a fellowship."),
            "sort": _("Use name, or distance together with a place."),
        }
        raise ValidationError({name: hints[name] for name, is_wrong in wrong.items() if is_wrong})


def is_on_earth(box: Box) -> bool:
    """Whether these are the edges of a window; NaN is inside of nothing."""
    south, west, north, east = box
    inside = abs(south) <= 90 and abs(north) <= 90 and abs(west) <= 180 and abs(east) <= 180
    return inside and south < north and west != east


def _is_window(box: Box) -> bool:
    south, west, north, east = box
    return is_on_earth(box) and north - south <= MOST_DEGREES and 0 < (east - west) % 360 <= MOST_DEGREES


@dataclass(frozen=True, slots=True)
class Found:
    """One row. Without `held` the meeting is by appointment."""

    meeting: Meeting
    held: Held | None
    in_progress: bool
    distance_km: float | None

    @property
    def local(self) -> datetime | None:
        """The start in wall time of the meeting's zone (naive)."""
        return to_wall(self.held.starts_at, self.meeting.zone) if self.held else None


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the answer and, when there is more, where the next one begins."""

    rows: list[Found]
    after: str
    zone: str  # the zone whose days were meant
