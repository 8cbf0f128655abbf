"""What waits in this room: changes to evaluate, outcomes to read, steps to take. Two statements when nothing does."""

from datetime import datetime

from django.db import connection
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Collate

from delivery.models import Delivery
from people.models import Change
from support.models import Episode, EpisodeMessage, EpisodeSupporter, Stumble


def changes(now: datetime) -> QuerySet[Change]:
    """Changes to evaluate, oldest first, without those of members whose evaluation raised and rests until later."""
    rests = Stumble.objects.filter(until__gt=now).values("person")
    return Change.objects.exclude(person__in=rests).order_by("pk")


def outcomes(now: datetime) -> QuerySet[EpisodeMessage]:
    """Messages of which the outbox knows what became and the watch does not; a final notice counts once attempted."""
    attempted = Q(delivery__kind="final_notice", delivery__attempted_at__isnull=False)
    found = EpisodeMessage.objects.filter(Q(delivery__state__in=Delivery.SETTLED) | attempted, open=True)
    return found.exclude(episode__watch__person__in=Stumble.objects.filter(until__gt=now).values("person"))


def steps(now: datetime) -> QuerySet[Episode]:
    """Open episodes of which a supporter is to be looked at again, in order of time."""
    return _awake(now).filter(next_step_at__lte=now).order_by("next_step_at", "watch__person__name", "pk")


Order = tuple[datetime, str, str, str, str, int]  # rule 4.6


def rows(now: datetime, most: int) -> list[tuple[Order, int]]:
    """The first nudges and reminders to take up, in the order of rule 4.6, each with the member's id.

    Names are compared as plain text, whatever the collation of the database.
    """
    nudge = Q(take_at__isnull=False)  # only a nudge that waits has it, only one that was told has a reminder
    found = EpisodeSupporter.objects.filter(
        Q(take_at__lte=now) | Q(reminder_at__lte=now), episode__in=_awake(now).filter(next_step_at__lte=now)
    ).annotate(
        due=Case(When(nudge, then=F("due_at")), default=F("reminder_at")),
        member=_plain("episode__watch__person__name"),
        group=_plain("episode__watch__group__name"),
        recipient=_plain("supporter__name"),
        kind=Case(When(nudge, then=Value("nudge")), default=Value("reminder"), output_field=CharField()),
        rank=Case(When(nudge, then=F("level")), default=Value(0)),
    )
    key = ("due", "member", "group", "recipient", "kind", "rank")
    first = found.order_by(*key, "pk").values_list(*key, "episode__watch__person_id")[:most]
    return [
        ((due, member, group, recipient, kind, rank), person)
        for due, member, group, recipient, kind, rank, person in first
    ]


def _plain(name: str) -> Collate:
    return Collate(Coalesce(F(name), Value("")), "C" if connection.vendor == "postgresql" else "BINARY")


def _awake(now: datetime) -> QuerySet[Episode]:
    """Without those of members whose work raised and rests until later."""
    return Episode.objects.exclude(watch__person__in=Stumble.objects.filter(until__gt=now).values("person"))


def anything(now: datetime) -> bool:
    """Whether an outcome or a step waits, in one statement."""
    waiting = steps(now).order_by().values("pk").union(outcomes(now).values("pk"), all=True)
    return bool(list(waiting[:1]))


def next_due(now: datetime) -> datetime | None:
    """The earliest moment (UTC) at which this room has something to do: `now` when it has already, None for never.

    What the outbox holds is not counted: it has its own due times.
    """
    if changes(now).exists() or outcomes(now).exists():
        return now
    steps_at = _awake(now).filter(next_step_at__isnull=False).order_by("next_step_at")
    rests_until = Stumble.objects.filter(until__gt=now).order_by("until")
    first = steps_at.values_list("next_step_at", flat=True)[:1], rests_until.values_list("until", flat=True)[:1]
    known = [time for found in first for time in found if time is not None]
    return max(min(known), now) if known else None
