"""Reads about a member's people: what the gates ask, what the member's page and the supporter's page show."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from circle.consents import PURPOSES, Purpose, Wording, wording
from circle.models import Consent, Look, Supporter
from delivery.catalogue import text_of
from delivery.kinds import kind_of
from delivery.models import Delivery, Stop
from people.models import ContactWay, Link, Person
from people.selectors import account_of

INVITATION_DAYS = 14
LOOK_EVERY = timedelta(days=30)  # a member looks through their own people
ROOM = 12  # characters that a message has for a name
TOLD = 20  # the latest messages to somebody that the member's page shows
FORMER = 30  # the latest of those who are off the list that it shows


# --- what the gates ask --------------------------------------------------------------------------------------


def standing(now: datetime) -> Q:
    """Consents that hold at `now` (UTC): granted, not ended; the first moment included, the last excluded."""
    return Q(revoked_at=None, granted_at__lte=now, expires_at__gt=now)


def consent_live(supporter: Supporter, purpose: str, now: datetime) -> bool:
    """True when the supporter has accepted and the member's consent for `purpose` holds at `now`. Reads fresh rows."""
    return Consent.objects.filter(
        standing(now), supporter_id=supporter.pk, supporter__state=Supporter.ACCEPTED, purpose=purpose
    ).exists()


def reachable(supporter: Supporter, now: datetime) -> bool:
    """Accepted, not declined, no STOP, a way that was not refused for good (docs/rules.md 4.4). Reads fresh rows.

    Consent plays no part, and neither does `muted`: the member's quiet no must bring nothing forward.
    """
    stopped = Stop.objects.filter(address_hash=OuterRef("address_hash"))
    ways = ContactWay.objects.filter(person=supporter.person_id, bounced_at=None).filter(~Exists(stopped))
    return Supporter.objects.filter(pk=supporter.pk, state=Supporter.ACCEPTED).exists() and ways.exists()


def why_silent(supporter: Supporter, purposes: tuple[str, ...], now: datetime) -> str | None:
    """For a gate: the reason why this supporter hears nothing that needs `purposes` (all of them), or None."""
    fresh = Supporter.objects.filter(pk=supporter.pk).first()
    if fresh is None or fresh.state != Supporter.ACCEPTED:
        return f"contact is {fresh.state}" if fresh else "contact is gone"
    if fresh.muted:
        return "muted by the member"
    if rests(fresh, now):
        return "they asked for a rest"
    for purpose in purposes:
        if not consent_live(fresh, purpose, now):
            return f"no consent: {purpose}"
    return None if reachable(fresh, now) else "not reachable"


def invitation_ends(supporter: Supporter) -> datetime:
    """Until when (UTC, excluded) the latest invitation can be accepted."""
    return supporter.invited_at + timedelta(days=INVITATION_DAYS)


# --- the member's side ---------------------------------------------------------------------------------------


def supporters_of(member: Person, *, all_states: bool = False) -> QuerySet[Supporter]:
    """The member's people in their order: invited and accepted, or everybody ever asked."""
    found = Supporter.objects.filter(member=member).select_related("person", "member")
    return found if all_states else found.filter(state__in=Supporter.ON_THE_LIST)


def supporter_of(member: Person, pid: UUID | str) -> Supporter:
    """One of the member's own people by public id. Raises Supporter.DoesNotExist for anybody else's."""
    return Supporter.objects.select_related("person", "member").get(member=member, person__pid=pid)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whether a member has anybody on their list, and whether the quiet look at them is due."""

    anybody: bool
    look_due: bool


def chosen_state(member: Person, now: datetime) -> Chosen:
    """A look is due 30 days after somebody was first asked, then 30 days after each. One query, two when it may be."""
    first = supporters_of(member).aggregate(first=Min("invited_at"))["first"]
    if first is None or now < first + LOOK_EVERY:
        return Chosen(first is not None, look_due=False)
    return Chosen(anybody=True, look_due=not Look.objects.filter(member=member, next_at__gt=now).exists())


@dataclass(frozen=True, slots=True)
class Says:
    """One message, word for word as it would be sent, and when it would come."""

    kind: str
    when: Promise | str
    text: str


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One thing a supporter may hear, as the member's page shows it."""

    purpose: str
    title: Promise | str
    hears: str
    live: bool  # would be sent: accepted, holds now
    expires_at: datetime | None  # None: never allowed, or ended
    ends_soon: bool
    text: str  # as signed
    says: list[Says] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """One message that went to a supporter; `at` is the moment of sending (UTC)."""

    kind: str
    words: str
    at: datetime
    arrived: bool  # False: leaving now, or nobody knows


