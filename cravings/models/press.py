"""Presses, who was asked, and who took them."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def new_ref() -> str:
    """What a press is called outside the house: random, 65 bits and more, telling nothing."""
    return secrets.token_hex(8)


class Press(models.Model):
    """A member asked for someone. Committed before the screen says that people are being asked.

    Every timer is a column (UTC), set when its clock starts and polled by the worker: `wave1_at` is 3 s after the press
    ("ask now" and late presses: at once), until then undo tells nobody; `wave_at` is the next wave, of which `wave`
    went out in this `round` of asking; `nobody_yet_at` 5 min after the press; `page_at` 15 min; `unanswered_at` 30 min;
    `lease_until` when a claim without a word is let go; `look_at` when the worker looks at the talk again; `close_at`
    when a claimed press that nobody closed rests. `narrow`: the fourth and more within an hour, only people on call.
    `ref` is what leaves the house: it says nothing about who asked. At most one press of a person is open.
    """

    ASKING, CLAIMED, CANCELLED, CLOSED, UNANSWERED = "asking", "claimed", "cancelled", "closed", "unanswered"
    OPEN = (ASKING, CLAIMED)
    BETTER, SAME, WORSE, USED = "better", "same", "worse", "used"
    HOWS = (BETTER, SAME, WORSE, USED)
    NO_SECOND, SECOND_ASKING, SECOND_THERE = "", "asking", "there"
    REVIEWS = ("nobody_on", "not_seen", "not_free", "technical", "other")

    ref = models.CharField(max_length=16, unique=True, default=new_ref, editable=False)
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="presses")
    client_key = models.UUIDField()
    state = models.CharField(max_length=10, default=ASKING)
    pressed_at = models.DateTimeField()
    late = models.BooleanField(default=False)  # was pressed offline and sent later
    narrow = models.BooleanField(default=False)
    round = models.PositiveSmallIntegerField(default=1)
    wave = models.PositiveSmallIntegerField(default=0)
    wave1_at = models.DateTimeField()
    round_at = models.DateTimeField(null=True)  # the first wave of this round
    wave_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)  # the first wave went out: from here on somebody knows
    nobody_yet_at = models.DateTimeField()
    page_at = models.DateTimeField(null=True)  # empty once the coordinator was paged
    paged_at = models.DateTimeField(null=True)
    unanswered_at = models.DateTimeField()
    claimed_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="claims")
    claimed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)  # the first word of somebody who came
    look_at = models.DateTimeField(null=True)
    quiet_step = models.PositiveSmallIntegerField(default=0)  # 1: who asked was prompted, 2: the safety lead was
    member_seen_at = models.DateTimeField(null=True)  # "I am still here"
    peer_gone_at = models.DateTimeField(null=True)
    second = models.CharField(max_length=6, blank=True, default=NO_SECOND)
    second_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    handing_over = models.BooleanField(default=False)  # who comes second takes the first one's place
    room = models.CharField(max_length=40, blank=True, default="")  # what talk calls the room of those who talk
    close_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=6, blank=True, default="")  # the member's own word at the end; theirs alone
    level = models.PositiveSmallIntegerField(null=True)  # 0 to 10, if the member likes; theirs alone
    before = models.PositiveSmallIntegerField(null=True)  # the same while they wait
    lines_only = models.BooleanField(default=False)  # a Limit: nobody was asked, the screen with the lines stays
    danger_at = models.DateTimeField(null=True)  # words of danger (T1) were said, the last time
    looked_seq = models.BigIntegerField(default=0)  # how far the worker looked for such words in `room`
    review = models.CharField(max_length=10, blank=True, default="")  # what the coordinator found, when unanswered
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "client_key"], name="one_press_per_client_key"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(state__in=["asking", "claimed"]), name="one_open_press_per_person"
            ),
            models.CheckConstraint(
                name="press_state_known",
                condition=Q(state__in=["asking", "claimed", "cancelled", "closed", "unanswered"]),
            ),
            models.CheckConstraint(
                name="press_ended_matches_state",
                condition=Q(state__in=["asking", "claimed"], ended_at=None)
                | Q(state__in=["cancelled", "closed", "unanswered"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_claimed_press_has_its_moment",
                condition=~Q(state="claimed")
                | Q(claimed_at__isnull=False, close_at__isnull=False, offered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_claim_without_a_word_has_a_lease",
                condition=~Q(state="claimed") | Q(met_at__isnull=False) | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="press_how_known", condition=Q(how__in=["", "better", "same", "worse", "used"])
            ),
            models.CheckConstraint(name="press_second_known", condition=Q(second__in=["", "asking", "there"])),
            models.CheckConstraint(name="press_level_is_0_to_10", condition=Q(level=None) | Q(level__lte=10)),
            models.CheckConstraint(name="press_before_is_0_to_10", condition=Q(before=None) | Q(before__lte=10)),
            models.CheckConstraint(
                name="lines_only_asks_nobody", condition=Q(lines_only=False) | Q(state="cancelled", offered_at=None)
            ),
            models.CheckConstraint(name="nobody_claims_their_own_press", condition=~Q(claimed_by=F("person"))),
            models.CheckConstraint(name="nobody_seconds_their_own_press", condition=~Q(second_by=F("person"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["wave_at"], name="press_wave_due", condition=~Q(wave_at=None)),
            models.Index(fields=["unanswered_at"], name="press_waiting", condition=Q(state="asking")),
            models.Index(fields=["page_at"], name="press_to_page", condition=Q(state="asking")),
            models.Index(fields=["look_at"], name="press_talking", condition=Q(state="claimed")),
            models.Index(fields=["close_at"], name="press_resting", condition=Q(state="claimed")),
            models.Index(fields=["pressed_at"], name="press_by_time"),
        ]


class Asked(models.Model):
    """Who was asked for which press, once in each round: fair rotation reads it.

    `told`: a message went out for it. Who got several in the last minutes sees it on their page only.
    """

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="asked")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="asked_for")
    round = models.PositiveSmallIntegerField(default=1)
    wave = models.PositiveSmallIntegerField(default=1)
    told = models.BooleanField(default=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["press", "person", "round"], name="asked_once_per_round"),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "-at"], name="asked_by_person")]


class Claim(models.Model):
    """One person came, to one press at a time. Kept when it ends: who was refused, or let it go, is not asked for this
    press again.

    ended: closed (they talked), released (no word within a minute), given_back, refused (the member's silent no),
    handed_over, gone (the connection was away and somebody else came).
    """

    CLOSED, RELEASED, GIVEN_BACK, REFUSED, HANDED_OVER, GONE = (
        "closed",
        "released",
        "given_back",
        "refused",
        "handed_over",
        "gone",
    )
    ENDS = (CLOSED, RELEASED, GIVEN_BACK, REFUSED, HANDED_OVER, GONE)

    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="came")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="came_to")
    second = models.BooleanField(default=False)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()  # their page or their words, the last time
    beats = models.BooleanField(default=False)  # their page tells us that it is open; without that nobody is "gone"
    first_word_at = models.DateTimeField(null=True)
    hard = models.BooleanField(default=False)  # words of danger were said while they were there: a rest is offered
    not_meant = models.BooleanField(default=False)  # they said that it was no wish for company; the coordinator counts
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=11, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="with_one_at_a_time"),
            models.CheckConstraint(
                name="a_claim_ends_with_a_reason",
                condition=Q(ended_at=None, ended="")
                | Q(
                    ended_at__isnull=False,
                    ended__in=["closed", "released", "given_back", "refused", "handed_over", "gone"],
                ),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "-at"], name="claim_by_person")]
