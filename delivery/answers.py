"""What the transports answered, written for many messages in one transaction: nothing said is unsaid."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from delivery import transports
from delivery.gate import FREE, Leaving
from delivery.models import Attempt, Delivery
from delivery.services import SOFT_DELAYS, allowed_at
from ground import clock, failpoints
from people.services import ways_bounced

POSTPONE = timedelta(hours=1)  # a delivery whose hand-over raises is taken up again after this
REPEATS = 2  # attempts in a row of which nobody knows the end, before it is left as uncertain


@dataclass(frozen=True, slots=True)
class Answer:
    """outcome: sent, soft, hard, uncertain; or "raised", when the transport failed in a way it does not declare."""

    of: Leaving
    outcome: str
    detail: str = ""


def settle(answers: Sequence[Answer], *, owner: str) -> None:
    """Write the answers. After a hard refusal the message is due again at once, for the recipient's next way."""
    now = clock.now()
    by_outcome: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_outcome[answer.outcome].append(answer)
    with transaction.atomic():
        _finish(answers, now)
        _sent(by_outcome["sent"], now)
        _unknown([(one.of, one.detail) for one in by_outcome["uncertain"]], owner, now)
        _later(by_outcome["soft"], owner, now)
        _raised(by_outcome["raised"], owner, now)
        _refused(by_outcome["hard"], owner)
        failpoints.reach("settling")


def _finish(answers: Sequence[Answer], now: datetime) -> None:
    """The ends of the attempts; one that raised has none, as after a crash."""
    said = defaultdict(list)
    for one in answers:
        if one.outcome != "raised":
            said[one.outcome, one.detail[:200]].append(one.of.attempt.pk)
    for (outcome, detail), pks in said.items():
        Attempt.objects.filter(pk__in=pks).update(finished_at=now, outcome=outcome, detail=detail)


def _sent(answers: Sequence[Answer], now: datetime) -> None:
    """Whatever became of the row meanwhile, a lease that ran out or a late withdrawal: it was sent, and it says so."""
    if answers:
        rows = Delivery.objects.filter(pk__in=[one.of.delivery.pk for one in answers]).exclude(state="handed_over")
        rows.update(state="handed_over", handed_at=now, reason="", bounced=False, **FREE)


def _own(rows: Iterable[Leaving], owner: str) -> QuerySet[Delivery]:
    """Compare-and-swap: only what is still ours."""
    return Delivery.objects.filter(pk__in=[one.delivery.pk for one in rows], state="handing", lease_owner=owner)


def _unknown(rows: Sequence[tuple[Leaving, str]], owner: str, now: datetime) -> None:
    by_reason = defaultdict(list)
    for one, detail in rows:
        by_reason[detail[:120]].append(one)
    for reason, found in by_reason.items():
        _own(found, owner).update(state="uncertain", handed_at=now, reason=reason, **FREE)


def _later(answers: Sequence[Answer], owner: str, now: datetime) -> None:
    """Busy now: after 1, 5 and 30 minutes and 2 hours, within the recipient's window."""
    waits = defaultdict(list)
    for one in answers:
        times = one.of.soft[one.of.way.pk]
        later = now + SOFT_DELAYS[min(times, len(SOFT_DELAYS) - 1)]
        waits[allowed_at(one.of.delivery, later), one.detail[:120]].append(one.of)
    for (moment, reason), found in waits.items():
        _own(found, owner).update(state="pending", not_before=moment, reason=reason, **FREE)


def _raised(answers: Sequence[Answer], owner: str, now: datetime) -> None:
    """Nobody knows whether it left: an hour ahead where a repeat is absorbed, else it is left as uncertain."""
    if not answers:
        return
    again = [one.of for one in answers if repeats(one.of.attempt.transport, one.of.unanswered)]
    lost = [one.of for one in answers if not repeats(one.of.attempt.transport, one.of.unanswered)]
    if again:
        _own(again, owner).update(state="pending", not_before=now + POSTPONE, reason="raised", **FREE)
    if lost:
        _unknown([(one, "raised while sending") for one in lost], owner, now)


def repeats(transport: str, unanswered: int) -> bool:
    """Whether a message is tried once more, with the same key, after `unanswered` attempts that have no end."""
    return unanswered < REPEATS and absorbs(transport)


def absorbs(transport: str) -> bool:
    """Whether a second hand-over with the same key is one message to the person; nothing left by one that is gone."""
    found = transports.transport_of(transport)
    return found is None or found.absorbs_repeats


def _refused(answers: Sequence[Answer], owner: str) -> None:
    """Refused for good: the way is not taken again. The next one is, with the same key, behind a gate of its own."""
    if not answers:
        return
    # a number that takes no call may take text messages all the same
    ways_bounced(ways=[one.of.way for one in answers if one.of.attempt.transport == one.of.way.kind])
    last = [one.of for one in answers if _was_last(one.of)]
    _own(last, owner).update(state="failed", bounced=True, reason="no way is left", **FREE)
    _own([one.of for one in answers if not _was_last(one.of)], owner).update(state="pending", reason="", **FREE)


def _was_last(one: Leaving) -> bool:
    """None is left; a call that was refused is not tried again, for its way stays good for text messages."""
    return one.last_way or one.attempt.transport != one.way.kind


def give_back(rows: Sequence[Leaving], *, owner: str) -> None:
    """These passed the gate and were not begun: they pass it anew, so that what it asked is fresh when they leave.

    Known to be unsent, so there was no attempt; unless a copy lies inside, which is one.
    """
    with transaction.atomic():
        Attempt.objects.filter(pk__in=[one.attempt.pk for one in rows]).delete()
        back = {"state": "pending", "attempts": F("attempts") - 1, **FREE}
        unheard = [one for one in rows if one.attempted_before is None and not one.inside]
        _own(unheard, owner).update(attempted_at=None)
        _own(rows, owner).update(**back)
