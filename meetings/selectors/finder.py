"""The finder: which meetings are on, or come next, for anybody who asks. Open to guests; scoped to what is public.

Rows are found by indexed columns (services.upcoming keeps them) and their times computed again from the rule, so a
row never shows a wrong time when the worker is behind. A fixed number of queries, whatever is found.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import cos, radians, sin
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import Count, ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cos, Power, Radians, Sin
from django.utils.translation import gettext as _

from ground.wall import to_utc, to_wall
from groups.policies import can_see
from meetings import places
from meetings.folding import fold
from meetings.guide_types import NOT_SHOWN, TYPES
from meetings.models import Meeting, MeetingDay
from meetings.schedule import Held
from meetings.selectors.held import changes_of, dates_of, next_of
from people.models import Person

PAGE = 25
MOST = 100  # rows of one answer
LATE = 500  # rows whose stored time is over (the worker is behind) that one search looks at
MOST_WORDS = 8
RADIUS_KM = 25.0
JOIN_SHOWN_BEFORE = timedelta(minutes=15)
MOST_KM = 500.0
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MODES = {Meeting.IN_PERSON, Meeting.ONLINE}


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. Everything is optional and narrows.

    `within`: minutes from now in which it starts. `on_now`: in progress. `day`: today, tomorrow, or mon … sun (the
    coming one, today included), a day of `zone`. `near`: (lat, lon), with `radius` in km; only meetings with a place.
    `mode`: in_person or online, hybrid meetings count as both. `tags`: type codes, all of them.
    """

    text: str = ""
    day: str = ""
    within: int | None = None
    on_now: bool = False
    near: tuple[float, float] | None = None
    radius: float = RADIUS_KM
    mode: str = ""
    tags: tuple[str, ...] = ()
    zone: str = ""

    def check(self) -> None:
        """Raise ValidationError naming the parameter that cannot be read."""
        wrong = {
            "day": self.day not in {"", "today", "tomorrow", *DAY_NAMES},
            "within": self.within is not None and not 1 <= self.within <= 7 * 24 * 60,
            "mode": self.mode not in {"", *MODES},
            "radius": not 0 < self.radius <= MOST_KM,
            "near": self.near is not None and not (abs(self.near[0]) <= 90 and abs(self.near[1]) <= 180),
        }
        hints = {
            "day": _("Use today, tomorrow, or mon to sun."),
            "within": _("Minutes from 1 to 10080."),
            "mode": _("Use in_person or online."),
            "radius": _("Kilometres, more than 0 and at most 500."),
            "near": _("Two numbers: latitude,longitude."),
        }
        if any(wrong.values()):
            raise ValidationError({name: hints[name] for name, is_wrong in wrong.items() if is_wrong})


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

    @property
    def key(self) -> str:
        """Where this row stands in the order; a next page begins after it."""
        return f"{int(self.held.starts_at.timestamp())}.{self.meeting.pk}" if self.held else f"a.{self.meeting.pk}"


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the answer and, when there is more, where the next one begins."""

    rows: list[Found]
    after: str
    zone: str  # the zone whose days were meant


def search(asked: Search, *, now: datetime, after: str = "", limit: int = PAGE) -> Page:
    """Meetings by start: those in progress first, then the next ones, those by appointment last.

    Raises ValidationError for a request that cannot be read. At most five queries.
    """
    asked.check()
    cursor = _cursor(after)
    limit = max(1, min(limit, MOST))
    zone = asked.zone or main_zone()
    span = _Span.of(asked, now, zone)
    rows: list[Found] = []
    behind: Cursor | None = None
    if cursor is None or cursor[0] is not None:
        rows, behind = _timed(asked, span, now, cursor, limit + 1)
    if len(rows) <= limit and not behind and not span.bounded:
        rows += _by_appointment(asked, cursor, limit + 1 - len(rows))
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1].key, zone)
    return Page(rows, f"{behind[0]}.{behind[1]}" if behind else "", zone)


@dataclass(frozen=True, slots=True)
class MeetingView:
    """What one meeting's page shows to one visitor."""

    meeting: Meeting
    row: Found
    dates: list[Held]  # of the next four weeks, at most eight
    join_shown: bool
    may_found: bool  # no group here has it yet, for somebody who is signed in
    own_group: bool  # the visitor belongs to its group

    @property
    def notes(self) -> str:
        """The list's notes; passcodes often stand in them, so those of an online meeting go with its link."""
        return self.meeting.notes if self.join_shown or self.meeting.mode == Meeting.IN_PERSON else ""


