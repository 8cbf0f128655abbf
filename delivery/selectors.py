"""Reads of the outbox."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from delivery.kinds import kind_of
from delivery.models import Delivery, InboxItem, Stop, WorkerBeat
from delivery.transports import transport_of
from ground.links import address_hash
from people.models import ContactWay, Person
from people.selectors import live_ways_of


def deliveries_of(topic: str) -> list[Delivery]:
    """Everything decided about one topic, oldest first."""
    return list(Delivery.objects.filter(topic=topic).select_related("recipient").order_by("due_at", "pk"))


def told(recipient: Person, kinds: list[str], limit: int = 20) -> list[Delivery]:
    """What was handed over to a person, latest first: for the page that shows a member what a contact has heard."""
    found = Delivery.objects.filter(recipient=recipient, kind__in=kinds, state="handed_over", bounced=False)
    return list(found.order_by("-handed_at")[:limit])


def inbox_of(person: Person) -> QuerySet[InboxItem]:
    """The person's own inbox, latest first."""
    return InboxItem.objects.filter(person=person).order_by("-at")


def unread_count(person: Person) -> int:
    return InboxItem.objects.filter(person=person, read_at=None).count()


def inbox_latest(person: Person, limit: int = 30) -> list[InboxItem]:
    """The latest of the person's own inbox with what they are about (`item.delivery`): for Today."""
    return list(inbox_of(person).select_related("delivery")[:limit])


def nothing_goes_to(address: str) -> bool:
    """True when this address said STOP: nothing at all is mailed to it."""
    return Stop.objects.filter(address_hash=address_hash(address)).exists()


def stopped_among(hashes: list[str]) -> set[str]:
    """Those of the address hashes to which nothing is sent any more."""
    return set(Stop.objects.filter(address_hash__in=hashes).values_list("address_hash", flat=True))


def has_calls() -> bool:
    """Whether this site can ring people."""
    return transport_of("voice") is not None


def usable_ways(person: Person) -> list[ContactWay]:
    """The ways that this site can send by, that were not refused for good and did not say STOP, in their order."""
    return usable_ways_of([person])[person.pk]


def ways_for(deliveries: Iterable[Delivery]) -> dict[int, list[ContactWay]]:
    """By the id of the recipient, of whom each has one delivery: the ways it may take, by its kind and its own `way`.

    A call goes to the number for text messages.
    """
    deliveries = list(deliveries)
    found = usable_ways_of(delivery.recipient for delivery in deliveries)
    for delivery in deliveries:
        kind, ways = kind_of(delivery.kind), found[delivery.recipient_id]
        allowed, only = kind.ways, kind.only(delivery)
        if delivery.way:
            allowed = frozenset({ContactWay.SMS}) if transport_of(delivery.way) else frozenset()
        if allowed is not None:
            ways = [way for way in ways if way.kind in allowed]
        found[delivery.recipient_id] = [way for way in ways if only in {None, way.pk}]
    return found


def usable_ways_of(people: Iterable[Person]) -> dict[int, list[ContactWay]]:
    """`usable_ways` of many, by the id of the person, in two statements; nobody is left out."""
    found = live_ways_of(people)
    stopped = stopped_among([way.address_hash for ways in found.values() for way in ways])
    return {
        person: [way for way in ways if way.address_hash not in stopped and transport_of(way.kind)]
        for person, ways in found.items()
    }


STALE = timedelta(minutes=1)


def worker_alive(now: datetime) -> bool:
    """True when some worker's heartbeat is younger than a minute; otherwise nothing leaves the house."""
    return WorkerBeat.objects.filter(stopped_at=None, beat_at__gt=now - STALE).exists()
