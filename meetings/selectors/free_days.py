"""Public holidays on which a meeting would be held: for its facilitators to look at. Nothing is cancelled by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from meetings import free_days, places, schedule
from meetings.models import Meeting
from meetings.selectors.attendance import Date
from meetings.selectors.held import changes_of, rule_of
from meetings.town_table import country_in

AHEAD = timedelta(days=200)
MOST = 12


@dataclass(frozen=True, slots=True)
class Suggested:
    """A coming date that falls on a public holiday."""

    date: Date
    name: str


def region_of(meeting: Meeting) -> str:
    """The region whose holidays are meant: what was chosen, else where the meeting is held, else its zone's country.

    Empty where none is meant, or none is known.
    """
    if meeting.holidays_of:
        return "" if meeting.holidays_of == Meeting.NO_HOLIDAYS else meeting.holidays_of
    return region_found(meeting)


def region_found(meeting: Meeting) -> str:
    """The region as its place and its zone tell it; an online meeting has its zone only."""
    parts = [part.strip() for text in (meeting.region, meeting.address) for part in text.split(",")]
    at = None
    if meeting.latitude is not None and meeting.longitude is not None:
        at = places.country_at(meeting.zone, round(meeting.latitude, 2), round(meeting.longitude, 2))
    country, code = at or (country_in(meeting.zone), "")
    return free_days.region_named(country, [code, *parts] if code else parts)


def suggested(meeting: Meeting, now: datetime, language: str) -> list[Suggested]:
    """Coming dates of the next 200 days on public holidays, by start; what is cancelled or was moved off is left out.

    The day is that of the start in the meeting's zone. Two queries at most.
    """
    rule, region = rule_of(meeting), region_of(meeting)
    if rule is None or not region or meeting.closed_at is not None or meeting.on_hold:
        return []
    found: list[Suggested] = []
    for held in schedule.occurrences(rule, now, now + AHEAD, changes_of([meeting], now).get(meeting.pk)):
        date = Date(meeting, held, None, cancelled=False, excused=False)
        name = free_days.days_of(region, date.local.year, language).get(date.local.date())
        if name and held.starts_at > now:
            found.append(Suggested(date, name))
    return found[:MOST]
