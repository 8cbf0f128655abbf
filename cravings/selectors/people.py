"""Who may be asked: responders, who of them is free, and what who asks wishes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from cravings import waves
from cravings.models import Asked, Availability, Claim, Press, Responder, Vouch, Wishes
from cravings.selectors.roster import on_call_now
from groups.models import Group, Membership
from groups.selectors import is_facilitator
from meetings.models import Mark
from people.models import Block, Person

DAYS_HERE = timedelta(days=30)
MEETINGS = 4
ATTENDED = ("present", "late", "online")


def groups_of(person: Person) -> QuerySet[Group]:
    """The standing groups in which a person is an active member."""
    return Group.objects.filter(
        closed_at=None, memberships__person=person, memberships__state=Membership.ACTIVE
    ).order_by("pk")


def shared_groups(one: Person, other: Person) -> QuerySet[Group]:
    """Groups in which both are active."""
    with_other = Membership.objects.filter(group=OuterRef("pk"), person=other, state=Membership.ACTIVE)
    return groups_of(one).filter(Exists(with_other))


# --- responders ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vetting:
    """How far somebody is on the way to be there for others: for that person alone.

    opted: they said that they want to. ready: they may. barred: the right was taken away.
    """

    opted: bool
    ready: bool
    barred: bool
    days: bool
    meetings: bool
    vouched: bool
    admitted: bool

    @property
    def complete(self) -> bool:
        return self.admitted or (self.days and self.meetings and self.vouched)


def responder_of(person: Person) -> Responder | None:
    return Responder.objects.filter(person=person).first()


def is_responder(person: Person) -> bool:
    """Vetted, and not barred."""
    return Responder.objects.answering().filter(person=person).exists()


def vetting_of(person: Person, now: datetime) -> Vetting:
    """The three conditions at `now` (UTC): 30 days in a group, 4 attended meetings on closed lists, a vouch."""
    row = responder_of(person)
    first = Membership.objects.filter(person=person, state__in=[Membership.ACTIVE, Membership.ENDED]).order_by("since")
    since = first.values_list("since", flat=True).first()
    attended = Mark.objects.filter(person=person, value__in=ATTENDED, sheet__closed_at__isnull=False)
    return Vetting(
        opted=row is not None,
        ready=row is not None and row.vetted_at is not None and row.barred_at is None,
        barred=row is not None and row.barred_at is not None,
        days=since is not None and now - since >= DAYS_HERE,
        meetings=len(attended.values_list("pk")[:MEETINGS]) >= MEETINGS,
        vouched=row is not None and any(vouch_stands(vouch) for vouch in row.vouches.select_related("by", "group")),
        admitted=row is not None and row.admitted_at is not None,
    )


def vouch_stands(vouch: Vouch) -> bool:
    """While the one is still a facilitator and the other a member of that group."""
    inside = Membership.objects.standing().filter(group=vouch.group, person=vouch.responder.person)
    return is_facilitator(vouch.group, vouch.by) and inside.exists()


def waiting_for_vouch(facilitator: Person) -> list[Responder]:
    """Members of groups that this person facilitates, who want to be there for others and are not vetted yet."""
    mine = Membership.objects.facilitators().filter(person=facilitator, group=OuterRef("group"))
    inside = Membership.objects.standing().filter(Exists(mine), person=OuterRef("person"))
    done = Vouch.objects.filter(responder=OuterRef("pk"), by=facilitator)
    found = Responder.objects.filter(Exists(inside), ~Exists(done), vetted_at=None, barred_at=None)
    return list(found.exclude(person=facilitator).select_related("person").order_by("person__name", "pk"))


def responders_listed() -> list[Responder]:
    """Everybody who wants to be there for others, for the coordinator, by name."""
    return list(Responder.objects.select_related("person", "admitted_by").order_by("person__name", "pk"))


def available_until(person: Person, now: datetime) -> datetime | None:
    """Until when (UTC) the person is available; None when they are not."""
    return Availability.objects.filter(person=person, until__gt=now).values_list("until", flat=True).first()


def wishes_of(person: Person) -> Wishes:
    """What a member wishes around the button; the defaults where they said nothing."""
    return Wishes.objects.filter(person=person).first() or Wishes(person=person)


def wishes_lead_of(person_id: int) -> bool:
    """Whether this person wishes that the safety lead hears of words of danger, never which."""
    return Wishes.objects.filter(person=person_id, lead=True).exists()


# --- who may be asked now ------------------------------------------------------------------------------------


def claims_lately(person: Person, now: datetime) -> int:
    """How often a peer was there for somebody in the last day; a claim that came to nothing does not count."""
    return _counted(now).filter(person=person).count()


def _counted(now: datetime) -> QuerySet[Claim]:
    came_to_nothing = [Claim.RELEASED, Claim.REFUSED, Claim.GIVEN_BACK]
    return Claim.objects.filter(at__gt=now - waves.CAP_WITHIN).exclude(ended__in=came_to_nothing)


def free_for(member: Person, now: datetime, press: Press | None = None) -> QuerySet[Person]:
    """People who could come at `now` (UTC): no block, not busy, not asking themselves, under the cap of a day.

    A person who is with somebody already is not rung. Who left this press, or was refused, is not asked for it again.
    """
    blocked = Block.objects.filter(
        Q(blocker=member, blocked=OuterRef("pk")) | Q(blocked=member, blocker=OuterRef("pk"))
    )
    busy = Claim.objects.filter(person=OuterRef("pk"), ended_at=None)
    asking = Press.objects.filter(person=OuterRef("pk"), state__in=Press.OPEN)
    lately = _counted(now).filter(person=OuterRef("pk")).order_by().values("person").annotate(n=Count("pk")).values("n")
    found = Person.objects.filter(~Exists(blocked), ~Exists(busy), ~Exists(asking), account__is_active=True)
    found = found.annotate(lately=Coalesce(Subquery(lately), 0)).filter(lately__lt=waves.CAP).exclude(pk=member.pk)
    if press is not None:
        found = found.filter(~Exists(Claim.objects.filter(press=press, person=OuterRef("pk"))))
    return _wished(found, wishes_of(member))


def blocked_with(person: Person) -> set[int]:
    """The ids of those with a block between them and the person."""
    pairs = Block.objects.filter(Q(blocker=person) | Q(blocked=person)).values_list("blocker", "blocked")
    return {pk for pair in pairs for pk in pair} - {person.pk}


def _wished(found: QuerySet[Person], wishes: Wishes) -> QuerySet[Person]:
    if wishes.ask == Wishes.ONLY:
        return found.filter(wishes__gender=wishes.gender)
    return found


def available(member: Person, now: datetime, press: Press | None = None) -> QuerySet[Person]:
    """Vetted responders who said that they are available and could come now, in fair rotation: who was asked longest
    ago comes first, after those whom the member wishes first."""
    last = Asked.objects.filter(person=OuterRef("pk")).order_by("-at").values("at")[:1]
    rested = Q(responder__rests_until=None) | Q(responder__rests_until__lte=now)
    found = free_for(member, now, press).filter(
        rested,
        responder__vetted_at__isnull=False,
        responder__barred_at=None,
        availability__until__gt=now,
    )
    wishes = wishes_of(member)
    first = (
        Case(When(wishes__gender=wishes.gender, then=Value(0)), default=Value(1), output_field=IntegerField())
        if wishes.ask == Wishes.FIRST
        else Value(0, output_field=IntegerField())
    )
    return found.annotate(first=first, last_asked=Subquery(last)).order_by(
        "first", F("last_asked").asc(nulls_first=True), "availability__since", "pk"
    )


def of_their_groups(found: QuerySet[Person], member: Person) -> QuerySet[Person]:
    """Those who share a group with the member."""
    inside = Membership.objects.filter(
        person=OuterRef("pk"), state=Membership.ACTIVE, group__in=groups_of(member).values("pk")
    )
    return found.filter(Exists(inside))


def on_call_free(member: Person, now: datetime, duty: str, press: Press | None = None) -> list[Person]:
    """Who is on call at `now` (UTC) and not busy."""
    people = on_call_now(now, duty)
    return list(free_for(member, now, press).filter(pk__in=people).order_by("pk")) if people else []


def knocked_often(people: Iterable[Person], now: datetime) -> set[int]:
    """Those who got several messages in the last minutes: they find what else waits on their page."""
    lately = Asked.objects.filter(at__gt=now - waves.KNOCKS_WITHIN, told=True, person__in=[one.pk for one in people])
    counted = lately.order_by().values("person").annotate(n=Count("pk"))
    return {row["person"] for row in counted if row["n"] >= waves.KNOCKS}


def awake(member: Person, now: datetime) -> bool:
    """True when somebody could come now: otherwise the button says so before the press, and still asks."""
    return available(member, now).exists() or bool(on_call_free(member, now, "peer"))
