"""The attendance list of an occurrence: reading it (logged), marking, closing, correcting, counting heads.

Nothing here infers an absence: who has no mark stays unknown unless the facilitator says "absent" for the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ground import clock
from ground.errors import Conflict, Settled
from ground.links import is_over
from ground.wall import to_wall
from groups.models import Group, Membership
from meetings.models import Mark, Meeting, Occurrence, Sheet
from meetings.models.attendance import HERE, VALUES
from meetings.policies import can_run_meeting, known_to
from meetings.selectors.attendance import OPEN_FOR, expected, occurrence_of, people_on
from meetings.services.marking import Wish, marks_write
from meetings.services.occurrences import reminders_withdraw, sheet_get
from people.models import Person
from people.services import access_log_many, changes_write, link_give

ABSENT, UNKNOWN = "absent", "unknown"
SHOWN = 8  # the latest occurrences of a group whose lists facilitators may see (privacy.md)
MOST_HEADS = 999
REST_ASKED = "rest"  # the error code by which a page knows to ask "Absent, or Don't know?"


@dataclass(frozen=True, slots=True)
class Row:
    """One person on a list. `own_word`: they excused themselves."""

    person: Person
    value: str | None
    expected: bool
    facilitator: bool
    own_word: bool
    by: str

    @property
    def pid(self) -> str:
        return str(self.person.pid)


@dataclass(frozen=True, slots=True)
class View:
    """A list as a facilitator sees it: the expected first, then the others of the group; each part by name."""

    sheet: Sheet
    occurrence: Occurrence
    meeting: Meeting
    group: Group
    rows: list[Row]

    @property
    def local(self) -> datetime:
        """The wall start in the meeting's zone (naive)."""
        return to_wall(self.occurrence.starts_at, self.meeting.zone)

    @property
    def expected_rows(self) -> list[Row]:
        return [row for row in self.rows if row.expected]

    @property
    def other_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.expected]

    @property
    def here(self) -> int:
        return sum(row.value in HERE for row in self.rows)

    @property
    def unmarked(self) -> int:
        """How many expected people have no mark: those about whom closing asks."""
        return sum(row.expected and row.value is None for row in self.rows)

    def person(self, pid: str) -> Person:
        """Raises PermissionDenied for somebody who is not on this list."""
        for row in self.rows:
            if row.pid == pid:
                return row.person
        raise PermissionDenied


def sheet_read(*, actor: Person, occurrence_id: int) -> View:
    """The list of an occurrence, opened when its start has come. Every person on it sees later that `actor` read it.

    Raises Occurrence.DoesNotExist, PermissionDenied for all but the group's facilitators, ValidationError before the
    start, Settled when it is older than the group's latest eight.
    """
    occurrence = occurrence_of(occurrence_id)
    group = _run_by(actor, occurrence)
    refuse_early(occurrence)
    _refuse_old(occurrence, group)
    sheet = sheet_get(occurrence=occurrence)
    rows = _rows(sheet, occurrence, group)
    access_log_many(people=[row.person for row in rows], reader=actor, what="attendance list")
    return View(sheet, occurrence, occurrence.meeting, group, rows)


def sheet_for(*, actor: Person, occurrence_id: int) -> Sheet:
    """The list itself, for writing on it: nothing about anybody is read. Raises as `sheet_read` does."""
    occurrence = occurrence_of(occurrence_id)
    _run_by(actor, occurrence)
    refuse_early(occurrence)
    return sheet_get(occurrence=occurrence)


def sheet_mark(*, actor: Person, sheet: Sheet, person: Person, value: str | None) -> Mark | None:
    """Mark one person on a list that is not closed; None takes the mark off. Present, late and online count at once.

    Raises PermissionDenied for outsiders and strangers, ValidationError, Conflict when the list is closed.
    """
    sheet_marks(actor=actor, sheet=sheet, marks={person: value})
    return Mark.objects.filter(sheet=sheet, person=person).first()


