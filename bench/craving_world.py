"""Who takes part in `script/bench craving`: members in groups of ten, with responders who are available; signed in."""

from dataclasses import dataclass
from datetime import timedelta

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
    from porchlight.management.commands.seed_bench import sessions_of

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
    signed = [SignedIn(one.pk, key) for one, key in zip(people, sessions_of(accounts), strict=True)]
    return signed[:responders], signed[responders:]
