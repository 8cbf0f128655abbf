"""Reads about who: scoped to what the asker may know."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from people.models import AccessLog, Account, AddressCode, Block, ContactWay, Person


def person_of(account: Any) -> Person | None:
    """The person of a signed-in account; None for a guest."""
    return account.person if getattr(account, "is_authenticated", False) else None


def browser_mark(account: Any) -> str:
    """What a browser may keep to know whose its notes are: a keyed hash, one an account; empty for a guest."""
    if not getattr(account, "is_authenticated", False):
        return ""
    return salted_hmac("porchlight.browser", str(account.pk), algorithm="sha256").hexdigest()[:16]


def person_by_pid(pid: UUID | str) -> Person:
    """Raises Person.DoesNotExist."""
    return Person.objects.get(pid=pid)


def account_of(person: Person) -> Account | None:
    """The account that signs in as `person`, if there is one."""
    return Account.objects.filter(person=person).first()


def blocked_between(one: Person, other: Person) -> bool:
    """True when either blocked the other: they do not see each other."""
    return Block.objects.filter(Q(blocker=one, blocked=other) | Q(blocker=other, blocked=one)).exists()


def live_ways_of(people: Iterable[Person]) -> dict[int, list[ContactWay]]:
    """By the id of the person, the ways that were not refused for good, in the order they set; nobody is left out.

    One statement.
    """
    found: dict[int, list[ContactWay]] = {person.pk: [] for person in people}
    for way in ContactWay.objects.filter(person__in=found, bounced_at=None).order_by("position", "pk"):
        found[way.person_id].append(way)
    return found


def alive(people: Collection[int]) -> set[int]:
    """Those of these ids of persons who have an account that may be signed in to, in one statement."""
    return set(Account.objects.filter(person__in=set(people), is_active=True).values_list("person_id", flat=True))


def with_account(people: Iterable[Person]) -> set[int]:
    """The ids of those who have an account, in one statement."""
    asked = {person.pk for person in people}
    return set(Account.objects.filter(person__in=asked).values_list("person_id", flat=True)) if asked else set()


def is_coordinator(person: Person | None) -> bool:
    return person is not None and Account.objects.filter(person=person, is_coordinator=True, is_active=True).exists()


def coordinators() -> QuerySet[Person]:
    """Everybody who coordinates this site and may sign in, the longest here first."""
    return Person.objects.filter(account__is_coordinator=True, account__is_active=True).order_by("pk")


def coordinators_among(people: Collection[int]) -> set[int]:
    """Those of these ids of persons who are coordinators and may sign in, in one statement."""
    found = Account.objects.filter(person__in=set(people), is_coordinator=True, is_active=True)
    return set(found.values_list("person_id", flat=True))


def demo_accounts() -> list[Account]:
    """The people that the demo made, for its sign-in page; empty without the development switch."""
    if not settings.DEVELOPMENT:
        return []
    return list(Account.objects.filter(is_active=True).order_by("pk")[:30])


def demo_account(alias: str) -> Account | None:
    """One of `demo_accounts` by alias."""
    return next((account for account in demo_accounts() if account.alias == alias), None)


def ways_of(person: Person) -> list[ContactWay]:
    """Every way on the person's own list, refused ones too, in their order."""
    return list(ContactWay.objects.filter(person=person).order_by("position", "pk"))


def code_pending(person: Person, now: datetime) -> str:
    """The address that waits for its code to be typed at `now` (UTC); empty when none does."""
    waiting = code_waiting(person, now)
    return waiting.address if waiting else ""


def code_waiting(person: Person, now: datetime) -> AddressCode | None:
    """The code that may be typed at `now` (UTC), with the kind and address it was sent to."""
    return AddressCode.objects.filter(person=person, used_at=None, expires_at__gt=now).order_by("-pk").first()


def signs_in_another(address: str, person: Person) -> bool:
    """Whether another account signs in with this address. Say it to nobody but that mailbox."""
    return Account.objects.filter(email__iexact=address.strip()).exclude(person=person).exists()


def looks_at(person: Person, limit: int = 100) -> list[AccessLog]:
    """Who looked at the person's attendance, latest first: for that person alone (D14)."""
    return list(AccessLog.objects.filter(person=person).order_by("-at", "-pk")[:limit])


def blocks_of(person: Person) -> list[Block]:
    """Whom the person blocked, latest first; `block.blocked` is loaded."""
    return list(Block.objects.filter(blocker=person).select_related("blocked").order_by("-at", "-pk"))
