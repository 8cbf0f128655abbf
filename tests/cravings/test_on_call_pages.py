"""The pages of those who answer and of the coordinator, through their doors."""

import html
import re
from datetime import time, timedelta
from functools import partial

import icalendar
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from circle.services import supporter_remove
from cravings import selectors, services
from cravings.calendar import Event, calendar
from cravings.models import Aftercare, CrisisLine, Press, Responder, Shift, ShiftDay, SupporterAsked, Swap, Wishes
from delivery import worker as delivery_worker
from ground import clock
from groups.models import Membership
from people.models import Person
from people.services import coordinator_set, link_give
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    chosen,
    claim,
    closed_at,
    make_responder,
    make_story,
    offered,
    press,
    says,
    tick,
)
from tests.cravings.on_call import ZONE, make_shift, put_on
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def story():
    return make_story()


@pytest.fixture
def coco():
    person = make_member("Coco")
    coordinator_set(alias="Coco")
    return person


def client_of(person):
    client = Client()
    client.force_login(person.account)
    return client


def send(client, url, at=NOW, **given):
    with clock.frozen(at):
        return client.post(url, given, follow=True)


def page(client, url, at=NOW):
    with clock.frozen(at):
        return client.get(url)


def text_of(response):
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split()))


# --- those who answer ----------------------------------------------------------------------------------------


def test_a_member_opts_in_reads_what_is_missing_and_a_facilitator_vouches(story):
    member, _responder, _outsider, group = story
    fay = make_member("Fay")
    Membership.objects.create(group=group, person=fay, since=NOW - 200 * DAY, role="facilitator")
    text = text_of(send(client_of(member), "/on-call/join/"))
    assert "30 days in a group: done." in text
    assert "A facilitator stands up for you: not yet." in text
    assert "I stand up for Dana" in text_of(page(client_of(fay), "/on-call/"))
    row = Responder.objects.get(person=member)
    text = text_of(send(client_of(fay), "/on-call/vouch/", responder=row.pk))
    assert "I stand up for Dana" not in text
    assert "A facilitator stands up for you: done." in text_of(page(client_of(member), "/on-call/"))
    send(client_of(member), "/on-call/join/", on="no")
    assert not Responder.objects.filter(person=member).exists()


def test_a_night_nurse_runs_her_shifts_from_one_page():
    nurse, other = make_member("Nurse"), make_member("Other")
    shift = make_shift(time(18), 8 * 60)
    put_on(shift, nurse)
    put_on(make_shift(time(9), 60, weekday=0), other)
    mine = client_of(nurse)
    text = text_of(page(mine, "/on-call/"))
    assert "You are on call until 02:00." in text
    assert "I am available" in text
    on = (NOW.date() + timedelta(days=7)).isoformat()
    text = text_of(send(mine, "/on-call/swap/", act="ask", shift=shift.pk, on=on))
    assert "The others are asked. Until somebody takes it, it is yours." in text
    swap = Swap.objects.get()
    theirs = client_of(other)
    assert "I take it" in text_of(page(theirs, "/on-call/"))
    assert "Nurse" not in text_of(page(theirs, "/on-call/"))  # whose it is is not said
    assert "It is yours now." in text_of(send(theirs, "/on-call/swap/", act="take", swap=swap.pk))
    assert "Somebody has taken it." in text_of(send(mine, "/on-call/swap/", act="keep", swap=swap.pk))
    assert "You rest until" in text_of(send(mine, "/on-call/rest/", days=7))


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("swap", {"act": "ask", "shift": "999", "on": "2026-01-15"}),
        ("swap", {"act": "ask", "shift": "x", "on": "2026-01-15"}),
        ("swap", {"act": "ask", "shift": "1", "on": "soon"}),
        ("swap", {"act": "take", "swap": "999"}),
        ("vouch", {"responder": "999"}),
    ],
)
def test_what_is_not_there_or_not_theirs_is_refused(path, given):
    assert send(client_of(make_member("Out")), f"/on-call/{path}/", **given).status_code == 403


