"""The JSON doors of attendance: dates, commitments, excuses, lists, self-logged meetings."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from ground import clock
from groups.api import Door, actor_of, body_of, text_of
from groups.selectors import facilitators, group_for, members_for
from meetings.api.reading import closing_of, day_named, head_count_of, key_named, marks_named, sheet_shown, view_shown
from meetings.selectors import attendance, open_lists, series
from meetings.selectors.attendance import Date
from meetings.services import away, selflogs, sheets
from meetings.services.commitments import commitment_end, commitment_make, excuse, excuse_undo, membership_leave
from meetings.services.keeping import keeping_change
from meetings.services.occurrences import (
    occurrence_cancel,
    occurrence_duty_set,
    occurrence_get,
    occurrence_move,
    occurrence_uncancel,
)
from meetings.services.plans import plan_reminder_set

DATES = 8


class Dates(Door):
    """GET: the next dates of a group's meetings, for its members."""

    def get(self, request: Request, slug: str) -> Response:
        actor = actor_of(request)
        group = group_for(actor=actor, slug=slug).group
        members_for(actor=actor, group=group)  # whoever waits is refused
        dates = attendance.dates_of(series.meetings_of(group), now=clock.now(), count=DATES, person=actor)
        return Response({"results": [_date(date) for date in dates]})


