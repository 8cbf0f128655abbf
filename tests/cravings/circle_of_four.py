"""Who plays in the stories of the button: a member, a responder of the same group, and an outsider."""

from datetime import datetime, timedelta
from uuid import uuid4

from chat.services import message_post
from circle.services import consent_grant, supporter_accept, supporter_invite
from cravings import selectors, services, worker
from cravings.models import Press, Responder
from delivery.selectors import deliveries_of
from ground import clock
from groups.models import Group, Membership
from people.models import Person
from people.services import link_give, link_open
from tests.people_of_the_story import DAY, NOW, make_member

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def make_group(*people: Person, name: str = "Thursday Lamp") -> Group:
    """A group whose active members are `people`."""
    group = Group.objects.create(name=name, slug=f"g-{uuid4().hex[:8]}", zone="Europe/Berlin", created_at=NOW)
    for person in people:
        join(group, person)
    return group


def join(group: Group, person: Person) -> Membership:
    return Membership.objects.create(group=group, person=person, since=NOW - timedelta(days=100))


def make_responder(person: Person) -> Responder:
    """Somebody who was vetted long ago."""
    return Responder.objects.get_or_create(person=person, defaults={"since": NOW, "vetted_at": NOW})[0]


def make_available(person: Person, at: datetime = NOW) -> None:
    """A vetted responder who said just now that they are available."""
    make_responder(person)
    with clock.frozen(at):
        services.available_set(actor=person)


def press(person: Person, at: datetime = NOW, **more) -> Press:
    with clock.frozen(at):
        return services.press_make(actor=person, client_key=more.pop("client_key", uuid4()), **more)


def tick(at: datetime) -> int:
    with clock.frozen(at):
        return worker.tick(at)


def offered(person: Person, at: datetime = NOW) -> Press:
    """A press that was pressed at `at` and offered 3 s later."""
    made = press(person, at)
    tick(at + 3 * SECOND)
    made.refresh_from_db()
    return made


def claim(person: Person, made: Press, at: datetime) -> Press:
    with clock.frozen(at):
        services.press_claim(actor=person, ref=made.ref)
    made.refresh_from_db()
    return made


def says(person: Person, made: Press, at: datetime, words: str = "Hello") -> None:
    """One of the two writes in their room."""
    made.refresh_from_db()
    with clock.frozen(at):
        message_post(actor=person, room_key=made.room, cid=uuid4(), body=words)


def sent_to(made: Press, kind: str = "craving_offer") -> list[Person]:
    """Who gets a message about a press, in order."""
    return [one.recipient for one in deliveries_of(f"press:{made.pk}") if one.kind == kind]


def make_story():
    """Member and responder in one group, an outsider with a group of their own; the responder is available."""
    member, responder, outsider = make_member("Dana"), make_member("Kim"), make_member("Out")
    group = make_group(member, responder)
    make_group(outsider, name="Elsewhere")
    make_available(responder)
    make_available(outsider)
    return member, responder, outsider, group


def view_at(member, at):
    return selectors.press_current(member, at)


def offer_to(person, made):
    return selectors.offer_view(person, selectors.press_offered_to(person, ref=made.ref))


def another(group, name="Pat", at=NOW):
    person = make_member(name)
    join(group, person)
    make_available(person, at)
    return person


def chosen(member, *purposes):
    with clock.frozen(NOW - DAY):
        sam = supporter_invite(actor=member, name="Sam", address="sam@example.org", zone="Europe/Berlin")
        supporter_accept(link=link_open(token=link_give(purpose="invite", subject=sam.pk, person=sam.person)))
        sam.refresh_from_db()
        for purpose in purposes:
            consent_grant(actor=member, supporter=sam, purpose=purpose)
    return sam


def closed_at(story, at):
    member, responder, *_ = story
    made = claim(responder, offered(member, at - 10 * MINUTE), at - 9 * MINUTE)
    says(responder, made, at - 9 * MINUTE)
    with clock.frozen(at):
        services.press_close(actor=member, ref=made.ref, how="better", level=4)
    return made
