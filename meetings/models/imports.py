"""Taking a list in, step by step: what was given, what it would change, what was changed and how it was before."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Import(models.Model):
    """One list on its way in. The worker reads it, a coordinator looks at what would change and applies it.

    `lease_until`: a worker has it until then; one that died leaves it to the next. `numbers` are those of the report,
    `reason` the sentence why it was refused. Parts are kept until it is applied or dropped. Only the latest applied
    one of a source can be undone; of those before it KEPT stay to be read, with their changes.
    """

    WAITING, READY, AGREED, DONE, REFUSED, UNDO, UNDONE = (
        "waiting", "ready", "agreed", "done", "refused", "undo", "undone",
    )  # fmt: skip
    STATES = (WAITING, READY, AGREED, DONE, REFUSED, UNDO, UNDONE)
    KEPT = 20  # imports of a list that are settled
    AT_WORK = (WAITING, AGREED, UNDO)  # the worker has something to do

    source = models.ForeignKey("meetings.Source", on_delete=models.CASCADE, related_name="imports")
    state = models.CharField(max_length=8, default=WAITING)
    address = models.TextField(blank=True, default="")  # where it was read, empty for a file that was sent in
    scheduled = models.BooleanField(default=False)  # nobody pressed a button: the refresh is due
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    bytes_given = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    numbers = models.JSONField(default=dict)
    reason = models.TextField(blank=True, default="")
    said = models.JSONField(default=dict)  # the same as ground.sentences keeps it, for a reader's language

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="import_state_known",
                condition=Q(state__in=["waiting", "ready", "agreed", "done", "refused", "undo", "undone"]),
            ),
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["waiting", "ready", "agreed", "undo"]),
                name="one_open_import_per_source",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at"], name="import_at_work", condition=Q(state__in=["waiting", "agreed", "undo"])
            ),
        ]


class ImportPart(models.Model):
    """A piece of the list as it was given, packed. `file` tells several files of one list apart."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    file = models.PositiveSmallIntegerField(default=0)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["of", "file", "number"], name="each_part_once"),
        ]


class ImportChange(models.Model):
    """One entry that an import adds, changes or removes, or that could not be read.

    `fields` is [[word, before, after], …] in text.
    """

    ADDED, CHANGED, REMOVED, UNREAD = "added", "changed", "removed", "unread"

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=210, blank=True, default="")
    label = models.CharField(max_length=255, blank=True, default="")
    fields = models.JSONField(default=list)
    reason = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["of", "kind", "id"], name="import_change_page")]


class ImportUndo(models.Model):
    """How a meeting and its entries were before an import touched them: what undoing writes back.

    `meeting` has the columns as they were, empty for a meeting that the import made; `written` as the import left
    them: a column that says something else by now was changed since, and is left alone. `listings` is
    [[key, days, digest, meeting, gone]], each as it was; `fresh` the keys that were new.
    """

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="undos")
    meeting = models.ForeignKey("meetings.Meeting", on_delete=models.CASCADE, related_name="+")
    made = models.BooleanField(default=False)
    was = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    listings = models.JSONField(default=list)
    fresh = models.JSONField(default=list)


class ListWord(models.Model):
    """What its list says of a meeting that a group here has claimed, column by column.

    `said` is the list's word as of the last import: where the row says the same, the group changed nothing and the
    row follows the list. `offered` is where the group's own edit stands and the list says something else; `kept` what
    the group has seen and declined: it is not shown again until the list says something new.
    """

    meeting = models.OneToOneField("meetings.Meeting", on_delete=models.CASCADE, related_name="list_word")
    said = models.JSONField(default=dict)
    offered = models.JSONField(default=dict)
    kept = models.JSONField(default=dict)
    at = models.DateTimeField()
