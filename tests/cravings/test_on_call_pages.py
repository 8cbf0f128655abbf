"""The pages of those who answer, through their doors."""

import re
from datetime import time, timedelta

import icalendar
import pytest
from django.test import Client

from cravings.calendar import Event, calendar
from cravings.models import Responder, Swap, Wishes
from groups.models import Membership
from people.models import Person
from people.services import link_give
from tests.cravings.circle_of_four import (
    MINUTE,
    claim,
    offered,
)
from tests.cravings.doors import client_of, page, send, text_of
from tests.cravings.on_call import make_shift, put_on
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


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