def test_someone_who_waits_and_someone_they_are_with_stand_first(story):
    member, responder, *_ = story
    made = offered(member)
    client = client_of(responder)
    assert f'href="/need/{made.ref}/claim/"' in page(client, "/on-call/", NOW + MINUTE).content.decode()
    claim(responder, made, NOW + MINUTE)
    assert "You are with Dana." in text_of(page(client, "/on-call/", NOW + MINUTE))


def test_the_calendar_has_a_private_address_that_can_be_ended():
    nurse = make_member("Nurse")
    put_on(make_shift(time(22), 8 * 60), nurse)
    client = client_of(nurse)
    address = re.search(r"/on-call/([^<]+?)\.ics", page(client, "/on-call/calendar/").content.decode()).group(0)
    answer = page(Client(), address)
    body = answer.content.decode()
    assert answer["Content-Type"].startswith("text/calendar")
    assert body.count("BEGIN:VEVENT") == 13
    assert "DTSTART:20260115T210000Z\r\nDTEND:20260116T050000Z" in body
    assert "Nurse" not in body
    send(client, "/on-call/calendar/")
    assert page(Client(), address).status_code == 410
    assert page(Client(), "/on-call/nosuchtoken.ics").status_code == 404


def test_a_title_with_marks_and_long_letters_comes_whole_out_of_the_calendar_again():
    title = "a, b; c\\d " + "ñ" * 80
    made = calendar([Event("1@x", NOW, NOW + HOUR, title)], name="n", made=NOW)
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    (event,) = icalendar.Calendar.from_ical(made).walk("VEVENT")
    assert (event["summary"], event.decoded("dtstart"), event.decoded("dtend")) == (title, NOW, NOW + HOUR)


def test_the_calendar_speaks_the_language_of_the_one_whose_shifts_it_shows():
    nurse = make_member("Nurse")
    Person.objects.filter(pk=nurse.pk).update(language="es")
    put_on(make_shift(time(22), 8 * 60), nurse)
    token = link_give(purpose="shift_calendar", subject=nurse.pk, person=nurse)
    assert "SUMMARY:Mi turno" in page(Client(), f"/on-call/{token}.ics").content.decode()


def test_no_link_opens_what_another_is_for(story):
    """Each token opens the page of its own purpose; a calendar's is no way to a page that acts, nor the other way."""
    member, responder, *_ = story
    made = offered(member)
    for purpose in ("press", "need", "aftercare", "press_supporter", "on_call", "roster"):
        token = link_give(purpose=purpose, subject=made.pk, person=responder)
        assert page(Client(), f"/on-call/{token}.ics", NOW + MINUTE).status_code == 404
    calendar_token = link_give(purpose="shift_calendar", subject=responder.pk, person=responder)
    assert page(Client(), f"/{calendar_token}", NOW + MINUTE)["Content-Type"].startswith("text/calendar")
    send(Client(), f"/{calendar_token}", NOW + MINUTE)
    made.refresh_from_db()
    assert made.state == "asking"


def test_wishes_are_kept_and_a_wish_for_the_same_needs_ones_own_word(story):
    member, *_ = story
    client = client_of(member)
    assert send(client, "/on-call/wishes/", ask="only", gender="", hour="7").status_code == 400
    send(client, "/on-call/wishes/", ask="only", gender="woman", hour="7")
    row = Wishes.objects.get(person=member)
    assert (row.ask, row.gender, row.hour, row.aftercare) == ("only", "woman", 7, False)


# --- by link -------------------------------------------------------------------------------------------------