@dataclass(slots=True)
class Card:
    """One person on the member's page."""

    supporter: Supporter
    invitation_open: bool
    address: str
    unreachable: bool
    rests_until: datetime | None = None
    lines: list[ConsentLine] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    told_more: bool = False  # older ones than `told` are not shown

    @property
    def on_the_list(self) -> bool:
        return self.supporter.state in Supporter.ON_THE_LIST

    @property
    def says(self) -> list[Says]:
        """Every message they could get as things stand."""
        return [one for line in self.lines if line.expires_at for one in line.says]

    @property
    def next_expiry(self) -> datetime | None:
        return min((line.expires_at for line in self.lines if line.expires_at), default=None)


def cards(member: Person, now: datetime, *, all_states: bool = False) -> list[Card]:
    """Everything the consent page shows, in four queries however many people there are, each of a bounded length.

    Of what somebody was told the latest 20; with `all_states` also the latest 30 of those who are off the list.
    """
    shown = Q(state__in=Supporter.ON_THE_LIST)
    if all_states:
        off = Supporter.objects.filter(member=member).exclude(state__in=Supporter.ON_THE_LIST)
        shown |= Q(pk__in=off.order_by("-invited_at", "-pk").values("pk")[:FORMER])
    people = list(supporters_of(member, all_states=True).filter(shown))
    ids = [supporter.pk for supporter in people]
    persons = [supporter.person_id for supporter in people]
    consents: dict[int, dict[str, Consent]] = {}
    for consent in Consent.objects.filter(supporter_id__in=ids, revoked_at=None):
        consents.setdefault(consent.supporter_id, {})[consent.purpose] = consent
    ways: dict[int, list[ContactWay]] = {}
    for way in ContactWay.objects.filter(person_id__in=persons):
        ways.setdefault(way.person_id, []).append(way)
    told = _told_so_far(persons)
    return [
        Card(
            supporter=supporter,
            invitation_open=supporter.state == Supporter.INVITED and now < invitation_ends(supporter),
            address=_masked(ways.get(supporter.person_id, [])),
            unreachable=not any(way.bounced_at is None for way in ways.get(supporter.person_id, [])),
            rests_until=supporter.rests_until if rests(supporter, now) else None,
            lines=_lines(supporter, consents.get(supporter.pk, {}), now),
            told=[_told(one) for one in told.get(supporter.person_id, [])[:TOLD]],
            told_more=len(told.get(supporter.person_id, [])) > TOLD,
        )
        for supporter in people
    ]


def _told_so_far(persons: list[int]) -> dict[int, list[Delivery]]:
    """The latest messages to each that may have arrived, latest first: one more than is shown, in one statement."""
    sent = Delivery.objects.filter(
        recipient_id__in=persons, state__in=["handing", "handed_over", "uncertain"], bounced=False
    )
    place = Window(RowNumber(), partition_by="recipient_id", order_by=[F("attempted_at").desc(), F("pk").desc()])
    found: dict[int, list[Delivery]] = {}
    for delivery in sent.annotate(place=place).filter(place__lte=TOLD + 1).order_by("place"):
        found.setdefault(delivery.recipient_id, []).append(delivery)
    return found


def _lines(supporter: Supporter, consents: dict[str, Consent], now: datetime) -> list[ConsentLine]:
    lines = []
    for name, purpose in PURPOSES.items():
        consent = consents.get(name)
        holds = consent is not None and consent.granted_at <= now < consent.expires_at
        lines.append(
            ConsentLine(
                purpose=name,
                title=purpose.title,
                hears=str(purpose.hears).format(me=supporter.sender_name),
                live=holds and supporter.state == Supporter.ACCEPTED,
                expires_at=consent.expires_at if consent and holds else None,
                ends_soon=bool(consent and holds and consent.expires_at - now <= timedelta(days=INVITATION_DAYS)),
                text=consent.text if consent and holds else "",
                says=_says(supporter, purpose),
            )
        )
    return lines


def _says(supporter: Supporter, purpose: Purpose) -> list[Says]:
    """The messages of a permission in the contact's language, with the names the member chose, without their links."""
    names = {"me": supporter.sender_name[:ROOM], "su": supporter.name[:ROOM], "link": ""}
    return [
        Says(kind, when, " ".join(text_of(kind_of(kind).text, supporter.person.language, names).split()))
        for kind, when in purpose.says
    ]


