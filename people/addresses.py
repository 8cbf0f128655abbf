"""Writers, beside people.services: a person's own addresses. One is used only after a code sent to it was typed."""

import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from ground import clock, links
from ground.errors import TooMany
from people.models import Account, AddressCode, ContactWay, Person
from people.services import address_checked, way_add, way_remove

CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
CODES_AN_HOUR = 5  # that one person may ask for
CODES_TO_ONE_ADDRESS = 3  # an hour, whoever asks: nobody's mailbox is filled by us


def address_code_make(*, actor: Person, address: str, kind: str = ContactWay.EMAIL) -> str | None:
    """A six-digit code to be sent to `address`: good for 15 minutes and five tries, the latest one only.

    None when that address has had three within the hour: nothing is sent, and the caller says nothing about it.
    Raises ValidationError for a way that takes no codes, for what is no address or reaches the actor already, TooMany
    past five codes an hour.
    """
    if kind not in {ContactWay.EMAIL, ContactWay.SMS}:
        raise ValidationError({"kind": _("This way is not known here.")})
    try:
        address = address_checked(kind=kind, address=address)
    except ValidationError as wrong:
        if kind != ContactWay.EMAIL:
            raise
        raise ValidationError({"address": _("That does not look like an e-mail address.")}) from wrong
    now, digest = clock.now(), links.address_hash(address)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=actor.pk)  # one person's requests queue here, so that limits hold
        AddressCode.objects.filter(at__lt=now - timedelta(days=1)).delete()
        mine = ContactWay.objects.filter(person=actor, kind=kind, address_hash=digest)
        if mine.filter(verified_at__isnull=False, bounced_at=None).exists():
            raise ValidationError({"address": _("This address reaches you already.")})
        lately = AddressCode.objects.filter(at__gt=now - timedelta(hours=1))
        if lately.filter(person=actor).count() >= CODES_AN_HOUR:
            raise TooMany(_("That was a lot of codes. Please wait an hour and try again."))
        too_many = lately.filter(address_hash=digest).count() >= CODES_TO_ONE_ADDRESS
        code = f"{secrets.randbelow(10**6):06d}"
        AddressCode.objects.filter(person=actor, used_at=None).update(expires_at=now)
        AddressCode.objects.create(
            person=actor,
            kind=kind,
            address=address,
            address_hash=digest,
            code_hash=_code_hash(actor, digest, code),
            at=now,
            expires_at=now + CODE_LIFE,
        )
    return None if too_many else code


def address_code_use(*, actor: Person, code: str) -> ContactWay:
    """The code proves the address: from now on it is on the actor's list, and signs in if nothing else does.

    Raises ValidationError when the code differs, its time is over, or five were tried.
    """
    now = clock.now()
    kept = AddressCode.objects.filter(person=actor, used_at=None, expires_at__gt=now).order_by("-pk").first()
    if kept is None:
        raise ValidationError({"code": _("The time of that code is over. Ask for a fresh one.")})
    # counted before it is compared: many tries at the same moment are still five
    if not AddressCode.objects.filter(pk=kept.pk, tries__lt=CODE_TRIES).update(tries=F("tries") + 1):
        raise ValidationError({"code": _("That code was tried five times. Ask for a fresh one.")})
    typed = "".join(code.split())
    if not constant_time_compare(kept.code_hash, _code_hash(actor, kept.address_hash, typed)):
        raise ValidationError({"code": _("That did not match. Nothing is lost: please try once more.")})
    with transaction.atomic():
        AddressCode.objects.filter(pk=kept.pk).update(used_at=now)
        way = way_add(person=actor, kind=kept.kind, address=kept.address)
        way.verified_at, way.bounced_at = now, None
        way.save(update_fields=["verified_at", "bounced_at"])
        account = Account.objects.filter(person=actor).first()
        if account is not None and not account.email and way.kind == ContactWay.EMAIL:
            _sign_in_with(account, way.address)
    return way


def _code_hash(person: Person, digest: str, code: str) -> str:
    """Keyed by the site's secret: six digits could be tried through otherwise."""
    return salted_hmac("people.address_code", f"{person.pid}:{digest}:{code}", algorithm="sha256").hexdigest()


def sign_in_address_set(*, actor: Person, way_id: int) -> None:
    """Sign in by codes sent to this address from now on.

    Raises PermissionDenied for an address that is not the actor's own or not proven, ValidationError when it signs
    somebody else in.
    """
    account = Account.objects.filter(person=actor).first()
    way = ContactWay.objects.filter(person=actor, pk=way_id, kind=ContactWay.EMAIL, verified_at__isnull=False).first()
    if account is None or way is None:
        raise PermissionDenied
    if not _sign_in_with(account, way.address):
        raise ValidationError(_("Another name here signs in with this address. It still brings you messages."))


def address_remove(*, actor: Person, way_id: int) -> None:
    """Take a way off the actor's list; if they signed in with that address, that ends too.

    Raises PermissionDenied for somebody else's, ValidationError when it is the only way in.
    """
    way = ContactWay.objects.filter(person=actor, pk=way_id).first()
    if way is None:
        raise PermissionDenied
    account = Account.objects.filter(person=actor).first()
    with transaction.atomic():
        if account is not None and account.email and account.email == way.address:
            passkey = Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).exists()
            if not account.has_usable_password() and not passkey:
                raise ValidationError(_("You sign in with this address alone. Make a passkey or a password first."))
            Account.objects.filter(pk=account.pk).update(email="")
            EmailAddress.objects.filter(user=account).delete()
        way_remove(actor=actor, way_id=way_id)


def way_move(*, actor: Person, way_id: int, up: bool) -> None:
    """Try this way one place earlier (`up`) or later. Raises PermissionDenied for somebody else's."""
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=actor.pk)
        ways = list(ContactWay.objects.filter(person=actor).order_by("position", "pk"))
        here = next((place for place, way in enumerate(ways) if way.pk == way_id), None)
        if here is None:
            raise PermissionDenied
        there = max(here - 1, 0) if up else min(here + 1, len(ways) - 1)
        ways.insert(there, ways.pop(here))
        for position, way in enumerate(ways):
            if way.position != position:
                ContactWay.objects.filter(pk=way.pk).update(position=position)


def _sign_in_with(account: Account, address: str) -> bool:
    """False when another account has the address."""
    if Account.objects.filter(email__iexact=address).exclude(pk=account.pk).exists():
        return False
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(email=address)
            EmailAddress.objects.filter(user=account).exclude(email__iexact=address).delete()
    except IntegrityError:  # somebody else proved it at the same moment
        return False
    return True
