"""`/api/v1/links/TOKEN/`: every login-free answer by JSON. The token is the proof; no session, no cookie is asked for.

GET shows and never acts. POST {"answer": …} acts and shows what stands then. Forged: 404. Over: 410, but for "stop".
"""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404
from django.urls import URLPattern, URLResolver, re_path
from django.utils.translation import gettext as _
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from circle.api_links import doors as circle_doors
from ground.errors import Settled
from ground.link_doors import LinkDoor
from meetings.api.links import doors as meetings_doors
from people.models import Link
from people.services import link_look, link_open
from support.api_links import doors as support_doors

DOORS: dict[str, LinkDoor] = {**circle_doors, **meetings_doors, **support_doors}


class ByToken(APIView):
    """One link. What its purpose can be answered with stands in `answers`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (JSONParser,)

    def get(self, request: Request, token: str) -> Response:
        link, over = self._link(token)
        return self._answer(link, over, {})

    def post(self, request: Request, token: str) -> Response:
        link, over = self._link(token)
        if not isinstance(request.data, dict):
            raise ValidationError(_("Please send one JSON object."))
        said = self._door(link).answered(link, request.data, over=over)
        link, over = self._link(token)
        return self._answer(link, over, said)

    def _answer(self, link: Link, over: bool, said: dict[str, Any]) -> Response:
        return Response({"purpose": link.purpose} | self._door(link).shown(link, over=over) | said)

    def _link(self, token: str) -> tuple[Link, bool]:
        try:
            return link_open(token=token), False
        except Settled:
            link = link_look(token=token)
            if not self._door(link).stop_lasts:
                raise
            return link, True

    def _door(self, link: Link) -> LinkDoor:
        """Raises Http404 for a purpose that only leads to a page."""
        try:
            return DOORS[link.purpose]
        except KeyError:
            raise Http404 from None

    def handle_exception(self, exc: Exception) -> Response:
        """What a selector does not find is 404."""
        return super().handle_exception(Http404() if isinstance(exc, ObjectDoesNotExist) else exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """As on the link's page: nothing keeps it, nobody else hears the address."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        final.headers["Referrer-Policy"] = "no-referrer"
        return final


urls: list[URLPattern | URLResolver] = [re_path(r"^links/(?P<token>[a-z2-7]{13})/$", ByToken.as_view())]