def test_a_chosen_person_answers_by_post_only_and_reads_neither_group_nor_reason(story):
    member, *_ = story
    sam = chosen(member, "craving")
    made = offered(member)
    tick(NOW + 63 * SECOND)
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    row = SupporterAsked.objects.get()
    token = link_give(purpose="press_supporter", subject=row.pk, person=sam.person)
    guest, at = Client(), NOW + 4 * MINUTE
    body = text_of(page(guest, f"/{token}", at))
    assert "Dana would like to hear a voice now" in body
    assert "What this covers: one short message that somebody would like company." in body
    assert not re.search(r"Thursday Lamp|craving|recover", body, re.IGNORECASE)
    row.refresh_from_db()
    assert row.answer == ""
    assert "sees that you will call" in text_of(send(guest, f"/{token}", at, answer="calling"))
    assert send(guest, f"/{token}", at, answer="nonsense").status_code == 400
    with clock.frozen(at):
        services.press_undo(actor=member, ref=made.ref)
    assert send(guest, f"/{token}", at, answer="cannot").status_code == 410
    body = text_of(page(guest, f"/{token}", at))
    assert "nothing to do any more" in body
    assert "with Dana" not in body, "nobody came: and the consent names no word about who did"
    assert page(guest, f"/{token}", at + 7 * DAY - MINUTE).status_code == 200
    assert page(guest, f"/{token}", at + 7 * DAY).status_code == 410


def test_a_chosen_person_who_is_taken_off_the_list_sees_no_difference_and_the_member_reads_no_answer(story):
    member, *_ = story
    sam = chosen(member, "craving")
    offered(member)
    tick(NOW + 63 * SECOND)
    tick(NOW + 3 * MINUTE + 3 * SECOND)
    row = SupporterAsked.objects.get()
    token, at = link_give(purpose="press_supporter", subject=row.pk, person=sam.person), NOW + 4 * MINUTE
    with clock.frozen(at):
        supporter_remove(actor=member, supporter=sam)
    assert "Dana would like to hear a voice now" in text_of(page(Client(), f"/{token}", at))
    assert "sees that you will call" in text_of(send(Client(), f"/{token}", at, answer="calling"))
    assert selectors.press_current(member, at).calls == ()


def test_aftercare_is_one_tap_and_hard_offers_a_person(story):
    member, *_ = story
    made = closed_at(story, NOW)
    question = Aftercare.objects.get(press=made, step="hours")
    token = link_give(purpose="aftercare", subject=question.pk, person=member)
    assert "How is it now?" in text_of(page(Client(), f"/{token}", NOW + 2 * HOUR))
    question.refresh_from_db()
    assert question.answer == ""
    assert "Ask for someone" in text_of(send(Client(), f"/{token}", NOW + 2 * HOUR, answer="hard"))
    assert send(Client(), f"/{token}", NOW + 2 * HOUR, answer="great").status_code == 400
    over = NOW + 2 * HOUR + 7 * DAY
    assert page(Client(), f"/{token}", over).status_code == 410
    assert send(Client(), f"/{token}", over, answer="stop").status_code == 410
    question.refresh_from_db()
    assert question.answer == "hard"


def test_both_can_do_in_one_tap_what_the_table_allows(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    mine, theirs = client_of(member), client_of(responder)
    text = text_of(send(mine, f"/need/{made.ref}/second/", NOW + 2 * MINUTE))
    assert "One more person is being asked." in text
    assert "Kim is there." in text_of(send(mine, f"/need/{made.ref}/still-here/", NOW + 2 * MINUTE))
    assert "Please stay until" in text_of(send(theirs, f"/need/{made.ref}/hand-over/", NOW + 2 * MINUTE))
    text = text_of(send(mine, f"/need/{made.ref}/somebody-else/", NOW + 3 * MINUTE))
    assert "Others are being asked now." in text
    assert "This is settled." in text_of(page(theirs, f"/need/{made.ref}/claim/", NOW + 3 * MINUTE))
    assert send(theirs, f"/need/{made.ref}/give-back/", NOW + 3 * MINUTE).status_code == 403


def test_the_json_door_refuses_asks_a_second_and_says_here(story):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE)
    mine, theirs, out = client_of(member), client_of(responder), client_of(make_member("X"))
    with clock.frozen(NOW + 2 * MINUTE):
        path = f"/api/v1/presses/{made.ref}"
        assert theirs.post(f"{path}/here/").json()["stage"] == "mine"
        assert mine.post(f"{path}/second/").json()["second"] == "asking"
        assert theirs.post(f"{path}/hand-over/").json()["second"] == "asking"
        assert mine.post(f"{path}/still-here/").json()["prompt"] is False
        for act in ("refuse", "second", "here", "give-back", "hand-over", "still-here"):
            assert out.post(f"{path}/{act}/").status_code == 403
        assert mine.post(f"{path}/refuse/").json()["again"] is True
        assert theirs.post(f"{path}/give-back/").status_code == 403


