"""What follows a press: supporters who were asked, and the question how it is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cravings.models.press import Press


class SupporterAsked(models.Model):
    """A person whom the member chose and allowed to hear of it was asked. calling: "I will call them"."""

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="supporters_asked")
    supporter = models.ForeignKey("circle.Supporter", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    answer = models.CharField(max_length=7, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["press", "supporter"], name="supporter_asked_once"),
            models.CheckConstraint(
                name="supporter_answer_known",
                condition=Q(answer="", answered_at=None)
                | Q(answer__in=["calling", "cannot"], answered_at__isnull=False),
            ),
        ]


class Aftercare(models.Model):
    """One question afterwards: two hours later, the next day, on the third day. Answered in one tap, told to nobody.

    `sent_at` when it was decided to send; `skipped` when it is not sent any more, with the reason.
    """

    STEPS = ("hours", "next_day", "day_three")
    ANSWERS = ("fine", "hard", "stop")

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="aftercare")
    step = models.CharField(max_length=9)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    skipped = models.CharField(max_length=40, blank=True, default="")
    answer = models.CharField(max_length=4, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["press", "step"], name="one_question_a_step"),
            models.CheckConstraint(
                name="aftercare_step_known", condition=Q(step__in=["hours", "next_day", "day_three"])
            ),
            models.CheckConstraint(
                name="aftercare_answer_known",
                condition=Q(answer="", answered_at=None)
                | Q(answer__in=["fine", "hard", "stop"], answered_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="aftercare_due", condition=Q(sent_at=None, skipped="")),
        ]
