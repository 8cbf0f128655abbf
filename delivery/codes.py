"""What a page sends by itself, at once: a code that proves an address, and a test. All else goes through the outbox."""

import logging
import smtplib
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from delivery import transports
from delivery.catalogue import subject_of, text_of
from delivery.selectors import nothing_goes_to
from delivery.transports import Message
from delivery.transports.sms.catalogue import code_text
from ground.errors import Conflict
from ground.site import site_url
from people.addresses import address_code_make
from people.models import ContactWay, Person
from people.selectors import signs_in_another
from people.services import address_checked, way_bounced, way_test

log = logging.getLogger("porchlight.codes")
TEST = "T21"


def code_send(*, actor: Person, address: str, kind: str = ContactWay.EMAIL) -> bool:
    """Make a code for an address of one's own and send it there; False when it did not go out just now.

    Says nothing of what is known of the address: one that said STOP, or has had too many, gets nothing and looks the
    same. Raises ValidationError and TooMany as people.addresses.address_code_make does, Conflict for a way that this
    site does not send by.
    """
    if transports.transport_of(kind) is None and kind in dict(ContactWay.KINDS):
        raise Conflict(_("This site does not send by this way."))
    code = address_code_make(actor=actor, address=address, kind=kind)
    if code is None:
        return True
    address = address_checked(kind=kind, address=address)
    if nothing_goes_to(address):
        return True
    sent = _mail_code if kind == ContactWay.EMAIL else _text_code
    return sent(actor, address, code)


def way_try(*, actor: Person, way_id: int) -> str:
    """Send a test to one of the actor's own ways; the outcome: "sent", "soft", "hard", "uncertain", or "stopped".

    One that refuses it for good is not used any more. Raises PermissionDenied, TooMany, Conflict.
    """
    way = way_test(actor=actor, way_id=way_id)
    if transports.transport_of(way.kind) is None:
        raise Conflict(_("This site does not send by this way."))
    if nothing_goes_to(way.address):
        return "stopped"
    link = f"{site_url()}{reverse('reach')}"
    message = Message(
        key=(ref := uuid4().hex),
        kind="test",
        subject=subject_of(actor.language),
        text=text_of(TEST, actor.language, {"me": actor.name[:12], "link": link}),
        sender=settings.SENDER_LABEL,
        link=link,
        language=actor.language,
        ref=ref,
    )
    outcome, detail = transports.dispatch(way.kind, way.address, message)
    if outcome == "hard":
        way_bounced(way=way)
    if outcome != "sent":
        log.warning("a test message did not go out: %s", detail)
    return outcome


def _mail_code(person: Person, address: str, code: str) -> bool:
    """Whether somebody signs in with this address already is said in the mail alone: only that mailbox reads it."""
    with translation.override(person.language):
        known = signs_in_another(address, person)
        context = {"code": code, "sign_in": site_url() + reverse("account_login") if known else ""}
        mail = EmailMessage(
            subject=_("Your code"),
            body=render_to_string("people/email/address_code.txt", context),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[address],
        )
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("a code was not mailed: %s", type(error).__name__)
        return False
    return True


def _text_code(person: Person, number: str, code: str) -> bool:
    text = code_text(person.language, code)
    message = Message(key=uuid4().hex, kind="code", subject="", text=text, sender="", language=person.language)
    outcome, detail = transports.dispatch(ContactWay.SMS, number, message)
    if outcome in {"soft", "hard"}:
        log.warning("a code was not sent: %s", detail)
    return outcome in {"sent", "uncertain"}
