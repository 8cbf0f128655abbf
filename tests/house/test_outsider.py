"""Every service refuses the outsider: one test for all faces, since every face goes through these doors.

Each room adds its services to REFUSED: the service, and a function that gets a `Scene` and returns the keyword
arguments. `actor` is the outsider's: somebody who is signed in and has nothing to do with the thing asked about.
What the services write down must be as before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from ground import clock
from groups import services as groups
from groups.models import Group, Invitation, Membership
from meetings.models import Commitment, Mark, Meeting, Occurrence, SelfLog, Sheet
from meetings.services import (
    away,
    commitments,
    free_days,
    group_meetings,
    keeping,
    occurrences,
    plans,
    selflogs,
    sheets,
)
from people.models import Person
from tests.group_stories import PLAN, Circle, make_circle, make_regular
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """A group with a list, a member and a person who waits; and an outsider, who runs a group of their own."""

    circle: Circle
    member: Person
    waiting: Membership
    outsider: Person
    invitation: Invitation
    logged: SelfLog

    @property
    def group(self) -> Group:
        return self.circle.group

    @property
    def meeting(self) -> Meeting:
        return self.circle.meeting

    @property
    def membership(self) -> Membership:
        return Membership.objects.get(person=self.member, group=self.group)


TODAY = datetime(2026, 1, 15, 19, 0)
Case = tuple[Callable[..., Any], Callable[[Scene], dict[str, Any]]]
REFUSED: list[Case] = [
    (groups.group_update, lambda s: {"group": s.group, "name": "Mine"}),
    (groups.group_keeping_set, lambda s: {"group": s.group, "head_count_only": True, "at": NOW}),
    (keeping.keeping_change, lambda s: {"group": s.group, "head_count_only": True}),
    (groups.group_close, lambda s: {"group": s.group}),
    (groups.invitation_make, lambda s: {"group": s.group}),
    (groups.invitation_renew, lambda s: {"group": s.group}),
    (groups.invitation_revoke, lambda s: {"invitation": s.invitation}),
    (groups.membership_confirm, lambda s: {"membership": s.waiting}),
    (groups.membership_refuse, lambda s: {"membership": s.waiting}),
    (groups.membership_withdraw, lambda s: {"membership": s.waiting}),
    (groups.membership_role_set, lambda s: {"membership": s.membership, "role": "facilitator"}),
    (groups.membership_end, lambda s: {"membership": s.membership}),
    (commitments.membership_leave, lambda s: {"group": s.group}),
    (commitments.membership_remove, lambda s: {"membership": s.membership}),
    (commitments.commitment_make, lambda s: {"meeting": s.meeting}),
    (commitments.commitment_end, lambda s: {"meeting": s.meeting}),
    (commitments.excuse, lambda s: {"meeting": s.meeting, "original_local": TODAY}),
    (commitments.excuse_undo, lambda s: {"meeting": s.meeting, "original_local": TODAY}),
    (plans.plan_answer, lambda s: {"occurrence": s.circle.occurrence, "coming": False}),
    (selflogs.self_log_edit, lambda s: {"self_log_id": s.logged.pk, "starts_at": NOW}),
    (selflogs.self_log_remove, lambda s: {"self_log_id": s.logged.pk}),
    (occurrences.occurrence_cancel, lambda s: {"occurrence": s.circle.occurrence}),
    (occurrences.occurrence_uncancel, lambda s: {"occurrence": s.circle.occurrence}),
    (occurrences.occurrences_cancel, lambda s: {"meeting": s.meeting, "count": 2}),
    (
        occurrences.occurrences_cancel_between,
        lambda s: {"meeting": s.meeting, "first": TODAY.date(), "last": TODAY.date()},
    ),
    (occurrences.occurrence_move, lambda s: {"occurrence": s.circle.occurrence, "starts_local": TODAY}),
    (occurrences.occurrence_duty_set, lambda s: {"occurrence": s.circle.occurrence, "person": s.outsider}),
    (group_meetings.meeting_make, lambda s: {"group": s.group, "plan": PLAN}),
    (group_meetings.meeting_edit, lambda s: {"meeting": s.meeting, "plan": PLAN}),
    (group_meetings.series_edit, lambda s: {"meeting": s.meeting, "plan": PLAN}),
    (group_meetings.meeting_last_set, lambda s: {"meeting": s.meeting, "last": None}),
    (group_meetings.meeting_confirm, lambda s: {"meeting": s.meeting}),
    (group_meetings.meeting_end, lambda s: {"meeting": s.meeting}),
    (free_days.meeting_holidays_set, lambda s: {"meeting": s.meeting, "region": "DE"}),
    (group_meetings.group_end, lambda s: {"group": s.group}),
    (sheets.sheet_read, lambda s: {"occurrence_id": s.circle.occurrence.pk}),
    (sheets.sheet_for, lambda s: {"occurrence_id": s.circle.occurrence.pk}),
    (sheets.sheet_mark, lambda s: {"sheet": s.circle.sheet, "person": s.member, "value": "present"}),
    (sheets.sheet_marks, lambda s: {"sheet": s.circle.sheet, "marks": {s.outsider: "present"}}),
    (sheets.sheet_close, lambda s: {"sheet": s.circle.sheet, "rest": "absent"}),
    (sheets.sheet_correct, lambda s: {"sheet": s.circle.sheet, "marks": {s.member: "present"}}),
    (sheets.sheet_count, lambda s: {"sheet": s.circle.sheet, "head_count": 3}),
    (sheets.sheet_link_give, lambda s: {"sheet": s.circle.sheet}),
    (sheets.sheet_link_read, lambda s: {"sheet_id": s.circle.sheet.pk}),
    (sheets.sheet_link_for, lambda s: {"sheet_id": s.circle.sheet.pk}),
    (sheets.attendance_recent, lambda s: {"group": s.group}),
]
WATCHED = [Group, Membership, Invitation, Meeting, Occurrence, Commitment, Sheet, Mark, SelfLog]


@pytest.fixture
def scene():
    with clock.frozen(NOW + HOUR):
        circle = make_circle()
        member = make_regular(circle)
        waiting = Membership.objects.create(group=circle.group, person=make_member(), state="waiting", since=NOW)
        outsider = make_circle().facilitator
        invitation = groups.invitation_make(actor=circle.facilitator, group=circle.group)
        logged = selflogs.self_log(actor=member, starts_at=NOW)
        yield Scene(circle, member, waiting, outsider, invitation, logged)


def everything():
    return {model: list(model.objects.order_by("pk").values()) for model in WATCHED}


@pytest.mark.parametrize(("service", "arguments"), REFUSED, ids=[case[0].__name__ for case in REFUSED])
def test_the_outsider_is_refused_and_nothing_is_written(scene, service, arguments):
    given = arguments(scene)
    before = everything()
    with pytest.raises(PermissionDenied):
        service(actor=scene.outsider, **given)
    assert everything() == before


OPEN = {  # by their nature open to whoever is signed in, or not asked by anybody
    "group_found", "invitation_open", "invitation_use", "membership_name_facilitator", "group_found_from_meeting",
    "group_found_afresh", "self_log", "occurrence_get", "sheet_get", "commitments_end", "occurrences_prepare",
    "occurrences_rematch", "sheets_open", "reminders_withdraw", "refuse_early", "away_set",
    "away_undo", "plan_reminder_set", "plans_rest", "plans_rest_end", "plans_due",
}  # fmt: skip


@pytest.mark.embedded
@pytest.mark.parametrize(
    "module", [groups, away, commitments, free_days, group_meetings, keeping, occurrences, plans, selflogs, sheets]
)
def test_no_service_of_groups_and_attendance_is_left_out(module):
    named = {case[0] for case in REFUSED}
    own = module.__all__ if hasattr(module, "__all__") else [n for n in vars(module) if not n.startswith("_")]
    for name in own:
        thing = getattr(module, name)
        keyword_only = getattr(getattr(thing, "__code__", None), "co_kwonlyargcount", 0) > 0
        if keyword_only and thing.__module__.startswith(module.__name__):
            assert thing in named or name in OPEN, f"add {name} to REFUSED"
