"""Words of danger, hidden numbers, upheld reports, misuse: what keeps those who talk safe, with a moved clock."""

import re
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from chat.contacts import HIDDEN
from chat.models import Message, Report
from chat.services import message_post, message_report, report_decide, room_of
from cravings import selectors, services
from cravings.models import Aftercare, Claim, Limit, Press, Responder, RiskSaid, Shift
from cravings.worker import rights_tick
from delivery import worker as delivery_worker
from delivery.models import Delivery, InboxItem
from ground import clock
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    another,
    claim,
    make_available,
    offer_to,
    offered,
    press,
    says,
    sent_to,
    tick,
    view_at,
)
from tests.cravings.doors import client_of, page, send, text_of
from tests.cravings.on_call import make_shift_now
from tests.people_of_the_story import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db


def read(who, path, at=NOW, **given):
    """What somebody reads at a page, or after sending `given` there."""
    client = client_of(who)
    return text_of(send(client, path, at, **given) if given else page(client, path, at))


def talking(story, at=NOW):
    member, responder, *_ = story
    made = claim(responder, offered(member, at), at + MINUTE)
    says(responder, made, at + MINUTE)
    return made


# --- contact data ------------------------------------------------------------------------------------------------


def test_a_private_number_is_hidden_in_the_room_and_its_sender_reads_why_while_a_line_to_call_stays(story):
    member, responder, *_ = story
    made = talking(story)
    says(responder, made, NOW + 2 * MINUTE, "call me: 0170 1234567, or the Samaritans: 116 123")
    assert Message.objects.latest("pk").body == f"call me: {HIDDEN}, or the Samaritans: 116 123"
    hint = "Numbers, links and account names are hidden here."
    assert hint in read(responder, f"/talk/{made.room}/", NOW + 2 * MINUTE)
    assert hint not in read(member, f"/talk/{made.room}/", NOW + 2 * MINUTE)


def test_what_was_hidden_and_sent_again_is_the_same_message_and_elsewhere_nothing_is_hidden(story):
    member, _responder, _outsider, group = story
    made = talking(story)
    given = {"actor": member, "cid": made.client_key, "body": "me@example.org"}
    with clock.frozen(NOW + 2 * MINUTE):
        first = message_post(room_key=made.room, **given)
        assert message_post(room_key=made.room, **given).seq == first.seq
        message_post(room_key=room_of(group).key, **given)
    assert Message.objects.latest("pk").body == "me@example.org"


def test_a_text_that_was_held_keeps_its_sender_from_the_next_word_in_no_room_of_the_button(story):
    """The list may have been wrong about it, and somebody is in need."""
    member, *_ = story
    made = talking(story)
    says(member, made, NOW + 2 * MINUTE, "Got percs, HMU")
    assert Message.objects.latest("pk").held
    says(member, made, NOW + 2 * MINUTE, "sorry")
    assert Message.objects.latest("pk").body == "sorry"


# --- words of danger ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wished", "told"), [(True, ["Lea"]), (False, [])])
def test_the_lead_hears_that_there_were_words_of_danger_only_if_who_wrote_them_wished_so(story, wished, told):
    member, responder, *_ = story
    lead = make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    services.wishes_lead(actor=member, on=wished)
    made = talking(story)
    says(member, made, NOW + 2 * MINUTE, "I took too much")
    tick(NOW + 2 * MINUTE + 5 * SECOND)
    says(member, made, NOW + 3 * MINUTE, "I can't breathe")
    tick(NOW + 3 * MINUTE + 5 * SECOND)
    assert [one.name for one in sent_to(made, "craving_danger")] == told  # once, not for every word
    with clock.frozen(NOW + 3 * MINUTE + 5 * SECOND):
        delivery_worker.tick(NOW + 3 * MINUTE + 5 * SECOND)
    read_by_lead = " ".join(InboxItem.objects.filter(person=lead).values_list("text", flat=True))
    assert bool(read_by_lead) is wished
    assert not re.search("too much|breathe|Dana", read_by_lead)
    assert offer_to(responder, made).stage == "mine"
    if wished:
        assert offer_to(lead, made).stage == "help"
        claim(lead, made, NOW + 4 * MINUTE)
        assert view_at(member, NOW + 4 * MINUTE).second_peer == "Lea"


