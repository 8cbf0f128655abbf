"""django-anymail, where a site has installed it: its refusals in our words, and what its webhooks tell.

A provider's webhooks come in at /anymail/ (porchlight/urls.py), proven by ANYMAIL_WEBHOOK_SECRET or the provider's own
signature. Anymail speaks through Django signals; this is the one place that hears them.
"""

import json
import re
from typing import Any

try:
    from anymail import exceptions
except ImportError:  # the site sends by SMTP
    REFUSED: tuple[type[Exception], ...] = ()
    TROUBLE: tuple[type[Exception], ...] = ()
else:
    REFUSED = (exceptions.AnymailRecipientsRefused,)
    # an address that cannot be read may be the site's own, in `from`: then no recipient is to blame
    TROUBLE = (exceptions.AnymailAPIError, exceptions.AnymailInvalidAddress)

LOST = {"bounced", "rejected"}
FOR_GOOD = {"bounced", "invalid"}  # reasons; the others are the provider's own, or about what the site sends
# how providers say that a bounce is not for good: in words, or in a field of their own (SparkPost's classes: soft, DNS,
# mailbox full, too large, unspecified, transient)
PASSING = re.compile(
    r"\bsoft|transient|temporar|quota|mailbox[^,;.]{0,20} full"
    r"|\"hard_bounce\": false|\"bounce_class\": \"?(?:2[0-3]|40|70)\b",
    re.IGNORECASE,
)
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
        address_said_stop(address=event.recipient or "")
    elif outcome := outcome_of(event):
        report_received(
            ref=str((event.metadata or {}).get("ref", "")),
            transport="email",
            address=event.recipient or "",
            outcome=outcome,
            detail=str(event.description or event.reject_reason or "")[:100],
        )


def outcome_of(event: Any) -> str:
    """delivered, hard, soft, or empty for what says nothing of the end.

    Anymail calls every bounce "bounced", one of a full mailbox too; what the provider itself said tells them apart. In
    doubt it is soft: it is tried again, and hard in the end.
    """
    if event.event_type not in LOST:
        return "delivered" if event.event_type == "delivered" else ""
    passing = PASSING.search(json.dumps(event.esp_event, default=str))
    return "hard" if event.reject_reason in FOR_GOOD and not passing else "soft"
