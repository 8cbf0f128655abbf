"""A member's own tools; nobody else reads them."""

from typing import ClassVar

from django.db import models

from ground.fields import EncryptedTextField


class CallCard(models.Model):
    """The person a member would call: a name and a number, encrypted, shown on the calm screen to the member only."""

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="call_card")
    name = EncryptedTextField()
    number = EncryptedTextField()
    changed_at = models.DateTimeField()


class CopingItem(models.Model):
    """One thing that helps this member when it is hard, in their own words and order; encrypted, theirs alone."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="coping")
    text = EncryptedTextField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["position", "pk"]


class Favourite(models.Model):
    """A listed meeting that a member keeps at hand. A guest's are kept in the guest's own browser alone."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="favourites")
    meeting = models.ForeignKey("meetings.Meeting", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "meeting"], name="one_favourite_per_meeting"),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "at"], name="favourite_by_person")]
