"""Who: the account that signs in, the person we may write to, and what belongs to a person alone."""

import functools
import uuid
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from ground.fields import EncryptedTextField

DAY_MINUTES = 24 * 60


@functools.cache
def known_zones() -> set[str]:
    """Asked once: it reads the whole folder of zones, 30 ms each time."""
    return available_timezones()


def check_zone(value: str) -> None:
    """Raise ValidationError unless `value` is an IANA zone known here."""
    if value not in known_zones():
        raise ValidationError("%(value)s is not a time zone", params={"value": value})


class Person(models.Model):
    """Anyone we may write to: a member, a facilitator, a supporter. Needs no account.

    The window (minutes of the local day, first included, last excluded) is when messages may arrive, in `zone`.
    """

    pid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # the only id that leaves the house
    name = models.CharField(max_length=40)  # the alias, or what the member calls a supporter
    zone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    window_start = models.PositiveSmallIntegerField(default=8 * 60)
    window_end = models.PositiveSmallIntegerField(default=21 * 60)
    language = models.CharField(max_length=8, default="en")
    region = models.CharField(max_length=8, blank=True, default="")  # for crisis lines; empty: not asked yet
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="window_starts_before_it_ends",
                condition=Q(window_start__lt=F("window_end"), window_end__lte=DAY_MINUTES),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    """Django's and allauth's way to look accounts up."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(alias__iexact=username)


class Account(AbstractBaseUser, PermissionsMixin):
    """Signs in, by alias and passkey or password, or by a code sent to an e-mail address. Adults only."""

    alias = models.CharField(
        max_length=30,
        unique=True,
        validators=[RegexValidator(r"^[\w][\w .\-]*$", "Letters, digits, spaces, dots and dashes only.")],
    )
    email = models.EmailField(blank=True, default="")
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    is_coordinator = models.BooleanField(default=False)  # people and safety, site-wide; sees no attendance
    is_operator = models.BooleanField(default=False)  # servers; no page with people
    is_active = models.BooleanField(default=True)
    adult_confirmed_at = models.DateTimeField()
    created_at = models.DateTimeField()

    objects = AccountManager()

    USERNAME_FIELD = "alias"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("alias"), name="alias_is_unique_in_any_case"),
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="email_is_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.alias


class ContactWay(models.Model):
    """One way to reach a person outside the site, in the order they set. The address lies encrypted."""

    EMAIL, SMS, WEBPUSH = "email", "sms", "webpush"
    KINDS: ClassVar = [(EMAIL, "e-mail"), (SMS, "text message"), (WEBPUSH, "notification")]

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="ways")
    kind = models.CharField(max_length=10, choices=KINDS)
    address = EncryptedTextField()
    address_hash = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=40, blank=True, default="")  # for a subscription, whose address says nothing
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)  # refused for good: skipped from then on
    tested_at = models.DateTimeField(null=True)  # the latest test message, so that they do not become many

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind", "address_hash"], name="a_way_is_listed_once"),
            models.CheckConstraint(name="way_kind_known", condition=Q(kind__in=["email", "sms", "webpush"])),
        ]

    @property
    def label(self) -> str:
        """What its owner knows it by: the address, or for notifications the name of the browser."""
        return self.name or (dict(self.KINDS)[self.kind] if self.kind == self.WEBPUSH else self.address)


class AddressCode(models.Model):
    """A code that was sent to an address: who types it reads there. Only a keyed hash of the code is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="address_codes")
    kind = models.CharField(max_length=10, default=ContactWay.EMAIL)
    address = EncryptedTextField()
    address_hash = models.CharField(max_length=64, db_index=True)
    code_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="code_goes_to_mail_or_phone", condition=Q(kind__in=["email", "sms"])),
        ]


class Block(models.Model):
    """`blocker` and `blocked` do not see each other. Nobody is told."""

    blocker = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="blocks_made")
    blocked = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="blocks_received")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(name="nobody_blocks_themselves", condition=~Q(blocker=F("blocked"))),
        ]


class Link(models.Model):
    """A login-free link: one purpose, one subject, one person. Only the token's hash is stored.

    `subject` is the id of what the link is about, in the room that owns `purpose`. `serial` grows when a link is
    revoked and a new one is given for the same purpose and subject.
    """

    token_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=30)
    subject = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="links")
    serial = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)  # set for links that work once
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purpose", "subject", "person", "serial"], name="one_link_per_serial"),
        ]


class AccessLog(models.Model):
    """Who read a person's attendance, when: shown to that person (privacy rule D14)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="access_log")
    reader = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    reader_name = models.CharField(max_length=40)  # stays when the reader's account is gone
    what = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-at"], name="access_by_person")]


class Change(models.Model):
    """Something a watch reads has changed for `person`. Written in the transaction of its cause, deleted by the watch.

    `cause` says what happened (`sheet_closed`, `sheet_corrected`, `occurrence_cancelled`, …), `ref` the id it
    happened to in the room that wrote it, `at` the moment (UTC) of the change.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="changes")
    cause = models.CharField(max_length=30)
    ref = models.BigIntegerField(null=True)
    at = models.DateTimeField()


def person_of(account: Any) -> Person | None:
    """The person of a signed-in account, None for a guest."""
    return account.person if getattr(account, "is_authenticated", False) else None
