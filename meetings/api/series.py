"""The JSON doors of a series, for the facilitators of its group: cancelled from day to day, its last day, holidays."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from ground import clock
from groups.api import Door, actor_of, body_of, text_of
from meetings.api.reading import day_named, only_known
from meetings.models import Meeting
from meetings.schedule import key_of, key_read
from meetings.selectors import attendance, free_days, series
from meetings.services.free_days import meeting_holidays_set
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
        only_known(body, {"first", "last", "dates"})
        if "dates" in body:
            if len(body) > 1:
                raise ValidationError({"dates": _("Send either dates, or first and last.")})
            originals = [self._key(key) for key in self._keys(body["dates"])]
            rows = occurrences_cancel(actor=actor, meeting=meeting, originals=originals)
        else:
            first, last = (day_named(name, text_of(body, name, "")) for name in ("first", "last"))
            rows = occurrences_cancel_between(actor=actor, meeting=meeting, first=first, last=last)
        keys = [key_of(row.original_local) for row in rows]
        return Response({"cancelled": keys})

    def _keys(self, given: object) -> list[str]:
        if not isinstance(given, list) or len(given) > MOST_DATES or not all(isinstance(key, str) for key in given):
            raise ValidationError({"dates": _("Please send a list of texts.")})
        return given

    def _key(self, text: str) -> datetime:
        try:
            return key_read(text)
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
        return Response({"last": series.plan_of(changed)["last"], "next_starts_at": changed.next_starts_at})


class Holidays(Door):
    """GET: coming dates on public holidays, for its facilitators to cancel or not. PUT {region}: whose holidays.

    A region is a country or a part of one (DE, DE-BY); `-` suggests none; empty: those of where the meeting is held.
    """

    def get(self, request: Request, slug: str) -> Response:
        return self._answer(attendance.meeting_run_by(actor_of(request), slug))

    def put(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        meeting = attendance.meeting_run_by(actor, slug)
        only_known(body, {"region"})
        return self._answer(meeting_holidays_set(actor=actor, meeting=meeting, region=text_of(body, "region")))

    def _answer(self, meeting: Meeting) -> Response:
        coming = free_days.suggested(meeting, clock.now(), (get_language() or "en")[:2])
        dates = [{"date": one.date.key, "starts_at": one.date.held.starts_at, "name": one.name} for one in coming]
        return Response({"region": free_days.region_of(meeting), "chosen": meeting.holidays_of, "dates": dates})


urls: list[URLPattern | URLResolver] = [
    path("meetings/<slug:slug>/cancelled/", CancelledDates.as_view()),
    path("meetings/<slug:slug>/last-day/", LastDay.as_view()),
    path("meetings/<slug:slug>/holidays/", Holidays.as_view()),
]