def sheet_marks(*, actor: Person, sheet: Sheet, marks: Mapping[Person, str | None]) -> None:
    """`sheet_mark` for several people in one transaction."""
    _refuse_values(marks.values())
    now = clock.now()
    with transaction.atomic():
        held = _locked(actor, sheet)
        if held.state == Sheet.CLOSED:
            raise Conflict(_closed_words(held))
        changed = _write(held, marks, expected_now=None, actor=actor, now=now, revision=0)
        heard = [person for person, pair in changed.items() if pair[0] in HERE or pair[1] in HERE]
        if heard:
            changes_write(people=heard, cause="marked", ref=held.pk, at=now)


def sheet_close(
    *,
    actor: Person,
    sheet: Sheet,
    marks: Mapping[Person, str | None] | None = None,
    rest: str | None = None,
    revision: int | None = None,
) -> Sheet:
    """Close a list: `marks` are written over what it holds, and every expected person gets a row.

    Who is expected and has no mark becomes what `rest` says: "absent", or "unknown" (an explicit no mark); without
    `rest` ValidationError with code "rest". `revision`: what the actor saw; Conflict when the list has moved on or is
    closed. Also PermissionDenied, ValidationError before the start.
    """
    marks = dict(marks or {})
    _refuse_values(marks.values())
    if rest not in {None, ABSENT, UNKNOWN}:
        raise ValidationError({"rest": _("Choose “Absent” or “Don’t know”.")})
    now = clock.now()
    with transaction.atomic():
        held = _locked(actor, sheet)
        if held.state == Sheet.CLOSED or revision not in {None, held.revision}:
            raise Conflict(_closed_words(held))
        due = expected(held.occurrence)
        wanted = _with_rest(held, marks, due, rest)
        _advance(held, actor, now, **_closing(held, now))
        _write(held, wanted, expected_now=due, actor=actor, now=now, revision=held.revision)
        changes_write(people=people_on(held.occurrence), cause="sheet_closed", ref=held.pk, at=now)
    return held


def sheet_correct(*, actor: Person, sheet: Sheet, marks: Mapping[Person, str | None]) -> Sheet:
    """Correct a closed list: only the named marks change, the revision grows, both writes stay visible.

    The last write per person wins, so two facilitators correcting at once do not undo each other. What changes
    nothing makes no revision. Raises PermissionDenied, ValidationError, Conflict when the list is not closed.
    """
    _refuse_values(marks.values())
    now = clock.now()
    with transaction.atomic():
        held = _locked(actor, sheet)
        if held.state != Sheet.CLOSED:
            raise Conflict(_("This list is not closed yet: mark people on it, then close it."))
        changed = _write(held, marks, expected_now=None, actor=actor, now=now, revision=held.revision + 1)
        if changed:
            _advance(held, actor, now)
            changes_write(people=list(changed), cause="sheet_corrected", ref=held.pk, at=now)
    return held


def sheet_count(*, actor: Person, sheet: Sheet, head_count: int) -> Sheet:
    """Close (or correct) the list of a group that counts heads only: a number, and no row about anybody.

    Raises PermissionDenied, ValidationError for a number below 0 or above 999 and for a group that keeps names.
    """
    if not 0 <= head_count <= MOST_HEADS:
        raise ValidationError({"head_count": _("Give a number from 0 to 999.")})
    now = clock.now()
    with transaction.atomic():
        held = _locked(actor, sheet, heads=True)
        _advance(held, actor, now, head_count=head_count, **_closing(held, now))
    return held


def sheet_link_give(*, actor: Person, sheet: Sheet) -> str:
    """The token of the facilitator's own login-free link to this one list: the same until it is revoked."""
    _run_by(actor, sheet.occurrence)
    return link_give(purpose="sheet", subject=sheet.pk, person=actor)


