"""The JSON door: presses by client key, undo, ask now, claim, close, and being available."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cravings import selectors, services
from ground import clock
from ground.errors import Conflict
from people.selectors import browser_mark, person_of

if TYPE_CHECKING:
    from cravings.models import Press
    from people.models import Person


class PressIn(serializers.Serializer[object]):
    client_key = serializers.UUIDField()
    late = serializers.BooleanField(default=False)
    again = serializers.BooleanField(default=False)
    whose = serializers.CharField(default="", allow_blank=True, max_length=32)  # the mark of who tapped


class MarkIn(serializers.Serializer[object]):
    level = serializers.IntegerField(min_value=0, max_value=10)


class CloseIn(serializers.Serializer[object]):
    how = serializers.CharField(default="", allow_blank=True, max_length=6)
    level = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=10)


def actor(request: Request) -> "Person":
    """The signed-in person; DRF has sent guests away already."""
    person = person_of(request.user)
    assert person is not None
    return person


def own_press(view: selectors.PressView) -> dict[str, object]:
    """A press as its own member sees it."""
    return {
        "ref": view.ref,
        "client_key": str(view.client_key),
        "stage": view.stage,
        "undoable": view.undoable,
        "late": view.late,
        "narrow": view.narrow,
        "again": view.again,
        "nobody": view.nobody,
        "peer": view.peer,
        "second": view.second,
        "second_peer": view.second_peer,
        "gone": view.gone,
        "prompt": view.prompt,
        "calls": list(view.calls),
        "room": view.room,
    }


def offered(view: selectors.OfferView) -> dict[str, object]:
    """A press as somebody sees who may take it."""
    return {
        "ref": view.ref,
        "stage": view.stage,
        "peer": view.peer,
        "room": view.room,
        "second": view.second,
        "quiet": view.quiet,
        "more": view.more,
    }


class Presses(APIView):
    """POST asks for somebody: never refused, idempotent by client key. GET: the press that is open, or null.

    `whose`: a tap that a browser kept belongs to the account that made it, known by the mark that stands on its pages
    (`data-whose`); under another one it is answered 409.
    """

    def get(self, request: Request) -> Response:
        view = selectors.press_current(actor(request), clock.now())
        return Response({"press": own_press(view) if view else None})

    def post(self, request: Request) -> Response:
        given = PressIn(data=request.data)
        given.is_valid(raise_exception=True)
        me, whose = actor(request), given.validated_data.pop("whose")
        if whose not in {"", browser_mark(request.user)}:
            raise Conflict(_("This tap was made by somebody else who used this browser."))
        press = services.press_make(actor=me, **given.validated_data)
        return Response(own_press(selectors.press_view(press, clock.now())), status=201)


class PressByKey(APIView):
    """GET one's own press by the key it was made with. DELETE takes the tap back, whether it has arrived or not."""

    def get(self, request: Request, client_key: UUID) -> Response:
        press = selectors.press_by_key(actor(request), client_key)
        if press is None:
            raise Http404
        return Response(own_press(selectors.press_view(press, clock.now())))

    def delete(self, request: Request, client_key: UUID) -> Response:
        press = services.press_undo_by_key(actor=actor(request), client_key=client_key)
        return Response(own_press(selectors.press_view(press, clock.now())))


class Undo(APIView):
    def post(self, request: Request, ref: str) -> Response:
        press = services.press_undo(actor=actor(request), ref=ref)
        return Response(own_press(selectors.press_view(press, clock.now())))


class AskNow(APIView):
    def post(self, request: Request, ref: str) -> Response:
        press = services.press_now(actor=actor(request), ref=ref)
        return Response(own_press(selectors.press_view(press, clock.now())))


class Claim(APIView):
    """POST takes it: 200 for the one winner, 409 with a thank-you for everybody else."""

    def post(self, request: Request, ref: str) -> Response:
        press = services.press_claim(actor=actor(request), ref=ref)
        return Response(offered(selectors.offer_view(actor(request), press)))


class Mark(APIView):
    """POST says how strong it is, 0 to 10, while waiting; the first one stands."""

    def post(self, request: Request, ref: str) -> Response:
        given = MarkIn(data=request.data)
        given.is_valid(raise_exception=True)
        press = services.press_mark(actor=actor(request), ref=ref, **given.validated_data)
        return Response(own_press(selectors.press_view(press, clock.now())))


class Close(APIView):
    def post(self, request: Request, ref: str) -> Response:
        given = CloseIn(data=request.data)
        given.is_valid(raise_exception=True)
        press = services.press_close(actor=actor(request), ref=ref, **given.validated_data)
        return Response({"ref": press.ref, "state": press.state})


class Act(APIView):
    """POST does one thing to a press and answers with it, as its member or as somebody who came sees it.

    refuse: somebody else, please (told to nobody); still-here; second: one more person; hand-over; give-back; here: my
    page is open, said every 10 seconds by those who came.
    """

    act: "Callable[..., Press]" = staticmethod(services.press_here)

    def post(self, request: Request, ref: str) -> Response:
        me = actor(request)
        press = self.act(actor=me, ref=ref)
        if press.person_id == me.pk:
            return Response(own_press(selectors.press_view(press, clock.now())))
        return Response(offered(selectors.offer_view(me, press)))


class Available(APIView):
    """GET until when; POST on, for 8 hours; DELETE off."""

    def get(self, request: Request) -> Response:
        until = selectors.available_until(actor(request), clock.now())
        return Response({"until": until})

    def post(self, request: Request) -> Response:
        return Response({"until": services.available_set(actor=actor(request)).until})

    def delete(self, request: Request) -> Response:
        services.available_end(actor=actor(request))
        return Response({"until": None})


urls = [
    path("presses/", Presses.as_view()),
    path("presses/<uuid:client_key>/", PressByKey.as_view()),
    path("presses/<slug:ref>/undo/", Undo.as_view()),
    path("presses/<slug:ref>/now/", AskNow.as_view()),
    path("presses/<slug:ref>/mark/", Mark.as_view()),
    path("presses/<slug:ref>/claim/", Claim.as_view()),
    path("presses/<slug:ref>/close/", Close.as_view()),
    path("presses/<slug:ref>/refuse/", Act.as_view(act=services.press_refuse)),
    path("presses/<slug:ref>/still-here/", Act.as_view(act=services.press_still_here)),
    path("presses/<slug:ref>/second/", Act.as_view(act=services.press_second)),
    path("presses/<slug:ref>/hand-over/", Act.as_view(act=partial(services.press_second, hand_over=True))),
    path("presses/<slug:ref>/give-back/", Act.as_view(act=services.press_give_back)),
    path("presses/<slug:ref>/here/", Act.as_view(act=services.press_here)),
    path("available/", Available.as_view()),
]
