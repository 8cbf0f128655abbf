"""The only writers of who: accounts, persons, ways, blocks, links, changes, the access log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ground import clock, links, wake
from ground.errors import Conflict, Settled, TooMany, Unknown
from people import holdings
from people.models import AccessLog, Account, Block, Change, ContactWay, Link, Person
from people.numbers import e164

TEST_REST = timedelta(minutes=5)  # between two test messages to one way


def account_create(
    *, alias: str, password: str | None = None, email: str = "", zone: str = "UTC", language: str = "en", adult: bool
) -> Account:
    """Make an account and its person. No password: the caller adds a passkey in the same flow.

    `email` is for callers that know it is theirs; one that another account signs in with is left out without a word.
    Raises ValidationError: under 18 (D17), an alias that is taken or malformed, a weak password, an unknown zone.
    """
    if not adult:
        raise ValidationError({"adult": _("Porchlight is for people of 18 and older.")})
    now = clock.now()
    alias = " ".join(alias.split())
    person = Person(name=alias, zone=zone, language=language, created_at=now)
    person.full_clean(exclude=["pid"])
    account = Account(alias=alias, email=email.strip().lower(), adult_confirmed_at=now, created_at=now)
    if password is None:
        account.set_unusable_password()
    else:
        try:
            validate_password(password, account)
        except ValidationError as weak:
            raise ValidationError({"password": weak.messages}) from weak
        account.set_password(password)
    account.full_clean(exclude=["person", "password"], validate_unique=False, validate_constraints=False)
    if Account.objects.filter(alias__iexact=alias).exists():
        raise ValidationError({"alias": _("This name is taken. Please choose another.")})
    if account.email and Account.objects.filter(email__iexact=account.email).exists():
        account.email = ""  # nobody learns in this way who is here; faces prove an address by a code first
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            account.person = person
            account.save(force_insert=True)
            if account.email:
                way_add(person=person, kind=ContactWay.EMAIL, address=account.email)
    except IntegrityError as raced:  # somebody took the alias between the look and the write
        raise ValidationError({"alias": _("This name is taken. Please choose another.")}) from raced
    return account


def person_create(*, name: str, zone: str = "UTC", language: str = "en") -> Person:
    """A person without an account. Raises ValidationError for an empty or long name or an unknown zone."""
    person = Person(name=" ".join(name.split()), zone=zone, language=language, created_at=clock.now())
    person.full_clean(exclude=["pid"])
    person.save(force_insert=True)
    return person


def person_settings(
    *,
    actor: Person,
    zone: str | None = None,
    window: tuple[int, int] | None = None,
    language: str | None = None,
    region: str | None = None,
) -> Person:
    """Change what a person set about themselves; None leaves a thing as it is. Raises ValidationError."""
    fields = {"zone": zone, "language": language, "region": region}
    if window is not None:
        fields |= {"window_start": window[0], "window_end": window[1]}  # type: ignore[dict-item]
    changed = {name: value for name, value in fields.items() if value is not None}
    for name, value in changed.items():
        setattr(actor, name, value)
    if actor.window_start >= actor.window_end:
        raise ValidationError({"window": _("The first hour must come before the last.")})
    actor.full_clean(exclude=["pid"])
    if changed:
        actor.save(update_fields=list(changed))
    return actor


def address_checked(*, kind: str, address: str) -> str:
    """The address as it is stored and recognised. Raises ValidationError for an unknown kind or what is no address."""
    if kind == ContactWay.EMAIL:
        address = address.strip().lower()
        validate_email(address)
        return address
    if kind == ContactWay.SMS:
        return e164(address)
    if kind not in dict(ContactWay.KINDS):
        raise ValidationError({"kind": _("This way is not known here.")})
    return address.strip()


def way_add(*, person: Person, kind: str, address: str) -> ContactWay:
    """List a way to reach a person, last in order; one that is listed already is returned. Raises ValidationError."""
    address = address_checked(kind=kind, address=address)
    digest = links.address_hash(address)
    with transaction.atomic():
        position = ContactWay.objects.filter(person=person).count()
        way, _made = ContactWay.objects.get_or_create(
            person=person,
            kind=kind,
            address_hash=digest,
            defaults={"address": address, "position": position, "created_at": clock.now()},
        )
    return way


def way_remove(*, actor: Person, way_id: int) -> None:
    """Take a way off the person's own list. Raises PermissionDenied for somebody else's."""
    removed, _detail = ContactWay.objects.filter(person=actor, pk=way_id).delete()
    if not removed:
        raise PermissionDenied


def way_test(*, actor: Person, way_id: int) -> ContactWay:
    """Claim the right to send one test message. Raises PermissionDenied for somebody else's way, TooMany too soon."""
    way = ContactWay.objects.filter(person=actor, pk=way_id).first()
    if way is None:
        raise PermissionDenied
    now = clock.now()
    rested = Q(tested_at=None) | Q(tested_at__lte=now - TEST_REST)
    if not ContactWay.objects.filter(rested, pk=way.pk).update(tested_at=now):
        raise TooMany(_("A test went there just now. Please wait five minutes."))
    return way


