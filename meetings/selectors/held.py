"""From a meeting's row to its schedule: its rule, what was arranged for single occurrences, its next one."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from ground.wall import to_utc
from meetings.models import Meeting, Occurrence
from meetings.schedule import Changes, Held, Moved, Rule, next_held, occurrences

WEEKS, MOST = timedelta(days=28), 8  # of the coming dates that a page shows
BACK = timedelta(days=8)  # longer than any meeting: what was arranged before that is over


def rule_of(meeting: Meeting) -> Rule | None:
    """The meeting's rule; None when it is by appointment."""
    if meeting.starts_local is None:
        return None
    return Rule(meeting.starts_local.replace(tzinfo=None), meeting.zone, meeting.minutes, meeting.rrule)


def changes_of(meetings: Collection[Meeting], after: datetime) -> dict[int, Changes]:
    """By meeting id: what is cancelled or was moved, of occurrences that are not over at `after` (UTC). One query."""
    by_id = {meeting.pk: meeting for meeting in meetings}
    found: dict[int, dict[datetime, Moved | None]] = {}
    rows = Occurrence.objects.filter(meeting_id__in=by_id).filter(
        Q(ends_at__gt=after - BACK) | Q(original_local__gt=after - BACK)
    )
    for pk, original, state, starts_at, ends_at in rows.values_list(
        "meeting_id", "original_local", "state", "starts_at", "ends_at"
    ):
        local = original.replace(tzinfo=None)
        if state == Occurrence.CANCELLED:
            found.setdefault(pk, {})[local] = None
        elif starts_at != to_utc(local, by_id[pk].zone) or ends_at != starts_at + timedelta(minutes=by_id[pk].minutes):
            found.setdefault(pk, {})[local] = Moved(starts_at, ends_at)
    return dict(found)


def next_of(
    meeting: Meeting, now: datetime, changes: Changes | None = None, *, weekday: int | None = None
) -> Held | None:
    """The occurrence in progress or next; None for a meeting that is closed, on hold, by appointment or over."""
    rule = rule_of(meeting)
    if rule is None or meeting.closed_at is not None or meeting.on_hold:
        return None
    return next_held(rule, now, changes, weekday=weekday)


def dates_of(meeting: Meeting, now: datetime, changes: Changes | None = None) -> list[Held]:
    """The coming occurrences of one meeting, the one in progress included, for its page. One query, or `changes`."""
    rule = rule_of(meeting)
    if rule is None or meeting.closed_at is not None or meeting.on_hold:
        return []
    if changes is None:
        changes = changes_of([meeting], now).get(meeting.pk)
    coming = occurrences(rule, now, now + WEEKS, changes)[:MOST]
    if not coming and (later := next_held(rule, now, changes)):
        coming = [later]  # a meeting of every quarter has a next date, too
    return coming


def cancelled_among(dates: list[Held], changes: Changes, now: datetime, zone: str) -> list[datetime]:
    """The naive wall starts of the cancelled dates between the coming `dates`: of as long a time as those show."""
    last = dates[-1].starts_at if dates else now
    until = last if len(dates) == MOST else max(last, now + WEEKS)
    return sorted(local for local, moved in changes.items() if moved is None and now < to_utc(local, zone) <= until)
