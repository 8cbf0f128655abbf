"""What happens at meetings: occurrences, commitments, sheets and marks, self-logged meetings."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

HERE = ("present", "late", "online")
VALUES = (*HERE, "excused", "absent")


class Occurrence(models.Model):
    """One holding of a meeting. Its key is the original local start, also after it was moved or cancelled.

    `remind_at` (UTC) is when the next reminder to those who plan to come is due (services.plans); empty: none is.
    """

    SCHEDULED, CANCELLED = "scheduled", "cancelled"

    meeting = models.ForeignKey("meetings.Meeting", on_delete=models.CASCADE, related_name="occurrences")
    original_local = models.DateTimeField()  # wall time of the meeting's zone, stored as if UTC
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=SCHEDULED)
    on_duty = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    remind_at = models.DateTimeField(null=True)
    moved = models.BooleanField(default=False)  # a facilitator gave this one date another start

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "original_local"], name="one_occurrence_per_original_start"),
            models.CheckConstraint(name="occurrence_state_known", condition=Q(state__in=["scheduled", "cancelled"])),
            models.CheckConstraint(name="occurrence_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["starts_at"], name="occurrence_by_start"),
            models.Index(fields=["meeting", "starts_at"], name="occurrence_by_meeting"),
            models.Index(fields=["remind_at"], name="occurrence_to_remind", condition=Q(remind_at__isnull=False)),
        ]


class PlanReminder(models.Model):
    """Whether a member wants a note before what they planned to come to (T20), and how long before; off unless set.

    `resting_until` (UTC): they paused, nothing goes till then; the room that keeps pauses says so.
    """

    LEADS = (24 * 60, 3 * 60, 60)  # minutes before the start, the longest first

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="plan_reminder")
    lead_minutes = models.PositiveSmallIntegerField(null=True)
    resting_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminder_lead_known", condition=Q(lead_minutes=None) | Q(lead_minutes__in=(1440, 180, 60))
            ),
        ]


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def standing(self) -> Self:
        return self.filter(until=None)

    def at(self, moment: datetime) -> Self:
        """Commitments that include `moment` (UTC): since included, until excluded."""
        return self.filter(since__lte=moment).filter(Q(until=None) | Q(until__gt=moment))


class Commitment(models.Model):
    """ "I plan to come to this meeting", `since` included, `until` excluded. Only this makes a person expected."""

    meeting = models.ForeignKey("meetings.Meeting", on_delete=models.CASCADE, related_name="commitments")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="commitments")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "person"], condition=Q(until=None), name="one_open_commitment_per_meeting"
            ),
            models.CheckConstraint(
                name="commitment_ends_after_it_starts", condition=Q(until=None) | Q(until__gte=F("since"))
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person"], name="commitment_by_person")]


class Sheet(models.Model):
    """The attendance list of an occurrence. expired: never closed within 7 days after the end; may still be closed.

    `first_closed_at` never changes once set; `revision` grows with each closing and correction, `closed_at` and
    `closed_by` are those of the latest one. Expiring forbids nothing: an expired sheet may be marked and closed.

    While it is open, `step_at` (UTC) is when it is next looked at, and `step` how many of the four moments of an open
    list are behind it (services.reminders: 2 h, 24 h, 48 h and 7 days after the end).
    """

    OPEN, CLOSED, EXPIRED = "open", "closed", "expired"

    occurrence = models.OneToOneField(Occurrence, on_delete=models.CASCADE, related_name="sheet")
    state = models.CharField(max_length=8, default=OPEN)
    revision = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    first_closed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    head_count = models.PositiveSmallIntegerField(null=True)
    step = models.PositiveSmallIntegerField(default=0)
    step_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sheet_is_closed_when_it_has_a_closing",
                condition=Q(state="closed", closed_at__isnull=False, first_closed_at__isnull=False, revision__gte=1)
                | Q(state__in=["open", "expired"], closed_at=None, first_closed_at=None, revision=0),
            ),
            models.CheckConstraint(
                name="only_an_open_sheet_has_a_next_step",
                condition=Q(state="open", step_at__isnull=False) | (~Q(state="open") & Q(step_at=None)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state"], name="sheet_by_state", condition=~Q(state="closed")),
            models.Index(fields=["step_at"], name="sheet_next_step", condition=Q(state="open")),
        ]


class Mark(models.Model):
    """One person on one sheet. No value is "no mark": unknown, which is never absence.

    `expected` is a note of how the person stood on the sheet; the watch decides expectation from commitments.
    """

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="marks")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="marks")
    value = models.CharField(max_length=8, null=True)  # noqa: DJ001  (no mark is not an empty mark)
    expected = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sheet", "person"], name="one_mark_per_person_and_sheet"),
            models.CheckConstraint(name="mark_value_known", condition=Q(value=None) | Q(value__in=VALUES)),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "at"], name="mark_by_person_and_moment")]


class MarkWrite(models.Model):
    """Every write of a mark stays visible: who wrote what over what, in which revision (0: before the closing)."""

    mark = models.ForeignKey(Mark, on_delete=models.CASCADE, related_name="writes")
    before = models.CharField(max_length=8, null=True)  # noqa: DJ001
    after = models.CharField(max_length=8, null=True)  # noqa: DJ001
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")


class SelfLog(models.Model):
    """A meeting anywhere, on the member's own word."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="self_logs")
    starts_at = models.DateTimeField()
    at = models.DateTimeField()  # when it was entered
    title = models.CharField(max_length=255, blank=True, default="")  # came from a list that is kept no more

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "starts_at"], name="self_log_by_person")]
