"""What this room keeps about a person, and how it is handed out, erased and purged."""

from datetime import datetime, timedelta
from typing import Any

from circle.models import Look, Supporter
from circle.selectors import chosen_by
from circle.services import common
from people.models import Person
from people.services import way_remove

KEEP_ADDRESS = timedelta(days=30)  # of somebody the member took off the list


def export(person: Person) -> dict[str, Any]:
    """The member's people, what each may hear, and the words that were signed; and who chose them."""
    people = Supporter.objects.filter(member=person).select_related("person").prefetch_related("consents")
    return {
        "people": [_one(supporter) for supporter in people],
        "looked_at": Look.objects.filter(member=person).values_list("looked_at", flat=True).first(),
        "chosen_by": [{"name": one.sender_name, "rests_until": one.rests_until} for one in chosen_by(person)],
    }


def _one(supporter: Supporter) -> dict[str, Any]:
    return {
        "name": supporter.name,
        "your_name_for_them": supporter.sender_name,
        "state": supporter.state,
        "muted": supporter.muted,
        "invited_at": supporter.invited_at,
        "accepted_at": supporter.accepted_at,
        "ended_at": supporter.ended_at,
        "zone": supporter.person.zone,
        "addresses": [{"kind": way.kind, "address": way.address} for way in supporter.person.ways.all()],
        "consents": [
            {
                "purpose": consent.purpose,
                "text": consent.text,
                "version": consent.text_version,
                "signed_as": consent.signed_as,
                "granted_at": consent.granted_at,
                "expires_at": consent.expires_at,
                "ended_at": consent.revoked_at,
                "ended_as": consent.ended_as,
            }
            for consent in supporter.consents.all()
        ],
    }


def erase(person: Person) -> None:
    """Pending first, then the member's contacts with all that hangs on them. Nobody is told.

    A contact without an account exists for this member alone and goes with them; so does what makes `person` somebody
    else's contact.
    """
    people = list(Supporter.objects.filter(member=person).select_related("person"))
    for supporter in people:
        common.withdraw(supporter, kinds=None, reason="erased")
    Person.objects.filter(pk__in=[supporter.person_id for supporter in people], account=None).delete()
    Supporter.objects.filter(member=person).delete()
    Look.objects.filter(member=person).delete()
    Supporter.objects.filter(person=person).delete()
    Supporter.objects.filter(seen_by=person).update(seen_by=None)


def purge(now: datetime) -> int:
    """Forget the address of a contact 30 days after the member took them off the list. STOP is remembered."""
    gone = Supporter.objects.filter(state=Supporter.ENDED, ended_at__lt=now - KEEP_ADDRESS, person__account=None)
    count = 0
    for supporter in gone.filter(person__ways__isnull=False).select_related("person").distinct():
        for way in supporter.person.ways.all():
            way_remove(actor=supporter.person, way_id=way.pk)
            count += 1
    return count
