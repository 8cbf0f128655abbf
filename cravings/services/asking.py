"""What the worker does while people are asked: the waves, the page at 15 minutes, the end at 30."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from circle.models import Supporter
from circle.selectors import supporters_of, why_silent
from cravings import selectors, waves
from cravings.messages import OFFER, PAGE, SUPPORTER, VOICE, topic_of
from cravings.models import Asked, Press, Shift, SupporterAsked
from cravings.selectors import people as folk
from cravings.services.calling import ask, leads_for
from cravings.services.common import tell_all
from cravings.services.press import press_end
from delivery.selectors import deliveries_of, has_calls, usable_ways, usable_ways_of
from delivery.services import Draft, messages_enqueue
from ground import failpoints
from people.models import ContactWay, Person

TEXTED = 2  # the wave with which the roster gets text messages


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
            ask(press, people, wave=number, told=told, now=now)
        if wave == TEXTED:
            _text_roster(press, now)
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


def _text_roster(press: Press, now: datetime) -> None:
    """Who is on call and was reached otherwise a minute ago gets a text message as well, where there is a number."""
    people = folk.on_call_free(press.person, now, Shift.PEER, press)
    ways = usable_ways_of(people)
    messages_enqueue(
        [
            Draft(
                kind=OFFER,
                topic=topic_of(press.pk),
                recipient=one,
                dedupe_key=f"{OFFER}:{press.pk}:{press.round}:{one.pk}:sms",
                not_before=now,
                payload={"press": press.pk},
                any_hour=True,
                way=ContactWay.SMS,
            )
            for one in people
            if any(way.kind == ContactWay.SMS for way in ways[one.pk][1:])  # as the first way it had the first message
        ]
    )


def _ask_supporters(press: Press, now: datetime) -> None:
    """Those whom the member chose and allowed to hear of it, in their own hours; nobody else's people ever.

    Once a press; whose message was withdrawn, because somebody came, is asked when that person is gone again. A minute
    later they are rung, where the site has calls and they have a number.
    """
    drafts = []
    reached = _not_withdrawn(press)
    for supporter in supporters_of(press.person):
        if why_silent(supporter, ("craving",), now) is not None:
            continue
        row, made = SupporterAsked.objects.get_or_create(press=press, supporter=supporter, defaults={"at": now})
        if made or (not row.answer and supporter.person_id not in reached):
            drafts.append(_to_supporter(press, supporter, row, now))
            if has_calls() and any(way.kind == ContactWay.SMS for way in usable_ways(supporter.person)):
                call = _to_supporter(press, supporter, row, now + waves.CALL_AFTER)
                drafts.append(replace(call, kind=VOICE, way="voice", dedupe_key=f"{VOICE}:{row.pk}:{press.round}"))
    messages_enqueue(drafts)


def _to_supporter(press: Press, supporter: Supporter, row: SupporterAsked, at: datetime) -> Draft:
    return Draft(
        kind=SUPPORTER,
        topic=topic_of(press.pk),
        recipient=supporter.person,
        dedupe_key=f"{SUPPORTER}:{row.pk}:{press.round}",
        not_before=at,
        payload={"press": press.pk, "supporter": supporter.pk, "row": row.pk},
    )


def _not_withdrawn(press: Press) -> set[int]:
    """Whom something that was decided for this press reached, or still may."""
    decided = deliveries_of(topic_of(press.pk))
    return {one.recipient_id for one in decided if one.kind == SUPPORTER and one.state != "cancelled"}


def press_page(*, press_id: int, now: datetime) -> bool:
    """15 minutes and nobody: page who leads on call, else the coordinators. Once."""
    with transaction.atomic():
        waiting = Press.objects.filter(pk=press_id, state=Press.ASKING, page_at__lte=now)
        if not waiting.update(page_at=None, paged_at=now):
            return False
        press = Press.objects.get(pk=press_id)
        ask(press, leads_for(press, now), wave=waves.PAGED, told=True, now=now, kind=PAGE)
    return True


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
