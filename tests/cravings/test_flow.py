"""Every line of the table of the craving flow, with a moved clock."""

import pytest
from django.core.exceptions import PermissionDenied

from circle.services import consent_grant, supporter_accept, supporter_invite
from cravings import selectors, services
from cravings.models import Aftercare, Asked, Claim, Press, Shift, SupporterAsked
from delivery import worker as delivery_worker
from delivery.models import Delivery
from ground import clock
from ground.errors import Conflict, Settled, TooMany
from people.services import coordinator_set, link_give, link_open
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    claim,
    join,
    make_available,
    make_group,
    make_responder,
    make_story,
    offered,
    press,
    says,
    sent_to,
    tick,
)
from tests.cravings.on_call import make_shift_now
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def story():
    return make_story()


def view_at(member, at):
    return selectors.press_current(member, at)


def offer_to(person, made):
    return selectors.offer_view(person, selectors.press_offered_to(person, ref=made.ref))


def another(group, name="Pat", at=NOW):
    person = make_member(name)
    join(group, person)
    make_available(person, at)
    return person


# --- waves ---------------------------------------------------------------------------------------------------


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


def chosen(member, *purposes):
    with clock.frozen(NOW - DAY):
        sam = supporter_invite(actor=member, name="Sam", address="sam@example.org", zone="Europe/Berlin")
        supporter_accept(link=link_open(token=link_give(purpose="invite", subject=sam.pk, person=sam.person)))
        sam.refresh_from_db()
        for purpose in purposes:
            consent_grant(actor=member, supporter=sam, purpose=purpose)
    return sam


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
    from circle.services import supporter_rest

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


def test_after_fifteen_minutes_the_lead_on_call_is_paged_else_the_coordinators_and_may_come(story):
    member, *_ = story
    coco = make_member("Coco")
    coordinator_set(alias="Coco")
    made = offered(member)
    tick(NOW + 15 * MINUTE - SECOND)
    assert sent_to(made, "craving_page") == []
    tick(NOW + 15 * MINUTE)
    tick(NOW + 16 * MINUTE)
    assert sent_to(made, "craving_page") == [coco]
    claim(coco, made, NOW + 16 * MINUTE)
    assert view_at(member, NOW + 16 * MINUTE).peer == "Coco"


def test_a_lead_on_call_is_paged_instead_of_the_coordinators(story):
    member, *_ = story
    make_member("Coco")
    coordinator_set(alias="Coco")
    lead = make_shift_now("Lea", at=NOW, duty=Shift.LEAD)
    made = offered(member)
    tick(NOW + 15 * MINUTE)
    assert sent_to(made, "craving_page") == [lead]


def test_after_thirty_minutes_it_is_unanswered_with_an_apology_aftercare_and_a_review(story):
    member, *_ = story
    coco = make_member("Coco")
    coordinator_set(alias="Coco")
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


# --- claim, lease, refusal -----------------------------------------------------------------------------------


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


# --- many presses, wishes ------------------------------------------------------------------------------------


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


# --- aftercare -----------------------------------------------------------------------------------------------


def closed_at(story, at):
    member, responder, *_ = story
    made = claim(responder, offered(member, at - 10 * MINUTE), at - 9 * MINUTE)
    says(responder, made, at - 9 * MINUTE)
    with clock.frozen(at):
        services.press_close(actor=member, ref=made.ref, how="better", level=4)
    return made


def asked_afterwards(made):
    rows = Delivery.objects.filter(topic=f"aftercare:{made.pk}").order_by("created_at", "pk")
    return [one.kind for one in rows]


def test_two_hours_later_the_next_day_at_ones_own_hour_and_on_the_third_day_one_tap_is_asked(story):
    member, *_ = story
    services.wishes_set(actor=member, gender="", ask="", aftercare=True, hour=9)
    made = closed_at(story, NOW)
    times = {one.step: one.due_at for one in Aftercare.objects.filter(press=made)}
    morning = NOW.replace(hour=8) + DAY  # 9 in Berlin
    assert times == {"hours": NOW + 2 * HOUR, "next_day": morning, "day_three": morning + 2 * DAY}
    for step in ("hours", "next_day", "day_three"):
        tick(times[step])
        question = Aftercare.objects.get(press=made, step=step)
        with clock.frozen(times[step] + MINUTE):
            services.aftercare_answer(actor=member, question_id=question.pk, answer="fine")
    assert asked_afterwards(made) == ["aftercare_hours", "aftercare_next_day", "aftercare_day_three"]


def test_without_an_answer_at_most_one_more_is_asked(story):
    made = closed_at(story, NOW)
    for one in Aftercare.objects.filter(press=made).order_by("due_at"):
        tick(one.due_at)
    assert asked_afterwards(made) == ["aftercare_hours", "aftercare_next_day"]


def test_stop_ends_the_questions_and_a_wish_prevents_them(story):
    member, *_ = story
    made = closed_at(story, NOW)
    tick(NOW + 2 * HOUR)
    question = Aftercare.objects.get(press=made, step="hours")
    with clock.frozen(NOW + 2 * HOUR):
        services.aftercare_answer(actor=member, question_id=question.pk, answer="stop")
    tick(NOW + 5 * DAY)
    assert asked_afterwards(made) == ["aftercare_hours"]
    services.wishes_set(actor=member, gender="", ask="", aftercare=False, hour=9)
    assert Aftercare.objects.filter(press=closed_at(story, NOW + 6 * DAY)).count() == 0


def test_who_asks_again_is_not_asked_about_before(story):
    member, *_ = story
    made = closed_at(story, NOW)
    press(member, NOW + HOUR)
    tick(NOW + 2 * HOUR)
    assert asked_afterwards(made) == []


def test_a_cancelled_press_has_no_questions_and_nobody_else_may_answer_one(story):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=made.ref)
    assert Aftercare.objects.count() == 0
    closed = closed_at(story, NOW + HOUR)
    question = Aftercare.objects.filter(press=closed).first()
    with pytest.raises(PermissionDenied):
        services.aftercare_answer(actor=responder, question_id=question.pk, answer="fine")


def test_used_keeps_everything_and_tells_nobody(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    before = Delivery.objects.count()
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_close(actor=member, ref=made.ref, how="used")
    assert Delivery.objects.count() == before
    assert "used" not in str(offer_to(responder, made))
    assert Press.objects.filter(person=member).count() == 1


# --- vetting -------------------------------------------------------------------------------------------------


def test_only_vetted_people_are_asked_or_may_take_it(story):
    member, _responder, _outsider, group = story
    plain = make_member("Plain")
    join(group, plain)
    made = offered(member)
    assert selectors.press_offered_to(plain, ref=made.ref) is None
    barred = another(group, "Bo")
    coco = make_member("Coco")
    coordinator_set(alias="Coco")
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


def test_the_coordinator_of_a_new_site_admits_the_first_and_both_can_see_it():
    coco, first = make_member("Coco"), make_member("Kim")
    coordinator_set(alias="Coco")
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
