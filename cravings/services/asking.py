"""What the worker does while people are asked: the waves, the page at 15 minutes, the end at 30."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from circle.selectors import supporters_of, why_silent
from cravings import selectors, waves
from cravings.models import Asked, Press, Shift, SupporterAsked
from cravings.selectors import people as folk
from cravings.services.common import OFFER, PAGE, QUIET, SUPPORTER, tell_all, topic_of
from cravings.services.press import press_end
from delivery.services import Draft, messages_enqueue
from ground import failpoints
from people.models import Person


def press_wave(*, press_id: int, now: datetime) -> bool:
    """The next wave of a press, due at `now` (UTC), in one transaction: whom it asks, and their messages.

    No name and no text goes out. False when the press was taken back, is taken, or another worker was first.
    """
    with transaction.atomic():
        rows = Press.objects.select_for_update(of=("self",)).select_related("person")
        press = rows.filter(pk=press_id, state__in=Press.OPEN, wave_at__lte=now).first()
        if press is None:
            return False
        if not selectors.is_asking(press, now):
            Press.objects.filter(pk=press.pk).update(wave_at=None)
            return False
        wave = press.wave + 1
        first = now if wave == 1 or press.round_at is None else press.round_at
        for number, (people, told) in _whom(press, wave, now).items():
            _ask(press, people, wave=number, told=told, now=now)
        if wave == waves.LAST_WAVE and press.state == Press.ASKING and not press.narrow:
            _ask_supporters(press, now)
        last = waves.LAST_WAVE if press.state == Press.ASKING else waves.LAST_WAVE - 1  # a second: the peers only
        Press.objects.filter(pk=press.pk).update(
            wave=wave,
            wave_at=waves.wave_after(wave, first, last=last),
            round_at=first,
            offered_at=press.offered_at or now,
        )
        if press.offered_at is None:
            tell_all(press)
        failpoints.reach("waving")
    return True


Groups = dict[int, tuple[list[Person], bool]]


def _whom(press: Press, wave: int, now: datetime) -> Groups:
    """Whom a wave asks, and whether they get a message, without those whom this round asked already."""
    member = press.person
    asked = set(Asked.objects.filter(press=press, round=press.round).values_list("person", flat=True))
    if wave == 1:
        found = folk.on_call_free(member, now, Shift.PEER, press)
        if not press.narrow:
            near = folk.of_their_groups(folk.available(member, now, press), member)
            found += [one for one in near[: waves.ASKED_AT_ONCE] if one not in found]
        return {1: (found, True)}
    found = folk.on_call_free(member, now, Shift.FACILITATOR, press)
    if not press.narrow:
        found += [one for one in folk.available(member, now, press) if one not in found]
    if wave == waves.LAST_WAVE:
        silent = set(Asked.objects.filter(press=press, round=press.round, told=False).values_list("person", flat=True))
        asked -= silent
    found = [one for one in found if one.pk not in asked]
    often = folk.knocked_often(found, now)
    tell = [one for one in found if one.pk not in often]
    return {wave: (tell, True), -wave: ([one for one in found if one.pk in often], False)}


def _ask(
    press: Press,
    people: Sequence[Person],
    *,
    wave: int,
    told: bool,
    now: datetime,
    kind: str = OFFER,
    again: str = "",
) -> None:
    """Note who is asked, and decide their messages: at any hour, for they said that they may be asked. One of a kind
    in each round of asking, or with another `again`."""
    if not people:
        return
    rows = [Asked(press=press, person=one, round=press.round, wave=abs(wave), told=told, at=now) for one in people]
    Asked.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["press", "person", "round"],
        update_fields=["wave", "told", "at"],
    )
    if told:
        messages_enqueue(
            [
                Draft(
                    kind=kind,
                    topic=topic_of(press.pk),
                    recipient=one,
                    dedupe_key=f"{kind}:{press.pk}:{press.round}:{one.pk}{again}",
                    not_before=now,
                    payload={"press": press.pk},
                    to_inbox=True,
                    any_hour=True,
                )
                for one in people
            ]
        )


def _ask_supporters(press: Press, now: datetime) -> None:
    """Those whom the member chose and allowed to hear of it, in their own hours; nobody else's people ever."""
    drafts = []
    for supporter in supporters_of(press.person):
        if why_silent(supporter, ("craving",), now) is not None:
            continue
        row, made = SupporterAsked.objects.get_or_create(press=press, supporter=supporter, defaults={"at": now})
        if made:
            drafts.append(
                Draft(
                    kind=SUPPORTER,
                    topic=topic_of(press.pk),
                    recipient=supporter.person,
                    dedupe_key=f"{SUPPORTER}:{row.pk}",
                    not_before=now,
                    payload={"press": press.pk, "supporter": supporter.pk, "row": row.pk},
                )
            )
    messages_enqueue(drafts)


def press_page(*, press_id: int, now: datetime) -> bool:
    """15 minutes and nobody: page who leads on call, else the coordinators. Once."""
    with transaction.atomic():
        waiting = Press.objects.filter(pk=press_id, state=Press.ASKING, page_at__lte=now)
        if not waiting.update(page_at=None, paged_at=now):
            return False
        press = Press.objects.get(pk=press_id)
        _ask(press, leads_for(press, now), wave=waves.PAGED, told=True, now=now, kind=PAGE)
    return True


def lead_call(press: Press, now: datetime) -> None:
    """Who asked has been silent for 10 minutes while somebody is there: the safety lead may join. In the caller's
    transaction; each silence is a call of its own."""
    leads = [lead for lead in leads_for(press, now) if lead.pk not in {press.claimed_by_id, press.second_by_id}]
    _ask(press, leads, wave=waves.PAGED, told=True, now=now, kind=QUIET, again=f":{now:%Y%m%d%H%M%S}")


def leads_for(press: Press, now: datetime) -> list[Person]:
    """The leads, without the member and those with a block between them."""
    found = {person.pk for person in selectors.lead_now(now)}
    blocked = folk.blocked_with(press.person)
    return list(Person.objects.filter(pk__in=found - blocked - {press.person_id}).order_by("pk"))


def press_unanswered(*, press_id: int, now: datetime) -> bool:
    """30 minutes and nobody: say so honestly, withdraw what has not left, ask how it is afterwards."""
    with transaction.atomic():
        waiting = Press.objects.select_for_update().filter(pk=press_id, state=Press.ASKING, unanswered_at__lte=now)
        press = waiting.first()
        return press is not None and press_end(press, Press.UNANSWERED, now, was=Press.ASKING)


def press_postpone(*, press_id: int, timer: str, until: datetime) -> None:
    """A press whose timer raised is taken up again at `until` (UTC); its neighbours are not held up."""
    running = Press.objects.filter(pk=press_id, state__in=Press.OPEN, **{f"{timer}__lt": until})
    running.update(**{timer: until})