def test_a_wish_that_the_lead_hears_of_it_is_taken_back_before_the_hand_over_and_nothing_is_sent(story):
    member, *_ = story
    make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    services.wishes_lead(actor=member, on=True)
    made = talking(story)
    says(member, made, NOW + 2 * MINUTE, "I want to die")
    tick(NOW + 2 * MINUTE + 5 * SECOND)
    services.wishes_lead(actor=member, on=False)
    with clock.frozen(NOW + 2 * MINUTE + 6 * SECOND):
        delivery_worker.tick(NOW + 2 * MINUTE + 6 * SECOND)
    assert [one.state for one in Delivery.objects.filter(kind="craving_danger")] == ["suppressed"]


@pytest.mark.parametrize(("words", "offered_rest"), [("I want to die", True), ("a bad day", False)])
def test_after_words_of_danger_and_only_then_who_came_is_offered_a_rest(story, words, offered_rest):
    member, responder, *_ = story
    made = talking(story)
    says(member, made, NOW + 2 * MINUTE, words)
    with clock.frozen(NOW + 2 * MINUTE + SECOND):  # before any worker looked
        services.press_close(actor=member, ref=made.ref)
    assert offer_to(responder, made).hard is offered_rest
    assert ("Would you like a rest?" in read(responder, f"/need/{made.ref}/claim/", NOW + HOUR)) is offered_rest
    assert not RiskSaid.objects.exclude(found="T1").exists()


def test_words_that_were_meant_otherwise_are_counted_for_the_weekly_look_without_a_text(story, coco):
    member, responder, outsider, group = story
    made = talking(story)
    says(member, made, NOW + 2 * MINUTE, "I want to die laughing, and it's in front of me")
    tick(NOW + 2 * MINUTE + 5 * SECOND)
    away, room = f"/need/{made.ref}/meant-otherwise/", f"/talk/{made.room}/"
    said = read(responder, away, NOW + 3 * MINUTE, found="T1", next=room)
    assert "Is a life in danger?" in said  # it stays for as long as it would
    with pytest.raises(PermissionDenied):
        services.words_meant_otherwise(actor=outsider, ref=made.ref, found="T1")
    with pytest.raises(ValidationError):
        services.words_meant_otherwise(actor=member, ref=made.ref, found="T9")
    with clock.frozen(NOW + 4 * MINUTE):
        message_post(actor=member, room_key=room_of(group).key, cid=made.client_key, body="who is your plug")
        report_decide(actor=coco, report_id=Report.objects.get().pk, remove=False)
    (week, *_older) = selectors.words_weeks(coco, NOW + 7 * DAY)[1:]
    assert (week.t1, week.t1_otherwise, week.t2, week.t2_otherwise) == (1, 1, 1, 0)
    assert (week.held, week.freed, week.removed) == (1, 1, 0)
    page = read(coco, "/coordinator/words/", NOW + 7 * DAY, week=week.monday.isoformat())
    assert "A life may be in danger, talks: 1; meant otherwise: 1" in page
    assert "Looked at by Coco" in page
    assert not re.search("Dana|Kim|laughing|plug", page)
    with pytest.raises(PermissionDenied):
        selectors.words_weeks(member, NOW)
    with pytest.raises(PermissionDenied):
        services.words_looked(actor=member, week=week.monday)


# --- upheld reports ----------------------------------------------------------------------------------------------


