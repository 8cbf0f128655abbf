"""Asking somebody to be a contact person, and their yes or no.

invited --accept--> accepted;  invited, accepted --decline--> declined;  see standing.py for stop and remove.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from circle.consents import DAYS, FIRST_OFFERED
from circle.models import Supporter
from circle.selectors import invitation_ends
from circle.services import common
from circle.services.consent import write_consent
from delivery import transports
from delivery.models import Delivery
from delivery.services import cancel, message_enqueue
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from ground.links import address_hash
from people.models import ContactWay, Link, Person
from people.numbers import e164
from people.services import link_give, link_revoke, link_use_once, person_create, way_add

MAX_PEOPLE = 20  # on one member's list
MAX_A_DAY = 10  # invitations of one member
MAX_INVITATIONS = 3  # to one contact
AGAIN_AFTER = timedelta(days=1)
AFTER_A_NO = timedelta(days=30)
# words, not addresses: a dot ends a word, so that no mail program makes a link of a name
NAME = re.compile(r"^[^\W_](?:[^\W_]|[ '’\-]|\.(?=\s|$))*$")


def supporter_invite(
    *,
    actor: Person,
    name: str,
    address: str,
    sender_name: str = "",
    way_kind: str = ContactWay.EMAIL,
    zone: str = "",
    purposes: Iterable[str] = FIRST_OFFERED,
    days: int = DAYS,
    forced: bool = False,
) -> Supporter:
    """Choose somebody: a person and a way of their own, the signed consents, and the invitation (T04).

    forced: somebody makes the member do this. Then the contact is muted from the start: the invitation goes out and
    can be accepted, all looks the same, and after it nothing is ever sent. `zone` is the contact's, the member's if
    empty. A contact belongs to this member alone: the same address chosen by somebody else is never linked.

    Raises PermissionDenied (no account), ValidationError (a name, address, zone or purpose that will not do; an
    address that said stop to this member, or no within 30 days), Conflict (already on the list), TooMany.
    """
    account = common.signing_account(actor)
    name, sender_name = _checked_name(name, "name"), _checked_name(sender_name or actor.name, "sender_name")
    address = _checked_address(way_kind, address)
    wanted = list(dict.fromkeys(purposes))
    now = clock.now()
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=actor.pk)  # two taps at once: the second sees the first
        _check_room(actor, address)
        person = person_create(name=name, zone=zone or actor.zone, language=actor.language)
        way_add(person=person, kind=way_kind, address=address)
        last = Supporter.objects.filter(member=actor).aggregate(last=Max("position"))["last"]
        supporter = Supporter.objects.create(
            member=actor,
            person=person,
            name=name,
            sender_name=sender_name,
            muted=forced,
            position=0 if last is None else last + 1,
            invited_at=now,
        )
        for purpose in wanted:
            write_consent(supporter, purpose=purpose, days=days, account=account)
        link_give(purpose="supporter_stop", subject=supporter.pk, person=person)
        _send(supporter)
        common.note_change(supporter, "supporter_changed")
    return supporter


def supporter_resend(*, actor: Person, supporter: Supporter) -> Supporter:
    """Send the invitation again with a new link; the old link ends. At most one a day and three in all.

    Raises PermissionDenied, Settled (already answered), TooMany.
    """
    with transaction.atomic():
        row = common.own(actor, supporter)
        if row.state != Supporter.INVITED:
            raise Settled(_("This invitation was answered already."))
        if row.invitations >= MAX_INVITATIONS or clock.now() < row.invited_at + AGAIN_AFTER:
            raise TooMany(_("An invitation goes out once a day at most, and three times in all."))
        link_revoke(purpose="invite", subject=row.pk)
        cancel(topic=common.topic_of(row), recipient=row.person, kinds=["invite"], reason="sent anew")
        row.invitations += 1
        row.invited_at = clock.now()
        row.save(update_fields=["invitations", "invited_at"])
        _send(row)
    return row


def supporter_accept(*, link: Link) -> Supporter:
    """The contact says yes, by the invitation's link, which works once.

    Raises PermissionDenied (another kind of link), Settled (used, revoked, expired, answered, or withdrawn).
    """
    with transaction.atomic():
        row = common.answering(link=link, supporter=None, actor=None)
        _check_open(link, row)
        link_use_once(link=link)
        row.state, row.accepted_at = Supporter.ACCEPTED, clock.now()
        row.save(update_fields=["state", "accepted_at"])
        common.note_change(row, "supporter_changed")
    return row


def supporter_decline(
    *, link: Link | None = None, supporter: Supporter | None = None, actor: Person | None = None
) -> Supporter:
    """The contact says no: before or after a yes, by one of their links or as themselves. Saying it again is fine.

    Everything that waits for them is cancelled; nothing is sent to them about it.
    Raises PermissionDenied, Settled (an invitation's link that is over).
    """
    with transaction.atomic():
        row = common.answering(link=link, supporter=supporter, actor=actor)
        if row.state in {Supporter.DECLINED, Supporter.STOPPED}:
            return row
        if link is not None and link.purpose == "invite":
            _check_open(link, row)
            link_use_once(link=link)
        row.state, row.ended_at = Supporter.DECLINED, clock.now()
        row.save(update_fields=["state", "ended_at"])
        common.withdraw(row, kinds=None, reason="declined")
        common.note_change(row, "supporter_changed")
    return row


def _send(supporter: Supporter) -> None:
    """The invitation message and its link, one for each time it is sent."""
    ends = invitation_ends(supporter)
    link_give(purpose="invite", subject=supporter.pk, person=supporter.person, expires_at=ends)
    supporter.invitation = message_enqueue(
        kind="invite",
        topic=common.topic_of(supporter),
        recipient=supporter.person,
        dedupe_key=f"invite:{supporter.pk}:{supporter.invitations}",
        not_before=supporter.invited_at,
        payload={"supporter": supporter.pk, "number": supporter.invitations},
    )
    supporter.save(update_fields=["invitation"])


def invitation_came_back(delivery: Delivery) -> None:
    """A provider reports that the latest invitation did not arrive after all: what becomes of it is read again."""
    supporter = Supporter.objects.filter(pk=delivery.payload["supporter"]).first()
    if supporter is None:
        return
    row = common.locked(supporter)
    if row.invitation_id is None and delivery.payload["number"] == row.invitations:
        row.invitation = delivery
        row.save(update_fields=["invitation"])


def invitation_read(*, supporter: Supporter) -> bool:
    """What became of the latest invitation: when no way took it, the member gets T18, once. True when they do.

    The worker's door: nobody acts. A muted contact makes no difference: the invitation was real, and so is its end.
    """
    with transaction.atomic():
        row = common.locked(supporter)
        sent = row.invitation
        if sent is None or sent.state not in Delivery.SETTLED:
            return False
        row.invitation = None
        row.save(update_fields=["invitation"])
        if sent.state != "failed" or row.state != Supporter.INVITED:
            return False
        message_enqueue(
            kind="invite_unreachable",
            topic=common.topic_of(row),
            recipient=row.member,
            dedupe_key=f"invite_unreachable:{row.pk}:{row.invitations}",
            not_before=clock.now(),
            payload={"supporter": row.pk, "number": row.invitations},
            to_inbox=True,
        )
    return True


def _check_open(link: Link, supporter: Supporter) -> None:
    fresh = Link.objects.filter(pk=link.pk, purpose="invite", used_at=None, revoked_at=None).exists()
    if not fresh or supporter.state != Supporter.INVITED or clock.now() >= invitation_ends(supporter):
        raise Settled(_("This invitation is settled: it was answered, withdrawn, or its time is over."))


def _checked_name(name: str, field: str) -> str:
    name = " ".join(name.split())
    if not NAME.match(name) or len(name) > 40:
        raise ValidationError({field: _("Please write a name: letters, digits and spaces, up to 40.")})
    return name


def _checked_address(kind: str, address: str) -> str:
    """The address as it is stored. What is wrong with an e-mail address people.services says."""
    if kind not in {ContactWay.EMAIL, ContactWay.SMS}:
        raise ValidationError({"kind": _("This way is not known here.")})
    if kind == ContactWay.EMAIL:
        return address.strip().lower()
    if transports.transport_of(kind) is None:
        raise ValidationError({"kind": _("This site cannot send text messages. Please give an e-mail address.")})
    return e164(address)


def _check_room(member: Person, address: str) -> None:
    """The member's list has room, and this address was not told "no" to already."""
    now = clock.now()
    people = Supporter.objects.filter(member=member)
    if people.filter(state__in=Supporter.ON_THE_LIST).count() >= MAX_PEOPLE:
        raise TooMany(_("Your list is full: %(count)s people. Take somebody off it first.") % {"count": MAX_PEOPLE})
    if people.filter(invited_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY:
        raise TooMany(_("That is enough for one day. Please go on tomorrow."))
    same = people.filter(person__ways__address_hash=address_hash(address))
    if same.filter(state__in=Supporter.ON_THE_LIST).exists():
        raise Conflict(_("Somebody with this address is on your list already."))
    if same.filter(state=Supporter.STOPPED).exists():
        raise ValidationError({"address": _("This person asked us not to write to them any more.")})
    if same.filter(state=Supporter.DECLINED, ended_at__gt=now - AFTER_A_NO).exists():
        raise ValidationError({"address": _("This person said no a short while ago. Please leave it for now.")})
