"""Who is on call: weekly shifts in local wall time, dated changes, swaps, and what was warned of."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import check_zone

DUTIES = ("peer", "facilitator", "lead")


class Rota(models.Model):
    """The site's own wishes for its roster, one row: the hours of the day (minutes, wall time of `zone`) in which
    somebody should be on call, `from` included, `until` excluded, over midnight when it is not larger; none: no wish.
    `check_at`: when gaps are looked for again."""

    zone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    staffed_from = models.PositiveSmallIntegerField(null=True)
    staffed_until = models.PositiveSmallIntegerField(null=True)
    check_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="staffed_hours_are_whole",
                condition=Q(staffed_from=None, staffed_until=None) | Q(staffed_from__lt=1440, staffed_until__lte=1440),
            ),
        ]


class Shift(models.Model):
    """A weekly time of duty: starts at `start` on `weekday` (0 Monday) in the wall time of `zone`, `minutes` long by
    the clock on the wall, over midnight if need be. From `since` to `until`, both included, by the date of the start;
    a single date has both the same. `wanted`: how many people it should have."""

    PEER, FACILITATOR, LEAD = DUTIES

    duty = models.CharField(max_length=11, default=PEER)
    weekday = models.PositiveSmallIntegerField()
    start = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64, validators=[check_zone])
    since = models.DateField()
    until = models.DateField(null=True)
    wanted = models.PositiveSmallIntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["weekday", "start", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(name="shift_duty_known", condition=Q(duty__in=["peer", "facilitator", "lead"])),
            models.CheckConstraint(name="shift_on_a_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(name="shift_up_to_a_day", condition=Q(minutes__gte=15, minutes__lte=1440)),
            models.CheckConstraint(name="shift_wants_somebody", condition=Q(wanted__gte=1)),
        ]


class ShiftMember(models.Model):
    """Somebody who has this shift, from `since` to `until` by the date of its start, both included."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="shifts")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shift", "person"], condition=Q(until=None), name="on_a_shift_once"),
        ]


class ShiftDay(models.Model):
    """A dated change: on this date (of the start) the shift is off, or has other hours."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    off = models.BooleanField(default=False)
    start = models.TimeField(null=True)
    minutes = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shift", "on"], name="one_change_a_date"),
            models.CheckConstraint(
                name="a_changed_date_is_off_or_has_hours",
                condition=Q(off=True, start=None, minutes=None)
                | Q(off=False, start__isnull=False, minutes__gte=15, minutes__lte=1440),
            ),
        ]


class Swap(models.Model):
    """Somebody cannot on this date. Until another takes it they still have it. `takes` empty and taken: let off."""

    OPEN, TAKEN, WITHDRAWN = "open", "taken", "withdrawn"

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="swaps")
    on = models.DateField()
    leaves = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    takes = models.ForeignKey("people.Person", on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=9, default=OPEN)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shift", "on", "leaves"], condition=Q(state__in=["open", "taken"]), name="one_swap_a_date"
            ),
            models.CheckConstraint(
                name="swap_state_known",
                condition=Q(state="open", takes=None, settled_at=None)
                | Q(state__in=["taken", "withdrawn"], settled_at__isnull=False),
            ),
        ]


class GapWarning(models.Model):
    """A span without enough people on call, of which the coordinator was warned `ahead` (week, day): once."""

    duty = models.CharField(max_length=11)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ahead = models.CharField(max_length=4)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duty", "starts_at", "ends_at", "ahead"], name="warned_once"),
            models.CheckConstraint(name="warned_a_week_or_a_day_ahead", condition=Q(ahead__in=["week", "day"])),
        ]
