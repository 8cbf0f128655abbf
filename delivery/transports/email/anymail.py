"""django-anymail, where a site has installed it: its refusals in our words, and what its webhooks tell.

A provider's webhooks come in at /anymail/ (porchlight/urls.py), proven by ANYMAIL_WEBHOOK_SECRET or the provider's own
signature. Anymail speaks through Django signals; this is the one place that hears them.
"""

from typing import Any

try:
    from anymail import exceptions
except ImportError:  # the site sends by SMTP
    REFUSED: tuple[type[Exception], ...] = ()
    TROUBLE: tuple[type[Exception], ...] = ()
else:
    REFUSED = (exceptions.AnymailRecipientsRefused, exceptions.AnymailInvalidAddress)
    TROUBLE = (exceptions.AnymailAPIError,)

OUTCOMES = {"bounced": "hard", "rejected": "hard", "delivered": "delivered"}
UNWANTED = {"complained", "unsubscribed"}


def listen() -> None:
    """Called from apps.py when anymail is among the installed apps."""
    from anymail.signals import inbound, tracking  # noqa: PLC0415

    inbound.connect(heard_mail, dispatch_uid="porchlight")
    tracking.connect(heard_report, dispatch_uid="porchlight")


def heard_mail(sender: object, event: Any, esp_name: str, **more: object) -> None:
    """A mail came in."""
    from delivery.inbound import mail_received  # noqa: PLC0415  (a transport may not know the room's own services)
    from delivery.transports.email.reading import letter_of  # noqa: PLC0415

    mail_received(letter=letter_of(event.message))


def heard_report(sender: object, event: Any, esp_name: str, **more: object) -> None:
    """What became of a mail. NotYet is raised on to anymail's view: the provider tells it again."""
    from delivery.inbound import address_said_stop, report_received  # noqa: PLC0415

    if event.event_type in UNWANTED:
        address_said_stop(address=event.recipient)
    elif event.event_type in OUTCOMES:
        report_received(
            ref=str((event.metadata or {}).get("ref", "")),
            transport="email",
            address=event.recipient or "",
            outcome=OUTCOMES[event.event_type],
            detail=str(event.description or event.reject_reason or "")[:100],
        )
