"""Who takes part in `script/bench craving`: members in groups of ten, with responders who are available; signed in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from people.models import Account, Person

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with an open session. `person` is the id in the database."""

    person: int
    session: str


def seed(responders: int, presses: int) -> tuple[list[SignedIn], list[SignedIn]]:
    """(responders who take notifications, members who will ask)."""
    from cravings.models import Availability, Responder
    from ground import clock, links
    from groups.models import Group, Membership
    from people.models import Account, ContactWay, Person

    now = clock.now()
    people = Person.objects.bulk_create(
        Person(name=f"p{n}", created_at=now, window_start=0, window_end=1440) for n in range(responders + presses)
    )
    accounts = Account.objects.bulk_create(
        Account(alias=one.name, password="!", person=one, adult_confirmed_at=now, created_at=now) for one in people
    )
    ready, members = people[:responders], people[responders:]
    Responder.objects.bulk_create(Responder(person=one, since=now, vetted_at=now) for one in ready)
    Availability.objects.bulk_create(Availability(person=one, since=now, until=now + 8 * HOUR) for one in ready)
    ContactWay.objects.bulk_create(
        ContactWay(
            person=one,
            kind="webpush",
            address=f"x{one.pk}",
            address_hash=links.address_hash(f"x{one.pk}"),
            created_at=now,
        )
        for one in ready
    )
    groups = Group.objects.bulk_create(
        Group(name=f"g{n}", slug=f"g{n}", zone="UTC", created_at=now) for n in range(presses)
    )
    Membership.objects.bulk_create(
        Membership(group=groups[n % presses], person=one, since=now) for n, one in enumerate([*ready, *members])
    )
    signed = _sign_in(people, accounts)
    return signed[:responders], signed[responders:]


def _sign_in(people: "list[Person]", accounts: "list[Account]") -> list[SignedIn]:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    from ground import clock

    rows, signed = [], []
    for person, account in zip(people, accounts, strict=True):
        store = SessionStore()
        held = {
            SESSION_KEY: str(account.pk),
            BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
            HASH_SESSION_KEY: account.get_session_auth_hash(),
        }
        key = f"bench{account.pk:027}"
        rows.append(Session(session_key=key, session_data=store.encode(held), expire_date=clock.now() + 24 * HOUR))
        signed.append(SignedIn(person.pk, key))
    Session.objects.bulk_create(rows)
    return signed
