"""Hands over what is due. The promise, in words: decided exactly once; attempted at least once unless withdrawn;
repeated only with the same key.

    pending --claim--> sending --gate--> handing --answer--> handed_over | failed | uncertain
       ^                  |                 |
       +--- lease ran out +                 +--- soft error, or lease ran out and a repeat is absorbed --> pending
    pending, sending --withdrawn--> cancelled;   sending --the gate says no--> suppressed

The gate is one transaction: it locks the row, asks the kind's check, writes the attempt and sets `handing`. That
statement is the moment of sending. No network inside a transaction.
"""

import logging
import os
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from delivery import transports
from delivery.catalogue import subject_of, text_of
from delivery.kinds import Kind, kind_of
from delivery.models import Attempt, Delivery, InboxItem, Stop
from delivery.services import in_window
from ground import clock
from people.models import ContactWay
from people.selectors import account_of, live_ways
from people.services import link_give, way_bounced

log = logging.getLogger("porchlight.delivery")

BATCH = 200
LEASE = timedelta(minutes=2)
SOFT_DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
POSTPONE = timedelta(hours=1)  # a delivery whose hand-over raises is taken up again after this
OWNER = f"{os.getpid()}-{secrets.token_hex(4)}"


def tick(now: datetime) -> int:
    """Take up everything that is due at `now` (UTC), up to one batch; return how many were taken."""
    recover(now)
    claimed = claim(now)
    for pk in claimed:
        try:
            # a batch may take a while: the grace counts from the moment of this very attempt
            hand_over(pk, max(now, clock.now()))
        except Exception:  # one bad row must harm no neighbour: an hour ahead, and reported
            log.exception("delivery %s raised and waits an hour", pk)
            Delivery.objects.filter(pk=pk, state="sending").update(
                state="pending", lease_until=None, lease_owner="", not_before=now + POSTPONE, reason="raised"
            )
    return len(claimed)


def recover(now: datetime) -> None:
    """Take back what a worker that died had claimed. Before the gate nothing was sent: it is pending again.

    After the gate: a channel that absorbs repeats tries once more with the same key, others end as uncertain.
    """
    lost = Delivery.objects.filter(lease_until__lt=now)
    lost.filter(state="sending").update(state="pending", lease_until=None, lease_owner="")
    for delivery in lost.filter(state="handing"):
        last = delivery.tries.order_by("-pk").first()
        transport = transports.transport_of(last.transport) if last else None
        again = delivery.attempts < 2 and (transport is None or transport.absorbs_repeats)
        Delivery.objects.filter(pk=delivery.pk, state="handing").update(
            state="pending" if again else "uncertain",
            reason="" if again else "the worker stopped while sending",
            lease_until=None,
            lease_owner="",
        )


def claim(now: datetime) -> list[int]:
    """Compare-and-swap: a row that two workers see is taken by one."""
    with transaction.atomic():
        due = Delivery.objects.filter(state="pending", not_before__lte=now).order_by("not_before", "pk")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        pks = list(due.values_list("pk", flat=True)[:BATCH])
        if pks:
            Delivery.objects.filter(pk__in=pks, state="pending").update(
                state="sending", lease_until=clock.now() + LEASE, lease_owner=OWNER
            )
        return pks


def hand_over(pk: int, now: datetime) -> None:
    """Gate, transport, answer, for one claimed delivery; a hard bounce moves on to the next way with the same key."""
    way: ContactWay | None = None
    tried: set[int] = set()
    delivery = gate(pk, now)
    while delivery is not None:
        way = next_way(delivery, tried)
        if way is None:
            finish_without_way(delivery, bounced=bool(tried))
            return
        tried.add(way.pk)
        outcome, detail = attempt(delivery, way)
        if outcome == "hard":
            way_bounced(way=way)
            continue
        settle(delivery, outcome, detail)
        return


def gate(pk: int, now: datetime) -> Delivery | None:
    """The moment of sending. None when the message was withdrawn or its kind's check gives a reason."""
    with transaction.atomic():
        rows = Delivery.objects.filter(pk=pk, state="sending", lease_owner=OWNER)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update(of=("self",))
        delivery = rows.select_related("recipient").first()
        if delivery is None:
            return None
        kind = kind_of(delivery.kind)
        reason = kind.check(delivery, now)
        if reason is not None:
            rows.update(state="suppressed", reason=reason[:120], lease_until=None, lease_owner="")
            return None
        allowed = now if delivery.any_hour else in_window(delivery.recipient, now)
        if allowed > now:  # an outage kept it: it waits for the window's next start (docs/rules.md 4.1)
            rows.update(state="pending", not_before=allowed, lease_until=None, lease_owner="")
            return None
        delivery.attempts += 1
        delivery.attempted_at = delivery.attempted_at or now
        rows.update(state="handing", attempts=delivery.attempts, attempted_at=delivery.attempted_at)
        if delivery.to_inbox:
            put_into_inbox(delivery, kind, now)
        return delivery


