"""E-mail: SMTP by setting, or readable files with the development switch."""

import smtplib
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage

from delivery.catalogue import without_stop
from delivery.transports import Message, TransportError
from delivery.transports.email.catalogue import stop_line_of

PERMANENT = 500  # SMTP codes from here on say: never


class EmailTransport:
    """One plain-text mail; the same Message-ID for every repeat of a delivery; List-Unsubscribe when it has a stop."""

    absorbs_repeats = True

    def send(self, address: str, message: Message) -> None:
        if not settings.EMAIL_HOST and not settings.DEVELOPMENT:
            raise TransportError("no mail server is set (SMTP_HOST)", permanent=False)
        mail = compose(address, message)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refused:
            [(code, text)] = refused.recipients.values()  # by the address as it travels: an IDN host reads xn--…
            raise TransportError(f"{code} {text!r}", permanent=code >= PERMANENT) from refused
        except smtplib.SMTPException as error:  # the server's own trouble: this address is not to blame
            raise TransportError(str(error), permanent=False) from error
        except OSError as error:
            raise TransportError(f"the mail server does not answer: {error}", permanent=False) from error


def compose(address: str, message: Message) -> EmailMessage:
    """The mail as it leaves: neutral subject, text from the catalogue, the stop link instead of the word STOP."""
    site = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    text = without_stop(message.text)
    headers = {"Message-ID": f"<{message.ref}@{site.partition('@')[2]}>"}
    if message.stop:
        text += "\n\n" + stop_line_of(message.language, message.stop)
        headers |= {"List-Unsubscribe": f"<{message.stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return EmailMessage(
        subject=message.subject,
        body=text + "\n",
        from_email=formataddr((message.sender, site)),
        to=[address],
        headers=headers,
    )
