"""The one mail that a page sends by itself: a code that proves an address. All else goes through the outbox."""

import logging
import smtplib
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from delivery.composing import site_url
from delivery.selectors import nothing_goes_to
from people.selectors import signs_in_another

if TYPE_CHECKING:
    from people.models import Person

log = logging.getLogger("porchlight.mails")


def address_code_mail(*, person: "Person", address: str, code: str) -> bool:
    """Mail the code; False when the mail server would not take it.

    Whether somebody signs in with this address already is said in the mail alone: only that mailbox reads it.
    An address that said STOP gets nothing, and nobody is told so.
    """
    if nothing_goes_to(address):
        return True
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