def test_two_messages_taken_away_end_the_right_to_answer_by_itself_until_the_coordinator_says_otherwise(story, coco):
    member, responder, _outsider, group = story
    room = room_of(group)

    def upheld(number, at):
        reporter = another(group, f"Pat {number}")  # who reported once does not see them any more
        with clock.frozen(at):
            seq = message_post(actor=responder, room_key=room.key, cid=uuid4(), body=f"rude {number}").seq
            message_report(actor=reporter, room_key=room.key, seq=seq)
            report_decide(actor=coco, report_id=Report.objects.latest("pk").pk, remove=True)
        rights_tick(at)

    for number, answers in ((1, True), (2, False)):
        upheld(number, NOW + number * MINUTE)
        assert selectors.is_responder(responder) is answers
    assert responder not in sent_to(offered(member, NOW + HOUR))
    text = read(coco, "/coordinator/responders/", NOW + HOUR)
    assert "Two of their messages were taken away by moderators: not asked since 15 January 2026" in text
    row = Responder.objects.get(person=responder)
    with clock.frozen(NOW + 2 * HOUR):
        services.responder_bar(actor=coco, responder_id=row.pk, on=False)
    tick(NOW + 2 * HOUR + SECOND)
    assert selectors.is_responder(responder)  # what was decided before counts no more
    make_available(responder, NOW + 2 * HOUR)


# --- misuse ------------------------------------------------------------------------------------------------------


def test_who_asks_beyond_measure_is_shown_to_the_coordinator_alone_and_each_decision_keeps_the_screen(story, coco):
    member, responder, *_ = story
    for number in range(5):
        made = offered(member, NOW + number * MINUTE)
        with clock.frozen(NOW + number * MINUTE + 30 * SECOND):
            services.press_undo(actor=member, ref=made.ref)
    assert [(one.person, one.presses, one.beyond) for one in selectors.often_for(coco, NOW + HOUR)] == [(member, 5, 2)]
    with pytest.raises(PermissionDenied):
        selectors.often_for(responder, NOW)
    for wrong in ({"actor": responder}, {"actor": coco, "person": coco}):
        with pytest.raises(PermissionDenied):
            services.limit_set(**{"person": member, "kind": "lines", "days": 1, **wrong})
    nurse = make_shift_now("Nurse", at=NOW)
    text = read(coco, "/coordinator/often/", NOW + HOUR, person=member.pid, limit="narrow-7")
    assert "only people on call are asked (Coco)" in text
    assert sent_to(offered(member, NOW + 2 * HOUR)) == [nurse]
    with clock.frozen(NOW + 2 * HOUR):
        services.press_undo(actor=member, ref=Press.objects.latest("pk").ref)
    read(coco, "/coordinator/often/", NOW + 3 * HOUR, person=member.pid, limit="lines-1")
    assert "Until 16 January, 22:00 nobody here is asked." in read(member, "/need/", NOW + 4 * HOUR)
    made = press(member, NOW + 4 * HOUR)  # never refused
    tick(NOW + 4 * HOUR + 3 * SECOND)
    assert selectors.press_current(member, NOW + 4 * HOUR, made.client_key).stage == "lines"
    assert sent_to(made) == []
    assert not Aftercare.objects.filter(press=made).exists()
    assert "The lines below answer." in read(member, f"/need/?p={made.client_key}", NOW + 4 * HOUR)
    assert selectors.limit_of(member, NOW + 28 * HOUR) is None  # a day later it is over by itself
    read(coco, "/coordinator/often/", NOW + 4 * HOUR, person=member.pid, limit="none")
    assert Limit.objects.count() == 0


def test_who_came_may_say_that_it_was_not_meant_and_two_different_people_are_heard(story, coco):
    member, _responder, outsider, group = story
    for number in range(2):
        peer = another(group, f"Pat {number}", NOW + number * HOUR)
        made = claim(peer, offered(member, NOW + number * HOUR), NOW + number * HOUR + MINUTE)
        with clock.frozen(NOW + number * HOUR + 2 * MINUTE):
            services.press_close(actor=peer, ref=made.ref)
        assert selectors.often_for(coco, NOW + number * HOUR + 3 * MINUTE) == []
        text = read(peer, f"/need/{made.ref}/not-meant/", NOW + number * HOUR + 3 * MINUTE, now="1")
        assert "It was no wish for company" not in text
    assert [(one.person, one.not_meant) for one in selectors.often_for(coco, NOW + 2 * HOUR)] == [(member, 2)]
    with pytest.raises(PermissionDenied):
        services.press_not_meant(actor=outsider, ref=made.ref)
    assert Claim.objects.filter(not_meant=True).count() == 2
