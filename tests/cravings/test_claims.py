"""Who comes, stays, leaves or is called; with a moved clock."""

import pytest
from django.core.exceptions import PermissionDenied

from chat.models import RoomMember
from cravings import selectors, services
from cravings.models import Asked, Claim, Shift
from cravings.services import talks
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from people.services import block_set
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    another,
    claim,
    make_available,
    offer_to,
    offered,
    says,
    sent_to,
    tick,
    view_at,
)
from tests.cravings.on_call import make_shift_now
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def test_a_claim_without_a_word_is_released_after_sixty_seconds_and_all_others_are_asked_anew(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    tick(NOW + 2 * MINUTE - SECOND)
    assert view_at(member, NOW + 2 * MINUTE - SECOND).stage == "claimed"
    tick(NOW + 2 * MINUTE)
    tick(NOW + 2 * MINUTE)
    view = view_at(member, NOW + 2 * MINUTE)
    assert (view.stage, view.again) == ("asking", True)
    rounds = Asked.objects.filter(press=made, round=2)
    assert [one.person for one in rounds] == [third]
    assert offer_to(responder, made).stage == "over"
    with clock.frozen(NOW + 2 * MINUTE), pytest.raises(Settled):
        services.press_claim(actor=responder, ref=made.ref)


def test_the_first_word_ends_the_lease_and_they_talk(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + 20 * SECOND)
    tick(NOW + MINUTE + 21 * SECOND)
    tick(NOW + 3 * MINUTE)
    assert view_at(member, NOW + 3 * MINUTE).stage == "met"
    assert Claim.objects.get().first_word_at == NOW + MINUTE + 20 * SECOND


def test_the_members_silent_no_asks_the_others_and_tells_the_peer_nothing(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + SECOND)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_refuse(actor=member, ref=made.ref)
    assert offer_to(responder, made).stage == "over"
    tick(NOW + 2 * MINUTE)
    assert [one.person for one in Asked.objects.filter(press=made, round=2)] == [third]
    with clock.frozen(NOW + 2 * MINUTE), pytest.raises(PermissionDenied):
        services.press_refuse(actor=responder, ref=made.ref)
    claim(third, made, NOW + 3 * MINUTE)
    assert view_at(member, NOW + 3 * MINUTE).peer == "Pat"


def test_a_peer_gives_it_back_and_it_is_asked_anew_with_time_left(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + 29 * MINUTE)
    with clock.frozen(NOW + 29 * MINUTE + 50 * SECOND):
        services.press_give_back(actor=responder, ref=made.ref)
    tick(NOW + 30 * MINUTE)
    made.refresh_from_db()
    assert (made.state, made.unanswered_at) == ("asking", NOW + 34 * MINUTE + 50 * SECOND)


def test_a_second_person_may_join_on_request_and_leave_quietly(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + SECOND)
    with clock.frozen(NOW + 2 * MINUTE), pytest.raises(Conflict, match="Someone is there"):
        services.press_claim(actor=third, ref=made.ref)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_second(actor=member, ref=made.ref)
    tick(NOW + 2 * MINUTE)
    assert offer_to(third, made).stage == "help"
    claim(third, made, NOW + 3 * MINUTE)
    view = view_at(member, NOW + 3 * MINUTE)
    assert (view.peer, view.second, view.second_peer) == ("Kim", "there", "Pat")
    with clock.frozen(NOW + 4 * MINUTE):
        services.press_give_back(actor=third, ref=made.ref)
    assert view_at(member, NOW + 4 * MINUTE).second == ""
    assert view_at(member, NOW + 4 * MINUTE).peer == "Kim"


def test_a_peer_hands_over_and_stays_until_the_next_one_is_there(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + SECOND)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_second(actor=responder, ref=made.ref, hand_over=True)
    tick(NOW + 2 * MINUTE)
    assert view_at(member, NOW + 2 * MINUTE).peer == "Kim"
    claim(third, made, NOW + 3 * MINUTE)
    assert view_at(member, NOW + 3 * MINUTE).peer == "Pat"
    assert Claim.objects.get(person=responder).ended == "handed_over"
    assert offer_to(responder, made).stage == "over"


def test_a_peer_whose_connection_is_gone_is_said_after_thirty_seconds_and_a_second_asked_after_sixty(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + SECOND)
    with clock.frozen(NOW + MINUTE + 10 * SECOND):
        services.press_here(actor=responder, ref=made.ref)
    seen = NOW + MINUTE + 10 * SECOND
    tick(seen + 25 * SECOND)
    assert view_at(member, seen + 25 * SECOND).gone is False
    tick(seen + 31 * SECOND)
    assert view_at(member, seen + 31 * SECOND).gone
    tick(seen + 61 * SECOND)
    tick(seen + 61 * SECOND)
    assert [one.person for one in Asked.objects.filter(press=made, round=2)] == [third]
    claim(third, made, seen + 70 * SECOND)
    assert view_at(member, seen + 70 * SECOND).peer == "Pat"
    assert Claim.objects.get(person=responder).ended == "gone"


def test_a_peer_who_comes_back_in_time_is_there_again(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + SECOND)
    with clock.frozen(NOW + MINUTE + 2 * SECOND):
        services.press_here(actor=responder, ref=made.ref)
    tick(NOW + MINUTE + 40 * SECOND)
    assert view_at(member, NOW + MINUTE + 40 * SECOND).gone
    with clock.frozen(NOW + MINUTE + 45 * SECOND):
        services.press_here(actor=responder, ref=made.ref)
    assert view_at(member, NOW + MINUTE + 45 * SECOND).gone is False


def test_who_asked_is_prompted_after_five_silent_minutes_and_the_lead_looks_after_ten(story):
    member, responder, *_ = story
    lead = make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    tick(NOW + MINUTE + 5 * SECOND)
    tick(NOW + 6 * MINUTE - SECOND)
    assert view_at(member, NOW + 6 * MINUTE).prompt is False
    tick(NOW + 6 * MINUTE + 5 * SECOND)
    assert view_at(member, NOW + 6 * MINUTE).prompt
    assert offer_to(responder, made).quiet
    assert sent_to(made, "craving_prompt") == [member]
    tick(NOW + 11 * MINUTE + 5 * SECOND)
    assert sent_to(made, "craving_quiet") == [lead]
    with clock.frozen(NOW + 12 * MINUTE):
        services.press_still_here(actor=member, ref=made.ref)
    tick(NOW + 12 * MINUTE + 5 * SECOND)
    assert view_at(member, NOW + 12 * MINUTE).prompt is False


def test_a_word_of_who_asked_is_enough(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    says(member, made, NOW + 5 * MINUTE)
    for minute in range(2, 20):
        tick(NOW + minute * MINUTE)
    assert sent_to(made, "craving_prompt") == []


def test_three_claims_a_day_are_the_most_and_then_it_is_their_turn_to_rest(story):
    member, responder, _outsider, group = story
    for number in range(3):
        made = offered(member, NOW + number * HOUR)
        claim(responder, made, NOW + number * HOUR + MINUTE)
        with clock.frozen(NOW + number * HOUR + 2 * MINUTE):
            services.press_close(actor=member, ref=made.ref)
    made = offered(member, NOW + 3 * HOUR)
    assert responder not in sent_to(made)
    with clock.frozen(NOW + 3 * HOUR + MINUTE), pytest.raises(TooMany):
        services.press_claim(actor=responder, ref=made.ref)
    make_available(responder, NOW + DAY + MINUTE)
    with clock.frozen(NOW + 4 * HOUR):
        services.press_undo(actor=member, ref=made.ref)
    assert responder in sent_to(offered(member, NOW + DAY + 2 * MINUTE))
    assert group.pk


def test_nobody_is_with_two_people_at_once(story):
    member, responder, _outsider, group = story
    other = another(group, "Lee")
    first, second = offered(member), offered(other)
    claim(responder, first, NOW + MINUTE)
    with clock.frozen(NOW + MINUTE), pytest.raises(Conflict, match="with somebody already"):
        services.press_claim(actor=responder, ref=second.ref)


def test_the_lead_who_is_called_to_a_silence_may_join_and_is_called_to_the_next_one_again(story):
    member, responder, _outsider, group = story
    third = another(group)
    lead = make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    tick(NOW + MINUTE + 5 * SECOND)
    tick(NOW + 11 * MINUTE + 5 * SECOND)
    assert (offer_to(lead, made).stage, offer_to(third, made).stage) == ("help", "taken")
    with clock.frozen(NOW + 12 * MINUTE), pytest.raises(Conflict, match="Someone is there"):
        services.press_claim(actor=third, ref=made.ref)
    with clock.frozen(NOW + 12 * MINUTE):
        services.press_still_here(actor=member, ref=made.ref)
    assert offer_to(lead, made).stage == "taken"
    tick(NOW + 12 * MINUTE + 5 * SECOND)
    tick(NOW + 22 * MINUTE + 5 * SECOND)
    tick(NOW + 22 * MINUTE + 10 * SECOND)
    assert sent_to(made, "craving_quiet") == [lead, lead]
    claim(lead, made, NOW + 23 * MINUTE)
    view = view_at(member, NOW + 23 * MINUTE)
    assert (view.peer, view.second_peer) == ("Kim", "Lea")


@pytest.mark.parametrize("who", ["member", "peer"])
def test_a_block_while_they_talk_parts_them_and_somebody_else_is_asked(story, who):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    tick(NOW + MINUTE + 5 * SECOND)
    actor, other = (member, responder) if who == "member" else (responder, member)
    with clock.frozen(NOW + 2 * MINUTE):
        block_set(actor=actor, other=other)
    tick(NOW + 2 * MINUTE)
    tick(NOW + 2 * MINUTE + SECOND)
    assert view_at(member, NOW + 2 * MINUTE).stage == "asking"
    assert [one.person for one in Asked.objects.filter(press=made, round=2)] == [third]
    assert selectors.press_offered_to(responder, ref=made.ref) is None
    with clock.frozen(NOW + 3 * MINUTE):
        assert selectors.mine_now(responder) is None  # and may be there for somebody else


def test_a_second_person_with_a_block_leaves_and_the_first_stays(story):
    member, responder, _outsider, group = story
    third = another(group)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_second(actor=member, ref=made.ref)
    tick(NOW + 2 * MINUTE)
    claim(third, made, NOW + 3 * MINUTE)
    with clock.frozen(NOW + 4 * MINUTE):
        block_set(actor=third, other=member)
    tick(NOW + 4 * MINUTE)
    view = view_at(member, NOW + 4 * MINUTE)
    assert (view.peer, view.second_peer) == ("Kim", "")
    assert set(RoomMember.objects.filter(room__key=made.room, until=None).values_list("person", flat=True)) == {
        member.pk,
        responder.pk,
    }


def test_a_talk_that_raises_is_reported_and_taken_up_again_half_a_minute_later(story, monkeypatch, caplog):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    right = talks._first_words

    def breaks(*_given):
        raise RuntimeError("this talk is broken")

    monkeypatch.setattr(talks, "_first_words", breaks)
    tick(NOW + 2 * MINUTE)
    assert "waits" in caplog.text
    caplog.clear()
    monkeypatch.setattr(talks, "_first_words", right)
    tick(NOW + 2 * MINUTE + SECOND)
    assert view_at(member, NOW + 2 * MINUTE).stage == "claimed"  # not every second
    tick(NOW + 2 * MINUTE + 30 * SECOND)
    made.refresh_from_db()
    assert made.state == "asking"
