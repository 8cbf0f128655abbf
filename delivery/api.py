"""The JSON door to what reaches me, and the hooks that providers call. A hook believes nobody without a signature."""

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser, FormParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from delivery import codes, inbound
from delivery.selectors import stopped_among
from delivery.subscriptions import PUSH_WAYS, push_of, push_subscribe, push_unsubscribe
from delivery.transports import ways_out
from delivery.transports.email.reading import MOST as MOST_MAIL
from delivery.transports.email.reading import Letter, letter_from, letter_of
from delivery.transports.sms import gateway
from delivery.transports.webpush import public_key
from ground import clock
from ground.errors import Unknown
from ground.site import site_url
from people import addresses, selectors, services
from people.models import ContactWay

if TYPE_CHECKING:
    from delivery.transports.sms.gateways import Gateway
    from people.models import Person

DAY = 24 * 60
MOST_EVENTS = 1000


# --- what reaches me -----------------------------------------------------------------------------------------


def me(request: Request) -> "Person":
    person = selectors.person_of(request.user)
    assert person is not None, "guests were sent away"
    return person


def body(request: Request, *known: str) -> dict[str, Any]:
    """The parsed object. A name that is not known is refused: nobody must believe that it did something."""
    if not isinstance(request.data, dict):
        raise ValidationError(_("Please send one JSON object."))
    unknown = sorted(set(request.data) - set(known))
    if unknown:
        raise ValidationError({name: _("This is not known here.") for name in unknown})
    return dict(request.data)


def text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise ValidationError({name: _("Please send text.")})
    return value


def shown(person: "Person") -> dict[str, Any]:
    ways = selectors.ways_of(person)
    stopped = stopped_among([way.address_hash for way in ways])
    waiting = selectors.code_waiting(person, clock.now())
    return {
        "kinds": list(ways_out()),
        "ways": [
            {
                "id": way.pk,
                "kind": way.kind,
                "address": way.label,
                "verified": way.verified_at is not None,
                "state": "stopped" if way.address_hash in stopped else "came_back" if way.bounced_at else "in_use",
            }
            for way in ways
        ],
        "code_for": {"kind": waiting.kind, "address": waiting.address} if waiting else None,
        "window": [_face(person.window_start), _face(person.window_end)],
        "zone": person.zone,
        "language": person.language,
    }


class Reach(APIView):
    """GET: all of it. PATCH: window (["08:00", "21:00"]), zone, language; what is left out stays."""

    def get(self, request: Request) -> Response:
        return Response(shown(me(request)))

    def patch(self, request: Request) -> Response:
        data = body(request, "window", "zone", "language")
        language = text(data, "language") if "language" in data else None
        if language is not None and language not in dict(settings.LANGUAGES):
            raise ValidationError({"language": _("This language is not here yet.")})
        services.person_settings(
            actor=me(request),
            window=_window(data["window"]) if "window" in data else None,
            zone=text(data, "zone") if "zone" in data else None,
            language=language,
        )
        return Response(shown(me(request)))


class Ways(APIView):
    """POST kind and address: a code goes there. It is on the list once the code was sent to `code/`."""

    def post(self, request: Request) -> Response:
        data = body(request, "kind", "address")
        sent = codes.code_send(actor=me(request), kind=text(data, "kind"), address=text(data, "address"))
        return Response(shown(me(request)) | {"sent": sent}, status=202)


class Code(APIView):
    def post(self, request: Request) -> Response:
        addresses.address_code_use(actor=me(request), code=text(body(request, "code"), "code"))
        return Response(shown(me(request)))


class Way(APIView):
    """POST action: up, down, test. DELETE takes it off."""

    def post(self, request: Request, way_id: int) -> Response:
        action = text(body(request, "action"), "action")
        if action in {"up", "down"}:
            addresses.way_move(actor=me(request), way_id=way_id, up=action == "up")
            return Response(shown(me(request)))
        if action == "test":
            outcome = codes.way_try(actor=me(request), way_id=way_id)
            return Response(shown(me(request)) | {"outcome": outcome})
        raise ValidationError({"action": _("This is not known here.")})

    def delete(self, request: Request, way_id: int) -> Response:
        addresses.address_remove(actor=me(request), way_id=way_id)
        return Response(status=204)


