"""The ways in: a personal invitation works once, the code many times, and a facilitator confirms."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground import clock
from ground.errors import Settled
from groups import selectors, services
from groups.models import Invitation, Membership
from people.models import Change
from tests.concurrently import at_once
from tests.group_stories import join, make_group
from tests.people_of_the_story import DAY, NOW, make_contact, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def facilitator():
    return make_member()


@pytest.fixture
def group(facilitator):
    return make_group(facilitator)


def invite(facilitator, group, kind="personal"):
    return selectors.token_of(services.invitation_make(actor=facilitator, group=group, kind=kind))


def test_a_personal_invitation_makes_a_member_at_once(facilitator, group):
    token = invite(facilitator, group)
    member = make_member()
    assert services.invitation_use(actor=member, token=token).state == "active"
    assert selectors.is_member(group, member)
    assert Change.objects.filter(person=member, cause="joined_group", ref=group.pk).exists()


def test_a_personal_invitation_used_twice_is_settled_for_the_second(facilitator, group):
    token = invite(facilitator, group)
    services.invitation_use(actor=make_member(), token=token)
    late = make_member()
    with pytest.raises(Settled, match="has been used"):
        services.invitation_use(actor=late, token=token)
    with pytest.raises(Settled, match="has been used"):
        services.invitation_open(token=token)
    assert not selectors.is_member(group, late)


def test_pressing_join_twice_is_joining_once(facilitator, group):
    token, member = invite(facilitator, group), make_member()
    services.invitation_use(actor=member, token=token)
    services.invitation_use(actor=member, token=token)
    assert Membership.objects.filter(group=group, person=member).count() == 1


def test_a_personal_invitation_used_by_two_at_the_same_time_lets_one_in(transactional_db):
    facilitator = make_member()
    group = make_group(facilitator)
    token = invite(facilitator, group)
    two = [make_member(), make_member()]
    results = at_once([lambda person=person: services.invitation_use(actor=person, token=token) for person in two])
    assert sorted(type(result).__name__ for result in results) == ["Membership", "Settled"]
    assert Membership.objects.filter(group=group, role="member").count() == 1


def test_one_person_in_two_windows_becomes_one_member(transactional_db):
    facilitator = make_member()
    group = make_group(facilitator)
    token, member = invite(facilitator, group, "code"), make_member()
    results = at_once([lambda: services.invitation_use(actor=member, token=token)] * 2)
    assert {type(result) for result in results} == {Membership}
    assert Membership.objects.filter(group=group, person=member).count() == 1


@pytest.mark.parametrize(("kind", "days"), [("personal", 14), ("code", 90)])
def test_an_invitation_works_until_its_date_and_not_from_then_on(facilitator, group, kind, days):
    token = invite(facilitator, group, kind)
    with clock.frozen(NOW + timedelta(days=days) - timedelta(seconds=1)):
        assert services.invitation_open(token=token).kind == kind
    with clock.frozen(NOW + timedelta(days=days)), pytest.raises(Settled, match="is over"):
        services.invitation_use(actor=make_member(), token=token)


def test_a_revoked_invitation_says_so(facilitator, group):
    token = invite(facilitator, group)
    services.invitation_revoke(actor=facilitator, invitation=services.invitation_open(token=token))
    with pytest.raises(Settled, match="withdrawn"):
        services.invitation_use(actor=make_member(), token=token)


def test_an_unknown_token_is_no_invitation():
    with pytest.raises(Invitation.DoesNotExist):
        services.invitation_use(actor=make_member(), token="aaaaaaaaaaaaa")


def test_a_person_without_an_account_cannot_use_an_invitation(facilitator, group):
    with pytest.raises(PermissionDenied):
        services.invitation_use(actor=make_contact(), token=invite(facilitator, group))


def test_an_unknown_kind_is_refused(facilitator, group):
    with pytest.raises(ValidationError):
        services.invitation_make(actor=facilitator, group=group, kind="golden")


def test_the_code_works_many_times_and_everybody_waits_for_a_facilitator(facilitator, group):
    token = invite(facilitator, group, "code")
    first, second = make_member(), make_member()
    for person in (first, second):
        assert services.invitation_use(actor=person, token=token).state == "waiting"
        assert not selectors.is_member(group, person)
    waiting = selectors.waiting_for(actor=facilitator, group=group)
    with clock.frozen(NOW + DAY):
        services.membership_confirm(actor=facilitator, membership=waiting[0])
        services.membership_refuse(actor=facilitator, membership=waiting[1])
    assert selectors.is_member(group, first)
    assert not selectors.is_member(group, first, at=NOW), "belonging is not back-dated to the request"
    assert not Membership.objects.filter(person=second).exists(), "a refused request leaves no span behind"


def test_there_is_one_standing_code_and_renewing_it_ends_the_old_one(facilitator, group):
    token = invite(facilitator, group, "code")
    assert invite(facilitator, group, "code") == token
    renewed = selectors.token_of(services.invitation_renew(actor=facilitator, group=group))
    assert renewed != token
    with pytest.raises(Settled, match="withdrawn"):
        services.invitation_use(actor=make_member(), token=token)
    assert services.invitation_use(actor=make_member(), token=renewed).state == "waiting"


def test_a_code_that_ran_out_is_replaced_when_somebody_asks(facilitator, group):
    token = invite(facilitator, group, "code")
    with clock.frozen(NOW + 91 * DAY):
        assert invite(facilitator, group, "code") != token


def test_two_facilitators_asking_for_a_code_at_once_get_the_same_one(transactional_db):
    facilitator = make_member()
    group = make_group(facilitator)
    results = at_once([lambda: services.invitation_make(actor=facilitator, group=group, kind="code")] * 2)
    assert len({result.pk for result in results}) == 1


def test_who_waits_at_the_code_comes_in_by_a_personal_invitation(facilitator, group):
    person = make_member()
    services.invitation_use(actor=person, token=invite(facilitator, group, "code"))
    services.invitation_use(actor=person, token=invite(facilitator, group))
    assert Membership.objects.get(person=person).state == "active"


def test_a_member_uses_up_nobody_elses_invitation(facilitator, group):
    token = invite(facilitator, group)
    services.invitation_use(actor=facilitator, token=token)
    assert services.invitation_open(token=token).used_at is None


def test_only_facilitators_invite_renew_and_revoke(facilitator, group):
    member = make_member()
    join(group, member)
    invitation = services.invitation_make(actor=facilitator, group=group)
    for actor in (member, make_member()):
        with pytest.raises(PermissionDenied):
            services.invitation_make(actor=actor, group=group)
        with pytest.raises(PermissionDenied):
            services.invitation_renew(actor=actor, group=group)
        with pytest.raises(PermissionDenied):
            services.invitation_revoke(actor=actor, invitation=invitation)


def test_the_database_holds_the_hash_and_never_the_token(facilitator, group):
    token = invite(facilitator, group)
    row = Invitation.objects.values().get()
    assert token not in str(row)
