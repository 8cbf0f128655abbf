"""A meeting as a facilitator describes it, and how it becomes a row: whatever its fields mean together is looked at."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from ground.wall import to_utc, to_wall
from meetings import schedule
from meetings.fellowships import FELLOWSHIPS
from meetings.guide_times import DAY_MINUTES
from meetings.models import Meeting
from meetings.schedule import ending
from meetings.selectors.attendance import stored_local
from meetings.selectors.held import rule_of
from meetings.services.import_rows import folded_of
from meetings.services.placing import place_roughly
from people.models import check_zone

MOST_TIMES = 8  # a day
LONGEST_NAME = 120
FARTHEST = timedelta(days=400)  # from today, of the day a series is counted from
_CHECKED = {"name", "zone", "minutes", "place", "address"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A meeting as a facilitator describes it: wall time of `zone`, weekdays 0 = Monday, length in minutes.

    `repeats`: weekly, fortnightly, monthly (`places` says which of a month's weekdays, -1 the last) or once (on
    `first`, whatever the weekdays). `first`: the day from which it is held, and from whose week every second week is
    counted; None: from the next one on. `last`: the last day on which it may be held (included); None: no end is set.
    `appointment` instead: it has no time, one asks. `also`: further times on the same days, each a meeting of its own
    that is made with this one (meeting_make), or the others' new times (series_edit). `join_shown`: who sees the link,
    see models.Meeting.
    """

    name: str
    weekdays: tuple[int, ...]
    starts: time | None
    zone: str
    minutes: int = 60
    mode: str = Meeting.IN_PERSON
    place: str = ""
    address: str = ""
    conference_url: str = ""
    last: date | None = None
    repeats: str = schedule.WEEKLY
    places: tuple[int, ...] = ()
    first: date | None = None
    also: tuple[time, ...] = ()
    fellowship: str | None = None  # None leaves it as it is
    join_shown: str = ""  # empty leaves it as it is


def plan_fill(meeting: Meeting, plan: Plan, now: datetime) -> None:
    """Put a checked plan into the row. Raises ValidationError naming the field."""
    _take_name(meeting, plan)
    try:
        check_zone(plan.zone)
    except ValidationError as unknown:
        raise ValidationError({"zone": _("This time zone is not known here.")}) from unknown
    _check_days(plan)
    if not 1 <= plan.minutes <= schedule.LONGEST:
        raise ValidationError({"minutes": _("A meeting lasts from one minute to seven days.")})
    if plan.conference_url:
        try:
            URLValidator(schemes=["https", "http"])(plan.conference_url)
        except ValidationError as wrong:
            raise ValidationError({"conference_url": _("Give the whole address, with https:// in front.")}) from wrong
    if plan.mode not in {Meeting.IN_PERSON, Meeting.ONLINE, Meeting.HYBRID}:
        raise ValidationError({"mode": _("Choose one of those offered.")})
    if plan.mode == Meeting.ONLINE and not plan.conference_url:
        raise ValidationError({"conference_url": _("An online meeting needs its address.")})
    _take_fellowship(meeting, plan)
    moved = meeting.address != plan.address.strip() or (meeting.latitude is None and bool(plan.address.strip()))
    meeting.zone, meeting.minutes, meeting.mode = plan.zone, plan.minutes, plan.mode
    meeting.place, meeting.address = plan.place.strip(), plan.address.strip()
    meeting.conference_url = plan.conference_url.strip()
    if moved:
        place_roughly(meeting)
    _take_times(meeting, plan, now)
    meeting.folded = folded_of(meeting)
    meeting.clean_fields(exclude=[f.name for f in Meeting._meta.fields if f.name not in _CHECKED])  # noqa: SLF001


def _take_name(meeting: Meeting, plan: Plan) -> None:
    """A list's name may be longer than one that is given here; it may stay."""
    name = " ".join(plan.name.split())
    if name != meeting.name and len(name) > LONGEST_NAME:
        raise ValidationError({"name": _("A name has at most 120 letters.")})
    meeting.name = name


