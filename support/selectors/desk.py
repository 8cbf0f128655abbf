"""What a coordinator sees of the watch: numbers, groups and moments, and never the name of a member or a contact."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, Max, OuterRef, Q

from circle.models import Supporter
from people.models import ContactWay, Person
from people.selectors import is_coordinator
from support.models import Episode, EpisodeSupporter

BACK = timedelta(days=90)
MOST = 200


@dataclass(frozen=True, slots=True)
class Held:
    """One nudge that waits for somebody to look (4.6). `ref` names the row and nobody."""

    ref: int
    group: str
    decided_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class FalseAlert:
    """An episode whose decision did not stand after somebody was told. `told`: how many had been."""

    group: str
    at: datetime
    told: int


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Contacts on members' lists to whom no way is left. Their members were told, each of their own."""

    count: int
    latest: datetime | None


def _for_coordinators(actor: Person) -> None:
    if not is_coordinator(actor):
        raise PermissionDenied


def held_nudges(actor: Person) -> list[Held]:
    """What waits for a coordinator, the groups by name, in each the oldest first. Raises PermissionDenied."""
    _for_coordinators(actor)
    rows = EpisodeSupporter.objects.filter(state=EpisodeSupporter.HELD, episode__ended_at=None)
    found = rows.select_related("episode__deciding_group").order_by("due_at", "pk")[:MOST]
    held = [Held(row.pk, _group(row.episode), _decided(row.episode), row.due_at) for row in found]
    return sorted(held, key=lambda one: one.group)


def false_alerts(actor: Person, now: datetime) -> list[FalseAlert]:
    """Of the last 90 days, latest first. Raises PermissionDenied."""
    _for_coordinators(actor)
    found = Episode.objects.filter(false_alert=True, ended_at__gte=now - BACK).select_related("deciding_group")
    told = Count("supporters", filter=Q(supporters__told_at__isnull=False))
    latest = found.annotate(told=told).order_by("-ended_at", "-pk")[:MOST]
    return [FalseAlert(_group(one), one.ended_at, one.told) for one in latest if one.ended_at is not None]


def unreachable_contacts(actor: Person) -> Unreachable:
    """How many, and since when the latest. Raises PermissionDenied."""
    _for_coordinators(actor)
    ways = ContactWay.objects.filter(person=OuterRef("person"))
    gone = Supporter.objects.filter(Exists(ways), ~Exists(ways.filter(bounced_at=None)))
    standing = gone.filter(state__in=Supporter.ON_THE_LIST)
    found = standing.aggregate(count=Count("pk", distinct=True), latest=Max("person__ways__bounced_at"))
    return Unreachable(found["count"], found["latest"])


def _group(episode: Episode) -> str:
    return episode.deciding_group.name if episode.deciding_group else ""


def _decided(episode: Episode) -> datetime:
    assert episode.decided_at is not None  # only a decision has supporters
    return episode.decided_at
