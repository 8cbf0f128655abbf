"""Hands over what is due. The promise, in words: decided exactly once; attempted at least once unless withdrawn;
repeated only with the same key.

    pending --claim--> sending --gate--> handing --answer--> handed_over | failed | uncertain
       ^                  |                 |
       +--- lease ran out +                 +--- soft error; refused, and another way is left; or lease ran out and
                                            |    a repeat is absorbed --> pending
    pending, sending --withdrawn--> cancelled;   sending --the gate says no--> suppressed

All in batches of up to 200, one transaction for claim, gate and answers each (`delivery.gate`, `delivery.answers`); a
fixed number of statements, where a kind checks and fills many at once. A batch that raises is taken again one by one,
and only the one that raises moves an hour ahead and is reported. No network inside a transaction; what has not begun to
leave a few seconds after its gate goes back and passes it anew.
"""

import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from delivery import transports
from delivery.answers import POSTPONE, Answer, absorbs, give_back, repeats, settle
from delivery.gate import FREE, LEASE, Leaving, Passed, trailing
from delivery.gate import gate as gate_of
from delivery.models import Attempt, Delivery
from delivery.services import SOFT_DELAYS
from ground import clock, failpoints

__all__ = ["claim", "gate", "hand_over", "recover", "tick"]

log = logging.getLogger("porchlight.delivery")

BATCH = 200
PATIENCE = 30.0  # seconds of real time that answers wait for a database that is away
FRESH = 5.0  # seconds of real time in which what passed the gate must have begun to leave
OWNER = f"{os.getpid()}-{secrets.token_hex(4)}"


class Pace:
    """How many are taken at once: fewer when the transports are slow, so that nothing waits long behind the gate."""

    def __init__(self) -> None:
        self.size = BATCH

    def note(self, *, sent: int, whole: bool, seconds: float) -> None:
        if not whole:
            self.size = max(1, sent // 2)
        elif seconds < FRESH / 5:
            self.size = min(BATCH, self.size * 2)


pace = Pace()


def tick(now: datetime) -> int:
    """Take up everything that is due at `now` (UTC), up to one batch; return how many were taken."""
    recover(now)
    claimed = claim(now, pace.size)
    for pks in one_each(claimed):
        # a batch may take a while: the grace counts from the moment of this very attempt
        hand_over(pks, max(now, clock.now()))
    return len(claimed)


def recover(now: datetime) -> None:
    """Take back what a worker that died had claimed. Before the gate nothing was sent: it is pending again.

    After the gate: a channel that absorbs repeats tries once more with the same key, others end as uncertain. A lease
    that ends later than any that is given now is of a clock that was ahead, and is over as well.
    """
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)
    lost = Delivery.objects.filter(over, state__in=["sending", "handing"])
    pks = list(lost.values_list("pk", flat=True)[:BATCH])
    if not pks:
        return
    with transaction.atomic():
        rows = list(_for_update(lost.filter(pk__in=pks).order_by("pk")))
        unsent = [row.pk for row in rows if row.state == "sending"]
        Delivery.objects.filter(pk__in=unsent).update(state="pending", **FREE)
        begun = [row.pk for row in rows if row.state == "handing"]
        tries: dict[int, list[Attempt]] = {pk: [] for pk in begun}
        for attempt in Attempt.objects.filter(delivery__in=begun).order_by("pk"):
            tries[attempt.delivery_id].append(attempt)
        again = [pk for pk, own in tries.items() if not own or repeats(own[-1].transport, trailing(own))]
        Delivery.objects.filter(pk__in=again).update(state="pending", reason="", **FREE)
        Delivery.objects.filter(pk__in=set(begun) - set(again)).update(
            state="uncertain", reason="the worker stopped while sending", **FREE
        )


def claim(now: datetime, limit: int = BATCH) -> dict[int, int]:
    """Compare-and-swap: a row that two workers see is taken by one. The recipients by the ids of what was claimed."""
    due = Delivery.objects.filter(state="pending", not_before__lte=now).order_by("not_before", "pk")
    if not due.values_list("pk")[:1]:
        return {}  # nothing is locked for nothing
    with transaction.atomic():
        found = dict(_for_update(due).values_list("pk", "recipient_id")[:limit])
        Delivery.objects.filter(pk__in=found, state="pending").update(
            state="sending", lease_until=clock.now() + LEASE, lease_owner=OWNER
        )
        failpoints.reach("claiming")
    failpoints.reach("claimed")
    return found


