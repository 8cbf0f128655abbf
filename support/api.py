"""The JSON door to my watch: the rule, pause, "I'm OK", my episodes. The member's own, nobody else's."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from circle.selectors import supporter_of
from ground import clock
from support import services
from support.api_chosen import urls as chosen_urls
from support.api_common import actor, parsed
from support.api_desk import urls as desk_urls
from support.selectors import pages

if TYPE_CHECKING:
    from circle.models import Supporter
    from people.models import Person


class RuleIn(serializers.Serializer[object]):
    """What is left out stays as it is; `levels` are lists of the public ids of the member's own people."""

    threshold = serializers.IntegerField(required=False)
    scope = serializers.CharField(required=False)
    grace_hours = serializers.IntegerField(required=False)
    ok_stops = serializers.BooleanField(required=False)
    levels = serializers.ListField(child=serializers.ListField(child=serializers.UUIDField()), required=False)
    no_way_confirmed = serializers.BooleanField(required=False)


class SwitchIn(serializers.Serializer[object]):
    on = serializers.BooleanField()
    no_way_confirmed = serializers.BooleanField(default=False)


class PauseIn(serializers.Serializer[object]):
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


def own_levels(member: "Person", levels: list[list[Any]]) -> "list[list[Supporter]]":
    """Raises ValidationError for somebody who is not one of the member's own people."""
    try:
        return [[supporter_of(member, pid) for pid in level] for level in levels]
    except ObjectDoesNotExist:
        raise ValidationError({"levels": _("There is nobody like that on your list.")}) from None


def shown(person: "Person") -> dict[str, Any]:
    """The rule as its member sees it."""
    page = pages.watch_page(person, clock.now())
    return {
        "on": page.on,
        "threshold": page.threshold if page.exists else None,
        "suggested": page.suggested,
        "scope": page.scope,
        "grace_hours": page.grace_hours,
        "ok_stops": page.ok_stops,
        "in_words": page.in_words,
        "paused": page.paused,
        "paused_until": page.paused_until,
        "levels": [[one.pid for one in page.first], [one.pid for one in page.second]],
    }


def leaving(member: "Person") -> dict[str, Any]:
    """What no withdrawal could reach any more: to whom, and since when (UTC)."""
    found = pages.leaving_now(member, clock.now())
    return {"already_leaving": [{"name": one.name, "at": one.at} for one in found]}


class RuleDoor(APIView):
    """GET my rule; PUT sets or changes it."""

    def get(self, request: Request) -> Response:
        return Response(shown(actor(request)))

    def put(self, request: Request) -> Response:
        member, given = actor(request), parsed(RuleIn, request)
        if "levels" in given:
            given["levels"] = own_levels(member, given["levels"])
        services.rule_set(actor=member, **given)
        return Response(shown(member))


class Switch(APIView):
    """POST on or off."""

    def post(self, request: Request) -> Response:
        services.rule_switch(actor=actor(request), **parsed(SwitchIn, request))
        return Response(shown(actor(request)) | leaving(actor(request)))


class PauseDoor(APIView):
    """POST pauses, until a moment or until it is ended; DELETE ends it."""

    def post(self, request: Request) -> Response:
        until: datetime | None = parsed(PauseIn, request)["until"]
        services.pause_begin(actor=actor(request), until=until)
        return Response(shown(actor(request)) | leaving(actor(request)))

    def delete(self, request: Request) -> Response:
        services.pause_end(actor=actor(request))
        return Response(shown(actor(request)))


class Ok(APIView):
    """POST "I'm OK"; `settled` says whether it stopped something."""

    def post(self, request: Request) -> Response:
        settled = services.ok_say(actor=actor(request))
        return Response({"settled": settled} | (leaving(actor(request)) if settled else {"already_leaving": []}))


class Episodes(APIView):
    """GET my episodes, latest first, with their logs in plain words."""

    def get(self, request: Request) -> Response:
        return Response({"episodes": [episode_shown(view) for view in pages.episodes_of(actor(request))]})


def episode_shown(view: pages.EpisodeView) -> dict[str, Any]:
    return {
        "stage": view.stage,
        "opened_at": view.opened_at,
        "ended_at": view.ended_at,
        "waiting": [{"name": one.name, "at": one.at, "waits": one.waits} for one in view.waiting],
        "told": view.told,
        "later": [{"words": one.words, "at": one.at} for one in view.later],
        "log": [{"at": line.at, "words": line.words} for line in view.lines],
    }


urls = [
    path("watch/rule/", RuleDoor.as_view()),
    path("watch/switch/", Switch.as_view()),
    path("watch/pause/", PauseDoor.as_view()),
    path("watch/ok/", Ok.as_view()),
    path("watch/episodes/", Episodes.as_view()),
    *chosen_urls,
    *desk_urls,
]
