"""The people a member chose, and what each was allowed to hear, from when until when."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Supporter(models.Model):
    """One contact of one member. The same address chosen by two members is two contacts, never linked.

    `name` is what the member calls them, `sender_name` what they see as the member's name. muted is the decoy state:
    to the supporter everything looks accepted, and nothing is ever sent. Erasing either person erases the contact;
    the rows of a contact taken off the list stay until the member erases the account, so that "what they were told"
    can still be read.

    `seen_by` is the person of an account that opened this contact's link and wants to see it on Today: the contact's
    own choice, one contact at a time, never found by an address.
    """

    INVITED, ACCEPTED, DECLINED, STOPPED, ENDED = "invited", "accepted", "declined", "stopped", "ended"
    ON_THE_LIST = (INVITED, ACCEPTED)

    member = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="supporters")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="supports")
    name = models.CharField(max_length=40)
    sender_name = models.CharField(max_length=40)
    state = models.CharField(max_length=8, default=INVITED)
    muted = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    invited_at = models.DateTimeField()  # the latest invitation
    invitations = models.PositiveSmallIntegerField(default=1)  # how many were sent: each has its own key and link
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # declined, stopped or taken off the list
    invitation = models.ForeignKey(  # the latest, until it was read what became of it
        "delivery.Delivery", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    unread_until = models.DateTimeField(null=True)  # reading what became of it raised: it is read again then
    rests_until = models.DateTimeField(null=True)  # the contact's own word: before it nothing is asked of them
    seen_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="sees")

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "person"], name="one_contact_per_member_and_person"),
            models.CheckConstraint(name="nobody_supports_themselves", condition=~Q(member=F("person"))),
            models.CheckConstraint(name="nobody_sees_themselves_as_a_contact", condition=~Q(member=F("seen_by"))),
            models.CheckConstraint(
                name="supporter_state_matches_its_times",
                condition=Q(state="invited", accepted_at=None, ended_at=None)
                | Q(state="accepted", accepted_at__isnull=False, ended_at=None)
                | Q(state__in=["declined", "stopped", "ended"], ended_at__isnull=False),
            ),
            models.CheckConstraint(name="supporter_has_both_names", condition=~Q(name="") & ~Q(sender_name="")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["invitation"], name="invitation_to_read", condition=~Q(invitation=None)),
        ]

    def __str__(self) -> str:
        return self.name


class Look(models.Model):
    """The member's quiet look at their own people, once a month: when it was last done, when it is next offered.

    What was answered is not kept: whom they muted stands with the contact, and looks like any muting.
    """

    member = models.OneToOneField("people.Person", on_delete=models.CASCADE, related_name="look")
    looked_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()


class Consent(models.Model):
    """The member allows one supporter to hear one kind of thing (privacy rule D1: every element, or no consent).

    Live: granted, not ended, not expired. Each new grant is a new row; what was signed is never rewritten. A grant
    made anew ends the former one as `renewed`. `remind_at` is when the member hears that it ends (14 days before),
    empty once that is done or when it was granted for a shorter time.
    """

    ABSENCE, BACK_IN_TOUCH, CRAVING = "absence", "back_in_touch", "craving"
    PURPOSES = (ABSENCE, BACK_IN_TOUCH, CRAVING)
    REVOKED, RENEWED = "revoked", "renewed"

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=14)
    text_version = models.CharField(max_length=20)
    text = models.TextField()  # the words the member agreed to, as shown
    member_name = models.CharField(max_length=40)
    discloser = models.CharField(max_length=120)
    recipient = models.CharField(max_length=40)
    data_class = models.CharField(max_length=300)  # what exactly would be said
    right_to_revoke = models.CharField(max_length=300)
    signed_as = models.CharField(max_length=40)  # the alias that signed, in a session of their own
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=7, blank=True, default="")
    remind_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["supporter", "purpose"], condition=Q(revoked_at=None), name="one_standing_consent_per_purpose"
            ),
            models.CheckConstraint(
                name="consent_purpose_known", condition=Q(purpose__in=["absence", "back_in_touch", "craving"])
            ),
            models.CheckConstraint(name="consent_ends_after_it_starts", condition=Q(expires_at__gt=F("granted_at"))),
            models.CheckConstraint(
                name="consent_names_everything",
                condition=~Q(text="")
                & ~Q(text_version="")
                & ~Q(member_name="")
                & ~Q(discloser="")
                & ~Q(recipient="")
                & ~Q(data_class="")
                & ~Q(right_to_revoke="")
                & ~Q(signed_as=""),
            ),
            models.CheckConstraint(
                name="an_ended_consent_says_how",
                condition=Q(revoked_at=None, ended_as="")
                | Q(revoked_at__isnull=False, ended_as__in=["revoked", "renewed"], remind_at=None),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["remind_at"], name="consent_reminder_due", condition=~Q(remind_at=None)),
        ]