def way_bounced(*, way: ContactWay) -> None:
    """A provider refused this way for good."""
    ways_bounced(ways=[way])


def ways_bounced(*, ways: Iterable[ContactWay]) -> None:
    """`way_bounced` for many, in one statement."""
    found = ContactWay.objects.filter(pk__in=[way.pk for way in ways], bounced_at=None)
    found.update(bounced_at=clock.now())


def change_write(*, person: Person, cause: str, ref: int | None = None, at: datetime | None = None) -> None:
    """Note, in the transaction of its cause, that something a watch reads has changed for `person`."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a change belongs into the transaction of its cause")
    Change.objects.create(person=person, cause=cause, ref=ref, at=at or clock.now())
    transaction.on_commit(lambda: wake.publish("work"))


def changes_write(*, people: Iterable[Person], cause: str, ref: int | None = None, at: datetime | None = None) -> None:
    """`change_write` for many people at once, in one statement: closing a sheet touches all who are on it."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a change belongs into the transaction of its cause")
    moment = at or clock.now()
    Change.objects.bulk_create([Change(person=person, cause=cause, ref=ref, at=moment) for person in people])
    transaction.on_commit(lambda: wake.publish("work"))


def link_give(*, purpose: str, subject: int, person: Person, expires_at: datetime | None = None) -> str:
    """The token of the standing link for this purpose, subject and person: the same until it is revoked.

    A later `expires_at` (UTC) replaces an earlier one; None leaves it as it is: a new link then stands until revoked.
    """
    last = Link.objects.filter(purpose=purpose, subject=subject, person=person).order_by("-serial").first()
    if last is not None and last.revoked_at is None and last.used_at is None:
        if last.expires_at is not None and expires_at is not None and expires_at > last.expires_at:
            Link.objects.filter(pk=last.pk).update(expires_at=expires_at)
        return links.token_for(purpose, subject, person.pid, last.serial)
    serial = last.serial + 1 if last else 1
    token = links.token_for(purpose, subject, person.pid, serial)
    try:
        with transaction.atomic():
            Link.objects.create(
                token_hash=links.hash_of(token),
                purpose=purpose,
                subject=subject,
                person=person,
                serial=serial,
                created_at=clock.now(),
                expires_at=expires_at,
            )
    except IntegrityError:  # another worker gave the same link at the same moment: it is the same token
        pass
    return token


@dataclass(frozen=True, slots=True)
class LinkWanted:
    """A standing link that a message is to carry."""

    purpose: str
    subject: int
    person: Person


def links_give(*, wanted: Sequence[LinkWanted]) -> list[str]:
    """`link_give` for many at once, in their order: one statement for each purpose, one more for links that are new."""
    last: dict[tuple[str, int, int], Link] = {}
    for purpose in {one.purpose for one in wanted}:
        asked = [one for one in wanted if one.purpose == purpose]
        found = Link.objects.filter(
            purpose=purpose,
            subject__in={one.subject for one in asked},
            person__in={one.person.pk for one in asked},
        )
        for link in found.order_by("serial"):
            last[purpose, link.subject, link.person_id] = link
    tokens, fresh, now = [], {}, clock.now()
    for one in wanted:
        key = (one.purpose, one.subject, one.person.pk)
        before = last.get(key)
        stands = before is not None and before.revoked_at is None and before.used_at is None
        serial = (before.serial if before else 0) + (0 if stands else 1)
        token = links.token_for(one.purpose, one.subject, one.person.pid, serial)
        tokens.append(token)
        if not stands:
            fresh[key] = Link(
                token_hash=links.hash_of(token),
                purpose=one.purpose,
                subject=one.subject,
                person=one.person,
                serial=serial,
                created_at=now,
            )
    if fresh:  # another worker may give the same link at the same moment: it is the same token
        Link.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    return tokens


