"""What this room keeps about a person, and how it goes: the person's own row last of all."""

from datetime import datetime
from typing import Any

from people.models import AccessLog, Account, Change, ContactWay, Link, Person


def export(person: Person) -> dict[str, Any]:
    account = Account.objects.filter(person=person).first()
    ways = ContactWay.objects.filter(person=person)
    looks = AccessLog.objects.filter(person=person).order_by("at")
    return {
        "name": person.name,
        "zone": person.zone,
        "language": person.language,
        "region": person.region,
        "window_minutes": [person.window_start, person.window_end],
        "account": {"alias": account.alias, "email": account.email, "since": account.created_at} if account else None,
        "ways": [{"kind": way.kind, "address": way.label, "bounced_at": way.bounced_at} for way in ways],
        "who_looked": [{"reader": look.reader_name, "what": look.what, "at": look.at} for look in looks],
    }


def erase(person: Person) -> None:
    """The account (with its passkeys and addresses), then the person; links, ways, blocks and changes go along."""
    Link.objects.filter(person=person).delete()
    Change.objects.filter(person=person).delete()
    Account.objects.filter(person=person).delete()
    Person.objects.filter(pk=person.pk).delete()


def purge(now: datetime) -> int:
    """Nothing yet: the audit's six years come with the privacy issue (docs/status.md)."""
    return 0
