"""A group decides what it writes down: who was there, or only how many (privacy.md, D15).

Counting heads, no row about a person's attendance is kept: marks and plans of the group go, and the schema refuses new
ones (meetings.schema). Where somebody was there moves into their own record, which is theirs (D10). Nothing of the
group is watched any more: for a watch it is as if its member had left. Every member is told.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from delivery.services import Draft, messages_enqueue
from ground import clock
from groups.models import Group, Membership
from groups.services import group_keeping_set
from meetings.models import Commitment, Mark, SelfLog, Sheet
from meetings.models.attendance import HERE
from people.models import Person
from people.services import changes_write

BATCH = 500
TOLD = "keeping_changed"


def keeping_change(*, actor: Person, group: Group, head_count_only: bool) -> bool:
    """Count heads only from now on, or keep lists by name again; True when that is new. Facilitators only.

    What goes does not come back with the names: nobody plans to come until they say so again.
    """
    now = clock.now()
    with transaction.atomic():
        if not group_keeping_set(actor=actor, group=group, head_count_only=head_count_only, at=now):
            return False
        # who is planning to come at this moment, and who writes on a list, is waited for; who comes after is refused
        members = list(
            Membership.objects.select_for_update(of=("self",)).standing().filter(group=group).select_related("person")
        )
        if head_count_only:
            _let_go(group, now)
        messages_enqueue(
            [
                Draft(
                    kind=TOLD,
                    topic=f"group:{group.pk}",
                    recipient=membership.person,
                    dedupe_key=f"keeping:{group.pk}:{now:%Y%m%d%H%M%S%f}:{membership.person_id}",
                    not_before=now,
                    payload={"group": group.pk, "heads": head_count_only},
                    to_inbox=True,
                )
                for membership in members
                if membership.person_id != actor.pk
            ]
        )
    return True


def _let_go(group: Group, now: datetime) -> None:
    """Move each person's own HITs into their own record, note the numbers, delete the rest."""
    sheets = Sheet.objects.filter(occurrence__meeting__group=group)
    list(sheets.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    marks = Mark.objects.filter(sheet__occurrence__meeting__group=group)
    plans = Commitment.objects.filter(meeting__group=group)
    touched = Person.objects.filter(Q(pk__in=marks.values("person")) | Q(pk__in=plans.values("person")))
    people = list(touched.order_by("pk"))
    there = marks.filter(value__in=HERE).values_list(
        "person_id", "sheet__occurrence__starts_at", "sheet__occurrence__meeting__name"
    )
    have = set(SelfLog.objects.filter(person__in=people).values_list("person_id", "starts_at"))
    own = {(person, starts): title for person, starts, title in there if (person, starts) not in have}
    SelfLog.objects.bulk_create(
        [SelfLog(person_id=person, starts_at=at, at=now, title=title) for (person, at), title in own.items()],
        batch_size=BATCH,
    )
    counted = list(
        sheets.filter(state=Sheet.CLOSED, head_count=None).annotate(n=Count("marks", filter=Q(marks__value__in=HERE)))
    )
    for sheet in counted:
        sheet.head_count = sheet.n
    Sheet.objects.bulk_update(counted, ["head_count"], batch_size=BATCH)
    marks.delete()
    plans.delete()
    changes_write(people=people, cause="group_counts_heads", ref=group.pk, at=now)