class Push(APIView):
    """GET: the site's key, and with `?of=` (SHA-256 of an endpoint, hex) whether that browser is the caller's.

    POST: the browser's subscription. DELETE: its endpoint; it is not used any more.
    """

    def get(self, request: Request) -> Response:
        way = push_of(person=me(request), endpoint_sha256=request.query_params.get("of", ""))
        _of_this_session(request, way)
        return Response({"key": public_key(), "mine": way is not None})

    def post(self, request: Request) -> Response:
        data = body(request, "endpoint", "p256dh", "auth", "name")
        name = text(data, "name") if "name" in data else ""
        endpoint, p256dh, auth = (text(data, part) for part in ("endpoint", "p256dh", "auth"))
        way = push_subscribe(actor=me(request), endpoint=endpoint, p256dh=p256dh, auth=auth, name=name)
        _of_this_session(request, way)
        return Response(shown(me(request)), status=201)

    def delete(self, request: Request) -> Response:
        push_unsubscribe(actor=me(request), endpoint=text(body(request, "endpoint"), "endpoint"))
        return Response(status=204)


def _of_this_session(request: Request, way: ContactWay | None) -> None:
    """Signing out ends the notifications of this browser (frontend/adapter.py), also where no script runs."""
    known = request.session.get(PUSH_WAYS, [])
    if way is not None and way.pk not in known:
        request.session[PUSH_WAYS] = [*known, way.pk]


