"""Who may answer, and who not any more."""

import pytest
from django.core.exceptions import PermissionDenied

from cravings import selectors, services
from ground import clock
from people.models import Account
from tests.cravings.circle_of_four import (
    MINUTE,
    another,
    join,
    make_available,
    make_responder,
    offered,
    sent_to,
    tick,
)
from tests.cravings.on_call import make_shift_now
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


def test_only_vetted_people_are_asked_or_may_take_it(story, coco):
    member, _responder, _outsider, group = story
    plain = make_member("Plain")
    join(group, plain)
    made = offered(member)
    assert selectors.press_offered_to(plain, ref=made.ref) is None
    barred = another(group, "Bo")
    with clock.frozen(NOW + MINUTE):
        services.responder_bar(actor=coco, responder_id=barred.responder.pk)
        assert selectors.press_offered_to(barred, ref=made.ref) is None


def test_vetting_takes_thirty_days_four_meetings_and_a_vouch(story, monkeypatch):
    from groups.models import Membership
    from meetings.models import Mark

    member, _responder, _outsider, group = story
    newcomer, fay = make_member("New"), make_member("Fay")
    membership = join(group, newcomer)
    Membership.objects.create(group=group, person=fay, since=NOW - 200 * DAY, role="facilitator")
    with clock.frozen(NOW):
        row = services.responder_join(actor=newcomer)
        assert row.vetted_at is None
        found = selectors.vetting_of(newcomer, NOW)
        assert (found.days, found.meetings, found.vouched, found.ready) == (True, False, False, False)
        assert selectors.waiting_for_vouch(fay) == [row]
        assert selectors.waiting_for_vouch(member) == []
        with pytest.raises(PermissionDenied):
            services.responder_vouch(actor=member, responder_id=row.pk)
        assert services.responder_vouch(actor=fay, responder_id=row.pk).vetted_at is None
        monkeypatch.setattr("cravings.selectors.people.MEETINGS", 0)  # four attended meetings on closed lists
        membership.since = NOW - 29 * DAY
        membership.save()
        assert services.responder_vet(row).vetted_at is None
        membership.since = NOW - 30 * DAY
        membership.save()
        assert services.available_set(actor=newcomer).until == NOW + 8 * HOUR
    assert Mark.objects.count() == 0


def test_attended_meetings_count_from_closed_lists_only(story):
    from tests.cravings.on_call import attended

    _member, _responder, _outsider, group = story
    newcomer = make_member("New")
    join(group, newcomer)
    services.responder_join(actor=newcomer)
    attended(group, newcomer, 3)
    attended(group, newcomer, 2, closed=False)
    assert selectors.vetting_of(newcomer, NOW).meetings is False
    attended(group, newcomer, 1)
    assert selectors.vetting_of(newcomer, NOW).meetings is True


def test_the_coordinator_of_a_new_site_admits_the_first_and_both_can_see_it(coco):
    first = make_member("Kim")
    row = services.responder_join(actor=first)
    with pytest.raises(PermissionDenied):
        services.responder_admit(actor=first, responder_id=row.pk)
    row = services.responder_admit(actor=coco, responder_id=row.pk)
    assert row.vetted_at
    assert row.admitted_by == coco
    assert selectors.vetting_of(first, NOW).admitted
    own = services.responder_join(actor=coco)
    with pytest.raises(PermissionDenied):
        services.responder_admit(actor=coco, responder_id=own.pk)


def test_a_rest_ends_being_available_and_being_available_ends_a_rest(story):
    member, responder, *_ = story
    with clock.frozen(NOW):
        services.responder_rest(actor=responder, days=1)
    assert selectors.available_until(responder, NOW) is None
    make_available(responder, NOW + HOUR)
    assert responder in sent_to(offered(member, NOW + HOUR))
    make_responder(responder)


def test_who_does_not_want_to_be_asked_any_more_is_off_their_shifts_and_nobody_counts_on_them(coco):
    member, nurse = make_member("Dana"), make_shift_now("Nurse", at=NOW)
    assert selectors.on_call_now(NOW, "peer") == [nurse.pk]
    before = offered(member)
    assert sent_to(before) == [nurse]
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=before.ref)
        services.responder_leave(actor=nurse)
    made = offered(member, NOW + 2 * MINUTE)
    tick(NOW + 4 * MINUTE)
    assert sent_to(made) == []
    assert selectors.turns_of(nurse, NOW + 2 * MINUTE) == []
    assert selectors.gaps_ahead(NOW + 2 * MINUTE)  # the coordinator reads that it is empty
    with clock.frozen(NOW + 3 * MINUTE):
        row = services.responder_join(actor=nurse)
        services.responder_admit(actor=coco, responder_id=row.pk)
    assert selectors.on_call_now(NOW + 3 * MINUTE, "peer") == []  # coming back is no shift


@pytest.mark.parametrize("why", ["barred", "closed", "rests"])
def test_who_was_barred_left_the_site_or_rests_is_not_rung_on_their_shift_and_it_is_a_gap(why, coco):
    member, nurse, at = make_member("Dana"), make_shift_now("Nurse", at=NOW), NOW + MINUTE
    with clock.frozen(NOW):
        if why == "barred":
            services.responder_bar(actor=coco, responder_id=nurse.responder.pk)
        elif why == "rests":
            services.responder_rest(actor=nurse, days=7)
        else:
            Account.objects.filter(person=nurse).update(is_active=False)
    assert (selectors.on_call_now(at, "peer"), selectors.on_call_any(at)) == ([], set())
    made = offered(member)
    assert (sent_to(made), selectors.press_current(member, at).nobody) == ([], True)
    assert selectors.turns_listed(at)[0].names == []
    assert selectors.gaps_ahead(at)
    if why == "rests":  # their shift is still theirs, to give away or to have again
        assert selectors.turns_of(nurse, at)[0].on_now
        assert [turn.names for turn in selectors.turns_listed(at, 15 * DAY)] == [[], [], ["Nurse"]]