class Leave(Door):
    """POST {successor?: pid, without_successor?: bool}: leave a group, with all commitments to its meetings."""

    def post(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        group = group_for(actor=actor, slug=slug).group
        pid = body.get("successor")
        heir = next((m for m in members_for(actor=actor, group=group) if str(m.person.pid) == pid), None)
        if pid is not None and heir is None:
            raise ValidationError({"successor": _("Choose somebody who is in the group.")})
        membership_leave(
            actor=actor, group=group, successor=heir, without_successor=body.get("without_successor") is True
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class Keeping(Door):
    """POST {head_count_only: bool}: lists by name, or heads only (facilitators). What is let go does not come back."""

    def post(self, request: Request, slug: str) -> Response:
        actor, wanted = actor_of(request), body_of(request).get("head_count_only")
        if not isinstance(wanted, bool):
            raise ValidationError({"head_count_only": _("Send true or false.")})
        group = group_for(actor=actor, slug=slug).group
        keeping_change(actor=actor, group=group, head_count_only=wanted)
        return Response({"head_count_only": wanted})


class Next(Door):
    """GET: the next dates I committed to, and the lists that wait for me."""

    def get(self, request: Request) -> Response:
        actor, now = actor_of(request), clock.now()
        owed = [
            {"occurrence": one.occurrence_id, "group": one.group.slug, "meeting": one.meeting.slug, "at": one.starts_at}
            for one in open_lists.sheets_owed(actor, now)
        ]
        return Response({"next": [_date(date) for date in attendance.next_for(actor, now)], "sheets": owed})


class Unclosed(Door):
    """GET: lists that nobody closed, for coordinators: groups and dates, no names of people."""

    def get(self, request: Request) -> Response:
        lists = open_lists.sheets_unclosed(actor_of(request), clock.now())
        return Response({"results": [asdict(one) for one in lists]})


class OneCommitment(Door):
    """POST: I plan to come. DELETE: no longer."""

    def post(self, request: Request, slug: str) -> Response:
        made = commitment_make(actor=actor_of(request), meeting=attendance.meeting_at(slug))
        return Response({"since": made.since}, status=status.HTTP_201_CREATED)

    def delete(self, request: Request, slug: str) -> Response:
        commitment_end(actor=actor_of(request), meeting=attendance.meeting_at(slug))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Excuse(Door):
    """POST: I cannot come on this date. DELETE: I can after all."""

    def post(self, request: Request, slug: str, key: str) -> Response:
        excuse(actor=actor_of(request), meeting=attendance.meeting_at(slug), original_local=key_named(key))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def delete(self, request: Request, slug: str, key: str) -> Response:
        excuse_undo(actor=actor_of(request), meeting=attendance.meeting_at(slug), original_local=key_named(key))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Cancelled(Door):
    """POST: this date is not held (facilitators). DELETE: it is, after all."""

    def post(self, request: Request, slug: str, key: str) -> Response:
        actor, meeting = actor_of(request), attendance.meeting_run_by(actor_of(request), slug)
        occurrence_cancel(actor=actor, occurrence=occurrence_get(meeting=meeting, original_local=key_named(key)))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def delete(self, request: Request, slug: str, key: str) -> Response:
        actor, meeting = actor_of(request), attendance.meeting_run_by(actor_of(request), slug)
        occurrence_uncancel(actor=actor, occurrence=occurrence_get(meeting=meeting, original_local=key_named(key)))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Duty(Door):
    """PUT {person: pid | null}: who is on duty on this date (facilitators); null: all of them."""

    def put(self, request: Request, slug: str, key: str) -> Response:
        actor, meeting = actor_of(request), attendance.meeting_run_by(actor_of(request), slug)
        pid = body_of(request).get("person", "")
        people = {str(one.pid): one for one in facilitators(meeting.group)} if meeting.group else {}
        if pid is not None and (not isinstance(pid, str) or pid not in people):
            raise ValidationError({"person": _("Only a facilitator of the group can be on duty.")})
        held = occurrence_get(meeting=meeting, original_local=key_named(key))
        occurrence_duty_set(actor=actor, occurrence=held, person=people[pid] if pid else None)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MovedTo(Door):
    """PUT {starts: YYYY-MM-DDTHH:MM}: another wall time for this one date (facilitators)."""

    def put(self, request: Request, slug: str, key: str) -> Response:
        actor, meeting = actor_of(request), attendance.meeting_run_by(actor_of(request), slug)
        try:
            wall = parse_datetime(text_of(body_of(request), "starts", ""))
        except ValueError:
            wall = None
        if wall is None or wall.tzinfo is not None:
            raise ValidationError({"starts": _("Say when it is: a day and a time.")})
        held = occurrence_get(meeting=meeting, original_local=key_named(key))
        moved = occurrence_move(actor=actor, occurrence=held, starts_local=wall)
        return Response({"starts_at": moved.starts_at, "ends_at": moved.ends_at})


class OneSheet(Door):
    """GET: a list as its facilitators see it; logged."""

    def get(self, request: Request, occurrence_id: int) -> Response:
        view = sheets.sheet_read(actor=actor_of(request), occurrence_id=occurrence_id)
        return Response(view_shown(view))


class Marks(Door):
    """POST {marks: {pid: value | null}}: mark people on a list that is not closed."""

    def post(self, request: Request, occurrence_id: int) -> Response:
        actor, body = actor_of(request), body_of(request)
        sheet = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
        sheets.sheet_marks(actor=actor, sheet=sheet, marks=marks_named(body, sheet))
        return Response(sheet_shown(sheet))


class Close(Door):
    """POST {marks?, rest?: absent | unknown, revision?}: close a list; 400 with `rest` when that answer is wanted."""

    def post(self, request: Request, occurrence_id: int) -> Response:
        actor, body = actor_of(request), body_of(request)
        sheet = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
        return Response(sheet_shown(sheets.sheet_close(actor=actor, sheet=sheet, **closing_of(body, sheet))))


class Correct(Door):
    """POST {marks}: correct a closed list; only the named marks change."""

    def post(self, request: Request, occurrence_id: int) -> Response:
        actor, body = actor_of(request), body_of(request)
        sheet = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
        return Response(sheet_shown(sheets.sheet_correct(actor=actor, sheet=sheet, marks=marks_named(body, sheet))))


class HeadCount(Door):
    """POST {head_count}: close the list of a group that counts heads only."""

    def post(self, request: Request, occurrence_id: int) -> Response:
        actor, number = actor_of(request), head_count_of(body_of(request))
        sheet = sheets.sheet_for(actor=actor, occurrence_id=occurrence_id)
        return Response(sheet_shown(sheets.sheet_count(actor=actor, sheet=sheet, head_count=number)))


class OnePlanReminder(Door):
    """GET, PUT {lead_minutes: 1440 | 180 | 60 | null}: a note this long before what I planned to come to."""

    def get(self, request: Request) -> Response:
        return Response({"lead_minutes": attendance.plan_reminder_of(actor_of(request))})

    def put(self, request: Request) -> Response:
        lead = body_of(request).get("lead_minutes", -1)
        if lead is not None and (isinstance(lead, bool) or not isinstance(lead, int)):
            raise ValidationError({"lead_minutes": _("Choose one of the times offered.")})
        row = plan_reminder_set(actor=actor_of(request), lead_minutes=lead)
        return Response({"lead_minutes": row.lead_minutes})


class Away(Door):
    """POST {first: YYYY-MM-DD, last}: excused from every date in between. DELETE ?first=&last=: I can come."""

    def post(self, request: Request) -> Response:
        body = body_of(request)
        first, last = (day_named(name, text_of(body, name, "")) for name in ("first", "last"))
        return Response(asdict(away.away_set(actor=actor_of(request), first=first, last=last)))

    def delete(self, request: Request) -> Response:
        first, last = (day_named(name, request.query_params.get(name, "")) for name in ("first", "last"))
        return Response(asdict(away.away_undo(actor=actor_of(request), first=first, last=last)))


class SelfLogs(Door):
    """GET: what I logged. POST {starts_at: ISO 8601 with offset}: log a meeting on one's own word."""

    def get(self, request: Request) -> Response:
        logged = attendance.self_logs_of(actor_of(request))
        return Response({"results": [{"id": one.pk, "starts_at": one.starts_at} for one in logged]})

    def post(self, request: Request) -> Response:
        moment = _moment(text_of(body_of(request), "starts_at"))
        logged = selflogs.self_log(actor=actor_of(request), starts_at=moment)
        return Response({"id": logged.pk, "starts_at": logged.starts_at}, status=status.HTTP_201_CREATED)


class OneSelfLog(Door):
    """PATCH {starts_at}: another start for one's own entry. DELETE: take it back."""

    def patch(self, request: Request, self_log_id: int) -> Response:
        moment = _moment(text_of(body_of(request), "starts_at"))
        logged = selflogs.self_log_edit(actor=actor_of(request), self_log_id=self_log_id, starts_at=moment)
        return Response({"id": logged.pk, "starts_at": logged.starts_at})

    def delete(self, request: Request, self_log_id: int) -> Response:
        selflogs.self_log_remove(actor=actor_of(request), self_log_id=self_log_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError({"starts_at": _("Say when it was, with a time zone.")})
    return moment


def _date(date: Date) -> dict[str, Any]:
    return {
        "meeting": date.meeting.slug,
        "name": date.meeting.name,
        "date": date.key,
        "starts_at": date.held.starts_at,
        "ends_at": date.held.ends_at,
        "zone": date.meeting.zone,
        "occurrence": date.occurrence_id,
        "cancelled": date.cancelled,
        "excused": date.excused,
    }


urls: list[URLPattern | URLResolver] = [
    path("coordinator/lists/", Unclosed.as_view()),
    path("groups/<slug:slug>/dates/", Dates.as_view()),
    path("groups/<slug:slug>/keeping/", Keeping.as_view()),
    path("groups/<slug:slug>/leave/", Leave.as_view()),
    path("me/next/", Next.as_view()),
    path("me/plan-reminder/", OnePlanReminder.as_view()),
    path("me/away/", Away.as_view()),
    path("me/meetings/", SelfLogs.as_view()),
    path("me/meetings/<int:self_log_id>/", OneSelfLog.as_view()),
    path("meetings/<slug:slug>/commitment/", OneCommitment.as_view()),
    path("meetings/<slug:slug>/dates/<str:key>/excuse/", Excuse.as_view()),
    path("meetings/<slug:slug>/dates/<str:key>/cancelled/", Cancelled.as_view()),
    path("meetings/<slug:slug>/dates/<str:key>/duty/", Duty.as_view()),
    path("meetings/<slug:slug>/dates/<str:key>/start/", MovedTo.as_view()),
    path("sheets/<int:occurrence_id>/", OneSheet.as_view()),
    path("sheets/<int:occurrence_id>/marks/", Marks.as_view()),
    path("sheets/<int:occurrence_id>/close/", Close.as_view()),
    path("sheets/<int:occurrence_id>/correct/", Correct.as_view()),
    path("sheets/<int:occurrence_id>/head-count/", HeadCount.as_view()),
]
