"""Reads about attendance: what comes next, who is expected, and one's own record.

Reading another person's attendance is a service (meetings.services.sheets): it is logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy

from ground.wall import to_utc, to_wall
from groups.models import Group, Membership
from meetings import schedule
from meetings.models import Commitment, Mark, MarkWrite, Meeting, Occurrence, PlanReminder, SelfLog, Sheet
from meetings.models.attendance import HERE
from meetings.schedule import Held
from meetings.selectors.held import rule_of
from people.models import Person

AHEAD = timedelta(days=400)  # how far the next dates of a meeting are looked for
FIRST_REMINDER = timedelta(hours=2)  # after the end: a list that is still open is looked at
OPEN_FOR = timedelta(days=7)  # after the end; then a sheet expires
UNCLOSED_AFTER = timedelta(hours=48)  # after the end: a coordinator reads of it
MOST_SHOWN = 200  # rows on a page


@dataclass(frozen=True, slots=True)
class Date:
    """One date of a group's meeting as pages show it. `key` is its original wall start as text."""

    meeting: Meeting
    held: Held
    occurrence_id: int | None
    cancelled: bool
    excused: bool  # by the person this was read for
    moved: bool = False

    @property
    def key(self) -> str:
        return self.held.key

    @property
    def local(self) -> datetime:
        """The wall start in the meeting's zone (naive)."""
        return to_wall(self.held.starts_at, self.meeting.zone)


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


def topic_of(occurrence_id: int) -> str:
    """The outbox's topic of everything about one date's list: what a withdrawal cancels together."""
    return f"list:{occurrence_id}"


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


def dates_of(meetings: Iterable[Meeting], *, now: datetime, count: int, person: Person | None = None) -> list[Date]:
    """The next `count` dates of each meeting by start, cancelled ones marked; `person`: whose excuses are noted.

    Two queries, however many meetings.
    """
    of_all = list(meetings)
    # one that was moved into the past makes room for one more
    planned = [(meeting, held) for meeting in of_all for held in held_after(meeting, now, count + 1)]
    keys = Q(meeting__in=of_all, moved=True, ends_at__gt=now)
    for meeting, held in planned:
        keys |= Q(meeting=meeting, original_local=stored_local(held.original_local))
    rows = {(row.meeting_id, row.original_local): row for row in Occurrence.objects.filter(keys)} if of_all else {}
    excused = _excused(person, [row.pk for row in rows.values()])
    found: dict[int, dict[datetime, Date]] = {meeting.pk: {} for meeting in of_all}
    for meeting, held in planned:
        found[meeting.pk][held.original_local] = Date(meeting, held, None, cancelled=False, excused=False)
    by_id = {meeting.pk: meeting for meeting in of_all if rule_of(meeting) is not None}
    for (meeting_id, original), row in rows.items():
        local = original.replace(tzinfo=None)
        if meeting_id not in by_id or by_id[meeting_id].closed_at is not None:
            continue
        kept = found[meeting_id].pop(local, None)
        held = Held(local, row.starts_at, row.ends_at) if row.moved or kept is None else kept.held
        if held.ends_at <= now:
            continue
        found[meeting_id][local] = Date(
            meeting=by_id[meeting_id],
            held=held,
            occurrence_id=row.pk,
            cancelled=row.state == Occurrence.CANCELLED,
            excused=row.pk in excused,
            moved=row.moved,
        )
    return sorted(
        (
            date
            for dates in found.values()
            for date in sorted(dates.values(), key=lambda date: date.held.starts_at)[:count]
        ),
        key=lambda date: (date.held.starts_at, date.meeting.pk),
    )


def next_for(person: Person, now: datetime, count: int = 3) -> list[Date]:
    """The next dates of what the person committed to, by start; for Today. Three queries."""
    committed = Commitment.objects.standing().filter(
        person=person, meeting__closed_at=None, meeting__group__closed_at=None
    )
    meetings = [commitment.meeting for commitment in committed.select_related("meeting__group")]
    return dates_of(meetings, now=now, count=count, person=person)[:count]


@dataclass(frozen=True, slots=True)
class Excused:
    """A coming date from which the person excused themselves."""

    meeting: Meeting
    original_local: datetime  # naive
    starts_at: datetime

    @property
    def key(self) -> str:
        return schedule.key_of(self.original_local)

    @property
    def local(self) -> datetime:
        """The wall start in the meeting's zone (naive)."""
        return to_wall(self.starts_at, self.meeting.zone)


