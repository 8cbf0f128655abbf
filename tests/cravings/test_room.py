"""The room of the two: theirs alone, closed with the press, with numbers above it when a life may be in danger."""

import re

import pytest
from django.core.exceptions import PermissionDenied

from chat.models import Message, Room, RoomMember
from chat.policies import can_read
from cravings import selectors, services
from ground import clock
from ground.errors import Settled
from tests.cravings.circle_of_four import MINUTE, SECOND, claim, join, make_available, offered, says, tick
from tests.cravings.doors import client_of, page, text_of
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db


def inside(made):
    made.refresh_from_db()
    return set(RoomMember.objects.filter(room__key=made.room, until=None).values_list("person__name", flat=True))


def visit(person, path, at):
    answer = page(client_of(person), path, at)
    return answer, text_of(answer)


def test_a_claim_opens_a_room_for_the_two_alone_also_when_they_share_no_group(story):
    member, responder, outsider, _group = story
    made = offered(member)
    tick(NOW + 63 * SECOND)
    claim(outsider, made, NOW + 2 * MINUTE)
    assert inside(made) == {"Dana", "Out"}
    answer, text = visit(member, f"/talk/{made.room}/", NOW + 2 * MINUTE)
    assert (answer.status_code, "Out" in text) == (200, True)
    assert visit(responder, f"/talk/{made.room}/", NOW + 2 * MINUTE)[0].status_code == 403


def test_whoever_comes_after_a_refusal_reads_nothing_of_before(story):
    member, responder, _outsider, group = story
    third = make_member("Pat")
    join(group, third)
    make_available(third)
    made = claim(responder, offered(member), NOW + MINUTE)
    first = Room.objects.get(key=made.room)
    says(member, made, NOW + MINUTE, "my secret")
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_refuse(actor=member, ref=made.ref)
    assert not can_read(responder, first)
    claim(third, made, NOW + 3 * MINUTE)
    assert made.room != first.key
    assert inside(made) == {"Dana", "Pat"}
    assert Message.objects.filter(room__key=made.room).count() == 0


def test_who_hands_over_leaves_the_room_and_a_second_person_sits_beside(story):
    member, responder, _outsider, group = story
    third = make_member("Pat")
    join(group, third)
    make_available(third)
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_second(actor=member, ref=made.ref)
    tick(NOW + 2 * MINUTE)
    claim(third, made, NOW + 3 * MINUTE)
    assert inside(made) == {"Dana", "Kim", "Pat"}
    with clock.frozen(NOW + 4 * MINUTE):
        services.press_second(actor=responder, ref=made.ref, hand_over=True)
    assert inside(made) == {"Dana", "Pat"}


def test_the_room_closes_with_the_press(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_close(actor=member, ref=made.ref, how="better")
    with pytest.raises((Settled, PermissionDenied)):
        says(responder, made, NOW + 3 * MINUTE)
    assert "This talk has ended." in visit(member, f"/talk/{made.room}/", NOW + 3 * MINUTE)[1]


@pytest.mark.parametrize(
    ("words", "danger"),
    [("I took too much", True), ('he said "I want to die" in the film', False), ("a cup of tea helps", False)],
)
def test_words_of_danger_put_numbers_above_the_room_for_both_and_the_message_goes_through(story, words, danger):
    member, responder, *_ = story
    services.region_choose(actor=member, region="UK")
    made = claim(responder, offered(member), NOW + MINUTE)
    says(member, made, NOW + MINUTE, words)
    assert Message.objects.get(room__key=made.room).body == words
    for person in (member, responder):
        _answer, text = visit(person, f"/need/room/{made.room}/", NOW + 2 * MINUTE)
        assert ("Is a life in danger?" in text) is danger
    assert ('href="tel:999"' in visit(member, f"/talk/{made.room}/", NOW + 2 * MINUTE)[0].content.decode()) is danger
    assert selectors.room_view(make_member("X"), made.room, NOW) is None


def test_what_stands_above_the_room_is_numbers_emergency_first_and_the_rest_is_folded(story):
    """It sticks to the top of a telephone: little of the talk was left to see."""
    member, responder, *_ = story
    services.region_choose(actor=member, region="UK")
    made = claim(responder, offered(member), NOW + MINUTE)
    says(member, made, NOW + MINUTE, "I took too much")
    part = visit(member, f"/need/room/{made.room}/", NOW + 2 * MINUTE)[0].content.decode()
    assert re.findall(r'href="tel:(\d+)"', part)[0] == "999"
    shown, folded = part.split("<details")
    assert "More help, or end the talk" in shown
    assert "It was meant otherwise" in folded


def test_words_of_someone_about_to_use_put_what_helps_and_the_safety_card_above_the_room(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(member, made, NOW + MINUTE, "it's in front of me")
    for person in (member, responder):
        _answer, text = visit(person, f"/need/room/{made.room}/", NOW + 2 * MINUTE)
        assert "Twenty minutes can pass. Stay with each other." in text
        assert "Never use alone." in text
        assert "What helps now" in text
        assert "Is a life in danger?" not in text


@pytest.mark.parametrize("how", ["worse", "used"])
def test_worse_or_used_shows_the_safety_card_and_offers_a_person(story, how):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_close(actor=member, ref=made.ref, how=how)
    _answer, text = visit(member, f"/need/?p={made.client_key}", NOW + 3 * MINUTE)
    for words in ("Give naloxone.", "Never use alone.", "Tolerance drops fast", "Ask again"):
        assert words in text
