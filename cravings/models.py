"""The button: presses, who was asked, who is available, and the lines to call."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def new_ref() -> str:
    """What a press is called outside the house: random, 65 bits and more, telling nothing."""
    return secrets.token_hex(8)


class Press(models.Model):
    """A member asked for someone. Committed before the screen says that people are being asked.

    Every timer is a column (UTC), set when its clock starts and polled by the worker: `wave1_at` is 3 s after the press
    ("ask now" and late presses: at once), until then undo tells nobody; `nobody_yet_at` 5 min after the press;
    `unanswered_at` 30 min after it; `close_at` when a claimed press that nobody closed rests.
    `ref` is what leaves the house: it says nothing about who asked. At most one press of a person is open.
    """

    ASKING, CLAIMED, CANCELLED, CLOSED, UNANSWERED = "asking", "claimed", "cancelled", "closed", "unanswered"
    BETTER, SAME, WORSE, USED = "better", "same", "worse", "used"
    HOWS = (BETTER, SAME, WORSE, USED)

    ref = models.CharField(max_length=16, unique=True, default=new_ref, editable=False)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="presses")
    client_key = models.UUIDField()
    state = models.CharField(max_length=10, default=ASKING)
    pressed_at = models.DateTimeField()
    late = models.BooleanField(default=False)  # was pressed offline and sent later
    wave1_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True)
    nobody_yet_at = models.DateTimeField()
    unanswered_at = models.DateTimeField()
    claimed_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="claims")
    claimed_at = models.DateTimeField(null=True)
    close_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=6, blank=True, default="")  # the member's own word at the end; theirs alone

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "client_key"], name="one_press_per_client_key"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(state__in=["asking", "claimed"]), name="one_open_press_per_person"
            ),
            models.CheckConstraint(
                name="press_state_known",
                condition=Q(state__in=["asking", "claimed", "cancelled", "closed", "unanswered"]),
            ),
            models.CheckConstraint(
                name="press_ended_matches_state",
                condition=Q(state__in=["asking", "claimed"], ended_at=None)
                | Q(state__in=["cancelled", "closed", "unanswered"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_claimed_press_has_its_moment",
                condition=~Q(state="claimed")
                | Q(claimed_at__isnull=False, close_at__isnull=False, offered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="press_how_known", condition=Q(how__in=["", "better", "same", "worse", "used"])
            ),
            models.CheckConstraint(name="nobody_claims_their_own_press", condition=~Q(claimed_by=F("person"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["wave1_at"], name="press_due", condition=Q(state="asking", offered_at=None)),
            models.Index(fields=["unanswered_at"], name="press_waiting", condition=Q(state="asking")),
            models.Index(fields=["close_at"], name="press_resting", condition=Q(state="claimed")),
        ]


class Asked(models.Model):
    """Who was asked for which press, once each: fair rotation reads it, and nobody is asked twice for one press."""

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="asked")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="asked_for")
    wave = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["press", "person"], name="asked_once_per_press")]


class Availability(models.Model):
    """ "I'm available": one tap, switches itself off after 8 hours."""

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="availability")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="availability_ends_after_it_starts", condition=Q(until__gt=F("since"))),
        ]


class CrisisLine(models.Model):
    """A number to call, by region. `checked_on` is empty until a person called it: such lines are marked so."""

    region = models.CharField(max_length=8)
    name = models.CharField(max_length=80)
    number = models.CharField(max_length=30)
    what = models.CharField(max_length=120)
    emergency = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=120)
    version = models.CharField(max_length=20)
    checked_on = models.DateField(null=True)
    checked_by = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["region", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["region", "number"], name="one_entry_per_number"),
            models.CheckConstraint(
                name="a_checked_line_names_its_checker",
                condition=Q(checked_on=None, checked_by="") | Q(checked_on__isnull=False) & ~Q(checked_by=""),
            ),
        ]
