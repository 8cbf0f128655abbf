"""Reads around the button, scoped to who asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from chat.models import Room
from cravings import lines
from cravings.models import Availability, CrisisLine, Press
from groups.models import Group, Membership
from people.models import Block, Person
from people.selectors import blocked_between

ASKED_AT_ONCE = 8  # wave 1: so many available peers at most
STILL_SHOWN = timedelta(hours=1)  # how long an unanswered press stands on its member's calm screen


@dataclass(frozen=True, slots=True)
class PressView:
    """A press as its own member sees it.

    stage: asking (people are being asked), nobody_yet (5 min), claimed, unanswered (30 min), cancelled, closed.
    undoable: nobody was told so far. alone: no group has anybody who could be asked.
    """

    ref: str
    client_key: UUID
    stage: str
    undoable: bool
    late: bool
    alone: bool
    how: str
    peer: str
    room: str
    group_name: str


@dataclass(frozen=True, slots=True)
class OfferView:
    """A press as somebody sees who may take it: no name before the claim.

    stage: asking, mine (the reader has it), taken (somebody else has), over.
    """

    ref: str
    stage: str
    peer: str = ""
    room: str = ""
    group_name: str = ""


def groups_of(person: Person) -> QuerySet[Group]:
    """The standing groups in which a person is an active member."""
    return Group.objects.filter(
        closed_at=None, memberships__person=person, memberships__state=Membership.ACTIVE
    ).order_by("pk")


def shared_groups(one: Person, other: Person) -> QuerySet[Group]:
    """Groups in which both are active."""
    with_other = Membership.objects.filter(group=OuterRef("pk"), person=other, state=Membership.ACTIVE)
    return groups_of(one).filter(Exists(with_other))


def peers_of(person: Person) -> QuerySet[Person]:
    """Active members of the person's groups, without those with a block between them."""
    blocked = Block.objects.filter(
        Q(blocker=person, blocked=OuterRef("pk")) | Q(blocked=person, blocker=OuterRef("pk"))
    )
    inside = Membership.objects.filter(
        person=OuterRef("pk"), state=Membership.ACTIVE, group__in=groups_of(person).values("pk")
    )
    return Person.objects.filter(Exists(inside), ~Exists(blocked)).exclude(pk=person.pk)


def available_peers(person: Person, now: datetime) -> QuerySet[Person]:
    """Who may be asked for `person` at `now` (UTC): available, not with somebody already, not asking themselves.

    Fair rotation: who was asked longest ago comes first.
    """
    talking = Press.objects.filter(claimed_by=OuterRef("pk"), state=Press.CLAIMED)
    asking = Press.objects.filter(person=OuterRef("pk"), state__in=[Press.ASKING, Press.CLAIMED])
    free = peers_of(person).filter(
        ~Exists(talking), ~Exists(asking), availability__until__gt=now, account__is_active=True
    )
    return free.annotate(last_asked=Max("asked_for__at")).order_by(
        F("last_asked").asc(nulls_first=True), "availability__since", "pk"
    )


def anybody_awake(person: Person, now: datetime) -> bool:
    """True when at least one peer is available: otherwise the button says so before the press, and still asks."""
    return available_peers(person, now).exists()


def _own(person: Person) -> QuerySet[Press]:
    return Press.objects.filter(person=person).select_related("person", "claimed_by")


def press_by_key(person: Person, client_key: UUID) -> Press | None:
    """The member's own press that this client key made."""
    return _own(person).filter(client_key=client_key).first()


def press_open(person: Person) -> Press | None:
    """The one press of a member that is not over."""
    return _own(person).filter(state__in=[Press.ASKING, Press.CLAIMED]).first()


def press_current(person: Person, now: datetime, client_key: UUID | None = None) -> PressView | None:
    """What the calm screen shows: the open press, else the one of this client key, else one unanswered just now."""
    found = press_open(person)
    if found is None and client_key is not None:
        found = press_by_key(person, client_key)
    if found is None and client_key is None:
        lately = _own(person).filter(state=Press.UNANSWERED, how="", ended_at__gt=now - STILL_SHOWN)
        found = lately.order_by("-pressed_at").first()
    return press_view(found, now) if found else None


