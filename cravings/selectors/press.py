"""Reads of presses: as their member sees them, as somebody sees them who may come, and what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from circle.models import Supporter
from cravings import waves
from cravings.models import Asked, Availability, Claim, Press, Responder, SupporterAsked, Wishes
from cravings.selectors.people import is_responder, shared_groups, wishes_of
from cravings.selectors.roster import on_call_any
from people.models import Block, Person
from people.selectors import blocked_between, is_coordinator

STILL_SHOWN = timedelta(hours=1)  # how long an unanswered press stands on its member's calm screen


@dataclass(frozen=True, slots=True)
class PressView:
    """A press as its own member sees it.

    stage: asking (people are being asked), nobody_yet (5 min), claimed (somebody said yes), met (they wrote),
    unanswered (30 min), cancelled, closed, lines (nobody is asked, as the coordinator decided). undoable: nobody was
    told so far. again: somebody came and left, people are asked anew. nobody: the first wave found nobody to ask. gone:
    the peer's connection is away. prompt: the member was silent for a while. calls: chosen people who said that they
    call. marked: the member said how strong it is.
    """

    ref: str
    client_key: UUID
    stage: str
    undoable: bool
    late: bool
    narrow: bool
    again: bool
    nobody: bool
    how: str
    peer: str
    second: str
    second_peer: str
    gone: bool
    prompt: bool
    room: str
    calls: tuple[str, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class OfferView:
    """A press as somebody sees who may take it: no name before the claim.

    stage: asking, mine (the reader has it), second (the reader is there as well), help (a second person is wished),
    taken (somebody else has it), over. more: the ref of another press that waits. came: the reader was there; hard:
    and words of danger were said then, so a rest is offered. not_meant: they said that it was no wish for company.
    """

    ref: str
    stage: str
    peer: str = ""
    room: str = ""
    second: str = ""
    quiet: bool = False
    more: str = ""
    came: bool = False
    hard: bool = False
    not_meant: bool = False


def _own(person: Person) -> QuerySet[Press]:
    return Press.objects.filter(person=person).select_related("person", "claimed_by", "second_by")


def press_by_key(person: Person, client_key: UUID) -> Press | None:
    """The member's own press that this client key made."""
    return _own(person).filter(client_key=client_key).first()


def press_open(person: Person) -> Press | None:
    """The one press of a member that is not over."""
    return _own(person).filter(state__in=Press.OPEN).first()


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
    asking = press.state == Press.ASKING
    return PressView(
        ref=press.ref,
        client_key=press.client_key,
        stage=stage_of(press, now),
        undoable=asking and press.offered_at is None and now < press.wave1_at,
        late=press.late,
        narrow=press.narrow,
        again=asking and press.round > 1,
        nobody=asking and press.wave > 0 and not Asked.objects.filter(press=press, round=press.round).exists(),
        how=press.how,
        peer=peer.name if peer else "",
        second=press.second,
        second_peer=press.second_by.name if press.second_by and press.state == Press.CLAIMED else "",
        gone=press.state == Press.CLAIMED and press.peer_gone_at is not None,
        prompt=press.state == Press.CLAIMED and press.quiet_step > 0,
        room=press.room if press.state == Press.CLAIMED else "",
        calls=calling(press) if press.state in Press.OPEN and press.offered_at else (),
        marked=press.before is not None,
    )


def stage_of(press: Press, now: datetime) -> str:
    """The state, and within it what its timers say at `now` (UTC)."""
    if press.state == Press.CLAIMED:
        return "met" if press.met_at else Press.CLAIMED
    if press.lines_only:
        return "lines"
    if press.state != Press.ASKING:
        return press.state
    if now >= press.unanswered_at:
        return Press.UNANSWERED
    return "nobody_yet" if now >= press.nobody_yet_at else Press.ASKING


def calling(press: Press) -> tuple[str, ...]:
    """The chosen people who said that they call, by the names that the member gave them; not those taken off since."""
    still = Q(supporter__state=Supporter.ACCEPTED, supporter__muted=False)
    found = SupporterAsked.objects.filter(still, press=press, answer="calling").order_by("answered_at")
    return tuple(found.values_list("supporter__name", flat=True))


