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
