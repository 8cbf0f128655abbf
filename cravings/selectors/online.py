"""The meeting to which somebody may go at once, when nobody is free to talk."""

from dataclasses import dataclass
from datetime import datetime

from meetings.models import Meeting
from meetings.selectors import finder

WITHIN = 60  # minutes


@dataclass(frozen=True, slots=True)
class NextOnline:
    """Its name, its start (UTC), and where its page is."""

    name: str
    starts_at: datetime
    slug: str


def next_online(now: datetime) -> NextOnline | None:
    """The next meeting online that starts within the hour, at `now` (UTC); None when there is none."""
    page = finder.search(finder.Search(within=WITHIN, mode=Meeting.ONLINE), now=now, limit=1)
    row = page.rows[0] if page.rows else None
    if row is None or row.held is None:
        return None
    return NextOnline(row.meeting.name, row.held.starts_at, row.meeting.slug)
