"""The only writers of the outbox beside its worker: enqueue, withdraw, stop, read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from delivery.kinds import kind_of
from delivery.models import Delivery, InboxItem, Stop, WorkerBeat
from ground import clock, wake, windows
from ground.links import address_hash
from people.models import Person

SOFT_DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to decide: due at `not_before` (UTC), moved into the recipient's window unless it may at `any_hour`.

    `to_inbox` adds a copy inside the site. `any_hour` is for people who said just now that they may be asked. `way`:
    by this one only, "sms" or "voice" (a call to the number for text messages), instead of their first way.
    """

    kind: str
    topic: str
    recipient: Person
    dedupe_key: str
    not_before: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    to_inbox: bool = False
    any_hour: bool = False
    way: str = ""

    def row(self, now: datetime) -> Delivery:
        """The message as it is stored. Raises KeyError for a kind that no room entered."""
        kind_of(self.kind)
        return Delivery(
            kind=self.kind,
            topic=self.topic,
            recipient=self.recipient,
            dedupe_key=self.dedupe_key,
            payload=self.payload,
            to_inbox=self.to_inbox,
            any_hour=self.any_hour,
            way=self.way,
            created_at=now,
            due_at=self.not_before,
            not_before=self.not_before if self.any_hour else in_window(self.recipient, self.not_before),
        )


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
    """`messages_enqueue` for one, which is returned; the same `dedupe_key` again is the first one, unchanged."""
    draft = Draft(kind, topic, recipient, dedupe_key, not_before, payload or {}, to_inbox, any_hour)
    messages_enqueue([draft])
    return Delivery.objects.get(dedupe_key=dedupe_key)


def messages_enqueue(drafts: Sequence[Draft]) -> None:
    """Decide messages, in the transaction of their cause, in one statement; a `dedupe_key` that is there stays as is.

    Raises KeyError for a kind that no room entered.
    """
    if not drafts:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a message is decided in the transaction of its cause")
    now = clock.now()
    Delivery.objects.bulk_create([draft.row(now) for draft in drafts], ignore_conflicts=True, batch_size=500)
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
    found = _of(kinds)
    if topic is not None:
        found = found.filter(topic=topic)
    if recipient is not None:
        found = found.filter(recipient=recipient)
    _withdraw(found, reason)
    return list(found.filter(state="handing"))


def withdraw(*, topics: Collection[str], kinds: Sequence[str] | None = None, reason: str = "") -> None:
    """`cancel` for several topics in one statement, where nobody asks what is leaving at this moment."""
    _withdraw(_of(kinds).filter(topic__in=topics), reason)


def _of(kinds: Sequence[str] | None) -> QuerySet[Delivery]:
    return Delivery.objects.all() if kinds is None else Delivery.objects.filter(kind__in=kinds)


def _withdraw(found: QuerySet[Delivery], reason: str) -> None:
    found.filter(state__in=["pending", "sending"]).update(
        state="cancelled", reason=reason[:120], lease_until=None, lease_owner=""
    )


def address_stop(*, address: str) -> None:
    """Nothing is sent to this address any more, for whomever. Kept by keyed hash only."""
    Stop.objects.get_or_create(address_hash=address_hash(address), defaults={"at": clock.now()})


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
