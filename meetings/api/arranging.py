"""The JSON doors that make, change and end a group's meetings: the same services and refusals as the forms.

Single dates: `meetings/<slug>/cancelled/`, `…/dates/<key>/start/` (moved), `…/dates/<key>/cancelled/`; the end of a
series set ahead: `…/last-day/`, or `last` here.
"""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from groups.api import Door, actor_of, body_of
from groups.models import Group
from groups.policies import can_run
from groups.selectors import group_for
from meetings.api.planning import PLAN_SCHEMA, READ, plan_read, plan_shown, plan_start
from meetings.api.reading import only_known
from meetings.selectors import attendance, series
from meetings.services.group_meetings import meeting_edit, meeting_end, meeting_make, series_edit
from people.models import Person

TOGETHER = {"together": {"type": "boolean"}}
CHANGE_SCHEMA = PLAN_SCHEMA | {"properties": PLAN_SCHEMA["properties"] | TOGETHER}


class GroupMeetings(Door):
    """GET: the group's meetings, as one may send them back. POST: one more. Facilitators only.

    Times are wall time of `zone` (else the group's), weekdays 0 = Monday. `repeats`: weekly (where nothing is said),
    fortnightly, monthly (with `places`, -1 the last of the month), once (on `first`), appointment (no time). `also`:
    further times on the same days, each a meeting of its own. Without `name` it has the group's.
    """

    takes: ClassVar[dict[str, Any]] = {"POST": PLAN_SCHEMA}

    def get(self, request: Request, slug: str) -> Response:
        group = _run_by(actor_of(request), slug)
        return Response({"results": [plan_shown(meeting) for meeting in series.meetings_of(group)]})

    def post(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        group = _run_by(actor, slug)
        only_known(body, READ)
        start = {"name": group.name, "zone": group.zone, "weekdays": (), "starts": None}
        made = meeting_make(actor=actor, group=group, plan=plan_read(_named(body), start))
        return Response(plan_shown(made), status=status.HTTP_201_CREATED)


class OneGroupMeeting(Door):
    """GET: a meeting as one may send it back. PATCH: what is sent changes, from the next date on. DELETE: it ends.

    With `together` true all times of the day that were made with it change alike; `also` then gives their times, as
    many as there are, in order. Facilitators only.
    """

    takes: ClassVar[dict[str, Any]] = {"PATCH": CHANGE_SCHEMA}

    def get(self, request: Request, slug: str) -> Response:
        return Response(plan_shown(attendance.meeting_run_by(actor_of(request), slug)))

    def patch(self, request: Request, slug: str) -> Response:
        actor, body = actor_of(request), body_of(request)
        meeting = attendance.meeting_run_by(actor, slug)
        together = body.pop("together", False)
        if not isinstance(together, bool):
            raise ValidationError({"together": _("Please send true or false.")})
        only_known(body, READ if together else set(READ) - {"also"})
        plan = plan_read(_named(body), plan_start(meeting))
        edit = series_edit if together else meeting_edit
        return Response(plan_shown(edit(actor=actor, meeting=meeting, plan=plan)))

    def delete(self, request: Request, slug: str) -> Response:
        actor = actor_of(request)
        meeting_end(actor=actor, meeting=attendance.meeting_run_by(actor, slug))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _run_by(actor: Person, slug: str) -> Group:
    group = group_for(actor=actor, slug=slug).group
    if not can_run(actor, group):
        raise PermissionDenied
    return group


def _named(body: dict[str, Any]) -> dict[str, Any]:
    """As in the form, no name means the one there is."""
    return {name: value for name, value in body.items() if name != "name" or value != ""}


urls: list[URLPattern | URLResolver] = [
    path("groups/<slug:slug>/meetings/", GroupMeetings.as_view()),
    path("meetings/<slug:slug>/plan/", OneGroupMeeting.as_view()),
]
