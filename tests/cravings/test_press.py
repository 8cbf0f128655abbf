"""The button: committed at once, told to nobody for 3 s, offered exactly once, never refused."""

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from chat.models import Message
from cravings import selectors, services, worker
from cravings.models import Asked, Press
from cravings.services import asking
from delivery import worker as delivery_worker
from delivery.kinds import kind_of
from delivery.models import Delivery, InboxItem
from delivery.selectors import deliveries_of
from ground import clock
from ground.errors import Conflict, Settled
from people.services import block_set
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    join,
    make_available,
    make_group,
    make_responder,
    offered,
    press,
    says,
    tick,
)
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


def seen_by(peer, made):
    found = selectors.press_offered_to(peer, ref=made.ref)
    assert found is not None
    return selectors.offer_view(peer, found)


def open_press(member):
    found = selectors.press_open(member)
    assert found is not None
    return found


def make_in(group, name):
    person = make_member(name)
    join(group, person)
    return person


def room_of(made):
    made.refresh_from_db()
    assert made.room.startswith("c")  # their own, not the group's
    return made.room


def view_at(member, at):
    return selectors.press_current(member, at)


def test_undo_within_three_seconds_tells_nobody_ever(story):
    member, *_ = story
    made = press(member)
    tick(NOW + 2 * SECOND)
    with clock.frozen(NOW + 2 * SECOND):
        assert view_at(member, clock.now()).undoable
        services.press_undo(actor=member, ref=made.ref)
    for moment in (NOW + 3 * SECOND, NOW + MINUTE, NOW + HOUR):
        tick(moment)
    assert Delivery.objects.count() == 0
    assert Message.objects.count() == 0
    assert Asked.objects.count() == 0
    made.refresh_from_db()
    assert made.state == "cancelled"


def test_after_three_seconds_the_available_of_the_group_are_asked_exactly_once(story):
    member, responder, *_ = story
    made = press(member)
    assert tick(NOW + 2 * SECOND) == 0
    for moment in (NOW + 3 * SECOND, NOW + 4 * SECOND, NOW + MINUTE):
        tick(moment)
    asked = deliveries_of(f"press:{made.pk}")
    assert [d.recipient for d in asked] == [responder]
    assert [(d.kind, d.to_inbox) for d in asked] == [("craving_offer", True)]
    assert Message.objects.count() == 0  # nothing stands in a room that could be guessed from


def test_the_message_names_nobody_and_the_inbox_holds_it_at_any_hour(story):
    member, responder, *_ = story
    night = NOW + 8 * HOUR  # 03:00 in Berlin, outside everybody's window
    make_available(responder, night)
    made = offered(member, night)
    with clock.frozen(night + 3 * SECOND):
        delivery_worker.tick(clock.now())
    item = InboxItem.objects.get(person=responder)
    assert item.text == "Someone in your circle would like a chat now. Free for 15 minutes?"
    assert "Dana" not in item.text
    assert made.ref not in item.link


def test_ask_now_skips_the_wait(story):
    member, *_ = story
    made = press(member)
    with clock.frozen(NOW + SECOND):
        services.press_now(actor=member, ref=made.ref)
    tick(NOW + SECOND)
    made.refresh_from_db()
    assert made.offered_at == NOW + SECOND


def test_the_same_client_key_twice_is_one_press(story):
    member, *_ = story
    key = uuid4()
    first = press(member, client_key=key)
    again = press(member, NOW + SECOND, client_key=key)
    assert first.pk == again.pk
    assert Press.objects.count() == 1


def test_a_key_belongs_to_its_person_only(story):
    member, responder, *_ = story
    key = uuid4()
    assert press(member, client_key=key).pk != press(responder, client_key=key).pk


def test_another_tap_while_people_are_asked_is_the_same_press(story):
    member, *_ = story
    assert press(member).pk == press(member, NOW + MINUTE).pk