# --- the coordinator -----------------------------------------------------------------------------------------

COORDINATORS = ["button", "roster", "roster/new", "responders", "lines"]


@pytest.mark.parametrize("path", COORDINATORS)
def test_only_coordinators_open_their_pages(path, coco):
    assert page(client_of(coco), f"/coordinator/{path}/").status_code == 200
    assert page(client_of(make_member("Out")), f"/coordinator/{path}/").status_code == 403
    assert page(Client(), f"/coordinator/{path}/").status_code == 302


def test_the_coordinator_makes_a_shift_puts_people_on_it_and_changes_a_date(coco):
    nurse = make_member("Nurse")
    make_responder(nurse)
    client = client_of(coco)
    given = {"duty": "peer", "weekday": "3", "start": "22:00", "end": "06:00", "zone": ZONE, "wanted": "2"}
    assert send(client, "/coordinator/roster/new/", **given, since="2026-01-15", until="2026-01-01").status_code == 400
    send(client, "/coordinator/roster/new/", **given, since="2026-01-15")
    shift = Shift.objects.get()
    assert (shift.minutes, shift.until) == (480, None)
    path = f"/coordinator/roster/{shift.pk}/"
    assert "Nurse" in text_of(send(client, path, act="join", person=nurse.pid))
    text = text_of(page(client, "/coordinator/roster/"))
    assert "Nurse" in text
    assert "1 person is missing" in text
    assert send(client, path, act="off", on="2026-01-16").status_code == 400  # a Friday
    send(client, path, act="off", on="2026-01-22")
    send(client, path, act="hours", on="2026-01-29", start="10:00", end="12:00")
    assert ShiftDay.objects.count() == 2
    send(client, path, act="part", person=nurse.pid)
    send(client, path, act="end")
    assert "Nobody" in text_of(page(client, "/coordinator/roster/"))
    assert page(client, "/coordinator/roster/999/").status_code == 404
    assert "Please choose one of the names." in text_of(send(client, path, act="join", person="nobody"))


def test_somebody_who_left_or_never_may_answer_can_be_taken_off_a_shift(coco):
    nurse, client = make_member("Nurse"), client_of(coco)
    shift = make_shift(time(22), 8 * 60)
    put_on(shift, nurse)
    Responder.objects.all().delete()
    send(client, f"/coordinator/roster/{shift.pk}/", act="part", person=nurse.pid)
    assert shift.members.get().until is not None


def test_the_pages_of_the_roster_take_as_many_statements_with_many_as_with_few(coco):
    client = client_of(coco)

    def statements():
        counted = {}
        for path in ("/coordinator/roster/", "/coordinator/responders/", "/coordinator/button/", "/on-call/"):
            with CaptureQueriesContext(connection) as seen:
                assert page(client, path).status_code == 200
            counted[path] = len(seen)
        return counted

    def grow(shifts, people):
        for number in range(people):
            nurse = make_member(f"N{people}-{number}")
            make_responder(nurse)
            put_on(make_shift(time(number % 24), 60, weekday=number % 7, wanted=2), nurse)
        for number in range(shifts):
            make_shift(time(number % 24), 60, weekday=number % 7)

    grow(2, 3)
    few = statements()
    grow(10, 12)
    assert statements() == few