def meeting_view(slug: str, person: Person | None, now: datetime) -> MeetingView | None:
    """A meeting by its address, closed ones included; None when there never was one. `person` None is a guest."""
    meeting = Meeting.objects.select_related("group", "source").filter(slug=slug).first()
    if meeting is None:
        return None
    dates = dates_of(meeting, now)
    held = dates[0] if dates else None
    row = Found(meeting, held, held is not None and held.starts_at <= now < held.ends_at, None)
    group = meeting.group if meeting.group and meeting.group.closed_at is None else None
    return MeetingView(
        meeting=meeting,
        row=row,
        dates=dates,
        join_shown=can_see_join(person, meeting, held, now),
        may_found=person is not None and group is None and meeting.closed_at is None,
        own_group=person is not None and group is not None and can_see(person, group),
    )


def can_see_join(person: Person | None, meeting: Meeting, held: Held | None, now: datetime) -> bool:
    """Whether the link, phone and passcode of a meeting are shown (docs/finder.md).

    What a public list shows stays public until a group here has the meeting; then its members see it, and, if the
    group chose so, everybody from 15 minutes before the start to the end.
    """
    if meeting.group is None or meeting.group.closed_at is not None:
        return True
    if person is not None and can_see(person, meeting.group):
        return True
    if held is None or meeting.join_shown != Meeting.SOON:
        return False
    return held.starts_at - JOIN_SHOWN_BEFORE <= now < held.ends_at


def anything_listed() -> bool:
    """Whether there is any open meeting: an empty list asks for another sentence than an empty answer."""
    return Meeting.objects.filter(closed_at=None).exists()


def main_zone() -> str:
    """The zone of most meetings here: whose "today" is meant when the visitor's zone is not known. Kept 5 minutes."""
    zone: str | None = cache.get("finder:main_zone")
    if zone is None:
        open_ones = Meeting.objects.filter(closed_at=None)
        row = open_ones.values("zone").annotate(n=Count("pk")).order_by("-n", "zone").first()
        zone = row["zone"] if row else "UTC"
        cache.set("finder:main_zone", zone, 300 if row else 5)
    return zone


def tags_of(meeting: Meeting) -> list[tuple[str, str]]:
    """(code, name) of the types that are worth a tag."""
    return [(code, TYPES[code]) for code in meeting.types if code in TYPES and code not in NOT_SHOWN]


# --- the span of time -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """Starts from `first` (included) to `last` (excluded); with `running` also what began earlier and is not over."""

    first: datetime
    last: datetime | None
    running: bool
    by_day: bool  # ask the weekday rows: the span may lie beyond a meeting's very next date

    @property
    def bounded(self) -> bool:
        return self.last is not None

    def holds(self, held: Held, now: datetime) -> bool:
        if held.starts_at < self.first:
            return self.running and held.starts_at <= now < held.ends_at
        return self.last is None or held.starts_at < self.last

    @classmethod
    def of(cls, asked: Search, now: datetime, zone: str) -> "_Span":
        if asked.on_now:
            return cls(now, now + timedelta(microseconds=1), running=True, by_day=False)
        first, last, running, by_day = now, None, True, False
        if asked.day:
            first, last = _day(asked.day, now, zone)
            running, by_day = first <= now, True
            first = max(first, now)
        if asked.within is not None:
            end = now + timedelta(minutes=asked.within, microseconds=1)  # "within the hour" includes the hour
            last, running = min(last, end) if last else end, False
            by_day = by_day or asked.within > 12 * 60  # a daily meeting that is on now may be within it again
        return cls(first, last, running, by_day)


