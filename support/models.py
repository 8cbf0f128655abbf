"""The watch: a member's rule, its pauses, one watch per scope, and the episodes of a run of missed meetings."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Rule(models.Model):
    """The member's own rule. Only the member makes, changes or ends it.

    inside_only: the member knows that no way outside the site reaches them, and wants the rule all the same.
    """

    ANY, GROUP = "any", "group"

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="rule")
    threshold = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=5, default=ANY)
    grace_hours = models.PositiveSmallIntegerField(default=24)
    ok_stops = models.BooleanField(default=True)
    on = models.BooleanField(default=True)
    inside_only = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="threshold_1_to_10", condition=Q(threshold__gte=1, threshold__lte=10)),
            models.CheckConstraint(name="grace_12_to_72_hours", condition=Q(grace_hours__gte=12, grace_hours__lte=72)),
            models.CheckConstraint(name="scope_known", condition=Q(scope__in=["any", "group"])),
        ]


class RuleSpan(models.Model):
    """When the rule was on, `since` included, `until` excluded: occurrences outside are not counted."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="spans")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule"], condition=Q(until=None), name="one_open_span_per_rule"),
            models.CheckConstraint(
                name="rule_span_ends_after_it_starts", condition=Q(until=None) | Q(until__gte=F("since"))
            ),
        ]


class RuleSupporter(models.Model):
    """A supporter stands in level 1 or 2 of the rule."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="listed")
    supporter = models.ForeignKey("circle.Supporter", on_delete=models.CASCADE, related_name="+")
    level = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "supporter"], name="a_supporter_stands_in_one_level"),
            models.CheckConstraint(name="level_1_or_2", condition=Q(level__in=[1, 2])),
        ]


class Pause(models.Model):
    """The watch rests, `since` included, `until` excluded."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="pauses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(until=None), name="one_open_pause"),
            models.CheckConstraint(
                name="pause_ends_after_it_starts", condition=Q(until=None) | Q(until__gte=F("since"))
            ),
        ]


class Watch(models.Model):
    """One rule applied: over all groups (`group` empty) or to one. `snapshot` holds the records last evaluated.

    `streak` is a note of the last evaluation, for the member's page; it decides nothing.
    """

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="watches")
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, null=True, related_name="+")
    snapshot = models.JSONField(default=dict)
    streak = models.PositiveSmallIntegerField(default=0)
    evaluated_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "group"], name="one_watch_per_group"),
            models.UniqueConstraint(fields=["person"], condition=Q(group=None), name="one_watch_over_all_groups"),
        ]


class Episode(models.Model):
    """The life of one run of missed meetings in one watch. At most one is open per watch.

    threshold, grace_hours: those at the decision. `deciding_start` is the start (UTC) of the deciding missed meeting.
    `notices` counts the final notices decided: the second and later ones follow an outage (docs/rules.md 4.8), and
    `notice_attempted_at` is the attempt of the latest. hushed: N was raised above the streak after somebody was told.
    `next_step_at` is the earliest moment at which one of its supporters is looked at again.
    """

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="episodes")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=20, blank=True, default="")
    soft_note_at = models.DateTimeField(null=True)
    heads_up_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    deciding_start = models.DateTimeField(null=True)
    deciding_group = models.ForeignKey("groups.Group", on_delete=models.SET_NULL, null=True, related_name="+")
    threshold = models.PositiveSmallIntegerField(null=True)
    grace_hours = models.PositiveSmallIntegerField(null=True)
    notices = models.PositiveSmallIntegerField(default=0)
    notice_attempted_at = models.DateTimeField(null=True)
    suspended = models.BooleanField(default=False)
    hushed = models.BooleanField(default=False)
    search_over = models.BooleanField(default=False)  # somebody reached the member
    false_alert = models.BooleanField(default=False)
    next_step_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["watch"], condition=Q(ended_at=None), name="one_open_episode_per_watch"),
            models.CheckConstraint(
                name="a_decision_has_all_its_parts",
                condition=Q(decided_at=None, deciding_start=None, threshold=None, grace_hours=None, notices=0)
                | Q(
                    decided_at__isnull=False,
                    deciding_start__isnull=False,
                    threshold__isnull=False,
                    grace_hours__isnull=False,
                    notices__gte=1,
                ),
            ),
            models.CheckConstraint(
                name="an_ended_episode_has_no_next_step", condition=Q(ended_at=None) | Q(next_step_at=None)
            ),
            models.CheckConstraint(
                name="no_step_before_the_notice_was_attempted",
                condition=Q(next_step_at=None) | Q(notice_attempted_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["next_step_at"], name="episode_due", condition=~Q(next_step_at=None))]


