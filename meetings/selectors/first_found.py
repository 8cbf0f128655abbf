"""The first meetings that a search finds, for a list on paper and for the calendar of a search."""

from datetime import datetime

from meetings.selectors import finder
from meetings.selectors.finder import Search

TURNS = 3  # a meeting of several days comes several times, and only then is there a second turn


def first_found(asked: Search, *, now: datetime, most: int) -> tuple[list[int], bool]:
    """(ids in order, each once; whether there are more than these). Raises ValidationError.

    At most TURNS searches, whoever asks: anybody may ask for a list on paper.
    """
    pks: dict[int, None] = {}
    after = ""
    for _turn in range(TURNS):
        page = finder.search(asked, now=now, after=after, limit=most + 1, most=most + 1)
        pks |= dict.fromkeys(row.meeting.pk for row in page.rows)
        after = page.after
        if not after or len(pks) > most:
            break
    return list(pks)[:most], bool(after) or len(pks) > most