def _told(delivery: Delivery) -> Told:
    words = {
        "invite": _("Asked whether they want to be your contact"),
        "nudge": _("Asked to get in touch with you"),
        "reminder": _("Asked whether they got hold of you"),
        "back_in_touch": _("Told that all is settled"),
        "retraction": _("Told that our message was a mistake"),
        "craving_supporter": _("Asked to call because you wished for company"),
    }
    at = delivery.attempted_at or delivery.handed_at or delivery.due_at
    return Told(delivery.kind, words.get(delivery.kind, _("A message")), at, delivery.state == "handed_over")


def _masked(ways: list[ContactWay]) -> str:
    """Enough of the first address to recognise it, too little to use it over somebody's shoulder."""
    if not ways:
        return ""
    address = ways[0].address
    name, at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if at else f"…{address[-3:]}"


def consent_preview(
    member: Person, *, name: str, sender_name: str, purposes: Iterable[str], days: int, now: datetime
) -> list[Wording]:
    """The texts that the member would sign at `now`, word for word. Raises KeyError for an unknown purpose."""
    account = account_of(member)
    zone = ZoneInfo(member.zone)
    return [
        wording(
            purpose=purpose,
            member_name=sender_name,
            recipient=name,
            signed_as=account.alias if account else member.name,
            start=now.astimezone(zone).date(),
            end=(now + timedelta(days=days)).astimezone(zone).date(),
        )
        for purpose in purposes
    ]


# --- the supporter's side ------------------------------------------------------------------------------------


def looks_accepted(supporter: Supporter) -> bool:
    """They said yes and nothing of their own ended it; being taken off the list is told to nobody."""
    ended_unseen = supporter.state == Supporter.ENDED and supporter.accepted_at is not None
    return supporter.state == Supporter.ACCEPTED or ended_unseen


def rests(supporter: Supporter, now: datetime) -> bool:
    """Whether the contact asked for a rest that is on at `now` (UTC): the last moment is excluded."""
    return supporter.rests_until is not None and now < supporter.rests_until


def chosen_by(person: Person) -> list[Supporter]:
    """The contacts that `person` is to somebody and sees on Today: one for each member, never merged."""
    own = Supporter.objects.filter(Q(seen_by=person) | Q(person=person)).select_related("person", "member")
    return [supporter for supporter in own.order_by("pk") if looks_accepted(supporter)]


def chosen_one(person: Person, pid: UUID | str) -> Supporter:
    """One of `chosen_by`, by the contact's public id. Raises Supporter.DoesNotExist for anybody else's."""
    own = Supporter.objects.filter(Q(seen_by=person) | Q(person=person), person__pid=pid)
    return own.select_related("person", "member").get()


@dataclass(frozen=True, slots=True)
class SupporterPage:
    """All that a supporter may ever see of a member here (privacy rule D5). `face` picks the page.

    invited: may say yes or no. accepted: also while muted, and after the member took them off the list, which
    nobody tells them. declined, stopped: their own word. settled: an invitation that is over.
    """

    face: str
    sender_name: str
    name: str
    asked_on: datetime
    rests_until: datetime | None = None


def supporter_page(supporter: Supporter, now: datetime, *, link: Link | None = None) -> SupporterPage:
    """What the page of a link shows at `now`. For an invitation the link must still be the standing one."""
    face = supporter.state
    if supporter.state == Supporter.ENDED:
        face = "accepted" if supporter.accepted_at else "settled"
    if link is not None and link.purpose == "invite":
        used = link.used_at is not None or link.revoked_at is not None
        open_now = supporter.state == Supporter.INVITED and not used and now < invitation_ends(supporter)
        own_word = supporter.state if supporter.state in {Supporter.DECLINED, Supporter.STOPPED} else "settled"
        face = "invited" if open_now else own_word
    until = supporter.rests_until if rests(supporter, now) else None
    return SupporterPage(face, supporter.sender_name, supporter.name, supporter.invited_at, until)


def supporter_by_link(link: Link) -> Supporter:
    """The supporter of an invitation or stop link. Raises Supporter.DoesNotExist when the link is not theirs."""
    return Supporter.objects.select_related("member", "person").get(pk=link.subject, person_id=link.person_id)
