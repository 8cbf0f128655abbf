"""The rows of meetings that somebody keeps at hand, whatever a search would say of them."""

from collections.abc import Collection
from datetime import datetime

from meetings.models import Meeting
from meetings.selectors.finder import Found
from meetings.selectors.held import changes_of, next_of


def rows_of(slugs: Collection[str], now: datetime) -> list[Found]:
    """By their next start; then those by appointment, closed or over, by name. Unknown ones are left out."""
    found = list(Meeting.objects.select_related("source").filter(slug__in=slugs))
    changes = changes_of(found, now)
    rows = []
    for meeting in found:
        held = next_of(meeting, now, changes.get(meeting.pk))
        rows.append(Found(meeting, held, held is not None and held.starts_at <= now < held.ends_at, None))
    return sorted(rows, key=_order)


def _order(row: Found) -> tuple[bool, float, str]:
    return row.held is None, row.held.starts_at.timestamp() if row.held else 0, row.meeting.name
