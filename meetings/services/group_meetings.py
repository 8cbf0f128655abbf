"""The meetings of groups: founding a group from a listed meeting or afresh, and the series that it keeps itself."""

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Conflict, Settled
from ground.links import ALPHABET
from ground.wall import to_utc, to_wall
from groups.models import Group
from groups.policies import can_run
from groups.services import group_close, group_found
from meetings import schedule
from meetings.fellowships import FELLOWSHIPS
from meetings.models import Commitment, Meeting
from meetings.policies import can_run_meeting
from meetings.schedule import ending, last_day, next_held
from meetings.selectors.attendance import stored_local
from meetings.selectors.held import changes_of, rule_of
from meetings.services.commitments import commitments_end
from meetings.services.confirming import confirming_put_off
from meetings.services.import_rows import folded_of
from meetings.services.list_words import list_word_begin, list_words_end
from meetings.services.occurrences import occurrences_rematch
from meetings.services.placing import place_roughly
from meetings.services.upcoming import schedule_write, upcoming_refresh
from people.models import Person, check_zone
from people.services import changes_write

DAY_MINUTES = 24 * 60
MOST_TIMES = 8  # a day
FARTHEST = timedelta(days=400)  # from today, of the day a series is counted from


@dataclass(frozen=True, slots=True)
class Plan:
    """A meeting as a facilitator describes it: wall time of `zone`, weekdays 0 = Monday, length in minutes.

    `repeats`: weekly, fortnightly, monthly (`places` says which of a month's weekdays, -1 the last) or once (on
    `first`, whatever the weekdays). `first`: the day from which it is held, and from whose week every second week is
    counted; None: from the next one on. `last`: the last day on which it may be held (included); None: no end is set.
    `appointment` instead: it has no time, one asks. `also`: further times on the same days, each a meeting of its own
    that is made with this one (meeting_make alone). `join_shown`: who sees the link, see models.Meeting.
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


def group_found_from_meeting(
    *, actor: Person, meeting: Meeting, name: str = "", about: str = "", head_count_only: bool = False
) -> Group:
    """Found a group around a listed meeting that has none, in the meeting's zone; without `name` the meeting's.

    Raises what group_found raises, Conflict when a group has the meeting already, Settled when it is no longer held.
    """
    if meeting.closed_at is not None:
        raise Settled(_("This meeting is no longer held."))
    with transaction.atomic():
        group = group_found(
            actor=actor,
            name=name or meeting.name[:80],
            zone=meeting.zone,
            about=about,
            head_count_only=head_count_only,
        )
        # PostgreSQL reads the closed groups in a subquery of its own: without the lock two founders both find it free
        Meeting.objects.select_for_update().filter(pk=meeting.pk).first()
        free = Meeting.objects.filter(Q(group=None) | Q(group__closed_at__isnull=False), pk=meeting.pk)
        # one statement decides who has the meeting: two founders at once cannot both
        if not free.update(group=group):
            raise Conflict(_("This meeting has a group here already. Ask at the meeting to be invited."))
        meeting.refresh_from_db()
        list_word_begin(meeting=meeting, now=clock.now())
        confirming_put_off(meeting=meeting, now=clock.now())
    meeting.group = group
    return group


def group_found_afresh(
    *, actor: Person, name: str, zone: str, about: str = "", head_count_only: bool = False, plan: Plan | None = None
) -> Group:
    """Found a group, with its first weekly meeting when `plan` is given: both or neither."""
    with transaction.atomic():
        group = group_found(actor=actor, name=name, zone=zone, about=about, head_count_only=head_count_only)
        if plan is not None:
            meeting_make(actor=actor, group=group, plan=plan)
    return group


def meeting_make(*, actor: Person, group: Group, plan: Plan) -> Meeting:
    """Add a meeting to a group, from its next date on; with further times a day the others, too: all or none.

    Facilitators only. Returns the one of `starts`. Raises ValidationError.
    """
    if not can_run(actor, group):
        raise PermissionDenied
    _check_times(plan)
    now = clock.now()
    series = uuid.uuid4() if plan.also else None
    made: list[Meeting] = []
    with transaction.atomic():
        for starts in (plan.starts, *plan.also):
            meeting = Meeting(group=group, slug=_draw_slug(), created_at=now, series=series)
            _fill(meeting, replace(plan, starts=starts), now)
            meeting.save(force_insert=True)
            schedule_write(meetings=[meeting], now=now)
            confirming_put_off(meeting=meeting, now=now)
            made.append(meeting)
    return made[0]


def meeting_edit(*, actor: Person, meeting: Meeting, plan: Plan) -> Meeting:
    """Change a series from its next date on; what has begun, was cancelled or carries a mark keeps its date.

    Facilitators only. Of a meeting that came from a list the group's own word wins from then on, and what the list
    says otherwise is shown to it (list_words). Settled when it has ended.
    """
    _refuse(actor, meeting)
    now = clock.now()
    with transaction.atomic():
        _locked(meeting)
        over = _has_run_out(meeting, now)
        list_word_begin(meeting=meeting, now=now)
        _fill(meeting, plan, now)
        _write(meeting, now, anew=over)
    return meeting


def meeting_confirm(*, actor: Person, meeting: Meeting) -> Meeting:
    """A facilitator says: what the finder shows of this meeting is right today. Twice a day is once.

    Raises PermissionDenied, Settled when it has ended. The day is the meeting's own.
    """
    _refuse(actor, meeting)
    now = clock.now()
    meeting.confirmed_on = to_wall(now, meeting.zone).date()
    with transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(confirmed_on=meeting.confirmed_on)
        confirming_put_off(meeting=meeting, now=now)
    return meeting


def meeting_last_set(*, actor: Person, meeting: Meeting, last: date | None) -> Meeting:
    """Set ahead the last day of a series (day of the meeting's zone, included), or take its end away.

    Coming dates after it go, with what was said about them; what has begun stays, and so does a date of before it that
    was moved past it. Raises PermissionDenied, ValidationError for a day that leaves no date to come, Settled when the
    meeting has ended.
    """
    _refuse(actor, meeting)
    now = clock.now()
    with transaction.atomic():
        _locked(meeting)
        list_word_begin(meeting=meeting, now=now)
        over = _has_run_out(meeting, now)
        rule = rule_of(meeting)
        if rule is None or not rule.rrule:
            raise ValidationError({"last": _("This meeting does not repeat.")})
        meeting.rrule = ending(rule.rrule, last)
        changed = rule_of(meeting)
        coming = next_held(changed, now) if changed else None
        if last is not None and (coming is None or coming.starts_at <= now):
            raise ValidationError({"last": _("No date to come lies before this day.")})
        _write(meeting, now, anew=over)
    return meeting


def meeting_end(*, actor: Person, meeting: Meeting) -> None:
    """The series is held no more: commitments end, coming dates go, what was stays.

    Facilitators only. A meeting of an imported list ends when its list drops it: ValidationError. Settled when it has
    ended already.
    """
    _refuse(actor, meeting)
    if meeting.source_id is not None:
        raise ValidationError(_("This meeting comes from a list, and ends when the list drops it."))
    now = clock.now()
    with transaction.atomic():
        people = commitments_end(meeting=meeting, now=now)
        changes_write(people=people, cause="uncommitted", ref=meeting.pk, at=now)
        _drop_coming(meeting, now)
        if not Meeting.objects.filter(pk=meeting.pk, closed_at=None).update(closed_at=now):
            raise Settled(_("This meeting has ended."))
        upcoming_refresh(meeting_ids=[meeting.pk], now=now)


def group_end(*, actor: Person, group: Group) -> None:
    """Close a group with all that hangs on it: memberships, invitations, commitments, its own meetings.

    Meetings of imported lists stay listed, as their list has them, and may found another group. Facilitators only;
    Conflict when closed.
    """
    now = clock.now()
    with transaction.atomic():
        group_close(actor=actor, group=group, at=now)
        Commitment.objects.standing().filter(meeting__group=group).update(until=now)
        held = list(Meeting.objects.filter(group=group, closed_at=None))
        for meeting in held:
            _drop_coming(meeting, now)
        list_words_end(meetings=held, now=now)
        Meeting.objects.filter(group=group, closed_at=None, source=None).update(closed_at=now)
        upcoming_refresh(meeting_ids=[meeting.pk for meeting in held], now=now)


_CHECKED = {"name", "zone", "minutes", "place", "address"}
_WRITTEN = [
    "name", "zone", "minutes", "mode", "place", "address", "conference_url", "starts_local", "rrule", "folded",
    "latitude", "longitude", "approximate", "fellowship", "join_shown", "series",
]  # fmt: skip
_LISTED = ["region", "types", "extra", "source_id"]  # what a list may have changed meanwhile


def _fill(meeting: Meeting, plan: Plan, now: datetime) -> None:
    """Put a checked plan into the row. Raises ValidationError naming the field."""
    meeting.name = " ".join(plan.name.split())
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


def _check_times(plan: Plan) -> None:
    """Raises ValidationError for further times that are none, or the same twice."""
    times = [plan.starts, *plan.also]
    if (plan.also and plan.repeats == schedule.APPOINTMENT) or len(times) > MOST_TIMES:
        raise ValidationError({"also": _("Up to eight times a day can be given.")})
    if len(set(times)) < len(times):
        raise ValidationError({"also": _("Each time once, please.")})


def _locked(meeting: Meeting) -> None:
    """Two facilitators changing one series take turns, each on what the other left.

    Raises Settled when the other ended it.
    """
    fresh = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if fresh.closed_at is not None:
        raise Settled(_("This meeting has ended."))
    for column in (*_WRITTEN, *_LISTED):
        setattr(meeting, column, getattr(fresh, column))


def _has_run_out(meeting: Meeting, now: datetime) -> bool:
    """Whether the last date that was set for the series is over."""
    rule = rule_of(meeting)
    if rule is None or last_day(rule.rrule) is None:
        return False
    return next_held(rule, now, changes_of([meeting], now).get(meeting.pk)) is None


def _write(meeting: Meeting, now: datetime, *, anew: bool) -> None:
    """Write a changed series. `anew`: it had run out, and is held again: who comes says so again."""
    meeting.save(update_fields=_WRITTEN)
    occurrences_rematch(meetings=[meeting], now=now)
    schedule_write(meetings=[meeting], now=now)
    confirming_put_off(meeting=meeting, now=now)
    if anew:
        people = commitments_end(meeting=meeting, now=now)
        changes_write(people=people, cause="uncommitted", ref=meeting.pk, at=now)


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


def _drop_coming(meeting: Meeting, now: datetime) -> None:
    """Rows of dates that will not be held; they carry excuses at most."""
    meeting.occurrences.filter(starts_at__gt=now).delete()


def _refuse(actor: Person, meeting: Meeting) -> None:
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    if meeting.closed_at is not None:
        raise Settled(_("This meeting has ended."))


def _draw_slug() -> str:
    return "g-" + "".join(secrets.choice(ALPHABET) for _n in range(10))
