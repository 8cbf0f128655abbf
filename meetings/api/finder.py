"""GET /api/v1/meetings/ and /api/v1/meetings/<slug>/: open to everybody, the same search as the page."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, QueryDict
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ground import clock
from ground.wall import to_wall
from meetings.places import City
from meetings.schedule import Held
from meetings.selectors import finder
from meetings.selectors.asking import asked_from
from people.models import person_of


class Meetings(APIView):
    """Parameters: q, day, within, on, mode, place or near, radius, tags, zone, after, limit (docs/finder.md)."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        params: QueryDict = request.query_params
        asked = asked_from(params.dict())  # type: ignore[arg-type]
        if asked.unknown_place:
            raise ValidationError({"place": _("No town of this name is known here.")})
        limit = params.get("limit", str(finder.PAGE))
        if not (limit.isdecimal() and 1 <= int(limit) <= finder.MOST):
            raise ValidationError({"limit": _("A number from 1 to 100.")})
        page = finder.search(asked.search, now=clock.now(), after=params.get("after", ""), limit=int(limit))
        following = None
        if page.after:
            further = params.copy()
            further["after"] = page.after
            following = f"{request.path}?{further.urlencode()}"
        return Response(
            {
                "results": [row_of(row) for row in page.rows],
                "next": following,
                "zone": page.zone,
                "place": _city(asked.place) if asked.place else None,
            }
        )


class Counts(APIView):
    """How many meetings each further choice would leave; the same parameters as the search (docs/finder.md)."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        asked = asked_from(request.query_params.dict())
        if asked.unknown_place:
            raise ValidationError({"place": _("No town of this name is known here.")})
        found = finder.facets(asked.search, now=clock.now())
        return Response(
            {
                "total": found.total,
                "capped": found.capped,
                "modes": found.modes,
                "tags": found.tags,
                "languages": found.languages,
                "fellowships": found.fellowships,
                "days": found.days,
            }
        )


class OneMeeting(APIView):
    """One meeting with its coming dates; what tells how to join follows selectors.finder.can_see_join."""

    permission_classes = [AllowAny]

    def get(self, request: Request, slug: str) -> Response:
        view = finder.meeting_view(slug, person_of(request.user), clock.now())
        if view is None:
            raise Http404
        meeting = view.meeting
        answer = row_of(view.row) | {
            "notes": view.notes,
            "minutes": meeting.minutes,
            "rrule": meeting.rrule,
            "closed": meeting.closed_at is not None,
            "on_hold": meeting.on_hold,
            "dates": [_date(held, meeting.zone) for held in view.dates],
            "cancelled": [local.isoformat(timespec="minutes") for local in view.cancelled],
            "join_shown": view.join_shown,
            "contributions": [way._asdict() for way in view.contributions],
            "other_times": [
                {"slug": one.slug, "starts": f"{one.starts_local:%H:%M}"} for one in view.others if one.starts_local
            ],
        }
        if view.join_shown:
            answer |= {
                "conference_url": meeting.conference_url,
                "conference_phone": meeting.conference_phone,
                "conference_notes": meeting.conference_notes,
            }
        return Response(answer)


def row_of(row: finder.Found) -> dict[str, Any]:
    meeting, held = row.meeting, row.held
    return {
        "slug": meeting.slug,
        "name": meeting.name,
        "starts_at": _utc(held.starts_at) if held else None,
        "ends_at": _utc(held.ends_at) if held else None,
        "starts_local": row.local.isoformat(timespec="minutes") if row.local else None,
        "zone": meeting.zone,
        "in_progress": row.in_progress,
        "by_appointment": meeting.starts_local is None,
        "mode": meeting.mode,
        "place": meeting.place,
        "address": meeting.address,
        "region": meeting.region,
        "latitude": meeting.latitude,
        "longitude": meeting.longitude,
        "approximate": meeting.approximate,
        "distance_km": row.distance_km,
        "types": [{"code": code, "name": name} for code, name in finder.tags_of(meeting)],
        "confirmed_on": meeting.confirmed_on.isoformat() if meeting.confirmed_on else None,
        "source": meeting.source.name if meeting.source else None,
        "url": finder.path_of(meeting.slug),
    }


def _date(held: Held, zone: str) -> dict[str, str]:
    return {
        "starts_at": _utc(held.starts_at),
        "ends_at": _utc(held.ends_at),
        "starts_local": to_wall(held.starts_at, zone).isoformat(timespec="minutes"),
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _city(city: City) -> dict[str, Any]:
    return {"name": city.label, "latitude": city.latitude, "longitude": city.longitude, "zone": city.zone}


urls = [
    path("meetings/", Meetings.as_view(), name="api_meetings"),
    path("meetings/counts/", Counts.as_view(), name="api_meeting_counts"),
    path("meetings/<slug:slug>/", OneMeeting.as_view(), name="api_meeting"),
]
