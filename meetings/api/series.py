"""The JSON doors of a series, for the facilitators of its group: cancelled from day to day, its last day."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from groups.api import Door, actor_of, body_of, text_of
from meetings.api.reading import day_named
from meetings.selectors import attendance
from meetings.services.group_meetings import meeting_last_set
from meetings.services.occurrences import occurrences_cancel, occurrences_cancel_between

MOST_DATES = 400


class CancelledDates(Door):
    """POST {first: YYYY-MM-DD, last} (every date in between), or {dates: [key, …]}: not held. All or none.

    The answer names each date that is not held now. One is taken up again at its own address.
    """

    def post(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        meeting = attendance.meeting_run_by(actor, slug)
        if unknown := sorted(set(body) - {"first", "last", "dates"}):
            raise ValidationError({name: _("This is not known here.") for name in unknown})
        if "dates" in body:
            if len(body) > 1:
                raise ValidationError({"dates": _("Send either dates, or first and last.")})
            originals = [self._key(key) for key in self._keys(body["dates"])]
            rows = occurrences_cancel(actor=actor, meeting=meeting, originals=originals)
        else:
            first, last = (day_named(name, text_of(body, name, "")) for name in ("first", "last"))
            rows = occurrences_cancel_between(actor=actor, meeting=meeting, first=first, last=last)
        keys = [row.original_local.strftime(attendance.KEY_FORMAT) for row in rows]
        return Response({"cancelled": keys})

    def _keys(self, given: object) -> list[str]:
        if not isinstance(given, list) or len(given) > MOST_DATES or not all(isinstance(key, str) for key in given):
            raise ValidationError({"dates": _("Please send a list of texts.")})
        return given

    def _key(self, text: str) -> datetime:
        try:
            return attendance.key_read(text)
        except ValueError:
            raise ValidationError({"dates": _("This meeting is not held at that time.")}) from None


class LastDay(Door):
    """PUT {last: YYYY-MM-DD | null}: the last day of the series, set ahead (included); null: it goes on."""

    def put(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        meeting = attendance.meeting_run_by(actor, slug)
        if set(body) != {"last"}:
            raise ValidationError({"last": _("Please send last: a day as in 2026-01-15, or null.")})
        last = None if body["last"] is None else day_named("last", text_of(body, "last"))
        changed = meeting_last_set(actor=actor, meeting=meeting, last=last)
        return Response({"last": attendance.plan_of(changed)["last"], "next_starts_at": changed.next_starts_at})


urls: list[URLPattern | URLResolver] = [
    path("meetings/<slug:slug>/cancelled/", CancelledDates.as_view()),
    path("meetings/<slug:slug>/last-day/", LastDay.as_view()),
]
