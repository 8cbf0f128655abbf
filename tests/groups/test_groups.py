"""Founding, describing and closing a group; who sees whom."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ground.errors import Conflict, TooMany
from groups import selectors, services
from groups.models import Group, Membership
from groups.services.groups import FOUNDED_A_DAY
from people.models import Change
from people.services import block_set
from tests.group_stories import join, make_group
from tests.people_of_the_story import NOW, make_contact, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


def test_who_founds_a_group_is_its_facilitator_and_a_watch_hears_of_it():
    member = make_member()
    group = services.group_found(actor=member, name="  Thursday   people ", zone="Europe/Berlin")
    assert group.name == "Thursday people"
    assert selectors.is_facilitator(group, member)
    assert selectors.is_member(group, member)
    assert [(c.person, c.cause, c.ref) for c in Change.objects.all()] == [(member, "joined_group", group.pk)]


def test_the_address_of_a_group_says_nothing_about_it():
    group = make_group(make_member(), name="Secret Circle")
    assert len(group.slug) == 8
    assert "secret" not in group.slug


def test_a_person_without_an_account_founds_nothing():
    with pytest.raises(PermissionDenied):
        services.group_found(actor=make_contact(), name="Thursday people", zone="UTC")
    assert not Group.objects.exists()


@pytest.mark.parametrize("name", ["", " x ", "a" * 81, "two\x07bells"])
def test_a_name_that_will_not_do_is_refused_and_nothing_is_kept(name):
    with pytest.raises(ValidationError) as refused:
        services.group_found(actor=make_member(), name=name, zone="UTC")
    assert "name" in refused.value.message_dict
    assert not Group.objects.exists()


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValidationError) as refused:
        services.group_found(actor=make_member(), name="Thursday people", zone="Mars/Base")
    assert "zone" in refused.value.message_dict


def test_nobody_founds_more_than_ten_groups_a_day():
    member = make_member()
    for number in range(FOUNDED_A_DAY):
        make_group(member, name=f"Group {number}")
    with pytest.raises(TooMany):
        make_group(member, name="One more")


def test_only_facilitators_change_what_a_group_says_of_itself():
    facilitator, member, outsider = make_member(), make_member(), make_member()
    group = make_group(facilitator)
    join(group, member)
    for actor in (member, outsider):
        with pytest.raises(PermissionDenied):
            services.group_update(actor=actor, group=group, name="Mine now")
    services.group_update(actor=facilitator, group=group, about="  Tea from 18:45. ")
    group.refresh_from_db()
    assert (group.name, group.about) == ("Thursday people", "Tea from 18:45.")


def test_the_members_list_is_seen_from_inside_only():
    facilitator, member, waiting, outsider = (make_member() for _n in range(4))
    group = make_group(facilitator)
    join(group, member)
    Membership.objects.create(group=group, person=waiting, state="waiting", since=NOW)
    assert {m.person for m in selectors.members_for(actor=member, group=group)} == {facilitator, member}
    for actor in (waiting, outsider):
        with pytest.raises(PermissionDenied):
            selectors.members_for(actor=actor, group=group)


def test_a_blocked_pair_does_not_see_each_other_but_the_facilitator_sees_both():
    facilitator, one, other = make_member(), make_member(), make_member()
    group = make_group(facilitator)
    join(group, one)
    join(group, other)
    block_set(actor=one, other=other)
    assert other not in {m.person for m in selectors.members_for(actor=one, group=group)}
    assert one not in {m.person for m in selectors.members_for(actor=other, group=group)}
    assert {one, other} <= {m.person for m in selectors.members_for(actor=facilitator, group=group)}


def test_a_list_of_members_costs_the_same_for_three_as_for_thirty(django_assert_max_num_queries):
    facilitator = make_member()
    group = make_group(facilitator)
    for _n in range(30):
        join(group, make_member())
    with django_assert_max_num_queries(3):
        assert len([m.person.name for m in selectors.members_for(actor=facilitator, group=group)]) == 31


def test_closing_a_group_ends_every_membership_and_every_way_in():
    facilitator, member, waiting = make_member(), make_member(), make_member()
    group = make_group(facilitator)
    join(group, member)
    Membership.objects.create(group=group, person=waiting, state="waiting", since=NOW)
    invitation = services.invitation_make(actor=facilitator, group=group)
    Change.objects.all().delete()
    services.group_close(actor=facilitator, group=group)
    assert {c.person for c in Change.objects.filter(cause="group_closed", ref=group.pk)} == {facilitator, member}
    assert not Membership.objects.filter(until=None).exists()
    invitation.refresh_from_db()
    assert invitation.revoked_at == NOW
    with pytest.raises(PermissionDenied):
        services.group_close(actor=facilitator, group=group)


def test_a_member_or_an_outsider_closes_nothing():
    facilitator, member = make_member(), make_member()
    group = make_group(facilitator)
    join(group, member)
    for actor in (member, make_member()):
        with pytest.raises(PermissionDenied):
            services.group_close(actor=actor, group=group)
    assert not Group.objects.exclude(closed_at=None).exists()


def test_a_group_with_a_stale_copy_in_hand_is_closed_once():
    facilitator = make_member()
    group = make_group(facilitator)
    Group.objects.filter(pk=group.pk).update(closed_at=NOW)
    with pytest.raises(Conflict):
        services.group_close(actor=facilitator, group=group)