def press_view(press: Press, now: datetime) -> PressView:
    """A press for its own member. The stage follows the clock, also when the worker stands still."""
    peer = press.claimed_by if press.state in {Press.CLAIMED, Press.CLOSED} else None
    group = shared_groups(press.person, peer).first() if peer and press.state == Press.CLAIMED else None
    asking = press.state == Press.ASKING
    return PressView(
        ref=press.ref,
        client_key=press.client_key,
        stage=stage_of(press, now),
        undoable=asking and press.offered_at is None and now < press.wave1_at,
        late=press.late,
        alone=asking and not peers_of(press.person).exists(),
        how=press.how,
        peer=peer.name if peer else "",
        room=room_key(group) if group else "",
        group_name=group.name if group else "",
    )


def stage_of(press: Press, now: datetime) -> str:
    """The state, and within asking what its timers say at `now` (UTC)."""
    if press.state != Press.ASKING:
        return press.state
    if now >= press.unanswered_at:
        return Press.UNANSWERED
    return "nobody_yet" if now >= press.nobody_yet_at else Press.ASKING


def press_offered_to(actor: Person, *, ref: str = "", pk: int | None = None) -> Press | None:
    """A press that `actor` may know of: offered, somebody else's, of a group of theirs, no block between them.

    Who claimed it keeps seeing it. None for everybody else, so that nothing shows that it exists.
    """
    wanted = Q(pk=pk) if pk is not None else Q(ref=ref)
    press = Press.objects.filter(wanted, offered_at__isnull=False).select_related("person", "claimed_by").first()
    if press is None or press.person_id == actor.pk or blocked_between(press.person, actor):
        return None
    if press.claimed_by_id == actor.pk or shared_groups(press.person, actor).exists():
        return press
    return None


def offer_view(actor: Person, press: Press) -> OfferView:
    """An offered press for `actor`, from `press_offered_to`. The alias shows after the claim, and only then."""
    if press.state == Press.ASKING:
        return OfferView(press.ref, "asking")
    if press.state == Press.CLAIMED and press.claimed_by_id == actor.pk:
        group = shared_groups(press.person, actor).first()
        return OfferView(
            press.ref, "mine", press.person.name, room_key(group) if group else "", group.name if group else ""
        )
    return OfferView(press.ref, "taken" if press.state == Press.CLAIMED else "over")


def room_key(group: Group) -> str:
    """What talk calls the group's room: where the two talk for now."""
    return Room.objects.filter(group=group).values_list("key", flat=True).first() or ""


def available_until(person: Person, now: datetime) -> datetime | None:
    """Until when (UTC) the person is available; None when they are not."""
    return Availability.objects.filter(person=person, until__gt=now).values_list("until", flat=True).first()


def crisis_lines(region: str) -> list[lines.Line]:
    """The lines of a region in the order they are shown; a site whose table is empty shows the shipped ones."""
    rows = list(CrisisLine.objects.filter(region=region)) if region else []
    if rows:
        return [line_of(row) for row in rows]
    if region and not CrisisLine.objects.exists():
        return [line for line in lines.shipped() if line.region == region]
    return []


def line_of(row: CrisisLine) -> lines.Line:
    return lines.Line(
        region=row.region,
        number=row.number,
        name=row.name,
        what=row.what,
        emergency=row.emergency,
        position=row.position,
        source=row.source,
        version=row.version,
        checked_on=row.checked_on,
        checked_by=row.checked_by,
    )


def regions_known() -> list[str]:
    """The regions that a person may choose."""
    return list(lines.regions())


def lines_unchecked() -> list[lines.Line]:
    """Lines that nobody has called yet: the operator is shown them, and a release waits for them."""
    return [line_of(row) for row in CrisisLine.objects.filter(checked_on=None)]


def presses_due(now: datetime, limit: int) -> list[int]:
    """Presses whose first wave is due at `now` (UTC), oldest first."""
    due = Press.objects.filter(state=Press.ASKING, offered_at=None, wave1_at__lte=now).order_by("wave1_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def unanswered_due(now: datetime, limit: int) -> list[int]:
    """Presses that wait since 30 minutes at `now` (UTC)."""
    due = Press.objects.filter(state=Press.ASKING, unanswered_at__lte=now).order_by("unanswered_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])
