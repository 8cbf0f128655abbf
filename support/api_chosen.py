"""The JSON door for somebody whom a member chose and who has an account: the same answers as on the link's page."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.urls import path
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from circle import services as circle
from circle.selectors import chosen_one
from ground import clock
from people.services import link_open
from support import services
from support.api_common import actor, parsed
from support.selectors import asked

if TYPE_CHECKING:
    from circle.models import Supporter


class SeeIn(serializers.Serializer[object]):
    token = serializers.CharField()


class AnswerIn(serializers.Serializer[object]):
    answer = serializers.CharField()


class RestIn(serializers.Serializer[object]):
    days = serializers.IntegerField(required=False)


def shown(request: Request) -> Response:
    found = asked.asked_of(actor(request), clock.now())
    return Response({"chosen": [one_shown(one) for one in found]})


def one_shown(one: asked.Asked) -> dict[str, Any]:
    return {
        "id": one.pid,
        "name": one.sender_name,
        "told_at": one.told_at,
        "answer": one.answer or None,
        "rests_until": one.rests_until,
    }


def mine(request: Request, pid: UUID) -> "Supporter":
    try:
        return chosen_one(actor(request), pid)
    except ObjectDoesNotExist:
        raise Http404 from None


class Chosen(APIView):
    """GET: who chose me, one row a member. POST {token}: see the contact of this link here from now on."""

    def get(self, request: Request) -> Response:
        return shown(request)

    def post(self, request: Request) -> Response:
        link = link_open(token=parsed(SeeIn, request)["token"])
        circle.supporter_see(actor=actor(request), link=link)
        response = shown(request)
        response.status_code = status.HTTP_201_CREATED
        return response


class ChosenOne(APIView):
    """DELETE: not here any more; the mails stay."""

    def delete(self, request: Request, pid: UUID) -> Response:
        circle.supporter_unsee(actor=actor(request), supporter=mine(request, pid))
        return shown(request)


class ChosenAnswer(APIView):
    """POST {answer}: claim, reached or cannot."""

    def post(self, request: Request, pid: UUID) -> Response:
        supporter = mine(request, pid)
        services.answer_give(kind=parsed(AnswerIn, request)["answer"], supporter=supporter, actor=actor(request))
        return shown(request)


class ChosenRest(APIView):
    """POST {days}: nothing is asked of me for so long; DELETE: the rest is over."""

    def post(self, request: Request, pid: UUID) -> Response:
        supporter = mine(request, pid)
        circle.supporter_rest(supporter=supporter, actor=actor(request), **parsed(RestIn, request))
        return shown(request)

    def delete(self, request: Request, pid: UUID) -> Response:
        circle.supporter_rest_end(supporter=mine(request, pid), actor=actor(request))
        return shown(request)


class ChosenStop(APIView):
    """POST: no message about this member any more."""

    def post(self, request: Request, pid: UUID) -> Response:
        circle.supporter_stop(supporter=mine(request, pid), actor=actor(request))
        return shown(request)


urls = [
    path("chosen/", Chosen.as_view()),
    path("chosen/<uuid:pid>/", ChosenOne.as_view()),
    path("chosen/<uuid:pid>/answer/", ChosenAnswer.as_view()),
    path("chosen/<uuid:pid>/rest/", ChosenRest.as_view()),
    path("chosen/<uuid:pid>/stop/", ChosenStop.as_view()),
]
