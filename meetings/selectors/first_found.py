"""The first meetings that a search finds, page after page: for a list on paper and for the calendar of a search."""

from datetime import datetime

from meetings.selectors import finder
from meetings.selectors.finder import Search


def first_found(asked: Search, *, now: datetime, most: int) -> tuple[list[int], bool]:
    """(ids in order, each once; whether there are more than these). Raises ValidationError.

    Queries grow with the hundreds of meetings only.
    """
    pks: dict[int, None] = {}
    after = ""
    while len(pks) <= most:
        page = finder.search(asked, now=now, after=after, limit=finder.MOST)
        pks |= dict.fromkeys(row.meeting.pk for row in page.rows)
        after = page.after
        if not after:
            break
    return list(pks)[:most], len(pks) > most