def test_a_press_is_never_refused_not_even_the_tenth_in_an_hour(story):
    member, *_ = story
    for minute in range(10):
        made = press(member, NOW + minute * MINUTE)
        with clock.frozen(NOW + minute * MINUTE + SECOND):
            services.press_undo(actor=member, ref=made.ref)
    assert Press.objects.filter(person=member).count() == 10


def test_a_press_from_offline_goes_out_at_once_and_once(story):
    member, *_ = story
    key = uuid4()
    made = press(member, client_key=key, late=True)
    press(member, NOW, client_key=key, late=True)
    assert made.late
    tick(NOW)
    tick(NOW + SECOND)
    assert len(deliveries_of(f"press:{made.pk}")) == 1
    assert view_at(member, NOW).undoable is False


def test_a_tap_taken_back_before_it_arrived_asks_nobody_when_it_arrives(story):
    member, *_ = story
    key = uuid4()
    with clock.frozen(NOW):
        services.press_undo_by_key(actor=member, client_key=key)
    made = press(member, NOW + MINUTE, client_key=key, late=True)
    assert made.state == "cancelled"
    assert tick(NOW + 2 * MINUTE) == 0


def test_cancel_works_at_any_time_and_withdraws_what_has_not_left(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=made.ref)
        delivery_worker.tick(NOW + MINUTE)
    assert [d.state for d in deliveries_of(f"press:{made.pk}")] == ["cancelled"]
    with clock.frozen(NOW + MINUTE), pytest.raises(Settled, match="Thank you for looking"):
        services.press_claim(actor=responder, ref=made.ref)


def test_five_minutes_later_the_screen_says_nobody_yet_and_thirty_minutes_later_that_we_are_sorry(story):
    member, *_ = story
    made = offered(member)
    assert view_at(member, NOW + 5 * MINUTE - SECOND).stage == "asking"
    assert view_at(member, NOW + 5 * MINUTE).stage == "nobody_yet"
    assert view_at(member, NOW + 30 * MINUTE).stage == "unanswered"  # also while the worker stands still
    tick(NOW + 30 * MINUTE)
    made.refresh_from_db()
    assert made.state == "unanswered"
    assert view_at(member, NOW + 40 * MINUTE).stage == "unanswered"
    assert view_at(member, NOW + 2 * HOUR) is None


def test_a_claim_tells_the_member_who_is_there_and_withdraws_the_other_messages(story):
    member, responder, _outsider, group = story
    third = make_member("Pat")
    join(group, third)
    make_available(third)
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
        services.press_claim(actor=responder, ref=made.ref)  # a second tap of the same thumb
        with pytest.raises(Conflict, match="Someone is there, thank you"):
            services.press_claim(actor=third, ref=made.ref)
        delivery_worker.tick(NOW + MINUTE)
    assert {d.state for d in deliveries_of(f"press:{made.pk}")} == {"cancelled"}
    view = view_at(member, NOW + MINUTE)
    assert (view.stage, view.peer, view.room) == ("claimed", "Kim", room_of(made))


def test_the_alias_shows_to_the_one_who_took_it_and_not_before(story):
    member, responder, *_ = story
    made = offered(member)
    before = seen_by(responder, made)
    assert (before.stage, before.peer, before.room) == ("asking", "", "")
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
    after = seen_by(responder, made)
    assert (after.stage, after.peer, after.room) == ("mine", "Dana", room_of(made))


@pytest.mark.parametrize("act", ["claim", "undo", "now", "close"])
def test_an_outsider_can_do_nothing_with_a_press(story, act):
    member, _responder, outsider, _group = story
    made = offered(member)
    assert selectors.press_offered_to(outsider, ref=made.ref) is None
    service = getattr(services, f"press_{act}")
    with clock.frozen(NOW + MINUTE), pytest.raises(PermissionDenied):
        service(actor=outsider, ref=made.ref)
    made.refresh_from_db()
    assert made.state == "asking"