def link_open(*, token: str) -> Link:
    """The link of a token. Raises Unknown for a forged one, Settled for one revoked, used or expired."""
    link = link_look(token=token)
    expired = link.expires_at is not None and link.expires_at <= clock.now()
    if link.revoked_at is not None or link.used_at is not None or expired:
        raise Settled(_("This link is settled: it was used, withdrawn, or its time is over."))
    return link


def link_look(*, token: str) -> Link:
    """The link of a token whatever its state, for pages that still offer "stop". Raises Unknown."""
    link = Link.objects.select_related("person").filter(token_hash=links.hash_of(token)).first()
    if link is None:
        raise Unknown(_("This link is not known here. Please check that it was copied whole."))
    return link


def link_use_once(*, link: Link) -> None:
    """Use a link that works once. Raises Settled when somebody used it first."""
    used = Link.objects.filter(pk=link.pk, used_at=None, revoked_at=None).update(used_at=clock.now())
    if not used:
        raise Settled(_("This link was used already."))


def link_revoke(*, purpose: str, subject: int, person: Person | None = None) -> None:
    """Withdraw every standing link of a purpose and subject (of one person, when given)."""
    found = Link.objects.filter(purpose=purpose, subject=subject, revoked_at=None)
    if person is not None:
        found = found.filter(person=person)
    found.update(revoked_at=clock.now())


def access_log(*, person: Person, reader: Person, what: str) -> None:
    """Note that `reader` read `person`'s attendance; reading one's own is not noted (D14)."""
    if person.pk != reader.pk:
        AccessLog.objects.create(person=person, reader=reader, reader_name=reader.name, what=what, at=clock.now())


def access_log_many(*, people: Iterable[Person], reader: Person, what: str) -> None:
    """`access_log` for everybody on one page, in one statement."""
    now = clock.now()
    AccessLog.objects.bulk_create(
        AccessLog(person=person, reader=reader, reader_name=reader.name, what=what, at=now)
        for person in people
        if person.pk != reader.pk
    )


def block_set(*, actor: Person, other: Person) -> None:
    """`actor` and `other` do not see each other from now on. Raises ValidationError for oneself."""
    if actor.pk == other.pk:
        raise ValidationError(_("You cannot block yourself."))
    with transaction.atomic():
        _block, made = Block.objects.get_or_create(blocker=actor, blocked=other, defaults={"at": clock.now()})
        if made:
            for person in (actor, other):
                change_write(person=person, cause="block_changed")
            transaction.on_commit(lambda: wake.publish("blocks"))


def block_lift(*, actor: Person, other: Person) -> None:
    with transaction.atomic():
        lifted, _detail = Block.objects.filter(blocker=actor, blocked=other).delete()
        if lifted:
            for person in (actor, other):
                change_write(person=person, cause="block_changed")
            transaction.on_commit(lambda: wake.publish("blocks"))


def coordinator_set(*, alias: str, on: bool = True) -> Account:
    """The operator's door (`manage.py coordinator`). Raises Unknown, or Conflict when there is nothing to change."""
    account = Account.objects.filter(alias__iexact=alias).first()
    if account is None:
        raise Unknown(_("Nobody here has this name."))
    if account.is_coordinator == on:
        raise Conflict(_("Nothing to change."))
    account.is_coordinator = on
    account.save(update_fields=["is_coordinator"])
    return account


def person_export(*, actor: Person) -> dict[str, Any]:
    """Everything every room keeps about the actor, by room."""
    return {holding.room: holding.export(actor) for holding in holdings.holdings()}


def person_erase(*, actor: Person) -> None:
    """Erase the actor from every room, what is pending first, in one transaction. Nobody is told."""
    with transaction.atomic():
        for holding in holdings.holdings():
            holding.erase(actor)