def _take_fellowship(meeting: Meeting, plan: Plan) -> None:
    if plan.fellowship is not None:
        if plan.fellowship and plan.fellowship not in FELLOWSHIPS:
            raise ValidationError({"fellowship": _("Choose one of those offered.")})
        meeting.fellowship = plan.fellowship
    if plan.join_shown:
        if plan.join_shown not in {Meeting.MEMBERS, Meeting.SOON, Meeting.ALL}:
            raise ValidationError({"join_shown": _("Choose one of those offered.")})
        meeting.join_shown = plan.join_shown


def _take_times(meeting: Meeting, plan: Plan, now: datetime) -> None:
    if plan.repeats == schedule.APPOINTMENT:
        meeting.rrule, meeting.starts_local, meeting.series = "", None, None
        return
    meeting.rrule = schedule.repeating(plan.repeats, plan.weekdays, plan.places)
    meeting.starts_local = _first_start(plan, meeting.rrule, now)
    if meeting.rrule:
        meeting.rrule = ending(meeting.rrule, plan.last)
    if plan.last is not None and plan.last < meeting.starts_local.date():
        raise ValidationError({"last": _("No date to come lies before this day.")})
    rule = rule_of(meeting)
    if rule is not None and plan.minutes >= DAY_MINUTES and _overlaps(rule):
        raise ValidationError({"minutes": _("It would begin again before it ends.")})


def _overlaps(rule: schedule.Rule) -> bool:
    """Whether a marathon begins again before it ends, within the months after its first date."""
    first = to_utc(rule.starts_local, rule.zone)
    held = schedule.occurrences(rule, first, first + timedelta(days=100))
    return any(later.starts_at < one.ends_at for one, later in pairwise(held))


def plan_check_times(plan: Plan) -> None:
    """Raises ValidationError for further times that are none, or the same twice."""
    times = [plan.starts, *plan.also]
    if (plan.also and plan.repeats == schedule.APPOINTMENT) or len(times) > MOST_TIMES:
        raise ValidationError({"also": _("Up to eight times a day can be given.")})
    if len(set(times)) < len(times):
        raise ValidationError({"also": _("Each time once, please.")})


def _check_days(plan: Plan) -> None:
    """The days name a rule. Raises ValidationError naming the field."""
    if plan.repeats == schedule.APPOINTMENT:
        return
    if plan.starts is None:
        raise ValidationError({"starts": _("Say at what time it begins.")})
    if plan.repeats not in {schedule.WEEKLY, schedule.FORTNIGHTLY, schedule.MONTHLY, schedule.ONCE}:
        raise ValidationError({"repeats": _("Choose how often it is held.")})
    if plan.repeats == schedule.ONCE:
        if plan.first is None:
            raise ValidationError({"first": _("Say on which day it is held.")})
        return
    if not plan.weekdays or not set(plan.weekdays) <= set(range(7)):
        raise ValidationError({"weekdays": _("Choose a day of the week.")})
    if plan.repeats == schedule.MONTHLY and not (plan.places and set(plan.places) <= set(schedule.PLACES_IN_MONTH)):
        raise ValidationError({"places": _("Choose which of the month's days it is.")})


def _first_start(plan: Plan, rrule: str, now: datetime) -> datetime:
    """The first wall start by the rule that is still to come, stored as if UTC. Raises ValidationError."""
    wall = to_wall(now, plan.zone)
    assert plan.starts is not None  # _check_days has looked
    at = plan.starts.replace(second=0, microsecond=0)
    days = set(plan.weekdays)
    since = plan.first
    if since is None:  # every second week is counted from the next of its days
        coming = (datetime.combine(wall.date() + timedelta(days=ahead), at) for ahead in range(8))
        since = next(start for start in coming if start.weekday() in days and start > wall).date()
    if abs(since - wall.date()) > FARTHEST:
        raise ValidationError({"first": _("This date is too far from today.")})
    rule = schedule.Rule(datetime.combine(since, at), plan.zone, plan.minutes, rrule)
    first = schedule.first_after(rule, wall)
    if first is None:
        raise ValidationError({"first": _("This day has passed.")})
    return stored_local(first)
