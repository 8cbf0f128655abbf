"""The people every story is about, and the moment at which it plays."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from people.models import Account, ContactWay, Person
from people.selectors import live_ways_of
from people.services import account_create, person_create, way_add

# A Thursday evening in winter; Berlin is one hour ahead of UTC.
NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def make_account(
    alias: str | None = None, *, email: str = "", zone: str = "Europe/Berlin", password: str | None = None
) -> Account:
    """An adult's account. Its person is `.person`."""
    name = alias or f"p{uuid4().hex[:8]}"
    return account_create(alias=name, email=email, zone=zone, password=password, adult=True)


def make_member(alias: str | None = None, *, email: str = "", zone: str = "Europe/Berlin") -> Person:
    """The person of a fresh account."""
    return make_account(alias, email=email, zone=zone).person


def make_contact(name: str = "Sam", *, email: str = "sam@example.org", zone: str = "Europe/Berlin") -> Person:
    """A person without an account who can be reached by mail."""
    person = person_create(name=name, zone=zone)
    way_add(person=person, kind="email", address=email)
    return person


def live_ways(person: Person) -> list[ContactWay]:
    """The ways of this person that were not refused for good, in their order."""
    return live_ways_of([person])[person.pk]
