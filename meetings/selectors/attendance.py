"""Reads about attendance: what comes next, who is expected, which lists are owed, and one's own record.

Reading another person's attendance is a service (meetings.services.sheets): it is logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q

from ground.wall import to_utc, to_wall
from groups.models import Group, Membership
from meetings import schedule
from meetings.models import Commitment, Mark, MarkWrite, Meeting, Occurrence, SelfLog, Sheet
from meetings.models.attendance import HERE
from meetings.schedule import Held
from meetings.selectors.held import rule_of
from people.models import Person

AHEAD = timedelta(days=400)  # how far the next dates of a meeting are looked for
OPEN_FOR = timedelta(days=7)  # after the end; then a sheet expires
KEY_FORMAT = "%Y%m%dT%H%M"


@dataclass(frozen=True, slots=True)
class Date:
    """One date of a group's meeting as pages show it. `key` is its original wall start as text."""

    meeting: Meeting
    held: Held
    occurrence_id: int | None
    cancelled: bool
    excused: bool  # by the person this was read for

    @property
    def key(self) -> str:
        return self.held.original_local.strftime(KEY_FORMAT)

    @property
    def local(self) -> datetime:
        """The wall start in the meeting's zone (naive)."""
        return to_wall(self.held.starts_at, self.meeting.zone)


@dataclass(frozen=True, slots=True)
class Owed:
    """A list that a facilitator has not closed yet."""

    occurrence_id: int
    sheet_id: int
    group: Group
    meeting: Meeting
    starts_at: datetime
    ends_at: datetime

    @property
    def local(self) -> datetime:
        return to_wall(self.starts_at, self.meeting.zone)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a person's own record. `value` is empty for a self-logged meeting."""

    starts_at: datetime
    zone: str
    title: str
    value: str | None
    self_log_id: int | None = None
    writes: list[MarkWrite] = field(default_factory=list)

    @property
    def local(self) -> datetime:
        return to_wall(self.starts_at, self.zone)


def key_read(key: str) -> datetime:
    """The naive wall start of a date's key, e.g. 20260115T1900. Raises ValueError."""
    return datetime.strptime(key, KEY_FORMAT)  # noqa: DTZ007  (wall time has no zone)


def stored_local(local: datetime) -> datetime:
    """A naive wall time as it is stored: as if it were UTC."""
    return local.replace(tzinfo=UTC)


def held_on(meeting: Meeting, local: datetime) -> Held | None:
    """The occurrence of the meeting's rule with this original wall start (naive); None when the rule has none."""
    rule = rule_of(meeting)
    if rule is None:
        return None
    moment = to_utc(local, meeting.zone)
    second = timedelta(seconds=1)
    around = schedule.occurrences(rule, moment - second, moment + second)
    return next((held for held in around if held.original_local == local), None)


def held_after(meeting: Meeting, after: datetime, count: int) -> list[Held]:
    """The next `count` dates by the rule that end later than `after` (UTC), cancelled ones included."""
    rule = rule_of(meeting)
    if rule is None or meeting.closed_at is not None or meeting.on_hold:
        return []
    found: list[Held] = []
    span = timedelta(days=8 * count)
    while len(found) < count and span <= 4 * AHEAD:
        found = schedule.occurrences(rule, after, after + span)
        span *= 4
    return found[:count]


def expected(occurrence: Occurrence) -> list[Person]:
    """Who is expected: membership and commitment both include the start (docs/rules.md 2.1; the rule is not asked)."""
    start = occurrence.starts_at
    meeting = occurrence.meeting
    belongs = Membership.objects.at(start).filter(group=meeting.group_id, person=OuterRef("person"))
    committed = Commitment.objects.at(start).filter(Exists(belongs), meeting=meeting)
    return [commitment.person for commitment in committed.select_related("person")]


def people_on(occurrence: Occurrence) -> list[Person]:
    """Everybody with a mark or expected, each once: whom a change of the whole occurrence touches."""
    found = {person.pk: person for person in expected(occurrence)}
    for mark in Mark.objects.filter(sheet__occurrence=occurrence).select_related("person"):
        found.setdefault(mark.person_id, mark.person)
    return list(found.values())


