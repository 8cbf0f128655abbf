"""iCalendar: GET /calendar/meetings/<slug>.ics, /calendar/groups/<slug>.ics, /calendar/search.ics?… and the private
/calendar/mine/<token>.ics. All but the last are public."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ground import clock
from ground.errors import PorchlightError
from ground.site import site_url
from meetings.api.feeds import page_of
from meetings.api.public import CALENDAR, refuse, send
from meetings.out.calendar import calendar, date_of
from meetings.out.public import Public
from meetings.schedule import key_read
from meetings.selectors import published
from meetings.selectors.asking import asked_from
from meetings.selectors.finder import Search
from meetings.selectors.first_found import first_found
from meetings.selectors.planned import planned
from meetings.services.calendars import calendar_give, calendar_owner, calendar_revoke, calendar_standing
from people.models import Person, person_of

MOST = 300  # meetings in the calendar of a search
NOT_HERE = "There is no such calendar here."


@require_safe
def of_meeting(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Its series; with `date` (the wall start by its rule, 20260131T1900) that date alone, where it is held."""
    one = published.published_one(slug, clock.now())
    if one is None:
        return refuse(NOT_HERE, 404)
    if "date" not in request.GET:
        return _send(request, lambda: [one], one.name, f"{slug}.ics")
    try:
        local = key_read(request.GET["date"])
    except ValueError:
        return refuse("date is a wall time like 20260131T1900.", 400)
    made = date_of(one, local, host=settings.HOST, page=page_of(one), now=clock.now())
    if made is None:
        return refuse("It is not held then.", 404)
    return send(request, lambda: [made], content_type=CALENDAR, filename=f"{slug}-{local:%Y-%m-%d}.ics")


@require_safe
def of_group(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The meetings of a group, by its address. The group's own name is not told."""
    rows = published.published_of_group(slug, clock.now())
    if not rows:
        return refuse(NOT_HERE, 404)
    return _send(request, lambda: rows, settings.SENDER_LABEL, "group.ics")


@require_safe
def of_search(request: HttpRequest) -> HttpResponseBase:
    """The meetings that a search finds, with the finder's parameters; what means "now" is left out of account."""
    params = {key: value for key, value in request.GET.dict().items() if key not in {"within", "on", "after"}}
    try:
        asked = asked_from({key: str(value) for key, value in params.items()})
        if asked.unknown_place:
            return refuse("No town of this name is known here.", 400)
        return _send(request, lambda: _found(asked.search), settings.SENDER_LABEL, "meetings.ics")
    except ValidationError as error:
        return refuse(" ".join(error.messages), 400)


def _found(asked: Search) -> list[Public]:
    """The first meetings of a search. Raises ValidationError."""
    pks, _more = first_found(asked, now=clock.now(), most=MOST)
    return published.published_by_pk(pks, clock.now())


@require_safe
def of_member(request: HttpRequest, token: str) -> HttpResponseBase:
    """What a member plans to come to: whoever knows the address reads it, so it is long, and can be taken back."""
    try:
        owner: Person | None = calendar_owner(token=token)
    except PorchlightError as error:
        return refuse(str(error), error.status)
    if owner is None:
        return refuse(NOT_HERE, 404)
    person = owner
    response = _send(request, lambda: planned(person, clock.now()), settings.SENDER_LABEL, "mine.ics", private=True)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _send(
    request: HttpRequest, rows: Callable[[], Iterable[Public]], name: str, filename: str, *, private: bool = False
) -> HttpResponseBase:
    def make() -> Iterable[bytes]:
        return [calendar(rows(), name=name, host=settings.HOST, page=page_of, now=clock.now())]

    return send(request, make, content_type=CALENDAR, filename=filename, private=private)


class OwnCalendar(APIView):
    """The secret address of one's own calendar: GET says whether there is one, POST gives it, DELETE takes it back."""

    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({"standing": calendar_standing(actor=_actor(request))})

    def post(self, request: Request) -> Response:
        token = calendar_give(actor=_actor(request))
        return Response({"url": f"{site_url()}/calendar/mine/{token}.ics"})

    def delete(self, request: Request) -> Response:
        calendar_revoke(actor=_actor(request))
        return Response(status=204)


def _actor(request: Request) -> Person:
    person = person_of(request.user)
    if person is None:
        raise PermissionDenied
    return person


urls = [
    path("calendar/meetings/<slug:slug>.ics", of_meeting, name="calendar_meeting"),
    path("calendar/groups/<slug:slug>.ics", of_group, name="calendar_group"),
    path("calendar/search.ics", of_search, name="calendar_search"),
    path("calendar/mine/<slug:token>.ics", of_member, name="calendar_mine"),
]
own_urls = [path("me/calendar/", OwnCalendar.as_view(), name="api_own_calendar")]
