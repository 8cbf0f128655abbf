"""A note before what a member planned to come to (T20): opt-in, off by default, at the member's choice of lead.

Each coming date has a column with the moment of its next note, one for each lead that can be chosen. What is planned,
switched on or chosen after a moment has passed is not made up. Nothing goes about a date that has begun.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from delivery.services import Draft, messages_enqueue
from ground import clock
from ground.errors import Settled
from meetings.models import Commitment, Occurrence, PlanReminder
from meetings.services.batches import take_up
from meetings.services.commitments import excuse, excuse_undo
from people.models import Person
from people.selectors import account_of

BATCH = 200
POSTPONE = timedelta(minutes=5)  # a date whose turn raises is taken up again after this
LEADS = tuple(timedelta(minutes=minutes) for minutes in PlanReminder.LEADS)
REMINDER = "plan_reminder"
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)


def plan_reminder_set(*, actor: Person, lead_minutes: int | None) -> PlanReminder:
    """A note this long before each date the actor plans to come to; None: no notes.

    Raises PermissionDenied without an account, ValidationError for another lead than those offered.
    """
    if account_of(actor) is None:
        raise PermissionDenied
    if lead_minutes is not None and lead_minutes not in PlanReminder.LEADS:
        raise ValidationError({"lead_minutes": _("Choose one of the times offered.")})
    row, _made = PlanReminder.objects.update_or_create(person=actor, defaults={"lead_minutes": lead_minutes})
    return row


def plans_rest(*, person: Person, until: datetime | None) -> None:
    """The person pauses until `until` (UTC; None: until they resume): no note goes meanwhile. Called from above."""
    PlanReminder.objects.update_or_create(person=person, defaults={"resting_until": until or FOR_GOOD})


def plans_rest_end(*, person: Person) -> None:
    """Their pause is over, or the watch that it was of: notes go again. Called from above."""
    PlanReminder.objects.filter(person=person).update(resting_until=None)


def plan_answer(*, actor: Person, occurrence: Occurrence, coming: bool) -> Occurrence:
    """ "Coming", or "not this time", to a note: an excuse, or one's own excuse taken back.

    Raises as `excuse` does.
    """
    if occurrence.ends_at <= clock.now() or occurrence.state == Occurrence.CANCELLED:
        raise Settled(_("This date is over or is not held."))
    local = occurrence.original_local.replace(tzinfo=None)
    answer = excuse_undo if coming else excuse
    return answer(actor=actor, meeting=occurrence.meeting, original_local=local)


def plans_due(*, now: datetime) -> int:
    """Take up to 200 dates whose next note is due; return how many. A batch is a fixed number of statements.

    When a batch raises, its dates are taken one by one, and the one that raises rests five minutes and is reported.
    """
    due = Occurrence.objects.filter(remind_at__lte=now).order_by("remind_at", "pk")
    pks = list(due.values_list("pk", flat=True)[:BATCH])

    def rest(pk: int) -> None:
        Occurrence.objects.filter(pk=pk).update(remind_at=now + POSTPONE)

    return take_up(pks, lambda some: _take_up(some, now), rest, what="date")


def _take_up(pks: Sequence[int], now: datetime) -> None:
    with transaction.atomic():
        due = Occurrence.objects.filter(pk__in=pks, remind_at__lte=now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(of=("self",), skip_locked=True)
        dates = list(due.select_related("meeting__group").order_by("remind_at", "pk"))
        leads = {row.pk: _move_on(row, now) for row in dates}
        messages_enqueue(list(_drafts([row for row in dates if _speaks(row, now)], leads, now)))
        Occurrence.objects.bulk_update(dates, ["remind_at"])


def _move_on(row: Occurrence, now: datetime) -> list[timedelta]:
    """Set the moment of the date's next note (unsaved); return the leads whose moment has come since the last one."""
    assert row.remind_at is not None
    # one that raised was put off to between two moments: the one it stood at is still to be told
    since = max((at for lead in LEADS if (at := row.starts_at - lead) <= row.remind_at), default=row.remind_at)
    new = [lead for lead in LEADS if since <= row.starts_at - lead <= now]
    row.remind_at = min((row.starts_at - lead for lead in LEADS if row.starts_at - lead > now), default=None)
    return new


def _speaks(row: Occurrence, now: datetime) -> bool:
    group = row.meeting.group
    held = row.state == Occurrence.SCHEDULED and row.starts_at > now
    return held and group is not None and group.closed_at is None and not group.head_count_only


def _drafts(dates: Sequence[Occurrence], leads: dict[int, list[timedelta]], now: datetime) -> Iterator[Draft]:
    """One statement: who plans to come to these meetings and wants a note. The rest is asked again at the send."""
    if not dates:
        return
    rests = Q(person__plan_reminder__resting_until__gt=now)
    plans = (
        Commitment.objects.standing()
        .filter(meeting__in={row.meeting_id for row in dates}, person__plan_reminder__lead_minutes__isnull=False)
        .exclude(rests)
    )
    wanting: dict[int, list[Commitment]] = {}
    for plan in plans.select_related("person__plan_reminder").order_by("pk"):
        wanting.setdefault(plan.meeting_id, []).append(plan)
    for row in dates:
        for plan in wanting.get(row.meeting_id, []):
            minutes = plan.person.plan_reminder.lead_minutes
            if minutes is None or timedelta(minutes=minutes) not in leads[row.pk]:
                continue
            yield Draft(
                kind=REMINDER,
                topic=f"plan:{row.pk}",
                recipient=plan.person,
                # a date that was moved, and another lead, have a note of their own
                dedupe_key=f"plan:{row.pk}:{row.starts_at:%Y%m%d%H%M}:{minutes}:{plan.person_id}",
                not_before=row.starts_at - timedelta(minutes=minutes),
                payload={"occurrence": row.pk, "starts": row.starts_at.isoformat(), "lead": minutes},
                to_inbox=True,
            )