def put_into_inbox(delivery: Delivery, kind: Kind, now: datetime) -> None:
    """The copy inside the site, once, in the gate's own transaction."""
    if account_of(delivery.recipient) is None:
        return
    message = compose(delivery, kind)
    InboxItem.objects.get_or_create(
        delivery=delivery,
        defaults={
            "person": delivery.recipient,
            "text": message.text.replace(message.link, "").strip() if message.link else message.text,
            "link": message.link.removeprefix(site_url()),
            "at": now,
        },
    )


def next_way(delivery: Delivery, tried: set[int]) -> ContactWay | None:
    """The recipient's first way that is live, not stopped, has a transport here and was not tried in this hand-over."""
    ways = [way for way in live_ways(delivery.recipient) if way.pk not in tried and transports.transport_of(way.kind)]
    stopped = set(
        Stop.objects.filter(address_hash__in=[way.address_hash for way in ways]).values_list("address_hash", flat=True)
    )
    return next((way for way in ways if way.address_hash not in stopped), None)


def attempt(delivery: Delivery, way: ContactWay) -> tuple[str, str]:
    """One hand-over to one transport: the row is written before, finished after. Returns (outcome, detail)."""
    transport = transports.transport_of(way.kind)
    assert transport is not None
    row = Attempt.objects.create(delivery=delivery, way=way, transport=way.kind, started_at=clock.now())
    outcome, detail = "sent", ""
    try:
        transport.send(way.address, compose(delivery, kind_of(delivery.kind)))
    except transports.Uncertain as unknown:
        outcome, detail = "uncertain", str(unknown)
    except transports.TransportError as error:
        soft_tries = delivery.tries.filter(way=way, outcome="soft").count()
        outcome = "hard" if error.permanent or soft_tries >= len(SOFT_DELAYS) else "soft"
        detail = str(error)
    Attempt.objects.filter(pk=row.pk).update(finished_at=clock.now(), outcome=outcome, detail=detail[:200])
    return outcome, detail


def settle(delivery: Delivery, outcome: str, detail: str) -> None:
    """Write the answer of the transport; compare-and-swap from `handing`, so that nothing said is unsaid."""
    now = clock.now()
    row = Delivery.objects.filter(pk=delivery.pk, state="handing")
    free = {"lease_until": None, "lease_owner": ""}
    if outcome == "sent":
        row.update(state="handed_over", handed_at=now, reason="", **free)
    elif outcome == "uncertain":
        row.update(state="uncertain", handed_at=now, reason=detail[:120], **free)
    else:
        soft = delivery.tries.filter(outcome="soft").count()
        later = now + SOFT_DELAYS[min(soft, len(SOFT_DELAYS)) - 1]
        row.update(state="pending", not_before=in_window(delivery.recipient, later), reason=detail[:120], **free)


def finish_without_way(delivery: Delivery, *, bounced: bool) -> None:
    """No way is left. A copy inside the site counts as handed over, unless ways outside refused it just now."""
    now = clock.now()
    inside = delivery.to_inbox and not bounced and InboxItem.objects.filter(delivery=delivery).exists()
    Delivery.objects.filter(pk=delivery.pk, state="handing").update(
        state="handed_over" if inside else "failed",
        handed_at=now if inside else None,
        bounced=not inside,
        reason="" if inside else "no way is left",
        lease_until=None,
        lease_owner="",
    )


def compose(delivery: Delivery, kind: Kind) -> transports.Message:
    """Fill the catalogue's text at the send: the link is the same for every repeat."""
    recipient = delivery.recipient
    values = {name: value[:12] for name, value in kind.context(delivery).items()}
    link, stop = (url_of(delivery, of(delivery)) for of in (kind.link, kind.stop))
    return transports.Message(
        key=delivery.dedupe_key,
        kind=delivery.kind,
        subject=subject_of(recipient.language),
        text=text_of(kind.text, recipient.language, {**values, "link": link}).strip(),
        sender=settings.SENDER_LABEL,
        link=link,
        stop=stop,
        language=recipient.language,
    )


def url_of(delivery: Delivery, subject: tuple[str, int] | None) -> str:
    if subject is None:
        return ""
    return f"{site_url()}/{link_give(purpose=subject[0], subject=subject[1], person=delivery.recipient)}"


def site_url() -> str:
    """What stands before a link's path, without a slash at the end."""
    return settings.SITE_URL or f"https://{settings.HOST}"
