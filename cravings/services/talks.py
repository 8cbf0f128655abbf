"""What the worker does while two talk: a claim without a word, a connection that is gone, a silence, a long rest."""

from datetime import datetime

from django.db import transaction

from cravings import waves
from cravings.messages import PROMPT, topic_of
from cravings.models import Claim, Press
from cravings.selectors.people import blocked_with
from cravings.services import claims, rooms
from cravings.services.calling import lead_call
from cravings.services.common import locked, tell_all
from cravings.services.danger import danger_look
from cravings.services.press import press_end
from delivery.services import message_enqueue


def talk_look(*, press_id: int, now: datetime) -> bool:
    """Look after one talk at `now` (UTC); the press's row is the referee. True when something changed."""
    with transaction.atomic():
        press = locked(press_id)
        if press.state != Press.CLAIMED:
            return False
        if _parted(press, now):
            return True
        here = {claim.person_id: claim for claim in Claim.objects.filter(press=press, ended_at=None)}
        begun = min((claim.at for claim in here.values()), default=now)
        said = rooms.words_of(press, [*here, press.person_id], begun)
        changed = danger_look(press, now) | _first_words(press, here, said)
        press.refresh_from_db()
        if press.lease_until is not None and press.lease_until <= now:
            claims.let_go(press, Claim.RELEASED, now)
            return True
        changed |= _gone(press, here.get(press.claimed_by_id or 0), now)
        changed |= _quiet(press, said, now)
        Press.objects.filter(pk=press.pk, state=Press.CLAIMED).update(look_at=_next_look(press, now))
        if changed:
            tell_all(press)
    return changed


def _parted(press: Press, now: datetime) -> bool:
    """A block came between them: they do not see each other any more, so whoever came is not there. The first's place
    is asked for anew; a second leaves quietly."""
    apart = blocked_with(press.person)
    if press.second_by_id in apart:
        claims.second_leaves(press, Claim.REFUSED, now)
        press.refresh_from_db()
    if press.claimed_by_id not in apart:
        return False
    claims.let_go(press, Claim.REFUSED, now)
    return True


def _next_look(press: Press, now: datetime) -> datetime:
    soon = now + waves.LOOK
    return min(soon, press.lease_until) if press.lease_until is not None and press.lease_until > now else soon


def _first_words(press: Press, here: dict[int, Claim], said: dict[int, rooms.Words]) -> bool:
    """Who has written is there in truth: the lease ends with the first one's word."""
    changed = False
    for person, claim in here.items():
        words = said.get(person)
        if words is None:
            continue
        if claim.first_word_at is None:
            changed = True
            Claim.objects.filter(pk=claim.pk).update(first_word_at=max(words.first, claim.at))
        if words.last > claim.seen_at:
            claim.seen_at = words.last
            Claim.objects.filter(pk=claim.pk, seen_at__lt=words.last).update(seen_at=words.last)
        if person == press.claimed_by_id and words.last >= claim.at:
            Press.objects.filter(pk=press.pk).update(met_at=press.met_at or words.first, lease_until=None)
    return changed


def _gone(press: Press, claim: Claim | None, now: datetime) -> bool:
    """The first one's page is away: who asked is told after 30 s, a second is asked after 60 s."""
    if claim is None or not claim.beats:
        return False
    away = now - claim.seen_at
    if away < waves.GONE:
        return bool(Press.objects.filter(pk=press.pk).exclude(peer_gone_at=None).update(peer_gone_at=None))
    changed = bool(Press.objects.filter(pk=press.pk, peer_gone_at=None).update(peer_gone_at=now))
    if away >= waves.GONE_ASK and press.second == Press.NO_SECOND:
        claims.second_ask(press, now)
        changed = True
    return changed


def _quiet(press: Press, said: dict[int, rooms.Words], now: datetime) -> bool:
    """Who asked owes a word for 5 minutes: they are prompted, and the peer may offer a call; for 10: the lead looks."""
    peer, member = said.get(press.claimed_by_id or 0), said.get(press.person_id)
    if press.met_at is None or peer is None:
        return False
    if member is not None and member.last >= peer.last:
        step = 0
    else:
        marks = [press.met_at, member.last if member else None, press.member_seen_at]
        step = waves.quiet_step(max(mark for mark in marks if mark is not None), now)
    if step == press.quiet_step or (step < press.quiet_step and step != 0):
        return False
    Press.objects.filter(pk=press.pk).update(quiet_step=step)
    if step >= 1 and press.quiet_step == 0:
        message_enqueue(
            kind=PROMPT,
            topic=topic_of(press.pk),
            recipient=press.person,
            dedupe_key=f"{PROMPT}:{press.pk}:{now:%H%M%S%d}",
            not_before=now,
            payload={"press": press.pk},
            to_inbox=True,
            any_hour=True,
        )
    if step == waves.CALLED:
        lead_call(press, now)
    return True


def press_rest(*, press_id: int, now: datetime) -> bool:
    """Close a claimed press that both left open, at its `close_at` (UTC)."""
    with transaction.atomic():
        press = Press.objects.select_for_update().filter(pk=press_id, state=Press.CLAIMED, close_at__lte=now).first()
        return press is not None and press_end(press, Press.CLOSED, now)
