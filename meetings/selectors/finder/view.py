"""One meeting's page: what it shows to whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ground.wall import to_wall
from groups.policies import can_run, can_see
from meetings.giving import Way, ways_of
from meetings.models import Meeting
from meetings.schedule import Changes, Held
from meetings.selectors.finder.asked import Found
from meetings.selectors.held import cancelled_among, changes_of, dates_of
from meetings.selectors.series import series_of
from people.models import Person

JOIN_SHOWN_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class MeetingView:
    """What one meeting's page shows to one visitor."""

    meeting: Meeting
    row: Found
    dates: list[Held]  # of the next four weeks, at most eight
    join_shown: bool
    may_found: bool  # no group here has it yet, for somebody who is signed in
    own_group: bool  # the visitor belongs to its group
    may_confirm: bool  # the visitor runs it, and has not confirmed it today
    changes: Changes  # what is cancelled or was moved
    cancelled: list[datetime]  # wall starts of dates between those that are not held
    others: list[Meeting]  # the other times of day that were made with it

    @property
    def mapped(self) -> bool:
        """Whether a map can show where it is held."""
        one = self.meeting
        return one.closed_at is None and one.mode != Meeting.ONLINE and None not in (one.latitude, one.longitude)

    @property
    def contributions(self) -> list[Way]:
        """Where it takes its seventh tradition, as its list says."""
        return [] if self.meeting.closed_at else ways_of(self.meeting.extra)

    @property
    def notes(self) -> str:
        """The list's notes; passcodes often stand in them, so those of an online meeting go with its link."""
        return self.meeting.notes if self.join_shown or self.meeting.mode == Meeting.IN_PERSON else ""


def meeting_view(slug: str, person: Person | None, now: datetime) -> MeetingView | None:
    """A meeting by its address, closed ones included; None when there never was one. `person` None is a guest."""
    meeting = Meeting.objects.select_related("group", "source").filter(slug=slug).first()
    if meeting is None:
        return None
    changes = changes_of([meeting], now).get(meeting.pk, {})
    dates = dates_of(meeting, now, changes)
    held = dates[0] if dates else None
    row = Found(meeting, held, held is not None and held.starts_at <= now < held.ends_at, None)
    group = meeting.group if meeting.group and meeting.group.closed_at is None else None
    return MeetingView(
        meeting=meeting,
        row=row,
        dates=dates,
        join_shown=can_see_join(person, meeting, held, now),
        may_found=person is not None and group is None and meeting.closed_at is None,
        may_confirm=_may_confirm(person, meeting, now),
        own_group=person is not None and group is not None and can_see(person, group),
        changes=changes,
        cancelled=cancelled_among(dates, changes, now, meeting.zone),
        others=[other for other in series_of(meeting) if other.starts_local],
    )


def _may_confirm(person: Person | None, meeting: Meeting, now: datetime) -> bool:
    if person is None or meeting.group is None or meeting.closed_at is not None:
        return False
    if not can_run(person, meeting.group):
        return False
    return meeting.confirmed_on != to_wall(now, meeting.zone).date()


def can_see_join(person: Person | None, meeting: Meeting, held: Held | None, now: datetime) -> bool:
    """Whether the link, phone and passcode of a meeting are shown (docs/finder.md).

    What a public list shows stays public until a group here has the meeting; then its members see it, and, if the
    group chose so, everybody from 15 minutes before the start to the end. Of one that is held no more nobody sees
    them: a group's link would become everybody's when the group ends.
    """
    if meeting.closed_at is not None:
        return False
    if meeting.group is None or meeting.group.closed_at is not None:
        return True
    if person is not None and can_see(person, meeting.group):
        return True
    if meeting.join_shown == Meeting.ALL:
        return True
    if held is None or meeting.join_shown != Meeting.SOON:
        return False
    return held.starts_at - JOIN_SHOWN_BEFORE <= now < held.ends_at


def zones_differ(zone_a: str, zone_b: str, at: datetime) -> bool:
    """Whether the two zones show different clocks at this moment."""
    return at.astimezone(ZoneInfo(zone_a)).utcoffset() != at.astimezone(ZoneInfo(zone_b)).utcoffset()
