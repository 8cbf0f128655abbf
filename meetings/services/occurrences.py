"""Occurrences: made from the rule when something happens at them, cancelled, taken up again, prepared by the worker.

A group's meeting always has its next occurrence as a row ahead of time; its sheet opens at the start.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils.translation import gettext as _

from delivery.services import withdraw
from ground import clock
from ground.errors import Settled
from ground.wall import to_utc
from groups.models import Group, Membership
from meetings import schedule
from meetings.models import Meeting, Occurrence, PlanReminder, Sheet
from meetings.policies import can_run_meeting
from meetings.schedule import Held
from meetings.selectors.attendance import (
    FIRST_REMINDER,
    dates_of,
    held_after,
    held_on,
    people_on,
    stored_local,
    topic_of,
)
from meetings.selectors.held import changes_of, rule_of
from meetings.services.upcoming import upcoming_refresh
from people.models import Person
from people.services import changes_write

log = logging.getLogger("porchlight.meetings")

BATCH = 200
FARTHEST = timedelta(days=400)  # ahead, for excuses and cancellings
FIRST_NOTE = timedelta(minutes=PlanReminder.LEADS[0])  # before the start: who plans to come may want a note
MOVED_AT_MOST = timedelta(days=60)
LOOK_BACK = timedelta(days=30)  # lists of an outage longer than this open when somebody asks for them


def occurrence_get(*, meeting: Meeting, original_local: datetime) -> Occurrence:
    """The row of the meeting's occurrence with this original wall start (naive), made when it is needed.

    Raises ValidationError when the meeting belongs to no group, its rule has no such date, or it is too far ahead.
    """
    if meeting.group_id is None:
        raise ValidationError(_("This meeting belongs to no group here."))
    key = stored_local(original_local.replace(tzinfo=None))
    found = Occurrence.objects.filter(meeting=meeting, original_local=key).first()
    if found is None:
        held = held_on(meeting, original_local.replace(tzinfo=None))
        if held is None:
            raise ValidationError(_("This meeting is not held at that time."))
        _make(meeting, held)
        found = Occurrence.objects.get(meeting=meeting, original_local=key)
    found.meeting = meeting
    return found


def sheet_get(*, occurrence: Occurrence) -> Sheet:
    """The sheet of an occurrence, opened when there is none."""
    sheet = Sheet.objects.filter(occurrence=occurrence).first()
    if sheet is None:
        sheets_open([occurrence], opened_at=clock.now())
        sheet = Sheet.objects.get(occurrence=occurrence)
    sheet.occurrence = occurrence
    return sheet


def sheets_open(occurrences: Collection[Occurrence], *, opened_at: datetime | None = None) -> None:
    """Open a list for each of these dates that has none, `opened_at` or at its start.

    A group that is changing what it writes down is waited for: services.keeping locks the lists it finds,
    and a list made behind its back would let a name through.
    """
    with transaction.atomic():
        theirs = Meeting.objects.filter(pk__in={row.meeting_id for row in occurrences}).values("group")
        list(Group.objects.select_for_update(no_key=True).filter(pk__in=theirs).order_by("pk").values_list("pk"))
        Sheet.objects.bulk_create(
            [
                Sheet(occurrence=row, opened_at=opened_at or row.starts_at, step_at=row.ends_at + FIRST_REMINDER)
                for row in occurrences
            ],
            ignore_conflicts=True,
        )


def occurrence_cancel(*, actor: Person, occurrence: Occurrence) -> Occurrence:
    """This date is not held. Marks stay; for the watch HITs count and absences do not. Facilitators only.

    Cancelling twice is cancelling once.
    """
    return _states_set(actor, occurrence.meeting, [occurrence], Occurrence.CANCELLED, "occurrence_cancelled")[0]


def occurrence_uncancel(*, actor: Person, occurrence: Occurrence) -> Occurrence:
    """This date is held after all. Facilitators of the group only."""
    return _states_set(actor, occurrence.meeting, [occurrence], Occurrence.SCHEDULED, "occurrence_uncancelled")[0]


def occurrences_cancel(
    *, actor: Person, meeting: Meeting, originals: Collection[datetime] = (), count: int = 0
) -> list[Occurrence]:
    """Cancel several dates at once: those named by original wall start (naive), or the next `count` still to begin.

    All or none: one date that the rule does not have raises ValidationError and cancels nothing.
    """
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    now = clock.now()
    if count:
        coming = [date.held for date in dates_of([meeting], now=now, count=count + 1) if date.held.starts_at > now]
        originals = [held.original_local for held in coming[:count]]
    if not originals:
        raise ValidationError(_("Choose the dates that are not held."))
    with transaction.atomic():
        rows = [occurrence_get(meeting=meeting, original_local=original) for original in sorted(set(originals))]
        return _states_set(actor, meeting, rows, Occurrence.CANCELLED, "occurrence_cancelled")


def occurrences_cancel_between(*, actor: Person, meeting: Meeting, first: date, last: date) -> list[Occurrence]:
    """Cancel every coming date from `first` to `last` (days of the meeting's zone, both included): a holiday.

    Raises PermissionDenied, ValidationError for days that are backwards, too far ahead, or hold no date to come.
    """
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    now = clock.now()
    if last < first:
        raise ValidationError({"last": _("The last day lies before the first.")})
    rule = rule_of(meeting)
    begin = to_utc(datetime.combine(first, time()), meeting.zone)
    if rule is None or begin > now + FARTHEST or last - first > FARTHEST:
        raise ValidationError({"first": _("This date is too far ahead.")})
    end = to_utc(datetime.combine(last + timedelta(days=1), time()), meeting.zone)
    held = schedule.occurrences(rule, now, end, changes_of([meeting], now).get(meeting.pk))
    originals = [one.original_local for one in held if begin <= one.starts_at < end and one.starts_at > now]
    if not originals:
        raise ValidationError({"first": _("No date to come lies in these days.")})
    return occurrences_cancel(actor=actor, meeting=meeting, originals=originals)


def occurrence_move(*, actor: Person, occurrence: Occurrence, starts_local: datetime) -> Occurrence:
    """Give one coming date another start (naive wall time of the meeting's zone); its length and its key stay.

    Facilitators only. Raises ValidationError for a start that has passed, is more than 60 days from the rule's or is
    another date's; Settled when the date has begun, was cancelled, or the meeting has ended or rests.
    """
    meeting = occurrence.meeting
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    now = clock.now()
    starts_at = to_utc(starts_local.replace(tzinfo=None), meeting.zone)
    with transaction.atomic():
        row = Occurrence.objects.select_for_update(of=("self",)).get(pk=occurrence.pk)
        ended = meeting.closed_at is not None or meeting.on_hold
        if row.starts_at <= now or row.state == Occurrence.CANCELLED or ended:
            raise Settled(_("This date has begun or is not held."))
        by_rule = to_utc(row.original_local.replace(tzinfo=None), meeting.zone)
        if starts_at <= now or abs(starts_at - by_rule) > MOVED_AT_MOST:
            raise ValidationError({"starts": _("Choose a time to come, within 60 days of the usual one.")})
        if Occurrence.objects.filter(meeting=meeting, starts_at=starts_at).exclude(pk=row.pk).exists():
            raise ValidationError({"starts": _("Another date of this meeting is then.")})
        _fill_through(meeting, max(starts_at, by_rule))
        row.starts_at, row.ends_at = starts_at, starts_at + timedelta(minutes=meeting.minutes)
        row.remind_at, row.moved = starts_at - FIRST_NOTE, starts_at != by_rule
        row.save(update_fields=["starts_at", "ends_at", "remind_at", "moved"])
        _steps_set([row])
        upcoming_refresh(meeting_ids=[meeting.pk])
    row.meeting = meeting
    return row


def occurrence_duty_set(*, actor: Person, occurrence: Occurrence, person: Person | None) -> Occurrence:
    """Name the facilitator on duty for one date; None: all of them. Raises ValidationError unless they are one."""
    meeting = occurrence.meeting
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    runs = Membership.objects.facilitators().filter(group=meeting.group_id)
    if person is not None and not runs.filter(person=person).exists():
        raise ValidationError(_("Only a facilitator of the group can be on duty."))
    Occurrence.objects.filter(pk=occurrence.pk).update(on_duty=person)
    occurrence.on_duty = person
    return occurrence


def occurrences_prepare(now: datetime) -> int:
    """Make the coming occurrence of up to 200 meetings of groups, and open up to 200 sheets whose start has come.

    Returns how many rows were made. Meetings without a group have nothing to prepare.
    """
    return _plan(now) + _open_sheets(now)


def reminders_withdraw(*, occurrence_ids: Collection[int], reason: str) -> None:
    """Nobody need be reminded of these dates' lists any more; in the transaction of what makes it so."""
    withdraw(topics=[topic_of(pk) for pk in occurrence_ids], reason=reason)


def occurrences_rematch(*, meetings: Iterable[Meeting], now: datetime) -> int:
    """After a rule changed: drop the coming rows that it no longer has, fit the others to it.

    Before its start a row carries at most excuses and a cancelling, and those are for a date that is no more. What has
    begun stays, under its original start. Returns how many were dropped.
    """
    coming = Occurrence.objects.filter(meeting__in=list(meetings), starts_at__gt=now)
    dropped: list[int] = []
    fitted: list[Occurrence] = []
    for row in coming.select_related("meeting"):
        held = held_on(row.meeting, row.original_local.replace(tzinfo=None))
        if held is None:
            dropped.append(row.pk)
        else:  # the same start, perhaps another length
            starts_at = row.starts_at if row.moved else held.starts_at
            if row.starts_at != starts_at:
                row.remind_at = starts_at - FIRST_NOTE
            row.starts_at, row.ends_at = starts_at, starts_at + timedelta(minutes=row.meeting.minutes)
            fitted.append(row)
    if dropped:
        Occurrence.objects.filter(pk__in=dropped).delete()
    Occurrence.objects.bulk_update(fitted, ["starts_at", "ends_at", "remind_at"], batch_size=BATCH)
    _steps_set(fitted)
    return len(dropped)


def _fill_through(meeting: Meeting, moment: datetime) -> None:
    """A row by the rule lies after `moment`, or the rule's last one does: the worker leaves out no date before it."""
    after = next((held for held in held_after(meeting, moment, 2) if held.starts_at > moment), None)
    if after is None:
        rule = rule_of(meeting)
        assert rule is not None
        after = next(iter(schedule.occurrences(rule, clock.now(), moment + timedelta(microseconds=1))[-1:]), None)
    if after is not None:
        occurrence_get(meeting=meeting, original_local=after.original_local)


def _steps_set(rows: Collection[Occurrence]) -> None:
    """Dates that are still to come end at another moment: what is opened for them is looked at after that."""
    ends = {row.pk: row.ends_at for row in rows}
    opened = list(Sheet.objects.filter(occurrence__in=ends, state=Sheet.OPEN))
    for sheet in opened:
        sheet.step, sheet.step_at = 0, ends[sheet.occurrence_id] + FIRST_REMINDER
    Sheet.objects.bulk_update(opened, ["step", "step_at"], batch_size=BATCH)


def _states_set(
    actor: Person, meeting: Meeting, occurrences: Collection[Occurrence], state: str, cause: str
) -> list[Occurrence]:
    """Set the state of these dates of one meeting; those that have it already are left alone."""
    if not can_run_meeting(actor, meeting):
        raise PermissionDenied
    with transaction.atomic():
        new = [
            row for row in occurrences if Occurrence.objects.filter(pk=row.pk).exclude(state=state).update(state=state)
        ]
        for row in new:
            changes_write(people=people_on(row), cause=cause, ref=row.pk)
        if new and state == Occurrence.CANCELLED:
            reminders_withdraw(occurrence_ids=[row.pk for row in new], reason="not held")
        if new:
            upcoming_refresh(meeting_ids=[meeting.pk])  # the finder never lists a cancelled date as on
    for row in occurrences:
        row.state = state
    return list(occurrences)


def _make(meeting: Meeting, held: Held) -> None:
    """Insert the row, and for a date to come all that lie before it: the rows of a meeting have no gaps ahead.

    So the worker may go on from the latest row, however far ahead somebody excused themself.
    """
    now = clock.now()
    rows = [held]
    if held.starts_at > now:
        if held.starts_at > now + FARTHEST:
            raise ValidationError(_("This date is too far ahead."))
        last = Occurrence.objects.filter(meeting=meeting).aggregate(last=Max("starts_at"))["last"]
        rows += _between(meeting, last, held.starts_at, now)
    # two people asking at once get the one row: the unique key decides, whoever inserts
    Occurrence.objects.bulk_create([_row(meeting, one) for one in rows], ignore_conflicts=True)


def _running() -> QuerySet[Meeting]:
    """Meetings of groups that are still held by a rule."""
    return Meeting.objects.filter(
        group__isnull=False,
        group__closed_at=None,
        closed_at=None,
        on_hold=False,
        starts_local__isnull=False,
        next_starts_at__isnull=False,
    )


def _plan(now: datetime) -> int:
    ahead = Occurrence.objects.filter(meeting=OuterRef("pk"), starts_at__gt=now)
    without = _running().filter(~Exists(ahead)).annotate(last_start=Max("occurrences__starts_at"))
    rows: list[Occurrence] = []
    for meeting in without.select_related("group").order_by("next_starts_at", "pk")[:BATCH]:
        try:
            rows += [_row(meeting, held) for held in _missing(meeting, meeting.last_start, now)]
        except schedule.BadRule:  # one meeting's rule must not keep the others from being prepared
            log.exception("meeting %s has a rule that cannot be read", meeting.pk)
    # another worker may prepare the same meetings at this moment: the unique key keeps one row each
    Occurrence.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _missing(meeting: Meeting, last_start: datetime | None, now: datetime) -> list[Held]:
    """What the rule has after the latest row, through the first date that is still to come."""
    coming = next((held for held in held_after(meeting, now, 2) if held.starts_at > now), None)
    return _between(meeting, last_start, coming.starts_at if coming else now, now)


def _between(meeting: Meeting, last_start: datetime | None, until: datetime, now: datetime) -> list[Held]:
    """The dates after the latest row through `until`; without a row, from when the group has the meeting."""
    rule = rule_of(meeting)
    assert rule is not None
    assert meeting.group is not None
    begin = last_start or max(meeting.group.created_at, meeting.created_at) - timedelta(microseconds=1)
    begin = max(begin, now - LOOK_BACK)
    held = schedule.occurrences(rule, begin, until + timedelta(microseconds=1))
    return [one for one in held if begin < one.starts_at <= until]


def _open_sheets(now: datetime) -> int:
    begun = Occurrence.objects.filter(
        sheet=None,
        state=Occurrence.SCHEDULED,
        starts_at__lte=now,
        starts_at__gt=now - LOOK_BACK,
        meeting__group__isnull=False,
        meeting__group__closed_at=None,
        meeting__closed_at=None,
    )
    begun_now = list(begun.select_related("meeting").order_by("starts_at", "pk")[:BATCH])
    standing = [row for row in begun_now if _stands(row)]
    stale = [row.pk for row in begun_now if not _stands(row)]
    if stale:  # the list that was imported changed its time meanwhile; nothing hangs on these rows
        Occurrence.objects.filter(pk__in=stale, sheet=None).delete()
    if standing:
        sheets_open(standing)
    return len(begun_now)


def _stands(row: Occurrence) -> bool:
    """Whether the meeting's rule still has this original start."""
    try:
        return held_on(row.meeting, row.original_local.replace(tzinfo=None)) is not None
    except schedule.BadRule:
        return True


def _row(meeting: Meeting, held: Held) -> Occurrence:
    return Occurrence(
        meeting=meeting,
        original_local=stored_local(held.original_local),
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        remind_at=held.starts_at - FIRST_NOTE,
    )
