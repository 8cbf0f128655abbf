"""Where: groups, who belongs to them from when until when, and how one is invited."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from people.models import check_zone


class Group(models.Model):
    """People who meet. A head-count-only group stores no rows about persons' attendance and watches nobody.

    The schema refuses such rows (meetings.schema). `keeping_changed_at`: when the facilitators last changed this.

    The slug is drawn, never made from the name: an address in a browser's history says nothing.
    """

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    zone = models.CharField(max_length=64, validators=[check_zone])
    about = models.TextField(blank=True, default="", max_length=1000)
    head_count_only = models.BooleanField(default=False)
    keeping_changed_at = models.DateTimeField(null=True)
    needs_facilitator = models.BooleanField(default=False)  # the last one left: the coordinator is asked
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    """The three questions that everybody asks about belonging."""

    def standing(self) -> Self:
        """Belonging now; waiting is not belonging."""
        return self.filter(state=Membership.ACTIVE)

    def at(self, moment: datetime) -> Self:
        """Belonging at `moment` (UTC): since included, until excluded."""
        spans = self.filter(state__in=[Membership.ACTIVE, Membership.ENDED], since__lte=moment)
        return spans.filter(Q(until=None) | Q(until__gt=moment))

    def facilitators(self) -> Self:
        return self.standing().filter(role=Membership.FACILITATOR)


class Membership(models.Model):
    """One span of belonging, `since` included, `until` excluded (UTC). Coming back makes a new row.

    waiting: came by the group's code, a facilitator has not confirmed yet; a request that is refused or withdrawn is
    deleted, so that every ended row is a span in which somebody did belong. ended: `until` is set.
    """

    MEMBER, FACILITATOR = "member", "facilitator"
    WAITING, ACTIVE, ENDED = "waiting", "active", "ended"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, default=MEMBER)
    state = models.CharField(max_length=8, default=ACTIVE)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "person"], condition=Q(until=None), name="one_open_membership_per_group"
            ),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=["member", "facilitator"])),
            models.CheckConstraint(
                name="membership_state_matches_until",
                condition=Q(state__in=["waiting", "active"], until=None) | Q(state="ended", until__gte=F("since")),
            ),
            models.CheckConstraint(
                name="who_waits_is_no_facilitator", condition=~Q(state="waiting", role="facilitator")
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "state"], name="membership_by_person")]


class Invitation(models.Model):
    """A way in. A personal one works once; the group's code (link and QR) many times until its date.

    The token is derived from `key` and the site's secret, so that a facilitator can be shown it again; stored is only
    its hash. A code that is renewed is a new row, the old one is revoked.
    """

    PERSONAL, CODE = "personal", "code"

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations")
    kind = models.CharField(max_length=8)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey("people.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="invitation_kind_known", condition=Q(kind__in=["personal", "code"])),
            models.CheckConstraint(
                name="only_personal_invitations_are_used_up", condition=Q(kind="personal") | Q(used_at=None)
            ),
            models.UniqueConstraint(
                fields=["group"], condition=Q(kind="code", revoked_at=None), name="one_standing_code_per_group"
            ),
        ]