def test_nobody_can_claim_before_the_wait_is_over_nor_their_own_press(story):
    member, responder, *_ = story
    made = press(member)
    with clock.frozen(NOW + SECOND), pytest.raises(PermissionDenied):
        services.press_claim(actor=responder, ref=made.ref)
    tick(NOW + 3 * SECOND)
    with clock.frozen(NOW + 4 * SECOND), pytest.raises(PermissionDenied):
        services.press_claim(actor=member, ref=made.ref)


@pytest.mark.parametrize("blocker", ["member", "responder"])
def test_across_a_block_nobody_is_asked_and_nobody_can_claim(story, blocker):
    member, responder, outsider, _group = story
    pair = (member, responder) if blocker == "member" else (responder, member)
    with clock.frozen(NOW):
        block_set(actor=pair[0], other=pair[1])
    made = offered(member)
    assert deliveries_of(f"press:{made.pk}") == []
    for moment in (NOW + 63 * SECOND, NOW + 4 * MINUTE, NOW + 16 * MINUTE):  # nor in any later wave
        tick(moment)
    assert {d.recipient for d in deliveries_of(f"press:{made.pk}")} == {outsider}
    with clock.frozen(NOW + MINUTE), pytest.raises(PermissionDenied):
        services.press_claim(actor=responder, ref=made.ref)


@pytest.mark.parametrize("happens", ["cancelled", "claimed", "unavailable", "blocked"])
def test_a_message_that_is_no_longer_wanted_is_not_sent(story, happens):
    member, responder, _outsider, group = story
    made = offered(member)
    delivery = deliveries_of(f"press:{made.pk}")[0]
    kind = kind_of("craving_offer")
    assert kind.check(delivery, NOW + 4 * SECOND) is None
    with clock.frozen(NOW + 4 * SECOND):
        if happens == "cancelled":
            services.press_undo(actor=member, ref=made.ref)
        elif happens == "claimed":
            third = make_member("Pat")
            join(group, third)
            make_responder(third)
            services.press_claim(actor=third, ref=made.ref)
        elif happens == "unavailable":
            services.available_end(actor=responder)
        else:
            block_set(actor=member, other=responder)
    assert kind.check(delivery, NOW + 5 * SECOND)


def test_at_most_eight_are_asked_those_first_who_were_asked_longest_ago():
    member = make_member("Dana")
    peers = [make_member(f"Peer {n}") for n in range(12)]
    make_group(member, *peers)
    for number, peer in enumerate(peers):
        make_available(peer, NOW + number * SECOND)
    first = {d.recipient for d in deliveries_of(f"press:{offered(member, NOW + MINUTE).pk}")}
    assert first == set(peers[:8])
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_undo(actor=member, ref=open_press(member).ref)
    second = {d.recipient for d in deliveries_of(f"press:{offered(member, NOW + 3 * MINUTE).pk}")}
    assert second >= set(peers[8:])
    assert len(second) == 8


def test_a_person_who_is_with_somebody_or_asks_themselves_is_not_asked(story):
    member, responder, _outsider, group = story
    third = make_member("Pat")
    join(group, third)
    make_available(third)
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
    with clock.frozen(NOW + MINUTE):
        says(responder, made, NOW + 70 * SECOND)
    other = offered(third, NOW + 2 * MINUTE)
    assert [d for d in deliveries_of(f"press:{other.pk}") if d.recipient == responder] == []
    again = offered(make_in(group, "Lee"), NOW + 3 * MINUTE)
    asked = [d.recipient for d in deliveries_of(f"press:{again.pk}")]
    assert not {responder, third} & set(asked)  # one is with somebody, the other asks


def test_a_waiting_newcomer_of_the_group_is_neither_asked_nor_let_in(story):
    member, _responder, outsider, group = story
    waiting = join(group, outsider)
    type(waiting).objects.filter(pk=waiting.pk).update(state="waiting")
    made = offered(member)
    assert outsider not in {d.recipient for d in deliveries_of(f"press:{made.pk}")}
    with clock.frozen(NOW + MINUTE), pytest.raises(PermissionDenied):
        services.press_claim(actor=outsider, ref=made.ref)


