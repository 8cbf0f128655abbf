"""The gate: one transaction for up to 200 claimed messages, after which they are leaving.

It locks the rows, asks each kind's check, writes the attempts and sets `handing`. That statement is the moment of
sending: what was withdrawn before it never leaves, what is withdrawn after it was already leaving. No network here.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from delivery.composing import by_kind, compose
from delivery.kinds import kind_of
from delivery.models import Attempt, Delivery, InboxItem
from delivery.selectors import ways_for
from delivery.services import allowed_at
from delivery.transports import Message, inbox
from ground import clock, failpoints
from people.models import ContactWay
from people.selectors import with_account

LEASE = timedelta(minutes=2)
FREE = {"lease_until": None, "lease_owner": ""}
PATIENCE = "500ms"  # a page that writes the same rows goes first: below PostgreSQL's deadlock_timeout of 1 s


@dataclass(slots=True)
class Leaving:
    """A message that has passed the gate.

    way and attempt: the way it takes and the row that says so. last_way: none is left when that one refuses for good.
    soft: how often each way of its recipient was busy before, by id of the way. unanswered: how many of its latest
    attempts nobody knows the end of, this one included.
    """

    delivery: Delivery
    message: Message
    way: ContactWay
    attempt: Attempt
    last_way: bool
    soft: Counter[int | None]
    unanswered: int
    attempted_before: datetime | None
    inside: bool  # a copy lies in the recipient's inbox


@dataclass(slots=True)
class Passed:
    """What came of one gate. locked: somebody else held these rows for the moment; they are asked again."""

    leaving: list[Leaving] = field(default_factory=list)
    locked: list[int] = field(default_factory=list)


def gate(pks: Sequence[int], now: datetime, *, owner: str) -> Passed:
    """Let these claimed messages pass, all in one transaction and a fixed number of statements; `now` in UTC.

    Not more than one message of a recipient: what becomes of it is asked by the check of the next.
    """
    with transaction.atomic():
        found = _locked(pks, owner)
        failpoints.reach("gating")
        going = _checked(found, now)
        leaving = _let_go(going, now) if going else []
        failpoints.reach("gated")
    seen = {delivery.pk for delivery in found}
    return Passed(leaving, [pk for pk in pks if pk not in seen] if len(pks) > 1 else [])


def _locked(pks: Sequence[int], owner: str) -> list[Delivery]:
    rows = Delivery.objects.filter(pk__in=pks, state="sending", lease_owner=owner).order_by("pk")
    if connection.features.has_select_for_update:
        # many are never waited for while others are held; a single one is
        rows = rows.select_for_update(of=("self",), skip_locked=len(pks) > 1)
        if len(pks) > 1:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    return list(rows.select_related("recipient"))


def _checked(found: list[Delivery], now: datetime) -> list[Delivery]:
    """Those that may go now. The others are suppressed with their reason, or wait for the recipient's window."""
    reasons: dict[int, str | None] = {}
    for name, group in by_kind(found).items():
        reasons.update(zip((one.pk for one in group), kind_of(name).reasons(group, now), strict=True))
    suppressed, later = defaultdict(list), defaultdict(list)
    going = []
    for delivery in found:
        reason = reasons[delivery.pk]
        if reason is not None:
            suppressed[reason[:120]].append(delivery.pk)
            continue
        allowed = allowed_at(delivery, now)
        if allowed > now:  # an outage kept it: it waits for the window's next start (docs/rules.md 4.1)
            later[allowed].append(delivery.pk)
            continue
        going.append(delivery)
    for reason, pks in suppressed.items():
        Delivery.objects.filter(pk__in=pks).update(state="suppressed", reason=reason, **FREE)
    for moment, pks in later.items():
        Delivery.objects.filter(pk__in=pks).update(state="pending", not_before=moment, **FREE)
    return going


def _let_go(going: list[Delivery], now: datetime) -> list[Leaving]:
    """Write that they are leaving, and how. A message without any way out is settled here."""
    before = {delivery.pk: delivery.attempted_at for delivery in going}
    for delivery in going:
        delivery.attempts += 1
        delivery.attempted_at = delivery.attempted_at or now
    messages = compose(going)
    inside = _put_inside(going, messages, now)
    ways = ways_for(going)  # at most one message of a recipient: see gate
    have = [delivery for delivery in going if ways[delivery.recipient_id]]
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in have]).update(
        state="handing",
        attempts=F("attempts") + 1,
        attempted_at=Coalesce("attempted_at", Value(now)),
        lease_until=clock.now() + LEASE,
    )
    earlier = _earlier(have)
    attempts = attempts_begin([(delivery, ways[delivery.recipient_id][0]) for delivery in have])
    _without_way([delivery for delivery in going if not ways[delivery.recipient_id]], inside, now)
    return [
        Leaving(
            delivery=delivery,
            message=messages[delivery.pk],
            way=ways[delivery.recipient_id][0],
            attempt=attempt,
            last_way=len(ways[delivery.recipient_id]) == 1,
            soft=Counter(one.way_id for one in earlier[delivery.pk] if one.outcome == "soft"),
            unanswered=1 + trailing(earlier[delivery.pk]),
            attempted_before=before[delivery.pk],
            inside=delivery.pk in inside,
        )
        for delivery, attempt in zip(have, attempts, strict=True)
    ]


def attempts_begin(pairs: Sequence[tuple[Delivery, ContactWay]]) -> list[Attempt]:
    """The rows that are written before anything is tried."""
    now = clock.now()
    return Attempt.objects.bulk_create(
        Attempt(delivery=delivery, way=way, transport=delivery.way or way.kind, started_at=now)
        for delivery, way in pairs
    )


def _earlier(going: list[Delivery]) -> dict[int, list[Attempt]]:
    """The attempts of earlier hand-overs, oldest first; no statement where there were none."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    again = [delivery.pk for delivery in going if delivery.attempts > 1]
    if again:
        for attempt in Attempt.objects.filter(delivery__in=again).order_by("pk"):
            found[attempt.delivery_id].append(attempt)
    return found


def trailing(attempts: Sequence[Attempt]) -> int:
    """How many of the latest attempts have no end: the worker died over them."""
    count = 0
    for attempt in reversed(attempts):
        if attempt.finished_at is not None:
            break
        count += 1
    return count


def _put_inside(going: list[Delivery], messages: dict[int, Message], now: datetime) -> set[int]:
    """The copy inside the site, once, for recipients with an account. The ids of those that have one."""
    copies = [delivery for delivery in going if delivery.to_inbox]
    accounts = with_account(delivery.recipient for delivery in copies)
    copies = [delivery for delivery in copies if delivery.recipient_id in accounts]
    if copies:
        InboxItem.objects.bulk_create(
            [inbox.item(delivery, messages[delivery.pk], now) for delivery in copies], ignore_conflicts=True
        )
    return {delivery.pk for delivery in copies}


def _without_way(going: list[Delivery], inside: set[int], now: datetime) -> None:
    """A copy inside the site counts as handed over; without one nobody was reached."""
    tried = {"attempts": F("attempts") + 1, "attempted_at": Coalesce("attempted_at", Value(now)), **FREE}
    arrived = [delivery.pk for delivery in going if delivery.pk in inside]
    if arrived:
        Delivery.objects.filter(pk__in=arrived).update(state="handed_over", handed_at=now, reason="", **tried)
    lost = [delivery.pk for delivery in going if delivery.pk not in inside]
    if lost:
        Delivery.objects.filter(pk__in=lost).update(state="failed", bounced=True, reason="no way is left", **tried)
