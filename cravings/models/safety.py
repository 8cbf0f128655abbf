"""What keeps those who talk safe: words of danger in counts, their weekly look, and limits that the coordinator set."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from cravings.models.press import Press


class RiskSaid(models.Model):
    """Words of a list (T1 a life in danger, T2 about to use) were said in a press's room: once a list, without words.

    `meant_otherwise_at`: one of those who talk said that it was meant otherwise. The weekly look counts that.
    """

    LISTS = ("T1", "T2")

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="risks")
    found = models.CharField(max_length=2)
    at = models.DateTimeField(db_index=True)
    meant_otherwise_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["press", "found"], name="risk_once_a_press_and_list"),
            models.CheckConstraint(name="risk_list_known", condition=Q(found__in=["T1", "T2"])),
        ]


class WordsLook(models.Model):
    """A coordinator looked at what the lists found in a week, `week` its Monday (UTC)."""

    week = models.DateField(unique=True)
    by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()


class Limit(models.Model):
    """The coordinator decided about somebody's presses until a moment. Every press is taken, the screen always stays.

    narrow: only people on call are asked. lines: nobody is asked, and the screen says so with the lines to call.
    """

    NARROW, LINES = "narrow", "lines"

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="press_limit")
    kind = models.CharField(max_length=6)
    at = models.DateTimeField()
    until = models.DateTimeField()
    by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="limit_kind_known", condition=Q(kind__in=["narrow", "lines"])),
            models.CheckConstraint(name="limit_ends_after_it_starts", condition=Q(until__gt=F("at"))),
        ]
