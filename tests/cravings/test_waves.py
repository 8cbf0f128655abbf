"""Whom a press asks, when, and whom never; with a moved clock."""

import pytest
from django.core.exceptions import PermissionDenied

from circle.services import supporter_rest
from cravings import selectors, services
from cravings.models import Aftercare, Asked, Shift, SupporterAsked
from delivery import worker as delivery_worker
from delivery.models import Delivery
from delivery.transports import replaced
from delivery.transports.recording import RecordingTransport
from ground import clock
from people.models import ContactWay
from people.services import link_give, link_open, way_add
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    another,
    chosen,
    claim,
    make_available,
    make_group,
    offer_to,
    offered,
    press,
    sent_to,
    tick,
    view_at,
)
from tests.cravings.on_call import make_shift_now
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
VOICE_END = "Could you give them a short call? STOP ends"


def hand_over(at):
    with clock.frozen(at):
        delivery_worker.tick(at)


def test_the_first_wave_asks_who_is_on_call_and_the_available_of_the_groups(story):
    member, responder, outsider, _group = story
    nurse = make_shift_now("Night nurse", at=NOW)
    made = offered(member)
    assert set(sent_to(made)) == {nurse, responder}
    assert outsider not in sent_to(made)


def test_after_sixty_seconds_all_available_of_the_site_and_facilitators_on_call_are_asked(story):
    member, responder, outsider, _group = story
    facilitator = make_shift_now("Fay", at=NOW, duty=Shift.FACILITATOR)
    made = offered(member)
    tick(NOW + 62 * SECOND)
    assert sent_to(made) == [responder]
    tick(NOW + 63 * SECOND)
    assert set(sent_to(made)) == {responder, outsider, facilitator}
    tick(NOW + 4 * MINUTE)
    assert len(sent_to(made)) == 3  # each once


def test_after_three_minutes_a_chosen_person_with_this_very_consent_is_asked_and_says_that_they_call(story):
    member, *_ = story
    sam = chosen(member, "craving")
    made = offered(member)
    tick(NOW + 3 * MINUTE + 2 * SECOND)
    assert sent_to(made, "craving_supporter") == []
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    assert sent_to(made, "craving_supporter") == [sam.person]
    row = SupporterAsked.objects.get()
    link = link_open(token=link_give(purpose="press_supporter", subject=row.pk, person=sam.person))
    with clock.frozen(NOW + 4 * MINUTE):
        services.supporter_answer(link=link, answer="calling")
    assert view_at(member, NOW + 4 * MINUTE).calls == ("Sam",)
    assert view_at(member, NOW + 4 * MINUTE).stage == "asking"  # the others are asked all the same


def test_a_chosen_person_whose_message_was_withdrawn_is_asked_again_when_who_came_is_gone(story):
    member, responder, *_ = story
    sam = chosen(member, "craving")
    made = offered(member)
    tick(NOW + 63 * SECOND)
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    claim(responder, made, NOW + 3 * MINUTE + 4 * SECOND)  # before the message left
    with clock.frozen(NOW + 4 * MINUTE):
        services.press_give_back(actor=responder, ref=made.ref)
    for seconds in (0, 60, 180, 200):
        tick(NOW + 4 * MINUTE + seconds * SECOND)
    decided = Delivery.objects.filter(kind="craving_supporter").order_by("pk")
    assert [(one.recipient, one.state) for one in decided] == [(sam.person, "cancelled"), (sam.person, "pending")]


def test_a_chosen_person_who_heard_of_it_is_asked_once_a_press(story):
    member, responder, *_ = story
    chosen(member, "craving")
    made = offered(member)
    tick(NOW + 63 * SECOND)
    at = NOW + 3 * MINUTE + 3 * SECOND
    tick(at)
    hand_over(at)
    claim(responder, made, at + SECOND)
    with clock.frozen(NOW + 4 * MINUTE):
        services.press_give_back(actor=responder, ref=made.ref)
    for seconds in (0, 60, 180, 200):
        tick(NOW + 4 * MINUTE + seconds * SECOND)
    assert Delivery.objects.filter(kind="craving_supporter").count() == 1


