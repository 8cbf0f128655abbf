"""What groups and meetings keep about a person: handed out whole, erased without a trace, invitations forgotten."""

import pytest

from ground import clock
from groups import holdings as groups_kept
from groups import selectors, services
from groups.models import Invitation, Membership
from meetings import holdings as meetings_kept
from meetings.models import Commitment, Mark, MarkWrite, SelfLog
from meetings.services.selflogs import self_log
from meetings.services.sheets import sheet_close
from tests.group_stories import make_circle, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(NOW + 2 * HOUR):
        yield


def test_everything_a_member_did_is_in_the_export_and_gone_after_the_erasure():
    circle = make_circle()
    member, other = make_regular(circle), make_regular(circle)
    self_log(actor=member, starts_at=NOW - DAY)
    sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"}, rest="absent")
    assert [g["group"] for g in groups_kept.export(member)["groups"]] == ["Thursday people"]
    found = meetings_kept.export(member)
    assert [row["mark"] for row in found["attendance"]] == ["present"]
    assert len(found["commitments"]) == len(found["self_logged"]) == 1
    meetings_kept.erase(member)
    groups_kept.erase(member)
    for model in (Membership, Commitment, Mark, SelfLog):
        assert not model.objects.filter(person=member).exists(), model
    assert not MarkWrite.objects.filter(mark__person=member).exists()
    assert Mark.objects.get().person == other, "other people's rows stay"


def test_a_group_whose_last_facilitator_is_erased_is_marked_and_keeps_its_code():
    circle = make_circle()
    code = services.invitation_make(actor=circle.facilitator, group=circle.group, kind="code")
    services.invitation_make(actor=circle.facilitator, group=circle.group)
    groups_kept.erase(circle.facilitator)
    circle.group.refresh_from_db()
    assert circle.group.needs_facilitator
    assert list(Invitation.objects.all()) == [code]


def test_invitations_are_forgotten_thirty_days_after_they_are_over():
    circle = make_circle()
    token = selectors.token_of(services.invitation_make(actor=circle.facilitator, group=circle.group))
    services.invitation_use(actor=make_member(), token=token)
    assert groups_kept.purge(clock.now() + 30 * DAY) == 0
    assert groups_kept.purge(clock.now() + 31 * DAY) == 1