def meetings_of(group: Group) -> list[Meeting]:
    """The running meetings of a group, by name."""
    return list(Meeting.objects.filter(group=group, closed_at=None).select_related("group", "source").order_by("name"))


def dates_of(meetings: Iterable[Meeting], *, now: datetime, count: int, person: Person | None = None) -> list[Date]:
    """The next `count` dates of each meeting by start, cancelled ones marked; `person`: whose excuses are noted.

    Two queries, however many meetings.
    """
    planned = [(meeting, held) for meeting in meetings for held in held_after(meeting, now, count)]
    keys = Q(pk__in=[])
    for meeting, held in planned:
        keys |= Q(meeting=meeting, original_local=stored_local(held.original_local))
    rows = {(row.meeting_id, row.original_local): row for row in Occurrence.objects.filter(keys)} if planned else {}
    excused = _excused(person, [row.pk for row in rows.values()])
    found = []
    for meeting, held in planned:
        row = rows.get((meeting.pk, stored_local(held.original_local)))
        found.append(
            Date(
                meeting=meeting,
                held=held,
                occurrence_id=row.pk if row else None,
                cancelled=row is not None and row.state == Occurrence.CANCELLED,
                excused=row is not None and row.pk in excused,
            )
        )
    return sorted(found, key=lambda date: (date.held.starts_at, date.meeting.pk))


def next_for(person: Person, now: datetime, count: int = 3) -> list[Date]:
    """The next dates of what the person committed to, by start; for Today. Three queries."""
    committed = Commitment.objects.standing().filter(
        person=person, meeting__closed_at=None, meeting__group__closed_at=None
    )
    meetings = [commitment.meeting for commitment in committed.select_related("meeting__group")]
    return dates_of(meetings, now=now, count=count, person=person)[:count]


def commitments_of(person: Person, group: Group) -> set[int]:
    """The ids of the meetings of a group to which the person is committed now."""
    mine = Commitment.objects.standing().filter(person=person, meeting__group=group)
    return set(mine.values_list("meeting_id", flat=True))


def sheets_owed(person: Person, now: datetime) -> list[Owed]:
    """Lists that wait for this facilitator: begun, not closed, not expired, not cancelled; oldest first.

    Somebody named for the occurrence has it alone; nobody named: every facilitator of the group.
    """
    runs = Membership.objects.facilitators().filter(person=person, group__closed_at=None).values("group")
    waiting = Sheet.objects.filter(
        Q(occurrence__on_duty=None) | Q(occurrence__on_duty=person),
        state=Sheet.OPEN,
        occurrence__state=Occurrence.SCHEDULED,
        occurrence__starts_at__lte=now,
        occurrence__ends_at__gt=now - OPEN_FOR,
        occurrence__meeting__group__in=runs,
    )
    found = []
    for sheet in waiting.select_related("occurrence__meeting__group").order_by("occurrence__starts_at", "pk"):
        held, meeting = sheet.occurrence, sheet.occurrence.meeting
        assert meeting.group is not None
        found.append(Owed(held.pk, sheet.pk, meeting.group, meeting, held.starts_at, held.ends_at))
    return found


def occurrence_of(occurrence_id: int) -> Occurrence:
    """With its meeting and group. Raises Occurrence.DoesNotExist."""
    return Occurrence.objects.select_related("meeting__group", "on_duty").get(pk=occurrence_id)


def sheet_of(sheet_id: int) -> Sheet:
    """With its occurrence, meeting and group. Raises Sheet.DoesNotExist."""
    return Sheet.objects.select_related("occurrence__meeting__group").get(pk=sheet_id)


def meeting_in(group: Group, meeting_id: int) -> Meeting:
    """A running meeting of this group. Raises Meeting.DoesNotExist."""
    return Meeting.objects.select_related("group", "source").get(pk=meeting_id, group=group, closed_at=None)


def meeting_at(slug: str) -> Meeting:
    """The listed meeting at an address, with its group. Raises Meeting.DoesNotExist."""
    return Meeting.objects.select_related("group").get(slug=slug)


