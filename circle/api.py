"""The JSON door to my people: the member's own, nobody else's."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from circle import selectors, services
from circle.consents import DAYS, FIRST_OFFERED
from circle.models import Supporter
from circle.recent import signed_in_recently
from ground import clock
from people.models import Person
from people.selectors import person_of


class SignInAgain(exceptions.PermissionDenied):
    """Choosing people asks for a session that was opened or confirmed within 15 minutes."""

    default_code = "sign_in_again"
    default_detail = "Please confirm that it is you: sign in again, then repeat this."


class Inputs:
    """The parsed body, one named value at a time. Raises ValidationError for a missing or wrong one."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise ValidationError(_("Please send one JSON object."))
        self.data = data

    def text(self, name: str, default: str | None = None) -> str:
        value = self.data.get(name, default)
        if not isinstance(value, str):
            raise ValidationError({name: _("Please send text.")})
        return value

    def yes(self, name: str) -> bool:
        value = self.data.get(name)
        if not isinstance(value, bool):
            raise ValidationError({name: _("Please send true or false.")})
        return value

    def number(self, name: str, default: int) -> int:
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError({name: _("Please send a whole number.")})
        return value

    def texts(self, name: str, default: tuple[str, ...]) -> list[str]:
        value = self.data.get(name, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValidationError({name: _("Please send a list of texts.")})
        return value


def shown(card: selectors.Card) -> dict[str, Any]:
    """One person as the member sees them."""
    supporter = card.supporter
    return {
        "id": str(supporter.person.pid),
        "name": supporter.name,
        "sender_name": supporter.sender_name,
        "state": supporter.state,
        "muted": supporter.muted,
        "invitation_open": card.invitation_open,
        "unreachable": card.unreachable,
        "rests_until": card.rests_until,
        "address": card.address,
        "consents": [
            {
                "purpose": line.purpose,
                "title": str(line.title),
                "hears": line.hears,
                "live": line.live,
                "expires_at": line.expires_at,
                "text": line.text,
                "messages": [{"kind": one.kind, "when": str(one.when), "text": one.text} for one in line.says],
            }
            for line in card.lines
            if line.expires_at
        ],
        "told": [{"kind": t.kind, "words": t.words, "at": t.at, "arrived": t.arrived} for t in card.told],
    }


def withdrawn(found: services.Withdrawn) -> Response:
    return Response({"done": True, "already_leaving_at": found.leaving_at})


class CircleView(APIView):
    """What all doors share: the signed-in member, and one of the member's own people."""

    def actor(self, request: Request) -> Person:
        person = person_of(request.user)
        if person is None:
            raise PermissionDenied
        return person

    def mine(self, request: Request, pid: UUID) -> Supporter:
        try:
            return selectors.supporter_of(self.actor(request), pid)
        except ObjectDoesNotExist:
            raise Http404 from None

    def confirmed(self, request: Request) -> None:
        if not signed_in_recently(request._request):  # noqa: SLF001  (allauth knows Django's request)
            raise SignInAgain


class People(CircleView):
    """GET: everybody I chose. POST: choose somebody (`chosen_freely` false: all looks the same, nothing is sent)."""

    def get(self, request: Request) -> Response:
        return Response({"people": [shown(card) for card in selectors.cards(self.actor(request), clock.now())]})

    def post(self, request: Request) -> Response:
        self.confirmed(request)
        given = Inputs(request.data)
        supporter = services.supporter_invite(
            actor=self.actor(request),
            name=given.text("name"),
            sender_name=given.text("sender_name", ""),
            way_kind=given.text("kind", "email"),
            address=given.text("address"),
            zone=given.text("zone", ""),
            purposes=given.texts("purposes", FIRST_OFFERED),
            days=given.number("days", DAYS),
            forced=not given.yes("chosen_freely"),
        )
        return Response({"id": str(supporter.person.pid), "state": supporter.state}, status=status.HTTP_201_CREATED)


class LookDoor(CircleView):
    """GET: whether the quiet look is due. POST {quiet: [ids]} (nothing is sent to them any more), or {later: true}."""

    def get(self, request: Request) -> Response:
        state = selectors.chosen_state(self.actor(request), clock.now())
        return Response({"due": state.look_due})

    def post(self, request: Request) -> Response:
        given, actor = Inputs(request.data), self.actor(request)
        if set(given.data) == {"later"} and given.yes("later"):
            services.look_later(actor=actor)
            return withdrawn(services.Withdrawn())
        if set(given.data) != {"quiet"}:
            raise ValidationError({"quiet": _("Please send quiet, a list of ids, or later: true.")})
        people = selectors.supporters_of(actor)
        by_pid = {str(one.person.pid): one for one in people}
        try:
            quiet = [by_pid[pid] for pid in given.texts("quiet", ())]
        except KeyError:
            raise ValidationError({"quiet": _("There is nobody like that on your list.")}) from None
        found = services.look_done(actor=actor, quiet=quiet).values()
        return withdrawn(services.Withdrawn(max((one.leaving_at for one in found if one.leaving_at), default=None)))


class Grant(CircleView):
    """POST {purpose, days}: allow one thing, anew or again."""

    def post(self, request: Request, pid: UUID) -> Response:
        self.confirmed(request)
        given = Inputs(request.data)
        consent = services.consent_grant(
            actor=self.actor(request),
            supporter=self.mine(request, pid),
            purpose=given.text("purpose"),
            days=given.number("days", DAYS),
        )
        return Response({"purpose": consent.purpose, "expires_at": consent.expires_at, "text": consent.text})


class Revoke(CircleView):
    """POST {purpose}: take one permission back."""

    def post(self, request: Request, pid: UUID) -> Response:
        purpose = Inputs(request.data).text("purpose")
        supporter = self.mine(request, pid)
        return withdrawn(services.consent_revoke(actor=self.actor(request), supporter=supporter, purpose=purpose))


class Mute(CircleView):
    """POST {muted}: nothing is sent any more, or again."""

    def post(self, request: Request, pid: UUID) -> Response:
        on = Inputs(request.data).yes("muted")
        actor, supporter = self.actor(request), self.mine(request, pid)
        if on:
            return withdrawn(services.supporter_mute(actor=actor, supporter=supporter))
        services.supporter_unmute(actor=actor, supporter=supporter)
        return withdrawn(services.Withdrawn())


class Remove(CircleView):
    """POST: take somebody off my list."""

    def post(self, request: Request, pid: UUID) -> Response:
        supporter = self.mine(request, pid)
        return withdrawn(services.supporter_remove(actor=self.actor(request), supporter=supporter))


class Resend(CircleView):
    """POST: ask again, with a new link."""

    def post(self, request: Request, pid: UUID) -> Response:
        supporter = services.supporter_resend(actor=self.actor(request), supporter=self.mine(request, pid))
        return Response({"id": str(supporter.person.pid), "state": supporter.state})


urls: list[URLPattern | URLResolver] = [
    path("circle/", People.as_view(), name="api_circle"),
    path("circle/look/", LookDoor.as_view(), name="api_circle_look"),
    path("circle/<uuid:pid>/grant/", Grant.as_view(), name="api_circle_grant"),
    path("circle/<uuid:pid>/revoke/", Revoke.as_view(), name="api_circle_revoke"),
    path("circle/<uuid:pid>/mute/", Mute.as_view(), name="api_circle_mute"),
    path("circle/<uuid:pid>/remove/", Remove.as_view(), name="api_circle_remove"),
    path("circle/<uuid:pid>/resend/", Resend.as_view(), name="api_circle_resend"),
]
