"""The coordinator's pages of the button, and the figures that everybody may read."""

import re
from datetime import time
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cravings import selectors, services
from cravings.models import Aftercare, CrisisLine, Press, Responder, Shift, ShiftDay
from delivery import worker as delivery_worker
from ground import clock
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    claim,
    join,
    make_responder,
    offered,
    says,
    tick,
)
from tests.cravings.doors import client_of, page, send, text_of
from tests.cravings.on_call import ZONE, make_shift, put_on
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


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


def asker_in(group, name):
    person = make_member(name)
    join(group, person)
    return person


def test_everybody_reads_figures_from_ten_people_on_and_nothing_before(story):
    _member, _responder, _outsider, group = story
    for number in range(9):
        offered(asker_in(group, f"Ask {number}"), NOW + number * SECOND)
    assert "There is too little to count yet." in text_of(page(Client(), "/numbers/", NOW + DAY))
    offered(asker_in(group, "Ask 9"), NOW + MINUTE)
    assert "There is too little to count yet." in text_of(page(Client(), "/numbers/", NOW + HOUR))  # nothing of today
    claim(_responder, Press.objects.first(), NOW + 2 * MINUTE)
    text = text_of(page(Client(), "/numbers/", NOW + DAY))
    assert "10 times somebody asked" in text
    assert "half within" not in text  # one answer is one person's
