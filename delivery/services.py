"""The only writers of the outbox beside its worker: enqueue, withdraw, stop, read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from delivery.kinds import kind_of
from delivery.models import Delivery, InboxItem, Stop, WorkerBeat
from ground import clock, wake, windows
from ground.links import address_hash
from people.models import Person

SOFT_DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


def message_enqueue(
    *,
    kind: str,
    topic: str,
    recipient: Person,
    dedupe_key: str,
    not_before: datetime,
    payload: dict[str, Any] | None = None,
    to_inbox: bool = False,
    any_hour: bool = False,
) -> Delivery:
    """Decide one message, in the transaction of its cause. The same `dedupe_key` again is the first one, unchanged.

    It is due at `not_before` (UTC), moved into the recipient's window. `to_inbox` adds a copy inside the site.
    `any_hour` leaves the window aside: for people who said just now that they may be asked.
    Raises KeyError for a kind that no room entered.
    """
    kind_of(kind)
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a message is decided in the transaction of its cause")
    delivery, made = Delivery.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "kind": kind,
            "topic": topic,
            "recipient": recipient,
            "payload": payload or {},
            "to_inbox": to_inbox,
            "any_hour": any_hour,
            "created_at": clock.now(),
            "due_at": not_before,
            "not_before": not_before if any_hour else in_window(recipient, not_before),
        },
    )
    if made:
        transaction.on_commit(lambda: wake.publish("work"))
    return delivery


@dataclass(frozen=True, slots=True)
class Draft:
    """One message of `messages_enqueue`, which comes in the recipient's window unless it may at `any_hour`."""

    kind: str
    topic: str
    recipient: Person
    dedupe_key: str
    not_before: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    to_inbox: bool = False
    any_hour: bool = False


def messages_enqueue(drafts: Sequence[Draft]) -> None:
    """`message_enqueue` for many in one statement; a `dedupe_key` that is there already stays as it is."""
    if not drafts:
        return
    for kind in {draft.kind for draft in drafts}:
        kind_of(kind)
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a message is decided in the transaction of its cause")
    now = clock.now()
    rows = [
        Delivery(
            kind=draft.kind,
            topic=draft.topic,
            recipient=draft.recipient,
            dedupe_key=draft.dedupe_key,
            payload=draft.payload,
            to_inbox=draft.to_inbox,
            any_hour=draft.any_hour,
            created_at=now,
            due_at=draft.not_before,
            not_before=draft.not_before if draft.any_hour else in_window(draft.recipient, draft.not_before),
        )
        for draft in drafts
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    transaction.on_commit(lambda: wake.publish("work"))


def allowed_at(delivery: Delivery, due: datetime) -> datetime:
    """`due` (UTC), moved into the recipient's window unless the message may come at any hour."""
    return due if delivery.any_hour else in_window(delivery.recipient, due)


def in_window(recipient: Person, due: datetime) -> datetime:
    """`due` (UTC), or the next start of the recipient's window (docs/rules.md 4.1)."""
    return windows.next_allowed(due, recipient.zone, recipient.window_start, recipient.window_end)


def cancel(
    *,
    topic: str | None = None,
    recipient: Person | None = None,
    kinds: Sequence[str] | None = None,
    reason: str = "",
) -> list[Delivery]:
    """Withdraw what has not passed the gate; return what passed it and is leaving at this moment.

    Call it in the transaction that makes the message unwanted. The row is the referee: a gate that commits first
    leaves `handing` behind, and the member is told that one message was already leaving.
    Raises ValueError when neither topic nor recipient is given.
    """
    if topic is None and recipient is None:
        raise ValueError("name a topic or a recipient")
    found = Delivery.objects.all()
    if topic is not None:
        found = found.filter(topic=topic)
    if recipient is not None:
        found = found.filter(recipient=recipient)
    if kinds is not None:
        found = found.filter(kind__in=kinds)
    found.filter(state__in=["pending", "sending"]).update(
        state="cancelled", reason=reason[:120], lease_until=None, lease_owner=""
    )
    return list(found.filter(state="handing"))


def withdraw(*, topics: Collection[str], kinds: Sequence[str] | None = None, reason: str = "") -> None:
    """`cancel` for several topics in one statement, where nobody asks what is leaving at this moment."""
    found = Delivery.objects.filter(topic__in=topics, state__in=["pending", "sending"])
    if kinds is not None:
        found = found.filter(kind__in=kinds)
    found.update(state="cancelled", reason=reason[:120], lease_until=None, lease_owner="")


def address_stop(*, address: str, why: str = "stop") -> None:
    """Nothing is sent to this address any more, for whomever. Kept by keyed hash only."""
    Stop.objects.get_or_create(address_hash=address_hash(address), defaults={"why": why, "at": clock.now()})


def inbox_read(*, actor: Person, item_id: int) -> InboxItem:
    """Mark one of the actor's own items as read. Raises PermissionDenied for anybody else's."""
    item = InboxItem.objects.filter(person=actor, pk=item_id).first()
    if item is None:
        raise PermissionDenied
    InboxItem.objects.filter(pk=item.pk, read_at=None).update(read_at=clock.now())
    return item


def worker_beat(*, name: str, stopped: bool = False) -> None:
    """Write a worker's heartbeat."""
    now = clock.now()
    WorkerBeat.objects.update_or_create(
        name=name,
        defaults={"beat_at": now, "stopped_at": now if stopped else None},
        create_defaults={"beat_at": now, "started_at": now, "stopped_at": now if stopped else None},
    )