def test_hours_that_should_be_staffed_are_set_and_show_their_gaps(coco):
    client = client_of(coco)
    assert f'<option value="{ZONE}" selected>' in page(client, "/coordinator/roster/").content.decode()  # their own
    text = text_of(send(client, "/coordinator/roster/", first="20:00", last="06:00", zone=ZONE))
    assert "No shift at all in hours that should be staffed" in text
    text = text_of(send(client, "/coordinator/roster/", first="", last="", zone=ZONE))
    assert "Nowhere in the next four weeks." in text


def test_the_coordinator_lets_somebody_in_and_takes_it_back(coco):
    kim = make_member("Kim")
    row = services.responder_join(actor=kim)
    client = client_of(coco)
    assert "Let in by Coco" in text_of(send(client, "/coordinator/responders/", act="admit", responder=row.pk))
    assert "The coordinator Coco let you in" in text_of(page(client_of(kim), "/on-call/"))
    send(client, "/coordinator/responders/", act="bar", responder=row.pk)
    assert "You are not asked at present." in text_of(page(client_of(kim), "/on-call/"))
    send(client, "/coordinator/responders/", act="lift", responder=row.pk)
    assert selectors.is_responder(kim)


def test_the_coordinator_says_that_a_line_was_called(coco):
    services.crisis_lines_load()
    text = text_of(send(client_of(coco), "/coordinator/lines/", region="UK", number="999"))
    assert "Called on 15 January 2026 by Coco" in text
    assert CrisisLine.objects.get(number="999").checked_by == "Coco"


def test_the_coordinator_writes_a_line_anew_adds_one_and_takes_one_off_and_the_shipped_list_respects_it(coco):
    services.crisis_lines_load()
    given = {"region": "UK", "name": "Samaritans", "what": "day and night", "act": "keep"}
    text = text_of(send(client_of(coco), "/coordinator/lines/write/", before="116 123", number="116 124", **given))
    assert "116 124" in text
    assert "116 123" not in text
    send(client_of(coco), "/coordinator/lines/write/", before="", number="0300 123 6600", **given | {"name": "Frank"})
    send(client_of(coco), "/coordinator/lines/write/", before="111", region="UK", act="retire")
    services.crisis_lines_load()
    numbers = [line.number for line in selectors.crisis_lines("UK")]
    assert {"116 124", "0300 123 6600", "999"} <= set(numbers)
    assert not {"116 123", "111"} & set(numbers)
    assert {"116 124", "0300 123 6600"} <= {line.number for line in selectors.lines_unchecked()}
    wrong = send(client_of(coco), "/coordinator/lines/write/", before="", number="none", **given)
    assert (wrong.status_code, "Please type a number that a phone can dial." in text_of(wrong)) == (400, True)
    wrong = send(client_of(coco), "/coordinator/lines/write/", before="999", number="none", **given)
    line = wrong.content.decode().partition("<details open>")[2].partition("</details>")[0]
    assert 'name="before" value="999"' in line, "what was refused stands open at its line"
    assert "Please type a number that a phone can dial." in line


def test_a_place_keeps_an_emergency_number_and_nobody_but_coordinators_writes_lines(story, coco):
    services.crisis_lines_load()
    for row in CrisisLine.objects.filter(region="UK", emergency=True).exclude(number="999"):
        services.crisis_line_retire(actor=coco, region="UK", number=row.number)
    text = text_of(send(client_of(coco), "/coordinator/lines/write/", before="999", region="UK", act="retire"))
    assert "A place keeps one emergency number at least." in text
    assert "999" in [line.number for line in selectors.crisis_lines("UK")]
    for act in (services.crisis_line_retire, partial(services.crisis_line_write, name="x", what="")):
        with pytest.raises(PermissionDenied):
            act(actor=story[0], region="UK", number="999")


