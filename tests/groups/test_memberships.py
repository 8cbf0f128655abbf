"""Belonging: confirmed, named facilitator, left."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground import clock
from ground.errors import Conflict, Settled
from groups import selectors, services
from groups.models import Membership
from people.models import Change
from tests.concurrently import at_once
from tests.group_stories import join, make_group
from tests.people_of_the_story import DAY, NOW, make_account, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def facilitator():
    return make_member()


@pytest.fixture
def group(facilitator):
    return make_group(facilitator)


def own(group, person):
    return Membership.objects.get(group=group, person=person, until=None)


def wait(group, person):
    return Membership.objects.create(group=group, person=person, state="waiting", since=NOW)


def test_confirming_twice_is_confirming_once(facilitator, group):
    waiting = wait(group, make_member())
    services.membership_confirm(actor=facilitator, membership=waiting)
    with clock.frozen(NOW + DAY):
        assert services.membership_confirm(actor=facilitator, membership=waiting).since == NOW
    assert Change.objects.filter(person=waiting.person).count() == 1


def test_a_request_that_was_withdrawn_cannot_be_confirmed(facilitator, group):
    person = make_member()
    waiting = wait(group, person)
    services.membership_withdraw(actor=person, membership=waiting)
    with pytest.raises(Settled):
        services.membership_confirm(actor=facilitator, membership=waiting)


def test_refusing_whom_another_facilitator_let_in_is_a_conflict(facilitator, group):
    waiting = wait(group, make_member())
    services.membership_confirm(actor=facilitator, membership=waiting)
    with pytest.raises(Conflict):
        services.membership_refuse(actor=facilitator, membership=waiting)


def test_only_facilitators_let_people_in(group):
    member = make_member()
    join(group, member)
    waiting = wait(group, make_member())
    for actor in (member, waiting.person, make_member()):
        with pytest.raises(PermissionDenied):
            services.membership_confirm(actor=actor, membership=waiting)
        with pytest.raises(PermissionDenied):
            services.membership_refuse(actor=actor, membership=waiting)


def test_nobody_withdraws_somebody_elses_request(facilitator, group):
    with pytest.raises(PermissionDenied):
        services.membership_withdraw(actor=facilitator, membership=wait(group, make_member()))


def test_a_facilitator_names_another_and_steps_back(facilitator, group):
    member = make_member()
    services.membership_role_set(actor=facilitator, membership=join(group, member), role="facilitator")
    services.membership_role_set(actor=facilitator, membership=own(group, facilitator), role="member")
    assert selectors.facilitators(group) == [member]


def test_the_last_facilitator_cannot_step_back(facilitator, group):
    with pytest.raises(ValidationError, match="another facilitator first"):
        services.membership_role_set(actor=facilitator, membership=own(group, facilitator), role="member")


def test_an_unknown_role_is_refused(facilitator, group):
    with pytest.raises(ValidationError):
        services.membership_role_set(actor=facilitator, membership=join(group, make_member()), role="owner")


def test_a_member_names_nobody(facilitator, group):
    member = make_member()
    mine = join(group, member)
    with pytest.raises(PermissionDenied):
        services.membership_role_set(actor=member, membership=mine, role="facilitator")


def test_leaving_keeps_the_span_and_coming_back_makes_a_new_one(facilitator, group):
    member = make_member()
    mine = join(group, member)
    with clock.frozen(NOW + DAY):
        services.membership_end(actor=member, membership=mine)
        services.membership_end(actor=member, membership=mine)
    assert not selectors.is_member(group, member)
    assert selectors.is_member(group, member, at=NOW), "since is included"
    assert not selectors.is_member(group, member, at=NOW + DAY), "until is excluded"
    assert Change.objects.filter(person=member, cause="left_group", ref=group.pk).count() == 1
    with clock.frozen(NOW + 2 * DAY):
        join(group, member)
        assert selectors.is_member(group, member)


def test_the_last_facilitator_is_asked_for_a_successor_before_leaving(facilitator, group):
    join(group, make_member())
    with pytest.raises(ValidationError, match="last facilitator"):
        services.membership_end(actor=facilitator, membership=own(group, facilitator))
    assert selectors.is_facilitator(group, facilitator)


def test_the_last_facilitator_leaves_with_a_successor(facilitator, group):
    heir = join(group, make_member())
    services.membership_end(actor=facilitator, membership=own(group, facilitator), successor=heir)
    assert selectors.facilitators(group) == [heir.person]
    group.refresh_from_db()
    assert not group.needs_facilitator


def test_a_successor_from_elsewhere_is_refused_and_nobody_leaves(facilitator, group):
    other = make_group(make_member(), name="Other people")
    stranger = join(other, make_member())
    with pytest.raises(ValidationError, match="in the group"):
        services.membership_end(actor=facilitator, membership=own(group, facilitator), successor=stranger)
    assert selectors.is_facilitator(group, facilitator)
    assert Membership.objects.get(pk=stranger.pk).role == "member"


def test_a_group_that_the_last_facilitator_left_is_marked_and_the_coordinator_names_one(facilitator, group):
    member = join(group, make_member())
    services.membership_end(actor=facilitator, membership=own(group, facilitator), without_successor=True)
    group.refresh_from_db()
    assert group.needs_facilitator
    account = make_account()
    with pytest.raises(PermissionDenied):
        services.membership_name_facilitator(coordinator=account.person, membership=member)
    account.is_coordinator = True
    account.save(update_fields=["is_coordinator"])
    services.membership_name_facilitator(coordinator=account.person, membership=member)
    group.refresh_from_db()
    assert not group.needs_facilitator
    assert selectors.is_facilitator(group, member.person)


def test_a_coordinator_names_nobody_in_a_group_that_has_a_facilitator(group):
    account = make_account()
    account.is_coordinator = True
    account.save(update_fields=["is_coordinator"])
    with pytest.raises(PermissionDenied):
        services.membership_name_facilitator(coordinator=account.person, membership=join(group, make_member()))


def test_two_last_facilitators_leaving_at_once_do_not_leave_the_group_without_one(transactional_db):
    one, other = make_member(), make_member()
    group = make_group(one)
    join(group, other, role="facilitator")
    mine = {person: own(group, person) for person in (one, other)}
    results = at_once(
        [lambda p=person: services.membership_end(actor=p, membership=mine[p]) for person in (one, other)]
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "ValidationError"]
    assert len(selectors.facilitators(group)) == 1


def test_a_facilitator_takes_out_a_member_but_no_other_facilitator(facilitator, group):
    member, second = join(group, make_member()), join(group, make_member(), role="facilitator")
    services.membership_end(actor=facilitator, membership=member)
    assert not selectors.is_member(group, member.person)
    with pytest.raises(PermissionDenied):
        services.membership_end(actor=facilitator, membership=second)


def test_nobody_else_takes_a_member_out(group):
    member = join(group, make_member())
    peer = join(group, make_member())
    for actor in (peer.person, make_member()):
        with pytest.raises(PermissionDenied):
            services.membership_end(actor=actor, membership=member)
