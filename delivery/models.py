"""The outbox: what is decided to be said, every attempt to say it, and who said stop."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

STATES = (
    "pending",  # decided, waits for `not_before`
    "sending",  # claimed by a worker
    "handing",  # the last gate is behind it: this is the moment of sending
    "handed_over",
    "failed",  # no way is left to try
    "cancelled",  # withdrawn before the gate
    "suppressed",  # the gate said no
    "uncertain",  # the worker died between gate and answer, and the channel cannot absorb a repeat
)


class Delivery(models.Model):
    """One message to one recipient. Decided exactly once: `dedupe_key` is unique.

    It takes the recipient's first live way outside the site, or `way` alone; `to_inbox` adds a copy inside, written at
    the gate.

    `due_at` is the moment the rule names, `not_before` that moment moved into the recipient's window (and later after
    soft errors). `attempted_at` is set at the gate. bounced: every way refused it for good.
    """

    SETTLED = ("handed_over", "uncertain", "failed", "cancelled", "suppressed")  # states that stay, but for a report

    pid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # the only id that leaves the house
    kind = models.CharField(max_length=30)
    topic = models.CharField(max_length=60)  # e.g. "episode:12": what a withdrawal cancels together
    recipient = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="deliveries")
    to_inbox = models.BooleanField(default=False)
    any_hour = models.BooleanField(default=False)  # the recipient's window plays no part
    way = models.CharField(max_length=10, blank=True, default="")  # only so: "sms", or "voice" to the same number
    dedupe_key = models.CharField(max_length=120, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="pending")
    reason = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=40, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    bounced = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="delivery_state_known", condition=Q(state__in=STATES)),
            models.CheckConstraint(name="delivery_way_known", condition=Q(way__in=["", "sms", "voice"])),
            models.CheckConstraint(
                name="only_taken_deliveries_have_a_lease",
                condition=Q(state__in=["sending", "handing"], lease_until__isnull=False)
                | (~Q(state__in=["sending", "handing"]) & Q(lease_until=None)),
            ),
            models.CheckConstraint(
                name="handed_over_has_its_moment", condition=~Q(state="handed_over") | Q(handed_at__isnull=False)
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["lease_until"], name="delivery_leased", condition=Q(state__in=["sending", "handing"])),
            models.Index(fields=["topic"], name="delivery_by_topic"),
        ]


class Attempt(models.Model):
    """Written before the attempt, finished after it: an attempt without an end is evidence of a crash."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    way = models.ForeignKey("people.ContactWay", on_delete=models.SET_NULL, null=True, related_name="+")
    transport = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True, default="")  # sent, soft, hard, uncertain
    detail = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="attempt_outcome_known", condition=Q(outcome__in=["", "sent", "soft", "hard", "uncertain"])
            ),
        ]


class Stop(models.Model):
    """An address that said STOP, by keyed hash only. Tells nobody of anybody. A bounce stands with the way."""

    address_hash = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()


class Inbound(models.Model):
    """A text or mail that came in, by the provider's reference: told twice, it acts once. Nothing else is kept."""

    reference = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)


class InboxItem(models.Model):
    """A message inside the site, for a person with an account."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="inbox")
    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="inbox_item")
    text = models.TextField()
    link = models.CharField(max_length=200, blank=True, default="")  # a path on this site
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-at"], name="inbox_by_person")]


class WorkerBeat(models.Model):
    """Each worker's heartbeat: a stale one is a banner for the operator and a failing health check."""

    name = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
