"""Away between two dates: every date the member planned to come to in it is excused at once, by their own word.

Being away is no row of its own: it is the excuses, so nothing more is kept about anybody. What is planned or joined
later is not covered by an earlier word.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ground import clock
from ground.wall import to_utc, to_wall
from meetings import schedule
from meetings.models import Commitment, Mark, Meeting, Occurrence, Sheet
from meetings.schedule import Held
from meetings.selectors.attendance import stored_local
from meetings.selectors.held import changes_of, rule_of
from meetings.services.commitments import EXCUSED
from meetings.services.marking import Wish, marks_write
from meetings.services.occurrences import FARTHEST, occurrence_get, sheets_open
from people.models import Person

LONGEST = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Away:
    """How many dates were excused (or taken back), and how many a facilitator has marked or closed already."""

    excused: int
    kept: int


def away_set(*, actor: Person, first: date, last: date) -> Away:
    """Excuse the actor from every coming date from `first` to `last` (days of their own zone, both included).

    Dates of the meetings they are committed to now, cancelled ones left out. Twice is once. Raises ValidationError for
    a time that ends before it begins, is over, is longer than 92 days, or lies more than 400 days ahead.
    """
    begin, end, now = _span(actor, first, last)
    mine = Commitment.objects.standing().filter(
        person=actor,
        meeting__closed_at=None,
        meeting__on_hold=False,
        meeting__group__closed_at=None,
        meeting__group__head_count_only=False,
    )
    meetings = [commitment.meeting for commitment in mine.select_related("meeting__group").order_by("meeting")]
    with transaction.atomic():
        occurrences = _dates(meetings, begin, end, now)
        sheets_open(occurrences, opened_at=now)
        return _write(actor, [row.pk for row in occurrences], EXCUSED, now)


def away_undo(*, actor: Person, first: date, last: date) -> Away:
    """The actor can come after all: their own excuses from `first` to `last` are taken off. Raises as `away_set`."""
    begin, end, now = _span(actor, first, last)
    own = Mark.objects.filter(
        person=actor,
        by=actor,
        value=EXCUSED,
        sheet__occurrence__starts_at__gte=begin,
        sheet__occurrence__starts_at__lt=end,
        sheet__occurrence__ends_at__gt=now,
    )
    with transaction.atomic():
        return _write(actor, list(own.values_list("sheet__occurrence_id", flat=True)), None, now)


def _span(actor: Person, first: date, last: date) -> tuple[datetime, datetime, datetime]:
    now = clock.now()
    today = to_wall(now, actor.zone).date()
    if last < first:
        raise ValidationError({"last": _("The last day lies before the first.")})
    if last < today:
        raise ValidationError({"last": _("These days are over.")})
    if last - first >= LONGEST:
        raise ValidationError({"last": _("Up to three months at a time.")})
    if last - today > FARTHEST - timedelta(days=2):
        raise ValidationError({"first": _("This date is too far ahead.")})
    begin = to_utc(datetime.combine(first, time()), actor.zone)
    end = to_utc(datetime.combine(last + timedelta(days=1), time()), actor.zone)
    return begin, end, now


def _dates(meetings: list[Meeting], begin: datetime, end: datetime, now: datetime) -> list[Occurrence]:
    """The rows of these meetings' dates that start in the span and are not over, made where they are missing.

    A few statements a meeting, however many dates.
    """
    changes = changes_of(meetings, now)
    wanted: list[Occurrence] = []
    for meeting in meetings:
        rule = rule_of(meeting)
        if rule is None:
            continue
        held = schedule.occurrences(rule, now, end, changes.get(meeting.pk))
        inside = [one for one in held if begin <= one.starts_at < end]
        if inside:
            wanted += _rows(meeting, inside)
    return wanted


def _rows(meeting: Meeting, held: Iterable[Held]) -> list[Occurrence]:
    keys = {stored_local(one.original_local) for one in held}
    # a date's row comes with all that lie before it
    occurrence_get(meeting=meeting, original_local=max(keys))
    return list(Occurrence.objects.filter(meeting=meeting, original_local__in=keys, state=Occurrence.SCHEDULED))


def _write(actor: Person, occurrences: list[int], value: str | None, now: datetime) -> Away:
    """The actor's own word on these dates' lists. A facilitator's mark, and a list that is closed, stay as they are."""
    # the sheets' rows are the queue: a facilitator may be closing one at this moment
    sheets = list(Sheet.objects.select_for_update().filter(occurrence__in=occurrences).order_by("pk"))
    marks = {mark.sheet_id: mark for mark in Mark.objects.filter(sheet__in=sheets, person=actor)}
    wishes: list[Wish] = []
    kept = 0
    for sheet in sheets:
        mark = marks.get(sheet.pk)
        if sheet.state == Sheet.CLOSED or (mark and mark.value is not None and mark.by_id != actor.pk):
            kept += 1
            continue
        wishes.append(Wish(sheet, actor, mark, value, expected=mark.expected if mark else True))
    written = sum(wish.before != value for wish in wishes)
    marks_write(wishes, actor=actor, now=now, revision=0)
    return Away(written, kept)
