"""E-mail: SMTP by setting, a provider's own interface by django-anymail, or files with the development switch."""

import smtplib
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage

from delivery.catalogue import without_stop
from delivery.transports import Message, TransportError
from delivery.transports.email import anymail
from delivery.transports.email.catalogue import offer_of, stop_line_of

PERMANENT = 500  # SMTP codes from here on say: never
SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Mail(EmailMessage):
    """A Django mail; `metadata` is what anymail gives a provider, and what comes back in its reports."""

    metadata: dict[str, str]


class EmailTransport:
    """One plain-text mail; the same Message-ID for every repeat of a delivery; List-Unsubscribe when it has a stop."""

    absorbs_repeats = True

    def send(self, address: str, message: Message) -> None:
        by_smtp = settings.EMAIL_BACKEND == SMTP
        if by_smtp and not settings.EMAIL_HOST and not settings.DEVELOPMENT:
            raise TransportError("no mail server is set (SMTP_HOST)", permanent=False)
        mail = compose(address, message)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refused:
            [(code, text)] = refused.recipients.values()  # by the address as it travels: an IDN host reads xn--…
            raise TransportError(f"{code} {text!r}", permanent=code >= PERMANENT) from refused
        except anymail.REFUSED as refused:
            raise TransportError(f"the provider refuses this address: {refused}"[:200], permanent=True) from refused
        except anymail.TROUBLE as error:
            raise TransportError(f"the provider did not take it: {error}"[:200], permanent=False) from error
        except smtplib.SMTPException as error:  # the server's own trouble: this address is not to blame
            raise TransportError(str(error), permanent=False) from error
        except OSError as error:
            raise TransportError(f"the mail server does not answer: {error}", permanent=False) from error


def compose(address: str, message: Message) -> Mail:
    """The mail as it leaves: neutral subject, text from the catalogue, the stop link instead of the word STOP.

    Where mails that come in are read (MAIL_IN), an answer goes to an address of this one message.
    """
    site = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    replies = answer_address(message.ref)
    text = without_stop(message.text)
    headers = {"Message-ID": f"<{message.ref}@{site.partition('@')[2]}>"}
    if message.replies and replies:
        text += "\n\n" + offer_of(message.language)
    if message.stop:
        text += "\n\n" + stop_line_of(message.language, message.stop)
        by_mail = f", <mailto:{replies}?subject=STOP>" if replies else ""
        unsubscribe = f"<{message.stop}>{by_mail}"
        headers |= {"List-Unsubscribe": unsubscribe, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = Mail(
        subject=message.subject,
        body=text + "\n",
        from_email=formataddr((message.sender, site)),
        to=[address],
        reply_to=[replies] if replies else None,
        headers=headers,
    )
    mail.metadata = {"ref": message.ref}
    return mail


def answer_address(ref: str) -> str:
    """Where an answer to this message goes; empty where no mail that comes in is read."""
    name, at, host = settings.MAIL_IN.rpartition("@")
    return f"{name}+{ref}@{host}" if at and ref else ""
