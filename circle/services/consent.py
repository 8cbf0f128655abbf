"""The consent ledger: grant, revoke, remind. A signed row is never rewritten, only ended."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from circle.consents import DAYS, MAX_DAYS, PURPOSES, REMIND_DAYS, wording
from circle.models import Consent, Supporter
from circle.selectors import standing
from circle.services import common
from delivery.services import message_enqueue
from ground import clock
from ground.errors import Settled
from people.models import Account, Person

# without one of these no message can go: "good news afterwards" follows only a nudge
SPEAKING = (Consent.ABSENCE, Consent.CRAVING)


def consent_grant(*, actor: Person, supporter: Supporter, purpose: str, days: int = DAYS) -> Consent:
    """The member allows one supporter to hear one kind of thing, for `days`. A standing one is renewed.

    Raises PermissionDenied, ValidationError (unknown purpose, 1 to 366 days), Settled (no longer on the list).
    """
    account = common.signing_account(actor)
    with transaction.atomic():
        row = common.own(actor, supporter)
        if row.state not in Supporter.ON_THE_LIST:
            raise Settled(_("This person is no longer on your list."))
        consent = write_consent(row, purpose=purpose, days=days, account=account)
        common.note_change(row, "consent_changed")
    return consent


def write_consent(supporter: Supporter, *, purpose: str, days: int, account: Account) -> Consent:
    """One row of the ledger with every element (D1), in the caller's transaction."""
    if purpose not in PURPOSES:
        raise ValidationError({"purpose": _("This is not known here.")})
    if not 1 <= days <= MAX_DAYS:
        raise ValidationError({"days": _("Choose between 1 and %(most)s days.") % {"most": MAX_DAYS}})
    now = clock.now()
    ends = now + timedelta(days=days)
    zone = ZoneInfo(supporter.member.zone)
    signed = wording(
        purpose=purpose,
        member_name=supporter.sender_name,
        recipient=supporter.name,
        signed_as=account.alias,
        start=now.astimezone(zone).date(),
        end=ends.astimezone(zone).date(),
    )
    Consent.objects.filter(supporter=supporter, purpose=purpose, revoked_at=None).update(
        revoked_at=now, ended_as=Consent.RENEWED, remind_at=None
    )
    return Consent.objects.create(
        supporter=supporter,
        purpose=purpose,
        text_version=f"{signed.version}/{translation.get_language() or 'en'}",
        text=signed.text,
        member_name=signed.member_name,
        discloser=signed.discloser,
        recipient=signed.recipient,
        data_class=signed.data_class,
        right_to_revoke=signed.right_to_revoke,
        signed_as=account.alias,
        granted_at=now,
        expires_at=ends,
        remind_at=ends - timedelta(days=REMIND_DAYS) if days > REMIND_DAYS else None,
    )


def consent_revoke(*, actor: Person, supporter: Supporter, purpose: str) -> common.Withdrawn:
    """The member takes one permission back. Pending messages that need it are cancelled; the supporter never knows.

    When nothing is left that this supporter could be told, the member gets T12. Doing it again changes nothing.
    Raises PermissionDenied, ValidationError (unknown purpose).
    """
    if purpose not in PURPOSES:
        raise ValidationError({"purpose": _("This is not known here.")})
    with transaction.atomic():
        row = common.own(actor, supporter)
        ended = end_consents(row, (purpose,))
        if not ended:
            return common.Withdrawn()
        withdrawn = common.withdraw(row, kinds=PURPOSES[purpose].kinds, reason="consent revoked")
        if not speaks(row, clock.now()):
            tell_silenced(row, key=f"consent_revoked:{ended[0]}")
        common.note_change(row, "consent_changed")
    return withdrawn


def end_consents(supporter: Supporter, purposes: tuple[str, ...]) -> list[int]:
    """End the standing consents for `purposes`; return their ids."""
    found = Consent.objects.filter(supporter=supporter, purpose__in=purposes, revoked_at=None)
    ids = list(found.values_list("pk", flat=True))
    found.update(revoked_at=clock.now(), ended_as=Consent.REVOKED, remind_at=None)
    return ids


def speaks(supporter: Supporter, now: datetime) -> bool:
    """True while a consent holds under which a message could go, whatever the supporter's answer."""
    return supporter.pk in speaking([supporter.pk], now)


def speaking(supporters: Iterable[int], now: datetime) -> set[int]:
    """`speaks` for many, by id, in one statement."""
    found = Consent.objects.filter(standing(now), supporter__in=set(supporters), purpose__in=SPEAKING)
    return set(found.values_list("supporter_id", flat=True))


def tell_silenced(supporter: Supporter, *, key: str) -> None:
    """T12 to the member: this person gets no more messages."""
    message_enqueue(
        kind="consent_revoked",
        topic=common.topic_of(supporter),
        recipient=supporter.member,
        dedupe_key=key,
        not_before=clock.now(),
        payload={"supporter": supporter.pk},
        to_inbox=True,
    )


def consent_reminded(*, supporter: Supporter, now: datetime) -> bool:
    """T19 once for all consents of one supporter that end within 14 days of `now`; False when there is none.

    The worker's door: nobody acts. A contact no longer on the list is left in peace.
    """
    with transaction.atomic():
        row = common.locked(supporter)
        due = Consent.objects.filter(supporter=row, revoked_at=None, remind_at__lte=now)
        ends = due.filter(expires_at__gt=now).order_by("expires_at").values_list("expires_at", flat=True).first()
        due.update(remind_at=None)
        if ends is None or row.state not in Supporter.ON_THE_LIST:
            return False
        message_enqueue(
            kind="consent_ends",
            topic=common.topic_of(row),
            recipient=row.member,
            dedupe_key=f"consent_ends:{row.pk}:{ends:%Y-%m-%dT%H:%M}",
            not_before=now,
            payload={"supporter": row.pk, "ends": ends.isoformat()},
            to_inbox=True,
        )
    return True
