"""Providers of text messages, each with its name in PORCHLIGHT_SMS. Another one: a class here, a name below."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import constant_time_compare

from delivery.transports import TransportError, Uncertain
from delivery.transports.email import files
from ground import outside
from ground.site import site_url

T = TypeVar("T")

# https://www.twilio.com/docs/api/errors: this number can never be written to, or said stop to the provider
NEVER = {21211, 21214, 21217, 21610, 21612, 21614}
NOT_NOW = {30001, 30003, 30008}  # queue full, handset off, no reason given
NOT_TAKEN = {429, 503}
REPORT_PATH = "/api/v1/hooks/sms/report/"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A text message that came in. `reference` is the provider's, the same when it is told twice."""

    reference: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message at `number`: "delivered", "soft", "hard", or empty while it is on its way."""

    number: str
    outcome: str
    detail: str


class Gateway(Protocol):
    def send(self, number: str, text: str, ref: str) -> None:
        """Raises TransportError or Uncertain. `ref` comes back with the report."""

    def genuine(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Whether the provider itself made this request to `url`."""

    def incoming(self, form: Mapping[str, str]) -> Incoming:
        """Raises KeyError for a form without what it needs."""

    def report(self, form: Mapping[str, str]) -> Report:
        """Raises KeyError, ValueError."""


@dataclass(frozen=True, slots=True)
class Twilio:
    """The form that Twilio made common: POST of To, From, Body; a signature over address and form comes back."""

    base: str
    account: str
    token: str
    sender: str

    def send(self, number: str, text: str, ref: str) -> None:
        form = {"To": number, "From": self.sender, "Body": text}
        if ref:
            form["StatusCallback"] = f"{site_url()}{REPORT_PATH}{ref}/"
        self.post("Messages", form)

    def post(self, what: str, form: Mapping[str, str]) -> None:
        """Make one of the provider's things. Raises TransportError or Uncertain."""
        url = f"{self.base}/2010-04-01/Accounts/{self.account}/{what}.json"
        proof = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = outside.post(url, urlencode(form).encode(), headers, trusted=True)
        except outside.Unreached as away:
            raise TransportError(str(away), permanent=False) from away
        except outside.Unanswered as silent:
            raise Uncertain(str(silent)) from silent
        self._judge(answer)

    def _judge(self, answer: outside.Answer) -> None:
        if 200 <= answer.status < 300:
            return
        code = _code(answer.body)
        detail = f"the provider answers {answer.status}" + (f", code {code}" if code else "")
        if answer.status >= 500 and answer.status not in NOT_TAKEN:
            raise Uncertain(detail)  # it may have been taken before something broke
        raise TransportError(detail, permanent=code in NEVER)

    def genuine(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        signed = url + "".join(name + form[name] for name in sorted(form))
        made = base64.b64encode(hmac.new(self.token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        return constant_time_compare(made, headers.get("X-Twilio-Signature", ""))

    def incoming(self, form: Mapping[str, str]) -> Incoming:
        return Incoming(form["MessageSid"], form["From"], form.get("Body", ""))

    def report(self, form: Mapping[str, str]) -> Report:
        status, code = form["MessageStatus"], int(form.get("ErrorCode") or 0)
        if status in {"undelivered", "failed"}:
            return Report(form["To"], "soft" if code in NOT_NOW else "hard", f"{status}, code {code}")
        return Report(form["To"], "delivered" if status == "delivered" else "", status)


class Files:
    """With the development switch: every text message becomes a readable file beside the mails."""

    def send(self, number: str, text: str, ref: str) -> None:
        files.write({"To": number, "Subject": "text message"}, text + "\n")

    def genuine(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        return False

    def incoming(self, form: Mapping[str, str]) -> Incoming:
        raise KeyError("files take nothing in")

    def report(self, form: Mapping[str, str]) -> Report:
        raise KeyError("files report nothing")


def _code(body: bytes) -> int:
    try:
        found = json.loads(body)
        return int(found["code"])
    except (ValueError, KeyError, TypeError):
        return 0


def _twilio(parts: SplitResult) -> Gateway:
    return twilio_from(parts, "PORCHLIGHT_SMS")


def twilio_from(parts: SplitResult, name: str) -> Twilio:
    """The account of a setting called `name`. Raises ImproperlyConfigured when a part is missing."""
    sender = parse_qs(parts.query).get("from", [""])[0]
    if not (parts.hostname and parts.username and parts.password and sender):
        raise ImproperlyConfigured(
            f"{name} lacks a part: write twilio://ACCOUNT:TOKEN@api.twilio.com/?from=%2B15005550006"
        )
    place = parts.netloc.rpartition("@")[2]
    scheme = "http" if parts.scheme.endswith("+http") else "https"
    return Twilio(f"{scheme}://{place}", unquote(parts.username), unquote(parts.password), sender)


def _files(parts: SplitResult) -> Gateway:
    if not settings.DEVELOPMENT:
        raise ImproperlyConfigured("PORCHLIGHT_SMS is files:, which works only with the development switch")
    return Files()


# twilio+http: a gateway of one's own that speaks the same form on the local network
SCHEMES: dict[str, Callable[[SplitResult], Gateway]] = {"twilio": _twilio, "twilio+http": _twilio, "files": _files}


def gateway_from(setting: str) -> Gateway:
    """The gateway that PORCHLIGHT_SMS names. Raises ImproperlyConfigured."""
    return chosen("PORCHLIGHT_SMS", setting, SCHEMES)


def chosen(name: str, setting: str, schemes: Mapping[str, Callable[[SplitResult], T]]) -> T:
    """What the value of the setting `name` stands for: the part before `://` is one of `schemes`.

    Raises ImproperlyConfigured, without the value: it holds a secret.
    """
    try:
        parts = urlsplit(setting)
        _ = parts.port  # raises for what is no number
    except ValueError:
        raise ImproperlyConfigured(f"{name} is no address: see docs/operations.md") from None
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} starts with an unknown name: known are {', '.join(schemes)}")
    return schemes[parts.scheme](parts)
