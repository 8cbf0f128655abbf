"""The JSON door of the coordinator's page. No name of a member or a contact leaves here."""

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ground import clock
from support import services
from support.api_common import actor, parsed
from support.selectors import desk


class Desk(APIView):
    """GET: held nudges, false alerts of 90 days, contacts that cannot be reached. For coordinators."""

    def get(self, request: Request) -> Response:
        who, now = actor(request), clock.now()
        gone = desk.unreachable_contacts(who)
        return Response(
            {
                "held": [
                    {"id": one.ref, "group": one.group, "decided_at": one.decided_at, "due_at": one.due_at}
                    for one in desk.held_nudges(who)
                ],
                "false_alerts": [
                    {"group": one.group, "at": one.at, "told": one.told} for one in desk.false_alerts(who, now)
                ],
                "unreachable": {"count": gone.count, "latest": gone.latest},
            }
        )


class HeldIn(serializers.Serializer[object]):
    ids = serializers.ListField(child=serializers.IntegerField(), allow_empty=False, max_length=desk.MOST)
    answer = serializers.ChoiceField(choices=["release", "drop"])


class HeldMany(APIView):
    """POST {ids, answer: release | drop}: for many at once; `decided` counts those that were still held."""

    def post(self, request: Request) -> Response:
        given = parsed(HeldIn, request)
        act = services.nudges_release if given["answer"] == "release" else services.nudges_drop
        return Response({"decided": act(actor=actor(request), row_ids=given["ids"])})


class Release(APIView):
    """POST: this held nudge may go."""

    def post(self, request: Request, ref: int) -> Response:
        services.nudge_release(actor=actor(request), row_id=ref)
        return Response({"done": True})


class Drop(APIView):
    """POST: this held nudge never goes."""

    def post(self, request: Request, ref: int) -> Response:
        services.nudge_drop(actor=actor(request), row_id=ref)
        return Response({"done": True})


urls = [
    path("coordinator/watch/", Desk.as_view()),
    path("coordinator/held/", HeldMany.as_view()),
    path("coordinator/held/<int:ref>/release/", Release.as_view()),
    path("coordinator/held/<int:ref>/drop/", Drop.as_view()),
]