def _face(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _window(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValidationError({"window": _("Please send two times, like 08:00 and 21:00.")})
    first, last = (_minute(time) for time in value)
    return first, last


def _minute(time: Any) -> int:
    """ "08:30" in minutes; "24:00" is the end of the day."""
    hours, _colon, minutes = time.partition(":") if isinstance(time, str) else ("", "", "")
    if not (len(hours) == len(minutes) == 2 and hours.isascii() and minutes.isascii() and (hours + minutes).isdigit()):
        raise ValidationError({"window": _("Please send two times, like 08:00 and 21:00.")})
    if int(minutes) >= 60 or int(hours) * 60 + int(minutes) > DAY:
        raise ValidationError({"window": _("Please send two times, like 08:00 and 21:00.")})
    return int(hours) * 60 + int(minutes)


# --- hooks ---------------------------------------------------------------------------------------------------


class Hook(APIView):
    """Called by a provider's machine: no session, no cookie, only the proof that each hook asks for."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class SmsHook(Hook):
    """What the provider of text messages tells. The signature covers the address and every field."""

    parser_classes = (FormParser,)

    def proven(self, request: Request) -> "tuple[Gateway, dict[str, str]]":
        """The gateway and the form. Raises Unknown without a provider, PermissionDenied for a forged request."""
        provider = gateway()
        if provider is None:
            raise Unknown("This site sends no text messages.")
        form = {name: str(value) for name, value in request.POST.items()}
        if not provider.genuine(site_url() + request.get_full_path(), form, request.headers):
            raise exceptions.PermissionDenied
        return provider, form


class SmsIn(SmsHook):
    """A text message that came in: STOP, START, HELP, or a digit that a message of ours offered."""

    def post(self, request: Request) -> HttpResponse:
        provider, form = self.proven(request)
        try:
            incoming = provider.incoming(form)
        except KeyError as missing:
            raise exceptions.ParseError(f"{missing} is missing") from missing
        answer = inbound.text_received(text=incoming)
        said = f"<Message>{escape(answer)}</Message>" if answer else ""
        xml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
        return HttpResponse(xml, content_type="text/xml; charset=utf-8")


class SmsReport(SmsHook):
    """What became of a text message."""

    def post(self, request: Request, ref: str) -> Response:
        provider, form = self.proven(request)
        try:
            report = provider.report(form)
        except (KeyError, ValueError) as wrong:
            raise exceptions.ParseError(f"{wrong} is missing or wrong") from wrong
        inbound.report_received(
            ref=ref, transport=ContactWay.SMS, address=report.number, outcome=report.outcome, detail=report.detail
        )
        return Response(status=204)


def prove(request: Request) -> None:
    """The secret of the mail hooks. Raises Unknown while there is none, PermissionDenied for another."""
    if not settings.HOOK_SECRET:
        raise Unknown("This hook is not open: PORCHLIGHT_HOOK_SECRET is not set.")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not constant_time_compare(given.encode(), settings.HOOK_SECRET.encode()):
        raise exceptions.PermissionDenied


class RawMail(BaseParser):
    """A mail as it travels; of a long one the beginning, which says all that is read."""

    media_type = "message/rfc822"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {"raw": stream.read(MOST_MAIL)}


class MailIn(Hook):
    """A mail that came in: STOP, START, or a digit that a message of ours offered. docs/operations.md.

    `Authorization: Bearer SECRET`; the mail itself as `message/rfc822`, or {"from", "to", "subject", "text",
    "message_id", "in_reply_to", "references", "auto_submitted"} of it. `?verified=1` when the mail server has proven
    the sender (DMARC). The answer says what was done; nobody is written to.
    """

    parser_classes = (JSONParser, RawMail)
    heads = ("from", "to", "subject", "message_id", "in_reply_to", "references", "auto_submitted")

    def post(self, request: Request) -> Response:
        prove(request)
        raw = request.data.get("raw") if isinstance(request.data, dict) else None
        letter = letter_from(raw) if isinstance(raw, bytes) else self._letter(body(request, *self.heads, "text"))
        done = inbound.mail_received(letter=letter, verified=request.query_params.get("verified") == "1")
        return Response({"done": done})

    def _letter(self, data: dict[str, Any]) -> Letter:
        if not all(isinstance(value, str) for value in data.values()) or not data.get("from"):
            raise ValidationError({"from": "A mail needs from; all it has is text."})
        mail = EmailMessage()
        for name in self.heads:
            if value := " ".join(data.get(name, "").split()):
                mail[name.replace("_", "-")] = value
        mail.set_content(data.get("text", "")[:MOST_MAIL])
        return letter_of(mail)


class MailReport(Hook):
    """Bounces and complaints in one plain form, for whatever watches the mail: docs/operations.md.

    `Authorization: Bearer SECRET`; {"events": [{"kind": "hard"|"complaint"|"delivered", "address": …,
    "message_id": "<…@…>", "detail"?: …}]}. All or nothing is read; an unknown message changes nothing.
    """

    parser_classes = (JSONParser,)

    def post(self, request: Request) -> Response:
        prove(request)
        events = body(request, "events").get("events")
        if not isinstance(events, list) or len(events) > MOST_EVENTS:
            raise ValidationError({"events": "Please send a list of events."})
        changed = sum(self._take(*event) for event in [self._event(event) for event in events])
        return Response({"changed": changed})

    def _event(self, event: Any) -> tuple[str, str, str, str]:
        names = ("kind", "address", "message_id", "detail")
        if not isinstance(event, dict) or not all(isinstance(event.get(name, ""), str) for name in names):
            raise ValidationError({"events": "Each event needs kind, address and message_id, all text."})
        kind, address, message_id, detail = (event.get(name, "") for name in names)
        if kind not in {"hard", "complaint", "delivered"} or not address or (kind != "complaint" and not message_id):
            raise ValidationError({"events": "Each event needs kind, address and message_id, all text."})
        return kind, address, message_id, detail

    def _take(self, kind: str, address: str, message_id: str, detail: str) -> bool:
        if kind == "complaint":  # "this is unwanted" is a stop
            inbound.address_said_stop(address=address)
            return True
        ref = message_id.strip().lstrip("<").partition("@")[0]
        return inbound.report_received(
            ref=ref, transport=ContactWay.EMAIL, address=address, outcome=kind, detail=detail[:100]
        )


urls = [
    path("reach/", Reach.as_view()),
    path("reach/ways/", Ways.as_view()),
    path("reach/code/", Code.as_view()),
    path("reach/ways/<int:way_id>/", Way.as_view()),
    path("reach/push/", Push.as_view()),
    path("hooks/sms/", SmsIn.as_view()),
    path("hooks/sms/report/<str:ref>/", SmsReport.as_view()),
    path("hooks/mail/", MailReport.as_view()),
    path("hooks/mail/in/", MailIn.as_view()),
]
