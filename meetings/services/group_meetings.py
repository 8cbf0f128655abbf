"""The meetings of groups: founding a group from a listed meeting or afresh, and the series that it keeps itself."""

import secrets
import uuid
from dataclasses import replace
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ground import clock
from ground.errors import Conflict, Settled
from ground.links import ALPHABET
from ground.wall import to_wall
from groups.models import Group
from groups.policies import can_run
from groups.services import group_close, group_found
from meetings import schedule
from meetings.models import Commitment, Meeting
from meetings.policies import can_run_meeting
from meetings.schedule import ending, last_day, next_held
from meetings.selectors.held import changes_of, rule_of
from meetings.selectors.series import series_of
from meetings.services.commitments import commitments_end
from meetings.services.confirming import confirming_put_off
from meetings.services.list_words import list_word_begin, list_words_end
from meetings.services.occurrences import occurrences_rematch
from meetings.services.series_plan import Plan, plan_check_times, plan_fill
from meetings.services.upcoming import schedule_write, upcoming_refresh
from people.models import Person
from people.services import changes_write


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
    plan_check_times(plan)
    now = clock.now()
    series = uuid.uuid4() if plan.also else None
    made: list[Meeting] = []
    with transaction.atomic():
        for starts in (plan.starts, *plan.also):
            meeting = Meeting(group=group, slug=_draw_slug(), created_at=now, series=series)
            plan_fill(meeting, replace(plan, starts=starts), now)
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
        plan_fill(meeting, plan, now)
        _write(meeting, now, anew=over)
    return meeting


def series_edit(*, actor: Person, meeting: Meeting, plan: Plan) -> Meeting:
    """Change a meeting and the other times of day that were made with it, all alike: all or none.

    `plan.also`: the others' times from now on, in the order of the day, as many as there are; empty: each keeps its
    own. Facilitators only. Returns `meeting`. Raises what meeting_edit raises.
    """
    _refuse(actor, meeting)
    with transaction.atomic():
        # in one order, so that two who change the same series from different times of day wait for each other
        list(Meeting.objects.select_for_update().filter(series=meeting.series).exclude(series=None).order_by("pk"))
        others = series_of(meeting)
        times = plan.also or [one.starts_local.time() for one in others if one.starts_local]
        if len(times) != len(others):
            raise ValidationError({"also": _("Give as many times as there are.")})
        if plan.repeats == schedule.APPOINTMENT and others:
            raise ValidationError({"repeats": _("Meetings of several times a day have a time.")})
        plan_check_times(replace(plan, also=tuple(times)))
        for one, starts in zip([meeting, *others], [plan.starts, *times], strict=True):
            meeting_edit(actor=actor, meeting=one, plan=replace(plan, starts=starts, also=()))
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


_WRITTEN = [
    "name", "zone", "minutes", "mode", "place", "address", "conference_url", "starts_local", "rrule", "folded",
    "latitude", "longitude", "approximate", "fellowship", "join_shown", "series",
]  # fmt: skip
_LISTED = ["region", "types", "extra", "source_id"]  # what a list may have changed meanwhile


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