def test_where_nobody_can_be_asked_the_screen_does_not_pretend():
    alone = make_member("Solo")
    press(alone)
    tick(NOW + 3 * SECOND)
    assert view_at(alone, NOW + MINUTE).nobody


def test_either_may_end_the_talk_and_only_who_asked_says_how_it_is(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        with pytest.raises(Conflict):
            services.press_close(actor=member, ref=made.ref, how="better")
        services.press_claim(actor=responder, ref=made.ref)
        with pytest.raises(PermissionDenied):
            services.press_close(actor=responder, ref=made.ref, how="better")
        with pytest.raises(ValidationError):
            services.press_close(actor=member, ref=made.ref, how="great")
        services.press_close(actor=responder, ref=made.ref)
        services.press_close(actor=member, ref=made.ref, how="worse")
    made.refresh_from_db()
    assert (made.state, made.how) == ("closed", "worse")


def test_asking_again_while_nobody_answers_starts_anew_and_asks_everybody(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
    assert press(member, NOW + 2 * MINUTE).pk == made.pk
    again = press(member, NOW + 2 * MINUTE, again=True)
    assert again.pk != made.pk
    tick(NOW + 3 * MINUTE)
    assert responder in [d.recipient for d in deliveries_of(f"press:{again.pk}")]


def test_a_talk_that_both_left_open_rests_after_four_hours(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
    says(responder, made, NOW + MINUTE + SECOND)
    says(member, made, NOW + MINUTE + 2 * SECOND)
    tick(NOW + MINUTE + 4 * HOUR - SECOND)
    assert selectors.press_open(member) is not None
    tick(NOW + MINUTE + 4 * HOUR)
    assert selectors.press_open(member) is None


def test_one_press_that_raises_holds_up_no_other_and_is_tried_again(story, monkeypatch, caplog):
    member, responder, *_ = story
    bad, good = press(member), press(responder, NOW + SECOND)
    right = asking._whom

    def breaks(one, *given):
        if one.pk == bad.pk:
            raise RuntimeError("a broken row")
        return right(one, *given)

    monkeypatch.setattr(asking, "_whom", breaks)
    tick(NOW + 5 * SECOND)
    good.refresh_from_db()
    bad.refresh_from_db()
    assert good.offered_at
    assert bad.offered_at is None
    assert "a broken row" in caplog.text
    monkeypatch.setattr(asking, "_whom", right)
    tick(NOW + 5 * SECOND + worker.SOON)
    bad.refresh_from_db()
    assert bad.offered_at


def test_availability_ends_by_itself_after_eight_hours_and_at_once_when_told(story):
    _member, responder, *_ = story
    assert selectors.available_until(responder, NOW + 8 * HOUR - SECOND) == NOW + 8 * HOUR
    assert selectors.available_until(responder, NOW + 8 * HOUR) is None
    services.available_end(actor=responder)
    assert selectors.available_until(responder, NOW) is None


def test_somebody_who_is_not_vetted_cannot_be_available():
    with pytest.raises(ValidationError, match="You cannot be asked yet"):
        services.available_set(actor=make_member("Solo"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "claimed"},
        {"state": "closed"},
        {"state": "lost"},
        {"how": "great"},
    ],
)
def test_the_database_itself_refuses_an_impossible_press(story, wrong):
    member, *_ = story
    made = press(member)
    with pytest.raises(IntegrityError), transaction.atomic():
        Press.objects.filter(pk=made.pk).update(**wrong)


def test_the_database_holds_one_open_press_a_person(story):
    member, *_ = story
    made = press(member)
    times = dict.fromkeys(("pressed_at", "wave1_at", "nobody_yet_at", "unanswered_at"), NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Press.objects.create(person=made.person, client_key=uuid4(), **times)


def test_reading_ones_press_takes_few_queries(story, django_assert_max_num_queries):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
    with django_assert_max_num_queries(4):
        assert view_at(member, NOW + MINUTE).peer == "Kim"
