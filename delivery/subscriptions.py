"""Writers, beside delivery.services: a member's browsers that show notifications."""

from collections.abc import Collection
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from delivery.transports.webpush import Subscription
from ground import clock, links
from ground.errors import TooMany
from people.models import ContactWay, Person
from people.services import way_add

MOST = 10  # browsers of one person
PUSH_WAYS = "push-ways"  # in a session: the ways that its browser is


def push_subscribe(*, actor: Person, endpoint: str, p256dh: str, auth: str, name: str = "") -> ContactWay:
    """This browser brings the actor notifications from now on, last in their order; the same again changes nothing.

    A browser belongs to one person: who was signed in there before gets nothing in it any more.
    Raises ValidationError for what is no subscription or lies inside our own network, TooMany.
    """
    try:
        address = Subscription.checked(endpoint, p256dh, auth).address
    except ValueError as wrong:
        raise ValidationError({"subscription": _("This browser gave no subscription that works.")}) from wrong
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=actor.pk)
        same = ContactWay.objects.filter(kind=ContactWay.WEBPUSH, address_hash=links.address_hash(address))
        same.exclude(person=actor).delete()
        mine = ContactWay.objects.filter(person=actor, kind=ContactWay.WEBPUSH, bounced_at=None)
        if not same.filter(person=actor).exists() and mine.count() >= MOST:
            raise TooMany(_("Ten browsers are enough. Take one off first."))
        way = way_add(person=actor, kind=ContactWay.WEBPUSH, address=address)
        way.name = " ".join(name.split())[:40] or _("This browser")
        way.verified_at, way.bounced_at = way.verified_at or clock.now(), None
        way.save(update_fields=["name", "verified_at", "bounced_at"])
    return way


def push_of(*, person: Person, endpoint_sha256: str) -> ContactWay | None:
    """The way by which the browser whose endpoint has this SHA-256 (hex) brings notifications to `person`, if any."""
    ways = ContactWay.objects.filter(person=person, kind=ContactWay.WEBPUSH, bounced_at=None)
    digests = ((way, sha256(Subscription.of(way.address).endpoint.encode()).hexdigest()) for way in ways)
    return next((way for way, digest in digests if digest == endpoint_sha256), None)


def push_unsubscribe(*, actor: Person, endpoint: str) -> None:
    """This browser is not used any more; one that was not listed is fine. Nobody else's is touched."""
    for way in ContactWay.objects.filter(person=actor, kind=ContactWay.WEBPUSH):
        if Subscription.of(way.address).endpoint == endpoint:
            way.delete()


def push_end(*, actor: Person, way_ids: Collection[int]) -> None:
    """The actor signs out in the browser of these ways: whoever sits there next sees none of their notifications."""
    ContactWay.objects.filter(person=actor, kind=ContactWay.WEBPUSH, pk__in=way_ids).delete()
