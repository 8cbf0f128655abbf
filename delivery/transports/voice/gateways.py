"""Providers of calls, each with its name in PORCHLIGHT_VOICE. Another one: a class here, a name below."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from delivery.transports.email import files
from delivery.transports.sms.gateways import Twilio, chosen, twilio_from

PAUSE = 2  # seconds between the two times that the text is said


class Gateway(Protocol):
    def call(self, number: str, text: str, language: str) -> None:
        """Ring, and say the text in this language (BCP 47). Raises TransportError or Uncertain."""


@dataclass(frozen=True, slots=True)
class TwilioCalls:
    """The form that Twilio made common: POST of To, From and Twiml, in which the words stand."""

    account: Twilio

    def call(self, number: str, text: str, language: str) -> None:
        say = f"<Say language={quoteattr(language)}>{escape(text)}</Say>"
        words = f'<Response>{say}<Pause length="{PAUSE}"/>{say}</Response>'
        self.account.post("Calls", {"To": number, "From": self.account.sender, "Twiml": words})


class Files:
    """With the development switch: every call becomes a readable file beside the mails."""

    def call(self, number: str, text: str, language: str) -> None:
        files.write({"To": number, "Subject": f"a call, {language}"}, text + "\n")


def _twilio(parts: SplitResult) -> Gateway:
    return TwilioCalls(twilio_from(parts, "PORCHLIGHT_VOICE"))


def _files(parts: SplitResult) -> Gateway:
    if not settings.DEVELOPMENT:
        raise ImproperlyConfigured("PORCHLIGHT_VOICE is files:, which works only with the development switch")
    return Files()


SCHEMES: dict[str, Callable[[SplitResult], Gateway]] = {"twilio": _twilio, "twilio+http": _twilio, "files": _files}


def gateway_from(setting: str) -> Gateway:
    """The gateway that PORCHLIGHT_VOICE names. Raises ImproperlyConfigured."""
    return chosen("PORCHLIGHT_VOICE", setting, SCHEMES)
