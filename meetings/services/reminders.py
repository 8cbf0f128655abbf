"""When nobody closes a list (docs/rules.md 5): reminders 2, 24 and 48 hours after the end, then it expires.

    2 h   the facilitator on duty (named for the occurrence, else all)
    24 h  all facilitators of the group
    48 h  the coordinators, who read that a list waits, never about whom
    7 d   expired: no more reminders, and still to be closed later

A cancelled date moves through the moments without a word, so one that is taken up again goes on where it is. After an
outage each person gets the latest of what came due for them, once; a list that expired meanwhile reminds nobody.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from delivery.services import Draft, messages_enqueue, withdraw
from groups.models import Membership
from meetings.models import Occurrence, Sheet
from meetings.selectors.attendance import FIRST_REMINDER, OPEN_FOR, UNCLOSED_AFTER, topic_of
from meetings.services.batches import take_up
from people.models import Person
from people.selectors import coordinators

BATCH = 200
POSTPONE = timedelta(hours=1)  # a list whose turn raises is taken up again after this
DUTY, EVERYBODY, COORDINATORS = range(3)
STEPS = (FIRST_REMINDER, timedelta(hours=24), UNCLOSED_AFTER, OPEN_FOR)  # after the end
REMINDER, UNCLOSED = "sheet_reminder", "sheet_unclosed"


def sheets_due(*, now: datetime) -> int:
    """Take up to 200 open lists whose next moment has come; return how many. Each moment is decided once.

    A batch is one transaction with a fixed number of statements. When it raises, its lists are taken one by one, and
    the one that raises rests an hour and is reported.
    """
    due = Sheet.objects.filter(state=Sheet.OPEN, step_at__lte=now).order_by("step_at", "pk")
    pks = list(due.values_list("pk", flat=True)[:BATCH])

    def rest(pk: int) -> None:
        Sheet.objects.filter(pk=pk, state=Sheet.OPEN).update(step_at=now + POSTPONE)

    return take_up(pks, lambda some: _take_up(some, now), rest, what="list")


def _take_up(pks: Sequence[int], now: datetime) -> None:
    with transaction.atomic():
        # what another worker has in hand is left to it; what somebody is closing at this moment is looked at after that
        due = Sheet.objects.filter(pk__in=pks, state=Sheet.OPEN, step_at__lte=now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(of=("self",), skip_locked=True)
        sheets = list(due.select_related("occurrence__meeting__group", "occurrence__on_duty").order_by("step_at", "pk"))
        passed = {sheet.pk: (sheet.step, _move_on(sheet, now)) for sheet in sheets}
        speaking = [(sheet, steps) for sheet in sheets if (steps := _new_steps(sheet, *passed[sheet.pk]))]
        if any(EVERYBODY in steps for _sheet, steps in speaking):
            wider = [topic_of(sheet.occurrence_id) for sheet, steps in speaking if EVERYBODY in steps]
            withdraw(topics=wider, kinds=[REMINDER], reason="a later reminder goes to all")
        messages_enqueue(list(_drafts(speaking)))
        Sheet.objects.bulk_update(sheets, ["state", "step", "step_at"])


def _move_on(sheet: Sheet, now: datetime) -> int:
    """Set the list's next moment (unsaved); return how many of its moments are behind it at `now`."""
    passed = sum(sheet.occurrence.ends_at + step <= now for step in STEPS)
    sheet.step = passed
    if passed == len(STEPS):
        sheet.state, sheet.step_at = Sheet.EXPIRED, None
    else:
        sheet.step_at = sheet.occurrence.ends_at + STEPS[passed]
    return passed


def _new_steps(sheet: Sheet, before: int, passed: int) -> range:
    """The moments to speak at: none for a date that was not held, a group that has ended, a list that has expired."""
    meeting = sheet.occurrence.meeting
    held = sheet.occurrence.state == Occurrence.SCHEDULED
    if not held or meeting.group is None or meeting.group.closed_at is not None or sheet.state == Sheet.EXPIRED:
        return range(0)
    return range(before, passed)


def _drafts(speaking: Sequence[tuple[Sheet, range]]) -> Iterator[Draft]:
    """Three statements at most: the facilitators of these groups, the coordinators, and nothing a list."""
    groups = {sheet.occurrence.meeting.group_id for sheet, _steps in speaking}
    run_by: dict[int, list[Person]] = {}
    running = Membership.objects.facilitators().filter(group__in=groups) if groups else Membership.objects.none()
    for membership in running.select_related("person").order_by("pk"):
        run_by.setdefault(membership.group_id, []).append(membership.person)
    late = any(COORDINATORS in steps for _sheet, steps in speaking)
    told_late = list(coordinators()) if late else []
    for sheet, steps in speaking:
        own = run_by.get(sheet.occurrence.meeting.group_id or 0, [])
        if EVERYBODY in steps:
            yield from _to(own, sheet, EVERYBODY)
        elif DUTY in steps:
            named = [person for person in own if person.pk == sheet.occurrence.on_duty_id]
            yield from _to(named or own, sheet, DUTY)
        if COORDINATORS in steps:
            yield from _to(told_late, sheet, COORDINATORS)


def _to(people: Iterable[Person], sheet: Sheet, step: int) -> Iterator[Draft]:
    for person in people:
        yield Draft(
            kind=UNCLOSED if step == COORDINATORS else REMINDER,
            topic=topic_of(sheet.occurrence_id),
            recipient=person,
            # the end is part of the key: a date that was moved has moments of its own
            dedupe_key=f"list:{sheet.pk}:{step}:{sheet.occurrence.ends_at:%Y%m%d%H%M}:{person.pk}",
            not_before=sheet.occurrence.ends_at + STEPS[step],
            payload={"sheet": sheet.pk, "step": step},
            to_inbox=True,
        )