def sheet_link_read(*, actor: Person, sheet_id: int) -> View:
    """The list behind a login-free link; `actor` is the link's person.

    Raises Settled 7 days after the list was closed, or after it expired.
    """
    sheet = sheet_link_for(actor=actor, sheet_id=sheet_id)
    return sheet_read(actor=actor, occurrence_id=sheet.occurrence_id)


def sheet_link_for(*, actor: Person, sheet_id: int) -> Sheet:
    """The same for writing on it: nothing about anybody is read."""
    sheet = Sheet.objects.select_related("occurrence__meeting__group").filter(pk=sheet_id).first()
    if sheet is None or is_over(sheet.first_closed_at or sheet.occurrence.ends_at + OPEN_FOR, clock.now()):
        raise Settled(_("This link has ended. Sign in to look at the list."))
    _run_by(actor, sheet.occurrence)
    return sheet


def attendance_recent(*, actor: Person, group: Group) -> list[tuple[Occurrence, list[Person]]]:
    """Who was there at the group's latest eight occurrences, newest first; logged. Facilitators only.

    Only present, late and online: absences are seen on the list itself, and only there.
    """
    latest = list(_latest(group).select_related("meeting__group")[:SHOWN])
    if not Membership.objects.facilitators().filter(group=group, person=actor).exists():
        raise PermissionDenied
    marks = Mark.objects.filter(sheet__occurrence__in=latest, value__in=HERE).select_related("person", "sheet")
    here: dict[int, list[Person]] = {}
    for mark in marks.order_by("person__name", "pk"):
        here.setdefault(mark.sheet.occurrence_id, []).append(mark.person)
    seen = {person.pk: person for people in here.values() for person in people}
    access_log_many(people=seen.values(), reader=actor, what="latest attendance")
    return [(occurrence, here.get(occurrence.pk, [])) for occurrence in latest]


def refuse_early(occurrence: Occurrence) -> None:
    """Raise ValidationError before the start: nothing can have happened yet."""
    if clock.now() < occurrence.starts_at:
        raise ValidationError(_("This list opens when the meeting begins."))


def _run_by(actor: Person, occurrence: Occurrence) -> Group:
    meeting = occurrence.meeting
    if meeting.group is None or not can_run_meeting(actor, meeting):
        raise PermissionDenied
    return meeting.group


def _locked(actor: Person, sheet: Sheet, *, heads: bool = False) -> Sheet:
    """The sheet as it is now, its row locked until the end of the transaction: writers take turns.

    Without the lock a mark could land on a list between its closing and the closing's own look at the marks.
    """
    held = Sheet.objects.select_for_update(of=("self",)).select_related("occurrence__meeting__group").get(pk=sheet.pk)
    group = _run_by(actor, held.occurrence)
    refuse_early(held.occurrence)
    if group.head_count_only and not heads:
        raise ValidationError(_("This group counts heads only: no names are kept."))
    if heads and not group.head_count_only:
        raise ValidationError(_("This group keeps a list by name."))
    return held


def _advance(sheet: Sheet, actor: Person, now: datetime, **more: object) -> None:
    """One revision further; only what changed is written."""
    sheet.revision += 1
    sheet.closed_at = now
    sheet.closed_by = actor
    for name, value in more.items():
        setattr(sheet, name, value)
    sheet.save(update_fields=["revision", "closed_at", "closed_by", *more])


def _closing(sheet: Sheet, now: datetime) -> dict[str, object]:
    """What the first closing changes beside the revision: nothing waits for this list any more."""
    if sheet.state == Sheet.CLOSED:
        return {}
    reminders_withdraw(occurrence_ids=[sheet.occurrence_id], reason="closed")
    return {"first_closed_at": now, "state": Sheet.CLOSED, "step_at": None}