def _for_update(rows: Any) -> Any:
    """Locked where the database locks rows, without those that somebody else holds."""
    return rows.select_for_update(skip_locked=True) if connection.features.has_select_for_update_skip_locked else rows


def one_each(claimed: dict[int, int]) -> Iterator[list[int]]:
    """In their order, at most one of each recipient at a time."""
    left = list(claimed.items())
    while left:
        taken: dict[int, int] = {}
        rest = [(pk, person) for pk, person in left if taken.setdefault(person, pk) != pk]
        yield list(taken.values())
        left = rest


def hand_over(pks: Sequence[int], now: datetime) -> None:
    """Gate, transports, answers, for claimed deliveries of different recipients; `now` in UTC.

    Rows that somebody else holds for a moment (another worker's claim locks what it then finds taken) are left out and
    tried again together; when none of them moved, the first goes alone and waits.
    """
    left = list(pks)
    while left:
        held = _hand_over(left, now)
        if len(held) == len(left) > 1:
            hand_over(held[:1], max(now, clock.now()))
            held = held[1:]
        left = held
        now = max(now, clock.now())


def _hand_over(pks: list[int], now: datetime) -> list[int]:
    """`hand_over` of those that nobody else holds; returns the others."""
    try:
        passed = gate(pks, now)
    except Exception as error:
        if not connection.in_atomic_block and not connection.is_usable():
            raise  # the database is away: the leases run out, nothing was sent
        if len(pks) == 1:
            _rest(pks[0], now, error)
            return []
        log.exception("a batch of %s deliveries raised and is taken one by one", len(pks))
        for pk in pks:
            hand_over([pk], max(now, clock.now()))
        return []
    _send_all(passed.leaving)
    return passed.locked


def gate(pks: Sequence[int], now: datetime) -> Passed:
    """The moment of sending, for what this worker holds."""
    return gate_of(pks, now, owner=OWNER)


def _rest(pk: int, now: datetime, error: Exception) -> None:
    """One bad row must harm no neighbour: an hour ahead, and reported. Trouble of the database is not its fault."""
    log.error("delivery %s raised and waits", pk, exc_info=error)
    wait = SOFT_DELAYS[0] if isinstance(error, OperationalError) else POSTPONE
    Delivery.objects.filter(pk=pk, state="sending", lease_owner=OWNER).update(
        state="pending", not_before=now + wait, reason="raised", **FREE
    )


def _send_all(leaving: Sequence[Leaving]) -> None:
    """Hand them to their transports and write what they say."""
    if not leaving:
        return
    failpoints.reach("handing")
    begun = monotonic()
    rest: Sequence[Leaving] = []
    answers = []
    for at, one in enumerate(leaving):
        if monotonic() - begun > FRESH:
            rest = leaving[at:]
            break
        answers.append(send(one))
        if not absorbs(one.attempt.transport):  # a crash would leave it uncertain, and its provider may report at once
            _settle([answers.pop()])
    pace.note(sent=len(leaving) - len(rest), whole=not rest, seconds=monotonic() - begun)
    if answers:
        _settle(answers)
    if rest:
        give_back(rest, owner=OWNER)
    failpoints.reach("settled")


def send(one: Leaving) -> Answer:
    """One message to one transport, outside any transaction."""
    try:
        outcome, detail = transports.dispatch(one.attempt.transport, one.way.address, one.message)
    except Exception:
        log.exception("the transport of delivery %s raised", one.delivery.pk)
        return Answer(one, "raised")
    if outcome == "soft" and one.soft[one.way.pk] >= len(SOFT_DELAYS):
        outcome = "hard"
    failpoints.reach("sent")
    return Answer(one, outcome, detail)


def _settle(answers: Sequence[Answer]) -> None:
    """Write what was answered. A database that is away is waited for: what is known must not be asked twice."""
    until = monotonic() + PATIENCE
    while True:
        try:
            settle(answers, owner=OWNER)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or monotonic() > until:
                raise
            log.exception("the answers of %s deliveries are not written yet", len(answers))
            connection.close()
            sleep(0.5)
        except Exception:
            if len(answers) == 1:
                log.exception("the answer of delivery %s cannot be written", answers[0].of.delivery.pk)
                return
            for one in answers:
                _settle([one])
            return
        else:
            return
