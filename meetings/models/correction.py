"""What anybody says is not right about a meeting, and when its facilitators are next asked whether all still is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Correction(models.Model):
    """A proposed change of what the finder shows. Nothing of it is shown until somebody who may decide accepts it.

    `wanted` and `was` are {field: value} as selectors.proposals names them: what is proposed, and what stood there
    at that moment. `taken` are the fields that were accepted. `by` is kept only to thank a
    member, and shown to nobody.
    """

    OPEN, ACCEPTED, DECLINED = "open", "accepted", "declined"

    meeting = models.ForeignKey("meetings.Meeting", on_delete=models.CASCADE, related_name="corrections")
    by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, default=OPEN)
    wanted = models.JSONField(default=dict)
    was = models.JSONField(default=dict)
    words = models.TextField(blank=True, default="")
    digest = models.CharField(max_length=32)  # of wanted and words: the same said twice is said once
    sent_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    taken = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="correction_state_known", condition=Q(state__in=["open", "accepted", "declined"])
            ),
            models.CheckConstraint(
                name="a_settled_correction_says_when",
                condition=Q(state="open", settled_at=None) | ~Q(state="open") & Q(settled_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["meeting", "digest"], condition=Q(state="open"), name="one_open_correction_of_a_kind"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["meeting"], name="correction_open", condition=Q(state="open")),
            models.Index(fields=["settled_at"], name="correction_settled", condition=Q(settled_at__isnull=False)),
        ]


class Confirming(models.Model):
    """When the facilitators of a group's meeting are next asked whether what the finder shows is still right (UTC).

    `due_at` is empty once they were asked: a reminder goes once, until somebody confirms or changes the meeting.
    """

    meeting = models.OneToOneField("meetings.Meeting", on_delete=models.CASCADE, related_name="confirming")
    due_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="confirming_due", condition=Q(due_at__isnull=False)),
        ]