def _with_rest(
    sheet: Sheet, marks: dict[Person, str | None], due: list[Person], rest: str | None
) -> dict[Person, str | None]:
    """The marks to write, the answer for the rest included. Raises ValidationError when that answer is wanted."""
    standing = dict(Mark.objects.filter(sheet=sheet).values_list("person_id", "value"))
    standing |= {person.pk: value for person, value in marks.items()}
    left = [person for person in due if standing.get(person.pk) is None]
    if left and rest is None:
        count = len(left)
        words = ngettext(
            "%(count)d not marked: Absent, or Don’t know?", "%(count)d not marked: Absent, or Don’t know?", count
        )
        raise ValidationError({REST_ASKED: ValidationError(words % {"count": count}, code=REST_ASKED)})
    answer = ABSENT if rest == ABSENT else None
    return marks | dict.fromkeys(left, answer)


def _write(
    sheet: Sheet,
    wanted: Mapping[Person, str | None],
    *,
    expected_now: list[Person] | None,
    actor: Person,
    now: datetime,
    revision: int,
) -> dict[Person, tuple[str | None, str | None]]:
    """Write marks and their history in a fixed number of statements; return what changed as (before, after).

    Raises PermissionDenied when somebody named is neither a member, now or before, nor expected.
    """
    due = {person.pk for person in (expected(sheet.occurrence) if expected_now is None else expected_now)}
    if not {person.pk for person in wanted} <= known_to(sheet.occurrence) | due:
        raise PermissionDenied
    held = {mark.person_id: mark for mark in Mark.objects.filter(sheet=sheet)}
    wishes = [
        Wish(sheet, person, held.get(person.pk), value, expected=person.pk in due, row=person.pk in due)
        for person, value in wanted.items()
    ]
    return marks_write(wishes, actor=actor, now=now, revision=revision)


def _rows(sheet: Sheet, occurrence: Occurrence, group: Group) -> list[Row]:
    """Expected people, members at the start or now, and whoever has a mark."""
    if group.head_count_only:
        return []
    marks = {mark.person_id: mark for mark in Mark.objects.filter(sheet=sheet).select_related("person", "by")}
    due = {person.pk: person for person in expected(occurrence)}
    belongs = Membership.objects.standing().filter(group=group) | Membership.objects.at(occurrence.starts_at).filter(
        group=group
    )
    people = dict(due)
    runs: set[int] = set()
    for membership in belongs.select_related("person"):
        people.setdefault(membership.person_id, membership.person)
        if membership.role == Membership.FACILITATOR:
            runs.add(membership.person_id)
    for mark in marks.values():
        people.setdefault(mark.person_id, mark.person)
    rows = [_as_row(person, marks.get(pk), expected=pk in due, facilitator=pk in runs) for pk, person in people.items()]
    return sorted(rows, key=lambda row: (not row.expected, row.person.name.casefold(), row.person.pk))


def _as_row(person: Person, mark: Mark | None, *, expected: bool, facilitator: bool) -> Row:
    return Row(
        person=person,
        value=mark.value if mark else None,
        expected=expected,
        facilitator=facilitator,
        own_word=mark is not None and mark.value == "excused" and mark.by_id == person.pk,
        by=mark.by.name if mark and mark.by else "",
    )


def _latest(group: Group) -> QuerySet[Occurrence]:
    return Occurrence.objects.filter(meeting__group=group, starts_at__lte=clock.now()).order_by("-starts_at", "-pk")


def _refuse_old(occurrence: Occurrence, group: Group) -> None:
    later = _latest(group).filter(starts_at__gt=occurrence.starts_at)[:SHOWN]
    if len(later.values_list("pk", flat=True)) >= SHOWN:
        raise Settled(_("Only the latest eight lists of a group can be opened."))


def _refuse_values(values: Iterable[str | None]) -> None:
    for value in values:
        if value is not None and value not in VALUES:
            raise ValidationError({"value": _("This mark is not known here.")})


def _closed_words(sheet: Sheet) -> str:
    name = sheet.closed_by.name if sheet.closed_by else _("somebody")
    return _("%(name)s has closed this list. You can still correct it.") % {"name": name}
