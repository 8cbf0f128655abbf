"""The lines to call."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class CrisisLine(models.Model):
    """A number to call, by region. `checked_on` is empty until a person called it: such lines are marked so.

    `edited_at`: the coordinator wrote it, a new version of the shipped list leaves it alone. `retired`: taken off the
    list, and kept so that the shipped one does not come back.
    """

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
    edited_at = models.DateTimeField(null=True)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["region", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["region", "number"], name="one_entry_per_number"),
            models.CheckConstraint(
                name="a_checked_line_names_its_checker",
                condition=Q(checked_on=None, checked_by="") | Q(checked_on__isnull=False) & ~Q(checked_by=""),
            ),
        ]
