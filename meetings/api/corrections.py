"""The JSON doors of corrections: anybody proposes, who keeps the meeting decides."""

from typing import Any

from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ground import clock
from ground.link_doors import choice, only
from groups.api import Door, actor_of, body_of, text_of
from meetings.api.limits import count_correction
from meetings.models import Correction
from meetings.selectors import attendance, corrections
from meetings.selectors.proposals import standing
from meetings.services.corrections import correction_accept, correction_decline, correction_read, correction_send
from people.selectors import person_of


class Propose(Door):
    """GET: the fields that may be proposed, as they stand. POST {fields: {name: value}, words?}: propose. Open to all.

    Nothing is changed by it. 429 after six in an hour from one address.
    """

    permission_classes = [AllowAny]

    def get(self, request: Request, slug: str) -> Response:
        meeting = attendance.meeting_at(slug)
        names = corrections.fields_for(person_of(request.user), meeting, clock.now())
        return Response({"fields": standing(meeting, names)})

    def post(self, request: Request, slug: str) -> Response:
        meeting, body = attendance.meeting_at(slug), body_of(request)
        only(body, "fields", "words")
        fields = body.get("fields", {})
        if not isinstance(fields, dict):
            raise ValidationError({"fields": _("Please send one JSON object.")})
        count_correction(request._request)  # noqa: SLF001  (allauth counts by the plain request)
        words = text_of(body, "words", "")
        correction_send(actor=person_of(request.user), meeting=meeting, given=fields, words=words)
        return Response({"thanks": True}, status=status.HTTP_202_ACCEPTED)


class Waiting(Door):
    """GET: the corrections that wait for the signed-in person, the oldest first."""

    def get(self, request: Request) -> Response:
        return Response({"results": [_shown(one) for one in corrections.waiting_for(actor_of(request))]})


class OneCorrection(Door):
    """GET: one, field by field. POST {answer: accept | decline, fields?: [name, …]}: decide; without fields, all."""

    def get(self, request: Request, correction_id: int) -> Response:
        return Response(_shown(correction_read(actor=actor_of(request), correction_id=correction_id)))

    def post(self, request: Request, correction_id: int) -> Response:
        actor, body = actor_of(request), body_of(request)
        only(body, "answer", "fields")
        one = correction_read(actor=actor, correction_id=correction_id)
        if choice(body, "answer", ("accept", "decline")) == "decline":
            return Response(_shown(correction_decline(actor=actor, correction=one)))
        fields = body.get("fields", list(one.wanted))
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            raise ValidationError({"fields": _("Please send a list of texts.")})
        return Response(_shown(correction_accept(actor=actor, correction=one, fields=fields)))


def _shown(one: Correction) -> dict[str, Any]:
    return {
        "id": one.pk,
        "meeting": one.meeting.slug,
        "sent_at": one.sent_at,
        "state": one.state,
        "words": one.words,
        "changes": [
            {"field": line.field, "now": line.now, "wanted": line.wanted, "was": line.was}
            for line in corrections.lines_of(one)
        ],
        "taken": one.taken,
    }


urls: list[URLPattern | URLResolver] = [
    path("meetings/<slug:slug>/corrections/", Propose.as_view()),
    path("corrections/", Waiting.as_view()),
    path("corrections/<int:correction_id>/", OneCorrection.as_view()),
]