def excuses_of(person: Person, now: datetime) -> list[Excused]:
    """The person's own excuses from dates that are not over, the next first. One query."""
    own = Mark.objects.filter(
        person=person,
        by=person,
        value="excused",
        sheet__occurrence__ends_at__gt=now,
        sheet__occurrence__state=Occurrence.SCHEDULED,
        sheet__occurrence__meeting__group__closed_at=None,
    ).exclude(sheet__state=Sheet.CLOSED)
    rows = own.select_related("sheet__occurrence__meeting").order_by("sheet__occurrence__starts_at", "pk")[:MOST_SHOWN]
    held = [mark.sheet.occurrence for mark in rows]
    return [Excused(row.meeting, row.original_local.replace(tzinfo=None), row.starts_at) for row in held]


def self_log_of(person: Person, self_log_id: int) -> SelfLog:
    """One of the person's own entries. Raises SelfLog.DoesNotExist for anybody else's."""
    return SelfLog.objects.get(person=person, pk=self_log_id)


def self_logs_of(person: Person) -> list[SelfLog]:
    """What the person logged themselves, newest first."""
    return list(SelfLog.objects.filter(person=person).order_by("-starts_at", "-pk")[:MOST_SHOWN])


def commitments_of(person: Person, group: Group) -> set[int]:
    """The ids of the meetings of a group to which the person is committed now."""
    mine = Commitment.objects.standing().filter(person=person, meeting__group=group)
    return set(mine.values_list("meeting_id", flat=True))


@dataclass(frozen=True, slots=True)
class Arranged:
    """One date for its facilitators: when it is, whether it was moved, who is on duty (None: all of them)."""

    local: datetime  # naive, in the meeting's zone
    moved: bool
    cancelled: bool
    on_duty: Person | None


def arranged(meeting: Meeting, original_local: datetime) -> Arranged:
    """What is arranged for a date (original wall start, naive). Raises Occurrence.DoesNotExist when there is none."""
    row = Occurrence.objects.filter(meeting=meeting, original_local=stored_local(original_local))
    found = row.select_related("on_duty").first()
    if found is not None:
        cancelled = found.state == Occurrence.CANCELLED
        return Arranged(to_wall(found.starts_at, meeting.zone), found.moved, cancelled, found.on_duty)
    held = held_on(meeting, original_local)
    if held is None:
        raise Occurrence.DoesNotExist
    return Arranged(to_wall(held.starts_at, meeting.zone), moved=False, cancelled=False, on_duty=None)


def plan_reminder_of(person: Person) -> int | None:
    """How many minutes before what they planned the person wants a note; None: no notes."""
    return PlanReminder.objects.filter(person=person).values_list("lead_minutes", flat=True).first()


def excused_from(person: Person, occurrence: Occurrence) -> bool:
    return bool(_excused(person, [occurrence.pk]))


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


STRANGER = gettext_lazy("Only people of this group can be marked on its list.")


def people_named(occurrence: Occurrence, pids: Iterable[str]) -> dict[str, Person]:
    """The persons behind these pids, if they may stand on this list; the writing services check the rest.

    Raises PermissionDenied when one is unknown: a list is no way to find out who exists.
    """
    try:
        uuids = {pid: str(UUID(pid)) for pid in pids}
    except ValueError as wrong:
        raise PermissionDenied(STRANGER) from wrong
    group = occurrence.meeting.group_id
    near = Q(memberships__group=group) | Q(marks__sheet__occurrence=occurrence)
    found = {str(person.pid): person for person in Person.objects.filter(near, pid__in=uuids.values()).distinct()}
    if set(found) != set(uuids.values()):
        raise PermissionDenied(STRANGER)
    return {pid: found[uuid] for pid, uuid in uuids.items()}


def own_record(person: Person) -> list[Entry]:
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
        for mark in marks.order_by("-sheet__occurrence__starts_at")[:MOST_SHOWN]
    ]
    logged = SelfLog.objects.filter(person=person).order_by("-starts_at")[:MOST_SHOWN]
    entries += [Entry(log.starts_at, person.zone, log.title, "", self_log_id=log.pk) for log in logged]
    return sorted(entries, key=lambda entry: entry.starts_at, reverse=True)[:MOST_SHOWN]


def was_here(value: str | None) -> bool:
    """Whether a mark is a HIT."""
    return value in HERE


def _excused(person: Person | None, occurrence_ids: list[int]) -> set[int]:
    if person is None or not occurrence_ids:
        return set()
    mine = Mark.objects.filter(person=person, value="excused", sheet__occurrence__in=occurrence_ids)
    return set(mine.values_list("sheet__occurrence_id", flat=True))
