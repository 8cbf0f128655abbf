"""Keeps the columns by which the finder finds: the next occurrence of each meeting and of each of its weekdays."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from ground import clock
from meetings.models import Meeting, MeetingDay
from meetings.schedule import Changes, Held, next_held, weekdays
from meetings.selectors.held import changes_of, rule_of

BATCH = 200
COLUMNS = ("next_starts_at", "next_ends_at")
DAY_COLUMNS = (*COLUMNS, "nearest")


def upcoming_due(*, now: datetime, most: int = 10 * BATCH) -> int:
    """Move on every meeting whose next occurrence, or that of one of its weekdays, is over. Return how many were due.

    Batches of 200, each its own transaction with a fixed number of statements; at most `most` meetings a call.
    """
    handled = 0
    while handled < most:
        late = Meeting.objects.filter(next_ends_at__lte=now, closed_at=None).order_by("next_ends_at")
        ids = list(late.values_list("pk", flat=True)[:BATCH])
        if not ids:
            days = MeetingDay.objects.filter(next_ends_at__lte=now).order_by("next_ends_at")
            ids = list(dict.fromkeys(days.values_list("meeting_id", flat=True)[:BATCH]))
        if not ids:
            break
        upcoming_refresh(meeting_ids=ids, now=now)
        handled += len(ids)
    return handled


def upcoming_refresh(*, meeting_ids: Collection[int], now: datetime | None = None) -> None:
    """Compute the next occurrences of these meetings anew: after a change of the rule, a cancelling, a closing."""
    moment = now or clock.now()
    with transaction.atomic():
        meetings = list(Meeting.objects.select_for_update().filter(pk__in=meeting_ids).order_by("pk"))
        days: dict[int, list[MeetingDay]] = {meeting.pk: [] for meeting in meetings}
        for day in MeetingDay.objects.filter(meeting_id__in=days):
            days[day.meeting_id].append(day)
        changes = changes_of(meetings, moment)
        for meeting in meetings:
            upcoming_set(meeting, days[meeting.pk], now=moment, changes=changes.get(meeting.pk))
        Meeting.objects.bulk_update(meetings, COLUMNS, batch_size=BATCH)
        MeetingDay.objects.bulk_update(
            [day for of_one in days.values() for day in of_one], DAY_COLUMNS, batch_size=BATCH
        )


def upcoming_set(
    meeting: Meeting, days: Iterable[MeetingDay], *, now: datetime, changes: Changes | None = None
) -> None:
    """Fill the columns of a meeting and its days in memory; the caller writes them."""
    rule = rule_of(meeting) if meeting.closed_at is None and not meeting.on_hold else None
    best: Held | None = None
    nearest: MeetingDay | None = None
    for day in days:
        held = next_held(rule, now, changes, weekday=day.weekday) if rule else None
        _put(day, held)
        day.nearest = False
        if held and (best is None or held.starts_at < best.starts_at):
            best, nearest = held, day
    if nearest is not None:
        nearest.nearest = True
    _put(meeting, best)


def days_for(meeting: Meeting) -> list[MeetingDay]:
    """Unsaved rows for the weekdays of a meeting's rule; none for one by appointment."""
    rule = rule_of(meeting)
    if rule is None:
        return []
    minute = rule.starts_local.hour * 60 + rule.starts_local.minute
    return [MeetingDay(meeting=meeting, weekday=day, minute=minute) for day in sorted(weekdays(rule))]


def schedule_write(*, meetings: Collection[Meeting], now: datetime | None = None) -> None:
    """Write the weekday rows and next occurrences of saved meetings anew, after their rule was set or changed."""
    moment = now or clock.now()
    with transaction.atomic():
        MeetingDay.objects.filter(meeting__in=meetings).delete()
        changes = changes_of(meetings, moment)
        rows: list[MeetingDay] = []
        for meeting in meetings:
            days = days_for(meeting)
            upcoming_set(meeting, days, now=moment, changes=changes.get(meeting.pk))
            rows += days
        MeetingDay.objects.bulk_create(rows, batch_size=BATCH)
        Meeting.objects.bulk_update(meetings, COLUMNS, batch_size=BATCH)


def _put(row: Meeting | MeetingDay, held: Held | None) -> None:
    row.next_starts_at = held.starts_at if held else None
    row.next_ends_at = held.ends_at if held else None