def meeting_run_by(actor: Person, slug: str) -> Meeting:
    """The meeting at an address, for its facilitators. Raises Meeting.DoesNotExist, PermissionDenied.

    Asked before a date is looked up: whether a meeting has a date is nobody else's to find out by its errors.
    """
    meeting = meeting_at(slug)
    if not Membership.objects.facilitators().filter(group=meeting.group_id, person=actor).exists():
        raise PermissionDenied
    return meeting


def local_of(occurrence: Occurrence) -> datetime:
    """The wall start (naive) of an occurrence in its meeting's zone."""
    return to_wall(occurrence.starts_at, occurrence.meeting.zone)


def plan_of(meeting: Meeting) -> dict[str, object]:
    """A meeting in the words of the form that changes it."""
    rule = rule_of(meeting)
    return {
        "title": meeting.name,
        "weekdays": sorted(schedule.weekdays(rule)) if rule else [],
        "starts": rule.starts_local.time() if rule else None,
        "minutes": meeting.minutes,
        "mode": meeting.mode,
        "place": meeting.place,
        "address": meeting.address,
        "conference_url": meeting.conference_url,
        "zone": meeting.zone,
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to a meeting: what its commit buttons need."""

    meeting: Meeting
    member: bool
    committed: bool
    heads_only: bool
    date: Date | None  # the next one


def standing_of(person: Person | None, meeting: Meeting, now: datetime) -> Standing:
    """For a guest, an outsider and a meeting without a group: neither member nor committed."""
    group = meeting.group
    member = (
        person is not None
        and group is not None
        and group.closed_at is None
        and Membership.objects.standing().filter(group=group, person=person).exists()
    )
    if not member or group is None or person is None:
        return Standing(meeting, member=False, committed=False, heads_only=False, date=None)
    committed = Commitment.objects.standing().filter(meeting=meeting, person=person).exists()
    dates = dates_of([meeting], now=now, count=1, person=person)
    return Standing(meeting, True, committed, group.head_count_only, dates[0] if dates else None)


def people_named(occurrence: Occurrence, pids: Iterable[str]) -> dict[str, Person]:
    """The persons behind these pids, if they may stand on this list; the writing services check the rest.

    Raises PermissionDenied when one is unknown: a list is no way to find out who exists.
    """
    wanted = set(pids)
    try:
        uuids = {str(UUID(pid)) for pid in wanted}
    except ValueError as wrong:
        raise PermissionDenied from wrong
    group = occurrence.meeting.group_id
    near = Q(memberships__group=group) | Q(marks__sheet__occurrence=occurrence)
    found = {str(person.pid): person for person in Person.objects.filter(near, pid__in=uuids).distinct()}
    if set(found) != uuids:
        raise PermissionDenied
    return found


def own_record(person: Person, limit: int = 200) -> list[Entry]:
    """The person's own attendance, newest first: what lists say, who wrote it, and what they logged themselves."""
    marks = Mark.objects.filter(person=person).select_related("sheet__occurrence__meeting")
    marks = marks.prefetch_related("writes__by")
    entries = [
        Entry(
            starts_at=mark.sheet.occurrence.starts_at,
            zone=mark.sheet.occurrence.meeting.zone,
            title=mark.sheet.occurrence.meeting.name,
            value=mark.value,
            writes=sorted(mark.writes.all(), key=lambda write: (write.at, write.pk)),
        )
        for mark in marks.order_by("-sheet__occurrence__starts_at")[:limit]
    ]
    logged = SelfLog.objects.filter(person=person).order_by("-starts_at")[:limit]
    entries += [Entry(log.starts_at, person.zone, "", "", self_log_id=log.pk) for log in logged]
    return sorted(entries, key=lambda entry: entry.starts_at, reverse=True)[:limit]


def was_here(value: str | None) -> bool:
    """Whether a mark is a HIT."""
    return value in HERE


def _excused(person: Person | None, occurrence_ids: list[int]) -> set[int]:
    if person is None or not occurrence_ids:
        return set()
    mine = Mark.objects.filter(person=person, value="excused", sheet__occurrence__in=occurrence_ids)
    return set(mine.values_list("sheet__occurrence_id", flat=True))