def test_after_sixty_seconds_who_is_on_call_gets_a_text_message_as_well_once(story):
    member, *_ = story
    nurse, texted, mailed = (make_shift_now(name, at=NOW) for name in ("Nurse", "Texted", "Mailed"))
    for person, ways in ((nurse, ("email", "sms")), (texted, ("sms",)), (mailed, ("email",))):
        for kind in ways:
            address = f"{person.name.lower()}@example.org" if kind == "email" else f"+4915112345{person.pk:04}"
            way_add(person=person, kind=kind, address=address)
    mail, sms = RecordingTransport(), RecordingTransport(absorbs_repeats=False)
    with replaced({"email": mail, "sms": sms}):
        offered(member)
        hand_over(NOW + 4 * SECOND)
        assert (len(mail.sent), len(sms.sent)) == (2, 1)  # each by their first way
        tick(NOW + 62 * SECOND)
        hand_over(NOW + 62 * SECOND)
        assert len(sms.sent) == 1
        for seconds in (63, 64, 200):
            tick(NOW + seconds * SECOND)
            hand_over(NOW + seconds * SECOND)
        assert [address for address, _message in sms.sent] == [f"+4915112345{one.pk:04}" for one in (texted, nurse)]
        assert len(mail.sent) == 2


@pytest.mark.parametrize("answers", [False, True])
def test_a_chosen_person_is_rung_a_minute_after_the_text_where_the_site_has_calls(story, answers):
    member, *_ = story
    sam = chosen(member, "craving")
    ContactWay.objects.filter(person=sam.person).update(kind="sms", address="+49151999")
    sms, voice = RecordingTransport(absorbs_repeats=False), RecordingTransport(absorbs_repeats=False)
    with replaced({"sms": sms, "voice": voice}):
        offered(member)
        at = NOW + 3 * MINUTE + 3 * SECOND
        for moment in (NOW + 63 * SECOND, at, at + 59 * SECOND):
            tick(moment)
            hand_over(moment)
        assert (len(sms.sent), len(voice.sent)) == (1, 0)
        if answers:
            link = link_open(
                token=link_give(purpose="press_supporter", subject=SupporterAsked.objects.get().pk, person=sam.person)
            )
            with clock.frozen(at + 59 * SECOND):
                services.supporter_answer(link=link, answer="cannot")
        for seconds in (60, 61, 300):
            hand_over(at + seconds * SECOND)
    words = [message.text for _address, message in voice.sent]
    assert words == ([] if answers else [f"Hi Sam. {member.name} would like to hear a voice now. {VOICE_END}"])


@pytest.mark.parametrize("purposes", [(), ("absence", "back_in_touch")])
def test_a_chosen_person_without_the_craving_consent_never_hears_of_it(story, purposes):
    member, *_ = story
    chosen(member, *purposes)
    made = offered(member)
    for minute in range(3, 31):
        tick(NOW + minute * MINUTE + 3 * SECOND)
    assert sent_to(made, "craving_supporter") == []


def test_a_consent_that_is_revoked_before_the_hand_over_sends_nothing(story):
    from circle.services import consent_revoke

    member, *_ = story
    sam = chosen(member, "craving")
    made = offered(member)
    at = NOW + 3 * MINUTE + 3 * SECOND
    tick(NOW + 63 * SECOND)
    tick(at)
    with clock.frozen(at):
        consent_revoke(actor=member, supporter=sam, purpose="craving")
        delivery_worker.tick(at)
    assert {one.state for one in Delivery.objects.filter(kind="craving_supporter")} == {"cancelled"}
    assert made.pk


def test_a_chosen_person_who_asks_for_a_rest_before_the_hand_over_hears_nothing(story):
    member, *_ = story
    sam = chosen(member, "craving")
    offered(member)
    at = NOW + 3 * MINUTE + 3 * SECOND
    tick(NOW + 63 * SECOND)
    tick(at)
    with clock.frozen(at):
        supporter_rest(supporter=sam, actor=sam.person, days=30)
        delivery_worker.tick(at)
    assert [(one.state, one.reason) for one in Delivery.objects.filter(kind="craving_supporter")] == [
        ("suppressed", "they asked for a rest")
    ]


def test_after_fifteen_minutes_the_lead_on_call_is_paged_else_the_coordinators_and_may_come(story, coco):
    member, *_ = story
    made = offered(member)
    tick(NOW + 15 * MINUTE - SECOND)
    assert sent_to(made, "craving_page") == []
    tick(NOW + 15 * MINUTE)
    tick(NOW + 16 * MINUTE)
    assert sent_to(made, "craving_page") == [coco]
    claim(coco, made, NOW + 16 * MINUTE)
    assert view_at(member, NOW + 16 * MINUTE).peer == "Coco"