def _day(day: str, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first and last moment (UTC) of a day in `zone`."""
    today = to_wall(now, zone).date()
    ahead = {"today": 0, "tomorrow": 1}.get(day)
    if ahead is None:
        ahead = (DAY_NAMES.index(day) - today.weekday()) % 7

    def midnight(of: date) -> datetime:
        return to_utc(datetime.combine(of, datetime.min.time()), zone)

    return midnight(today + timedelta(days=ahead)), midnight(today + timedelta(days=ahead + 1))


# --- the queries ----------------------------------------------------------------------------------------------

Row = TypeVar("Row", Meeting, MeetingDay)
Cursor = tuple[int | None, int]  # (start in seconds, None for those by appointment; meeting id)


def _timed(
    asked: Search, span: _Span, now: datetime, cursor: Cursor | None, limit: int
) -> tuple[list[Found], Cursor | None]:
    """(rows with a time by (start, id) after the cursor, the key behind which there is more than was looked at)."""
    pairs: list[tuple[Meeting, int | None]]
    if span.by_day:
        slots = MeetingDay.objects.select_related("meeting__group", "meeting__source")
        fresh_days, late_days = _both(slots, "meeting__", "meeting_id", asked, span, now, cursor, limit)
        pairs = [(slot.meeting, slot.weekday) for slot in [*fresh_days, *late_days]]
        complete_to = _last_key([(s.next_starts_at, s.meeting_id) for s in fresh_days], limit)
    else:
        ones = Meeting.objects.select_related("group", "source")
        fresh, late = _both(ones, "", "pk", asked, span, now, cursor, limit)
        pairs = [(meeting, None) for meeting in [*fresh, *late]]
        complete_to = _last_key([(m.next_starts_at, m.pk) for m in fresh], limit)
    changes = changes_of([meeting for meeting, _weekday in pairs], now)
    found: dict[tuple[int, int | None], tuple[tuple[int, int], Found]] = {}
    for meeting, weekday in pairs:
        held = next_of(meeting, now if span.running else span.first, changes.get(meeting.pk), weekday=weekday)
        if held and not span.running and held.starts_at < span.first:  # began before the day that is asked for
            held = next_of(meeting, held.ends_at, changes.get(meeting.pk), weekday=weekday)
        if held is None or not span.holds(held, now):
            continue
        key = (int(held.starts_at.timestamp()), meeting.pk)
        if (cursor and key <= cursor) or (complete_to and key > complete_to):
            continue  # shown before, or to come on a later page
        row = Found(meeting, held, held.starts_at <= now < held.ends_at, _distance(meeting, asked))
        found[meeting.pk, weekday] = (key, row)
    return [row for _key, row in sorted(found.values(), key=lambda pair: pair[0])][:limit], complete_to


def _both(
    rows: "QuerySet[Row]",
    to: str,
    pk: str,
    asked: Search,
    span: _Span,
    now: datetime,
    cursor: Cursor | None,
    limit: int,
) -> tuple[list[Row], list[Row]]:
    """(rows whose stored time holds, in order; rows whose stored time is over)."""
    wanted = _matching(rows, to, asked)
    fresh = wanted.filter(next_ends_at__gt=now)
    if not span.running:
        fresh = fresh.filter(next_starts_at__gte=span.first)
    if span.last is not None:
        fresh = fresh.filter(next_starts_at__lt=span.last)
    if cursor and cursor[0] is not None:
        at = datetime.fromtimestamp(cursor[0], UTC)
        fresh = fresh.filter(Q(next_starts_at__gt=at) | Q(next_starts_at=at, **{f"{pk}__gt": cursor[1]}))
    late = wanted.filter(next_ends_at__lte=now)
    return list(fresh.order_by("next_starts_at", pk)[:limit]), list(late.order_by("next_ends_at")[:LATE])


def _last_key(stored: list[tuple[datetime | None, int]], limit: int) -> Cursor | None:
    """The key up to which this page is complete, when there is more behind it."""
    if len(stored) < limit or stored[-1][0] is None:
        return None
    return int(stored[-1][0].timestamp()), stored[-1][1]


def _by_appointment(asked: Search, cursor: Cursor | None, limit: int) -> list[Found]:
    rows = _matching(Meeting.objects.select_related("group", "source"), "", asked).filter(starts_local=None)
    if cursor and cursor[0] is None:
        rows = rows.filter(pk__gt=cursor[1])
    return [Found(meeting, None, False, _distance(meeting, asked)) for meeting in rows.order_by("pk")[:limit]]


def _matching(rows: "QuerySet[Row]", to: str, asked: Search) -> "QuerySet[Row]":
    """Open meetings that match the words, the tags, the mode and the place."""
    rows = rows.filter(**{f"{to}closed_at": None, f"{to}on_hold": False})
    for word in fold(asked.text).split()[:MOST_WORDS]:
        rows = rows.filter(Q(**{f"{to}folded__contains": f" {word}"}) | Q(**{f"{to}folded__startswith": word}))
    for tag in asked.tags[:MOST_WORDS]:
        rows = rows.filter(**{f"{to}folded__contains": f" #{tag.lower()} "})
    if asked.mode:
        rows = rows.filter(**{f"{to}mode__in": [asked.mode, Meeting.HYBRID]})
    if asked.near:
        rows = _around(rows, to, asked.near, asked.radius)
    return rows


def _around(rows: "QuerySet[Row]", to: str, near: tuple[float, float], radius: float) -> "QuerySet[Row]":
    """Meetings held at a place within `radius` km: by a box on the index, then by the great circle."""
    lat, lon = near
    up = radius / 111.0
    rows = rows.filter(**{f"{to}mode__in": [Meeting.IN_PERSON, Meeting.HYBRID]})
    rows = rows.filter(**{f"{to}latitude__gte": lat - up, f"{to}latitude__lte": lat + up})
    if abs(lat) + up < 89:
        aside = up / cos(radians(abs(lat) + up))
        if abs(lon) + aside < 180:  # else the box would wrap around the date line: the circle alone decides
            rows = rows.filter(**{f"{to}longitude__gte": lon - aside, f"{to}longitude__lte": lon + aside})
    phi, lam = F(f"{to}latitude"), F(f"{to}longitude")
    bow = Power(Sin(Radians(phi - Value(lat)) / 2.0), 2) + Value(cos(radians(lat))) * Cos(Radians(phi)) * Power(
        Sin(Radians(lam - Value(lon)) / 2.0), 2
    )
    return rows.alias(bow=ExpressionWrapper(bow, output_field=FloatField())).filter(
        bow__lte=sin(radius / places.EARTH_KM / 2) ** 2
    )


def _distance(meeting: Meeting, asked: Search) -> float | None:
    if asked.near is None or meeting.latitude is None or meeting.longitude is None:
        return None
    return round(places.distance_km(*asked.near, meeting.latitude, meeting.longitude), 1)


def _cursor(after: str) -> Cursor | None:
    if not after:
        return None
    start, dot, pk = after.partition(".")
    if dot and pk.isdecimal() and len(pk) < 19 and (start == "a" or (start.isdecimal() and len(start) < 12)):
        return (None if start == "a" else int(start)), int(pk)
    raise ValidationError({"after": _("This is no place in the list. Start again without it.")})


def zones_differ(zone_a: str, zone_b: str, at: datetime) -> bool:
    """Whether the two zones show different clocks at this moment."""
    return at.astimezone(ZoneInfo(zone_a)).utcoffset() != at.astimezone(ZoneInfo(zone_b)).utcoffset()
