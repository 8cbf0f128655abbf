"""A group's meetings, those that were made together, and what a facilitator said of one, to be said again."""

from dataclasses import replace
from datetime import datetime, time

from ground import clock
from ground.wall import to_wall
from groups.models import Group
from meetings import schedule
from meetings.models import Meeting
from meetings.selectors.held import rule_of

MIDNIGHT = time()


def meetings_of(group: Group) -> list[Meeting]:
    """The running meetings of a group, by name."""
    return list(Meeting.objects.filter(group=group, closed_at=None).select_related("group", "source").order_by("name"))


def series_of(meeting: Meeting) -> list[Meeting]:
    """The other times of day that were made together with this meeting, by time."""
    if meeting.series is None:
        return []
    others = Meeting.objects.filter(series=meeting.series, closed_at=None, group=meeting.group_id)
    return sorted(
        others.exclude(pk=meeting.pk), key=lambda one: one.starts_local.time() if one.starts_local else MIDNIGHT
    )


def plan_of(meeting: Meeting) -> dict[str, object]:
    """A meeting in the words of the form that changes it."""
    rule = rule_of(meeting)
    repeats, places = schedule.repeats_of(meeting.rrule)
    coming = schedule.first_after(rule, to_wall(clock.now(), rule.zone)) if rule else None
    # said again when the meeting is changed: from which week one counts, and a start that is put off
    counted = coming is not None and (repeats in {schedule.FORTNIGHTLY, schedule.ONCE} or _is_put_off(rule))
    return {
        "title": meeting.name,
        "repeats": repeats if rule else schedule.APPOINTMENT,
        "places": places,
        "first": coming.date() if counted and coming else None,
        "weekdays": sorted(schedule.weekdays(rule)) if rule else [],
        "starts": rule.starts_local.time() if rule else None,
        "minutes": meeting.minutes,
        "mode": meeting.mode,
        "place": meeting.place,
        "address": meeting.address,
        "conference_url": meeting.conference_url,
        "join_shown": meeting.join_shown,
        "fellowship": meeting.fellowship,
        "zone": meeting.zone,
        "last": schedule.last_day(rule.rrule) if rule else None,
    }


def _is_put_off(rule: schedule.Rule | None) -> bool:
    """Whether a series begins later than its days alone would have it."""
    if rule is None or not rule.rrule:
        return False
    wall = to_wall(clock.now(), rule.zone)
    at_once = replace(rule, starts_local=datetime.combine(wall.date(), rule.starts_local.time()))
    earliest = schedule.first_after(at_once, wall)
    return earliest is not None and rule.starts_local > earliest