def test_the_numbers_tell_when_the_first_message_left_how_many_answer_afterwards_and_a_mean_of_ten(story, coco):
    member, responder, *_ = story
    made = offered(member)
    with clock.frozen(NOW + 5 * SECOND):
        delivery_worker.tick(NOW + 5 * SECOND)
    claim(responder, made, NOW + MINUTE)
    with clock.frozen(NOW + 2 * MINUTE):
        services.press_mark(actor=member, ref=made.ref, level=8)
        services.press_mark(actor=member, ref=made.ref, level=3)  # the first one stands
        services.press_close(actor=member, ref=made.ref, how="better", level=4)
    tick(NOW + 3 * HOUR)
    numbers = selectors.numbers_for(coco, NOW + 4 * HOUR)
    assert (numbers.push_p50, numbers.asked_after, numbers.reached_after, numbers.eased) == (2.0, 1, 0, None)
    with clock.frozen(NOW + 4 * HOUR):
        services.aftercare_answer(actor=member, question_id=Aftercare.objects.earliest("due_at").pk, answer="fine")
    for number in range(9):
        one = make_member(f"Ask {number}")
        pressed = offered(one, NOW + number * SECOND)
        Press.objects.filter(pk=pressed.pk).update(before=8, level=4)
    numbers = selectors.numbers_for(coco, NOW + 5 * HOUR)
    assert (numbers.reached_share, numbers.eased) == (100, (8.0, 4.0))
    text = text_of(page(client_of(coco), "/coordinator/button/", NOW + 5 * HOUR))
    assert "Until the first message left half within" in text
    assert "How strong it was, 0 to 10: 8.0 before, 4.0 after" in text
    with pytest.raises(PermissionDenied):
        services.press_mark(actor=responder, ref=made.ref, level=8)


def test_the_numbers_hold_no_name_and_what_nobody_answered_can_be_reviewed(story, coco):
    member, responder, *_ = story
    made = claim(responder, offered(member), NOW + MINUTE)
    says(responder, made, NOW + MINUTE + 20 * SECOND)
    tick(NOW + MINUTE + 30 * SECOND)
    with clock.frozen(NOW + 5 * MINUTE):
        services.press_close(actor=member, ref=made.ref, how="better")
    lost = offered(member, NOW + HOUR)
    tick(NOW + HOUR + 30 * MINUTE)
    client, at = client_of(coco), NOW + 2 * HOUR
    numbers = selectors.numbers_for(coco, at)
    assert (numbers.presses, numbers.answered, numbers.unanswered) == (2, 1, 1)
    assert (numbers.claim_p50, numbers.word_p50) == (57.0, 77.0)
    text = text_of(page(client, "/coordinator/button/", at))
    assert "50 % without an answer" in text
    assert not re.search(r"Dana|Kim", text)
    send(client, "/coordinator/button/review/", at, ref=lost.ref, found="not_seen")
    lost.refresh_from_db()
    assert lost.review == "not_seen"
    assert send(client, "/coordinator/button/review/", at, ref=made.ref, found="not_seen").status_code == 400


def test_everybody_reads_figures_from_ten_people_on_and_nothing_before(story):
    _member, _responder, _outsider, group = story
    for number in range(9):
        offered(_in(group, f"Ask {number}"), NOW + number * SECOND)
    assert "There is too little to count yet." in text_of(page(Client(), "/numbers/", NOW + DAY))
    offered(_in(group, "Ask 9"), NOW + MINUTE)
    assert "There is too little to count yet." in text_of(page(Client(), "/numbers/", NOW + HOUR))  # nothing of today
    claim(_responder, Press.objects.first(), NOW + 2 * MINUTE)
    text = text_of(page(Client(), "/numbers/", NOW + DAY))
    assert "10 times somebody asked" in text
    assert "half within" not in text  # one answer is one person's


def _in(group, name):
    person = make_member(name)
    Membership.objects.create(group=group, person=person, since=NOW - 100 * DAY)
    return person


def test_the_consent_page_offers_a_request_for_company_apart(story):
    member, *_ = story
    chosen(member, "absence")
    text = text_of(page(client_of(member), reverse("circle")))
    assert "A request for company" in text
    assert press(member).pk
