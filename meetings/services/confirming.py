"""Whether what the finder shows is still right: facilitators are asked once, half a year after somebody last said so.

Founding, changing and confirming a meeting all put the question off. It is asked once; until somebody answers nobody
is asked again, and the finder says the date of the last word by itself.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from delivery.services import Draft, messages_enqueue, withdraw
from ground.errors import Settled
from groups.models import Membership
from meetings.models import Confirming, Meeting
from meetings.policies import can_run_meeting
from meetings.services.batches import take_up
from people.models import Person

BATCH = 200
STALE = timedelta(days=180)
POSTPONE = timedelta(hours=1)  # a meeting whose turn raises is taken up again after this
REMINDER = "confirm_reminder"


def topic_of(meeting_id: int) -> str:
    return f"confirm:{meeting_id}"


def confirming_put_off(*, meeting: Meeting, now: datetime) -> None:
    """Somebody who keeps this meeting looked at it: the next question is half a year away, one on its way goes back."""
    if meeting.group_id is None:
        return
    due = {"due_at": now + STALE}
    _row, made = Confirming.objects.update_or_create(meeting=meeting, defaults=due)
    if not made:
        withdraw(topics=[topic_of(meeting.pk)], reason="confirmed")


def confirmings_due(*, now: datetime) -> int:
    """Ask about up to 200 meetings whose moment has come; return how many. A batch is a fixed number of statements.

    When a batch raises, its meetings are taken one by one, and the one that raises rests an hour and is reported.
    """
    due = Confirming.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    pks = list(due.values_list("pk", flat=True)[:BATCH])

    def rest(pk: int) -> None:
        Confirming.objects.filter(pk=pk).update(due_at=now + POSTPONE)

    return take_up(pks, lambda some: _take_up(some, now), rest, what="meeting to confirm")


def still_held(meeting: Meeting) -> bool:
    """Whether there is anything to confirm: a group's meeting that is listed and not over."""
    group = meeting.group
    coming = meeting.starts_local is None or meeting.next_starts_at is not None
    return group is not None and group.closed_at is None and meeting.closed_at is None and coming


def confirming_look(*, actor: Person, meeting_id: int) -> Meeting:
    """The meeting that a facilitator is asked about, with its group and list. Raises Settled when it is not theirs to
    confirm, or not held, any more."""
    found = Meeting.objects.select_related("group", "source").filter(pk=meeting_id, closed_at=None).first()
    if found is None or not can_run_meeting(actor, found):
        raise Settled(_("This meeting has ended, or somebody else looks after it now."))
    return found


def _take_up(pks: Sequence[int], now: datetime) -> None:
    with transaction.atomic():
        due = Confirming.objects.filter(pk__in=pks, due_at__lte=now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(of=("self",), skip_locked=True)
        rows = list(due.select_related("meeting__group").order_by("due_at", "pk"))
        messages_enqueue(list(_drafts([row for row in rows if still_held(row.meeting)], now)))
        Confirming.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=None, asked_at=now)


def _drafts(rows: Sequence[Confirming], now: datetime) -> Iterator[Draft]:
    """One statement: the facilitators of all these groups."""
    run_by: dict[int, list[Person]] = {}
    running = Membership.objects.facilitators().filter(group__in={row.meeting.group_id for row in rows})
    for membership in running.select_related("person").order_by("pk"):
        run_by.setdefault(membership.group_id, []).append(membership.person)
    for row in rows:
        assert row.due_at is not None
        for person in run_by.get(row.meeting.group_id or 0, []):
            yield Draft(
                kind=REMINDER,
                topic=topic_of(row.meeting_id),
                recipient=person,
                dedupe_key=f"confirm:{row.meeting_id}:{row.due_at:%Y%m%d%H%M%S}:{person.pk}",
                not_before=now,
                payload={"meeting": row.meeting_id},
                to_inbox=True,
            )
