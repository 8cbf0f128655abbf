"""What waits in this room: changes to evaluate, outcomes to read, steps to take. Two statements when nothing does."""

from datetime import datetime

from django.db.models import Q, QuerySet

from people.models import Change
from support.models import Episode, EpisodeMessage, Stumble

SETTLED = ("handed_over", "uncertain", "failed", "cancelled", "suppressed")


def changes(now: datetime) -> QuerySet[Change]:
    """Changes to evaluate, oldest first, without those of members whose evaluation raised and rests until later."""
    rests = Stumble.objects.filter(until__gt=now).values("person")
    return Change.objects.exclude(person__in=rests).order_by("pk")


def outcomes(now: datetime) -> QuerySet[EpisodeMessage]:
    """Messages of which the outbox knows what became and the watch does not; a final notice counts once attempted."""
    attempted = Q(delivery__kind="final_notice", delivery__attempted_at__isnull=False)
    found = EpisodeMessage.objects.filter(Q(delivery__state__in=SETTLED) | attempted, open=True)
    return found.exclude(episode__watch__person__in=Stumble.objects.filter(until__gt=now).values("person"))


def steps(now: datetime) -> QuerySet[Episode]:
    """Open episodes of which a supporter is to be looked at again, in order of time."""
    return _awake(now).filter(next_step_at__lte=now).order_by("next_step_at", "watch__person__name", "pk")


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
    first = _awake(now).filter(next_step_at__isnull=False).order_by("next_step_at").first()
    times = [first.next_step_at] if first else []
    rests = Stumble.objects.filter(until__gt=now).order_by("until").first()
    if rests:
        times.append(rests.until)
    known = [time for time in times if time is not None]
    return max(min(known), now) if known else None