class EpisodeSupporter(models.Model):
    """The order frozen when the final notice was decided: who stands in which level of this episode, and their nudge.

    waiting: not decided yet. leaving: in the outbox. told: handed over, did not bounce. held: for a coordinator (4.6).
    The rest are final: bounced, suppressed, withdrawn.
    due_at is the nudge's due time after rules 4.1 and 4.5, empty while it is not due as things stand; take_at is when
    it is taken up, later than due_at when an outage kept it outside the supporter's window. waits: 4.5 holds it back.
    serial counts how often it was decided anew after it was withdrawn unsent. reminder_at: the claim's reminder.
    """

    WAITING, LEAVING, TOLD, HELD = "waiting", "leaving", "told", "held"
    BOUNCED, SUPPRESSED, WITHDRAWN = "bounced", "suppressed", "withdrawn"
    STATES = (WAITING, LEAVING, TOLD, HELD, BOUNCED, SUPPRESSED, WITHDRAWN)

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="supporters")
    supporter = models.ForeignKey("circle.Supporter", on_delete=models.CASCADE, related_name="+")
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, default=WAITING)
    serial = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    take_at = models.DateTimeField(null=True)
    waits = models.BooleanField(default=False)
    released = models.BooleanField(default=False)  # a coordinator let it go after it was held
    told_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    reminder_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)  # how often decided; the outbox's key
    reminded = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["episode", "supporter"], name="once_per_episode"),
            models.CheckConstraint(name="episode_level_1_or_2", condition=Q(level__in=[1, 2])),
            models.CheckConstraint(
                name="nudge_state_known",
                condition=Q(state="told", told_at__isnull=False, bounced_at=None, take_at=None)
                | Q(state="waiting", told_at=None, bounced_at=None)
                | Q(state="bounced", told_at=None, bounced_at__isnull=False, take_at=None)
                | Q(
                    state__in=["leaving", "held", "suppressed", "withdrawn"],
                    told_at=None,
                    bounced_at=None,
                    take_at=None,
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["supporter", "told_at"], name="told_by_supporter", condition=~Q(told_at=None)),
            models.Index(fields=["state"], name="nudge_held", condition=Q(state="held")),
        ]


class EpisodeMessage(models.Model):
    """Every message decided for an episode. `open` until the watch has read what became of it in the outbox.

    `row` is the supporter it goes to, empty for messages to the member; `level` is set on nudges.
    """

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="messages")
    delivery = models.OneToOneField("delivery.Delivery", on_delete=models.CASCADE, related_name="+")
    row = models.ForeignKey(EpisodeSupporter, on_delete=models.CASCADE, null=True, related_name="messages")
    level = models.PositiveSmallIntegerField(null=True)
    open = models.BooleanField(default=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["delivery"], name="message_open", condition=Q(open=True))]


class Answer(models.Model):
    """What a supporter who was told answered. The latest of claim and cannot counts."""

    CLAIM, REACHED, CANNOT = "claim", "reached", "cannot"
    KINDS = (CLAIM, REACHED, CANNOT)

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="answers")
    supporter = models.ForeignKey("circle.Supporter", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="answer_known", condition=Q(kind__in=["claim", "reached", "cannot"])),
        ]


class EpisodeEvent(models.Model):
    """The episode's log in order: what was decided, sent, suppressed, answered, and why. The member may read it all."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=30)
    detail = models.JSONField(default=dict)


class Stumble(models.Model):
    """The evaluation of this member's watch raised: it is taken up again at `until`, and was reported."""

    person = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(db_index=True)