@pytest.mark.usefixtures("coco")
def test_a_lead_on_call_is_paged_instead_of_the_coordinators(story):
    member, *_ = story
    lead = make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    made = offered(member)
    tick(NOW + 15 * MINUTE)
    assert sent_to(made, "craving_page") == [lead]


def test_after_thirty_minutes_it_is_unanswered_with_an_apology_aftercare_and_a_review(story, coco):
    member, *_ = story
    made = offered(member)
    tick(NOW + 30 * MINUTE)
    made.refresh_from_db()
    assert (made.state, view_at(member, NOW + 31 * MINUTE).stage) == ("unanswered", "unanswered")
    assert Aftercare.objects.filter(press=made).count() == 3
    (incident,) = selectors.incidents_for(coco, NOW + HOUR)
    assert (incident.asked, incident.review) == (1, "")
    with clock.frozen(NOW + HOUR), pytest.raises(PermissionDenied):
        services.press_review(actor=member, ref=made.ref, found="nobody_on")
    with clock.frozen(NOW + HOUR):
        services.press_review(actor=coco, ref=made.ref, found="nobody_on")
    assert selectors.incidents_for(coco, NOW + HOUR)[0].review == "nobody_on"


def test_who_has_been_asked_three_times_in_two_minutes_finds_the_rest_on_their_page(story):
    _member, _responder, outsider, group = story
    made = [offered(another(group, f"Ask {n}", NOW), NOW + n * SECOND) for n in range(4)]
    tick(NOW + 70 * SECOND)
    told = Asked.objects.filter(person=outsider, told=True).count()
    assert (told, Asked.objects.filter(person=outsider).count()) == (3, 4)
    claim(outsider, made[0], NOW + 80 * SECOND)
    with clock.frozen(NOW + 90 * SECOND):
        services.press_close(actor=outsider, ref=made[0].ref)
    assert offer_to(outsider, made[0]).more  # somebody else still waits
    tick(NOW + 4 * MINUTE)
    assert Asked.objects.filter(person=outsider, told=False).count() == 0


# --- many presses, wishes ------------------------------------------------------------------------------------------


def test_from_the_fourth_press_within_an_hour_only_people_on_call_are_asked_and_none_is_refused(story):
    member, responder, *_ = story
    nurse = make_shift_now("Night nurse", at=NOW)
    for number in range(3):
        made = offered(member, NOW + number * 5 * MINUTE)
        assert responder in sent_to(made)
        with clock.frozen(NOW + (number * 5 + 1) * MINUTE):
            services.press_undo(actor=member, ref=made.ref)
    fourth = offered(member, NOW + 20 * MINUTE)
    for minute in (21, 22, 24):
        tick(NOW + minute * MINUTE)
    assert sent_to(fourth) == [nurse]
    assert view_at(member, NOW + 24 * MINUTE).narrow


def test_presses_that_were_undone_at_once_do_not_count(story):
    member, *_ = story
    for number in range(5):
        made = press(member, NOW + number * MINUTE)
        with clock.frozen(NOW + number * MINUTE + SECOND):
            services.press_undo(actor=member, ref=made.ref)
    assert press(member, NOW + 6 * MINUTE).narrow is False


def test_a_wish_for_the_same_gender_first_or_only_is_kept_in_every_wave():
    member, woman, man = make_member("Dana"), make_member("Wanda"), make_member("Manu")
    make_group(member, woman, man)
    for person, gender, ask in ((member, "woman", "only"), (woman, "woman", ""), (man, "man", "")):
        services.wishes_set(actor=person, gender=gender, ask=ask, aftercare=True, hour=10)
    make_available(man)
    make_available(woman, NOW + SECOND)
    only = offered(member)
    for minute in (1, 2, 4):
        tick(NOW + minute * MINUTE + 5 * SECOND)
    assert sent_to(only) == [woman]
    assert selectors.press_offered_to(man, ref=only.ref) is None
    with clock.frozen(NOW + 5 * MINUTE):
        services.press_undo(actor=member, ref=only.ref)
        services.wishes_set(actor=member, gender="woman", ask="first", aftercare=True, hour=10)
    assert sent_to(offered(member, NOW + 6 * MINUTE)) == [woman, man]