# --- for those who may come ----------------------------------------------------------------------------------


def press_offered_to(actor: Person, *, ref: str = "", pk: int | None = None) -> Press | None:
    """A press that `actor` may know of: offered, somebody else's, no block between them, and they were asked for it,
    or are a vetted responder of a group of the member's, or are paged as coordinator.

    Who came keeps seeing it. None for everybody else, so that nothing shows that it exists.
    """
    wanted = Q(pk=pk) if pk is not None else Q(ref=ref)
    found = Press.objects.filter(wanted, offered_at__isnull=False)
    press = found.select_related("person", "claimed_by", "second_by").first()
    if press is None or press.person_id == actor.pk or blocked_between(press.person, actor):
        return None
    came = Claim.objects.filter(press=press, person=actor)
    if actor.pk in {press.claimed_by_id, press.second_by_id} or came.exists():
        return press
    return press if _asked_for(press, actor) else None


def _asked_for(press: Press, actor: Person) -> bool:
    if Asked.objects.filter(press=press, person=actor).exists():
        return not Responder.objects.filter(person=actor).exclude(barred_at=None).exists()
    if press.paged_at is not None and is_coordinator(actor):
        return True
    if press.narrow or not is_responder(actor) or not shared_groups(press.person, actor).exists():
        return False
    wishes = wishes_of(press.person)
    return wishes.ask != Wishes.ONLY or wishes_of(actor).gender == wishes.gender


def lead_called(actor: Person, press: Press) -> bool:
    """Whether this person leads and is called to a talk: who asked has been silent for 10 minutes, or words of danger
    were said by somebody who wished that the lead hears of it."""
    called = Asked.objects.filter(press=press, person=actor, wave=waves.PAGED)
    if press.quiet_step == waves.CALLED:
        return called.exists()
    return press.danger_at is not None and called.filter(at__gte=press.danger_at).exists()


def left_it(actor: Person, press: Press) -> bool:
    """Whether this person came before and is not there any more: the press is over for them."""
    came = Claim.objects.filter(press=press, person=actor)
    return came.exists() and not came.filter(ended_at=None).exists()


def offer_view(actor: Person, press: Press) -> OfferView:
    """An offered press for `actor`, from `press_offered_to`. The alias shows after the claim, and only then."""
    if press.state == Press.CLAIMED and actor.pk in {press.claimed_by_id, press.second_by_id}:
        stage = "mine" if press.claimed_by_id == actor.pk else "second"
        return OfferView(press.ref, stage, press.person.name, press.room, press.second, quiet=press.quiet_step > 0)
    if press.state in Press.OPEN and not left_it(actor, press):
        if press.state == Press.ASKING:
            return OfferView(press.ref, "asking")
        if press.second == Press.SECOND_ASKING or (press.second == Press.NO_SECOND and lead_called(actor, press)):
            return OfferView(press.ref, "help")
    own = list(Claim.objects.filter(press=press, person=actor).values_list("hard", "not_meant"))
    return OfferView(
        press.ref,
        "taken" if press.state == Press.CLAIMED and not own else "over",
        more=waiting_for(actor, but=press),
        came=bool(own),
        hard=any(hard for hard, _not_meant in own),
        not_meant=any(not_meant for _hard, not_meant in own),
    )


def waiting_for(actor: Person, *, but: Press | None = None) -> str:
    """The ref of the press that waits longest among those that this person was asked for; empty when none does."""
    asked = Asked.objects.filter(press=OuterRef("pk"), person=actor)
    came = Claim.objects.filter(press=OuterRef("pk"), person=actor)
    blocked = Block.objects.filter(
        Q(blocker=actor, blocked=OuterRef("person")) | Q(blocked=actor, blocker=OuterRef("person"))
    )
    found = Press.objects.filter(Exists(asked), ~Exists(came), ~Exists(blocked), state=Press.ASKING)
    if but is not None:
        found = found.exclude(pk=but.pk)
    return found.order_by("pressed_at").values_list("ref", flat=True).first() or ""


