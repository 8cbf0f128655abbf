"""The people, groups and meetings of a scenario as rows: what stood before anything happened.

Each name of the file is one person who signs in. A supporter is, for each member, a contact of their own with the same
address: what was told to one member's contact says nothing of the other's.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from circle.models import Supporter
from circle.services.consent import write_consent
from ground import clock
from ground.links import address_hash
from groups.models import Group, Membership
from meetings.models import Meeting
from people.models import Account, ContactWay, Person
from people.services import changes_write
from porchlight.replay.scenario import Scenario

FACILITATOR = "facilitator"
CONSENT_DAYS = 366  # the longest there is; renewed while the scenario lasts
RENEWED_AFTER = timedelta(days=300)


def address_of(number: int) -> str:
    return f"p{number}@example.org"


@dataclass(slots=True)
class World:
    """By name. `contacts` by (member, supporter); `names` by person id, contacts too."""

    facilitator: Person
    people: dict[str, Person] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    contacts: dict[tuple[str, str], Supporter] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def world_of(scenario: Scenario) -> World:
    """Make it all, now. Memberships, acceptances and rules have moments of their own and come later."""
    now = clock.now()
    plans = list(scenario.people.values())
    people = [_person(one.name, one.zone, one.window, now) for one in plans]
    facilitator = _person(FACILITATOR, scenario.zone, (8 * 60, 21 * 60), now)
    Person.objects.bulk_create([*people, facilitator])
    Account.objects.bulk_create(
        Account(alias=f"p{number}", person=person, adult_confirmed_at=now, created_at=now)
        for number, person in enumerate([*people, facilitator])  # without a password: nobody signs in
    )
    world = World(facilitator, people={person.name: person for person in people})
    world.addresses = {person.name: address_of(number) for number, person in enumerate(people)}
    _groups_make(world, scenario, now)
    _contacts_make(world, scenario, now)
    ways = [(person, world.addresses[person.name]) for person in people]
    ways += [(one.person, world.addresses[name]) for (_member, name), one in world.contacts.items()]
    ContactWay.objects.bulk_create(
        ContactWay(person=person, kind="email", address=to, address_hash=address_hash(to), created_at=now)
        for person, to in ways
    )
    world.names = {person.pk: person.name for person, _to in ways}
    return world


def member_make(world: World, person: str, group: str) -> bool:
    """A membership from now on; False when there is one."""
    who, where = world.people[person], world.groups[group]
    if Membership.objects.filter(group=where, person=who, until=None).exists():
        return False
    Membership.objects.create(group=where, person=who, since=clock.now())
    changes_write(people=[who], cause="joined_group", ref=where.pk)
    return True


def guests_let_in(world: World, meeting: str, names: list[str]) -> None:
    """Lists know members only, now or before. A guest gets a membership that lasted no time: it expects nobody."""
    group = world.meetings[meeting].group
    assert group is not None
    people = [world.people[name] for name in names]
    known = set(Membership.objects.filter(group=group, person__in=people).values_list("person_id", flat=True))
    moment = group.created_at
    Membership.objects.bulk_create(
        Membership(group=group, person=person, state=Membership.ENDED, since=moment, until=moment)
        for person in people
        if person.pk not in known
    )


def _person(name: str, zone: str, window: tuple[int, int], now: datetime) -> Person:
    return Person(name=name, zone=zone, window_start=window[0], window_end=window[1], created_at=now)


def _groups_make(world: World, scenario: Scenario, now: datetime) -> None:
    groups = [
        Group(slug=f"g{number}", name=name, zone=scenario.zone, created_at=now)
        for number, name in enumerate(scenario.groups)
    ]
    world.groups = {group.name: group for group in Group.objects.bulk_create(groups)}
    Membership.objects.bulk_create(
        Membership(group=group, person=world.facilitator, role=Membership.FACILITATOR, since=now) for group in groups
    )
    meetings = [
        Meeting(
            group=world.groups[one.group],
            slug=f"m{number}",
            name=name,
            starts_local=one.start.replace(tzinfo=now.tzinfo),  # as it is stored: wall time as if UTC
            zone=one.zone,
            rrule=one.rrule,
            minutes=one.minutes,
            created_at=now,
        )
        for number, (name, one) in enumerate(scenario.meetings.items())
    ]
    world.meetings = {meeting.name: meeting for meeting in Meeting.objects.bulk_create(meetings)}


def _contacts_make(world: World, scenario: Scenario, now: datetime) -> None:
    """Everybody is asked at the beginning; who accepts does so at a moment of their own."""
    accounts = {account.person_id: account for account in Account.objects.all()}
    persons = [
        _person(one.person, scenario.people[one.person].zone, scenario.people[one.person].window, now)
        for one in scenario.supporters
    ]
    Person.objects.bulk_create(persons)
    for position, (one, person) in enumerate(zip(scenario.supporters, persons, strict=True)):
        member = world.people[one.member]
        contact = Supporter.objects.create(
            member=member, person=person, name=one.person, sender_name=one.member, position=position, invited_at=now
        )
        world.contacts[one.member, one.person] = contact
        for purpose in one.consent:
            write_consent(contact, purpose=purpose, days=CONSENT_DAYS, account=accounts[member.pk])
