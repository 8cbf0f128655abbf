"""The JSON door of favourites. The meeting stands in the body: an address is written into logs."""

from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from ground import clock
from ground.link_doors import only
from groups.api import Door, actor_of, body_of, text_of
from meetings.api.finder import row_of
from meetings.selectors.kept import rows_of
from own.selectors import favourites_of
from own.services import favourite_drop, favourites_keep
from people.models import Person


class Favourites(Door):
    """GET: the meetings I keep at hand, by next start. POST {meeting: slug, keep: bool}: keep one, or no longer."""

    def get(self, request: Request) -> Response:
        return self._answer(actor_of(request))

    def post(self, request: Request) -> Response:
        actor, body = actor_of(request), body_of(request)
        only(body, "meeting", "keep")
        slug, keep = text_of(body, "meeting"), body.get("keep", True)
        if not isinstance(keep, bool):
            raise ValidationError({"keep": _("Send true or false.")})
        if not keep:
            favourite_drop(actor=actor, slug=slug)
        elif not favourites_keep(actor=actor, slugs=[slug]):
            raise ValidationError({"meeting": _("This meeting is not known here.")})
        return self._answer(actor)

    def _answer(self, actor: Person) -> Response:
        return Response({"results": [row_of(row) for row in rows_of(favourites_of(actor), clock.now())]})


urls: list[URLPattern | URLResolver] = [path("favourites/", Favourites.as_view())]
