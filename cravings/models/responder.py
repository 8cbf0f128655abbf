"""Who answers: opted in, vetted, available; and what who asks wishes."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class ResponderQuerySet(models.QuerySet["Responder"]):
    def answering(self) -> "ResponderQuerySet":
        """Those who may answer: vetted, and not barred."""
        return self.filter(vetted_at__isnull=False, barred_at=None)


class Responder(models.Model):
    """A member who wants to be there for others. May take a press only once `vetted_at` is set.

    Vetted: 30 days here, 4 attended meetings, a facilitator's vouch; or admitted by the coordinator of a new site,
    which both can see. `barred_at`: the right was taken away, by the coordinator or (`barred_for` "reports") by two
    upheld reports; those decided up to `cleared_at` count no more. `rests_until`: their own rest.
    """

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="responder")
    since = models.DateTimeField()
    vetted_at = models.DateTimeField(null=True)
    admitted_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    admitted_at = models.DateTimeField(null=True)
    barred_at = models.DateTimeField(null=True)
    barred_for = models.CharField(max_length=7, blank=True, default="")
    cleared_at = models.DateTimeField(null=True)  # the coordinator gave the right back
    rests_until = models.DateTimeField(null=True)

    objects = ResponderQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="barred_for_needs_a_bar",
                condition=Q(barred_for="") | Q(barred_for="reports", barred_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person"], name="responder_ready", condition=Q(barred_at=None) & ~Q(vetted_at=None)),
        ]


class Vouch(models.Model):
    """A facilitator of a shared group stands up for somebody. It holds while both are in that group."""

    responder = models.ForeignKey(Responder, on_delete=models.CASCADE, related_name="vouches")
    by = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["responder", "by", "group"], name="vouch_once")]


class Availability(models.Model):
    """ "I'm available": one tap, switches itself off after 8 hours."""

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="availability")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="availability_ends_after_it_starts", condition=Q(until__gt=F("since"))),
        ]


class Wishes(models.Model):
    """What a member wishes around the button, all voluntary and theirs alone.

    `gender` is their own word; `ask`: anybody, people of the same gender first, or only them, in every wave.
    `aftercare`: whether we ask how it is afterwards; `hour` (0-23, their zone): when on the next days. `lead`: whether
    the safety lead hears that words of danger were said, never which.
    """

    ANYBODY, FIRST, ONLY = "", "first", "only"
    GENDERS = ("", "woman", "man", "nonbinary")

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="wishes")
    gender = models.CharField(max_length=9, blank=True, default="")
    ask = models.CharField(max_length=5, blank=True, default=ANYBODY)
    aftercare = models.BooleanField(default=True)
    hour = models.PositiveSmallIntegerField(default=10)
    lead = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="wished_gender_known", condition=Q(gender__in=["", "woman", "man", "nonbinary"])
            ),
            models.CheckConstraint(
                name="wish_needs_a_gender", condition=Q(ask="") | Q(ask__in=["first", "only"]) & ~Q(gender="")
            ),
            models.CheckConstraint(name="wished_hour_of_a_day", condition=Q(hour__lte=23)),
        ]
