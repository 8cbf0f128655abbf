"""The rule is the member's own: nobody else makes, changes or ends it (F23)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from people.services import person_create
from support.models import Rule, RuleSpan, RuleSupporter
from support.services import nudge_release, ok_say, pause_begin, pause_end, rule_set, rule_switch
from tests.people_of_the_story import make_account, make_member
from tests.stories.driver import berlin

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(story):
    return make_member(email="dana@example.org")


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0},
        {"threshold": 11},
        {"threshold": 3, "grace_hours": 11},
        {"threshold": 3, "grace_hours": 73},
        {"threshold": 3, "scope": "everything"},
        {"threshold": 3, "levels": [[], [], []]},
        {},
    ],
)
def test_an_impossible_rule_is_refused_and_nothing_is_kept(member, wrong):
    with pytest.raises(ValidationError):
        rule_set(actor=member, **wrong)
    assert not Rule.objects.exists()


def test_what_is_left_out_has_its_default(member):
    rule = rule_set(actor=member, threshold=3)
    assert (rule.scope, rule.grace_hours, rule.ok_stops, rule.on) == ("any", 24, True, True)


def test_a_member_whom_nothing_outside_reaches_confirms_that_first(story):
    alone = make_member()
    with pytest.raises(ValidationError, match="No way outside this site reaches you"):
        rule_set(actor=alone, threshold=3)
    rule = rule_set(actor=alone, threshold=3, no_way_confirmed=True)
    assert (rule.on, rule.inside_only) == (True, True)
    rule_switch(actor=alone, on=False)
    with pytest.raises(ValidationError):
        rule_switch(actor=alone, on=True)
    assert not Rule.objects.get().on


def test_switching_twice_is_switching_once(member):
    rule_set(actor=member, threshold=3)
    for on in (False, False, True, True):
        rule_switch(actor=member, on=on)
    assert RuleSpan.objects.count() == 2


def test_somebody_without_an_account_has_no_watch(story):
    with pytest.raises(PermissionDenied):
        rule_set(actor=person_create(name="Sam"), threshold=3, no_way_confirmed=True)


@pytest.mark.parametrize("act", [ok_say, pause_begin, pause_end])
def test_without_a_rule_there_is_nothing_to_say(member, act):
    with pytest.raises(ValidationError):
        act(actor=member)


def test_facilitator_coordinator_and_outsider_change_only_their_own_rule(story, dana):
    """A rule is always the actor's: there is no way to name somebody else's. Their people cannot be borrowed either."""
    coordinator = make_account("coco", email="coco@example.org")
    coordinator.is_coordinator = True
    coordinator.save()
    outsider = make_member(email="eve@example.org")
    facilitator = story.facilitator(story.meeting)
    for actor in (coordinator.person, outsider, facilitator):
        with pytest.raises(PermissionDenied):
            rule_set(actor=actor, threshold=2, levels=[[story.sam], []], no_way_confirmed=True)
        with pytest.raises(ValidationError):
            ok_say(actor=actor)
    assert list(RuleSupporter.objects.values_list("rule__person", flat=True)) == [dana.pk]


def test_nobody_stands_in_two_places(story, dana):
    with pytest.raises(ValidationError):
        rule_set(actor=dana, levels=[[story.sam], [story.sam]])


def test_somebody_who_said_stop_cannot_be_put_into_the_rule(story, dana):
    story.stop(story.sam)
    story.sam.refresh_from_db()
    with pytest.raises(ValidationError, match="sam is no longer on your list"):
        rule_set(actor=dana, levels=[[story.sam], []])


def test_a_pause_ends_after_it_began_and_has_one_end(story, dana):
    with pytest.raises(ValidationError):
        pause_begin(actor=dana, until=story.now)
    first = pause_begin(actor=dana)
    again = pause_begin(actor=dana, until=story.now + timedelta(days=3))
    assert (first.pk, again.until) == (again.pk, story.now + timedelta(days=3))
    pause_end(actor=dana)
    pause_end(actor=dana)
    story.at(berlin(2026, 1, 5))
    assert pause_begin(actor=dana).pk != first.pk


def test_only_a_coordinator_releases_a_held_nudge(story, dana):
    for actor in (dana, story.facilitator(story.meeting), make_member()):
        with pytest.raises(PermissionDenied):
            nudge_release(actor=actor, row_id=1)


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"grace_hours": 5}, {"scope": "x"}])
def test_an_illegal_rule_cannot_be_stored(story, dana, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.filter(person=dana).update(**wrong)