def mine_now(actor: Person) -> Press | None:
    """The press that this person is with at present."""
    open_claim = Claim.objects.filter(press=OuterRef("pk"), person=actor, ended_at=None)
    return Press.objects.filter(Exists(open_claim), state=Press.CLAIMED).select_related("person").first()


def offer_reasons(pairs: Sequence[tuple[int, Person]], now: datetime) -> list[str | None]:
    """For messages about to leave, (press id, recipient): why one is not wanted any more, or None. A fixed number of
    statements for any number of messages."""
    recipients = {person.pk for _press, person in pairs}
    presses = {press.pk: press for press in Press.objects.filter(pk__in={press for press, _person in pairs})}
    members = {press.person_id for press in presses.values()}
    blocks = Block.objects.filter(
        Q(blocker__in=members, blocked__in=recipients) | Q(blocker__in=recipients, blocked__in=members)
    )
    blocked = {frozenset(pair) for pair in blocks.values_list("blocker", "blocked")}
    came = set(Claim.objects.filter(press__in=presses, person__in=recipients).values_list("press", "person"))
    busy = set(Claim.objects.filter(person__in=recipients, ended_at=None).values_list("person", flat=True))
    busy |= set(Press.objects.filter(person__in=recipients, state__in=Press.OPEN).values_list("person", flat=True))
    there = set(Availability.objects.filter(person__in=recipients, until__gt=now).values_list("person", flat=True))
    if recipients - there:
        there |= on_call_any(now)
    barred = Responder.objects.filter(person__in=recipients).exclude(barred_at=None)
    out = set(barred.values_list("person", flat=True))

    def reason(press: Press | None, person: Person) -> str | None:
        if press is None or not is_asking(press, now):
            return "the press is no longer asking"
        if frozenset((press.person_id, person.pk)) in blocked:
            return "blocked"
        if (press.pk, person.pk) in came or person.pk in busy:
            return "with somebody already"
        return None if person.pk in there and person.pk not in out else "no longer available"

    return [reason(presses.get(press), person) for press, person in pairs]


def is_asking(press: Press, now: datetime) -> bool:
    """Whether somebody is still wished: the first, or a second beside the one who is there."""
    if press.state == Press.ASKING:
        return now < press.unanswered_at
    return press.state == Press.CLAIMED and press.second == Press.SECOND_ASKING


# --- what is due ---------------------------------------------------------------------------------------------


def presses_due(now: datetime, limit: int) -> list[int]:
    """Presses whose next wave is due at `now` (UTC): first waves before all others, then the oldest."""
    due = Press.objects.filter(state__in=Press.OPEN, wave_at__lte=now).order_by("wave", "wave_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def unanswered_due(now: datetime, limit: int) -> list[int]:
    """Presses that nobody answered in time, at `now` (UTC)."""
    due = Press.objects.filter(state=Press.ASKING, unanswered_at__lte=now).order_by("unanswered_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def pages_due(now: datetime, limit: int) -> list[int]:
    """Presses that have waited for so long that the coordinator is paged."""
    due = Press.objects.filter(state=Press.ASKING, page_at__lte=now).order_by("page_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def talks_due(now: datetime, limit: int) -> list[int]:
    """Claimed presses that the worker looks at now."""
    due = Press.objects.filter(state=Press.CLAIMED, look_at__lte=now).order_by("look_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def resting_due(now: datetime, limit: int) -> list[int]:
    """Claimed presses that nobody closed in time."""
    due = Press.objects.filter(state=Press.CLAIMED, close_at__lte=now).order_by("close_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def pressed_lately(person: Person, now: datetime) -> int:
    """How many presses of this person reached others within the last hour; what was undone at once does not count."""
    found = Press.objects.filter(person=person, pressed_at__gt=now - waves.MANY_WITHIN, offered_at__isnull=False)
    return found.count()
