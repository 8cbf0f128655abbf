"""The calm screen and the page of the one who is asked, through their doors."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from cravings import services
from cravings.models import Press
from ground import clock
from own.services import call_card_set
from people.models import Person
from people.services import link_give
from tests.cravings.circle_of_four import (
    MINUTE,
    SECOND,
    claim,
    make_responder,
    offered,
    press,
    says,
    tick,
)
from tests.cravings.doors import client_of, page, send, text_of
from tests.meetings.test_finder_search import listed
from tests.people_of_the_story import HOUR, NOW, make_member

pytestmark = pytest.mark.django_db


def test_a_guest_sees_at_once_who_answers_and_no_place_is_guessed():
    answer = page(Client(), "/need/")
    assert answer.status_code == 200
    text = text_of(answer)
    assert "Breathe in. And slowly out." in text
    assert "Where are you?" in text
    assert 'href="tel:112"' in answer.content.decode()
    assert 'href="tel:911"' in answer.content.decode()
    assert "Sign in to ask for someone" in text
    assert "Meetings online within the hour" in text


def test_a_guest_chooses_a_place_and_this_browser_remembers_it():
    client = Client()
    client.post("/need/place/", {"region": "UK"})
    answer = page(client, "/need/")
    assert 'href="tel:116123"' in answer.content.decode()
    assert 'href="tel:112"' not in answer.content.decode()


def test_a_member_chooses_a_place_once_for_all_their_browsers(story):
    member, *_ = story
    client_of(member).post("/need/place/", {"region": "US"})
    assert 'href="tel:988"' in page(client_of(member), "/need/").content.decode()
    client_of(member).post("/need/place/", {"region": ""})
    assert "Where are you?" in text_of(page(client_of(member), "/need/"))


@pytest.mark.parametrize("region", ["XX", "us", "<b>", "U" * 50])
def test_a_place_that_is_not_in_the_list_is_refused(region):
    assert Client().post("/need/place/", {"region": region}).status_code == 400


def test_a_cookie_with_nonsense_shows_the_chooser():
    client = Client()
    client.cookies["place"] = "<script>"
    assert "Where are you?" in text_of(page(client, "/need/"))


def test_looking_never_asks(story):
    member, *_ = story
    page(client_of(member), f"/need/?p={uuid4()}")
    page(client_of(member), f"/need/state/?p={uuid4()}")
    page(client_of(member), "/need/offline/")
    assert Press.objects.count() == 0


def test_without_javascript_one_tap_on_the_screen_asks_and_the_answer_is_honest(story):
    member, *_ = story
    client = client_of(member)
    first = page(client, "/need/")
    assert "People are being asked" not in text_of(first)
    key = re.findall(r'name="client_key" value="([^"]+)"', first.content.decode())[0]
    with clock.frozen(NOW):
        answer = client.post("/need/", {"client_key": key}, follow=True)
    assert "People are being asked now." in text_of(answer)
    assert "Undo, tell nobody" in text_of(answer)
    later = page(client, f"/need/?p={key}", NOW + 4 * SECOND)
    assert "Undo" not in text_of(later).replace("Asking… No network. Your ask is kept and goes out later. Undo", "")
    assert "Cancel" in text_of(later)


@pytest.mark.parametrize("key", ["", "nonsense", "1234"])
def test_a_press_with_a_broken_key_is_a_press_all_the_same(story, key):
    member, *_ = story
    with clock.frozen(NOW):
        assert client_of(member).post("/need/", {"client_key": key}).status_code == 302
    assert Press.objects.count() == 1


def test_a_guest_who_taps_is_led_to_sign_in_and_nothing_is_kept():
    answer = Client().post("/need/", {"client_key": str(uuid4())})
    assert answer.status_code == 302
    assert "next=/need/" in answer["Location"]
    assert Press.objects.count() == 0


def test_undo_and_ask_now_and_close_are_one_tap_each(story):
    member, responder, *_ = story
    client = client_of(member)
    made = press(member)
    with clock.frozen(NOW + SECOND):
        client.post(f"/need/{made.ref}/now/")
    tick(NOW + SECOND)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
        assert "Kim is there." in text_of(client.get("/need/"))
        answer = client.post(f"/need/{made.ref}/close/", {"how": "used"}, follow=True)
    text = text_of(answer)
    assert "Thank you for telling us. It takes courage." in text
    assert "Give naloxone." in text
    assert "Tolerance drops fast" in text
    with clock.frozen(NOW + 2 * MINUTE):
        again = press(member, NOW + 2 * MINUTE)
        answer = client.post(f"/need/{again.ref}/undo/", follow=True)
    assert "Nobody is being asked now." in text_of(answer)


def test_nobody_yet_says_so_with_a_number_to_call(story):
    member, *_ = story
    offered(member)
    client = client_of(member)
    text = text_of(page(client, "/need/", NOW + 5 * MINUTE))
    assert "No one is free yet. We keep asking. You don't have to wait: call 112 or 911, day or night." in text
    client.post("/need/place/", {"region": "DE"})
    assert "call 0800 1110111, day or night" in text_of(page(client, "/need/state/", NOW + 5 * MINUTE))
    assert "Nobody came. We are sorry." in text_of(page(client, "/need/", NOW + 30 * MINUTE))


def test_nobody_yet_names_the_next_meeting_online_and_its_time_by_the_members_clock(story):
    member, *_ = story
    offered(member)
    at = NOW + 6 * MINUTE
    assert "Online at" not in text_of(page(client_of(member), "/need/", at))
    listed("Evening lamp", [3], "19:20", mode="online")
    listed("In a room", [3], "19:10", mode="in_person")
    listed("Too late", [3], "21:00", mode="online")
    answer = page(client_of(member), "/need/", at)
    assert "Online at 19:20: Evening lamp" in text_of(answer)
    assert "/meetings/evening-lamp/" in answer.content.decode()


def test_how_strong_it_is_may_be_said_once_while_waiting_in_one_tap(story):
    member, *_ = story
    made = offered(member)
    at = NOW + 10 * SECOND
    assert "How strong is it, 0 to 10?" in text_of(page(client_of(member), "/need/", at))
    with clock.frozen(at):
        assert client_of(member).post(f"/need/{made.ref}/mark/", {"level": "11"}).status_code == 400
        client_of(member).post(f"/need/{made.ref}/mark/", {"level": "7"})
    made.refresh_from_db()
    assert made.before == 7
    then = text_of(page(client_of(member), "/need/", at))
    assert "How strong is it" not in then
    assert "Noted, thank you." in then


def test_a_tap_that_a_browser_kept_belongs_to_the_account_that_made_it(story):
    member, responder, *_ = story
    mine = re.search(r'data-whose="(\w+)"', page(client_of(member), "/today/").content.decode())[1]
    assert f'data-whose="{mine}"' in page(client_of(member), "/need/").content.decode()
    assert mine not in page(client_of(responder), "/need/").content.decode()
    given = {"client_key": str(uuid4()), "late": True, "whose": mine}
    theirs = client_of(responder).post("/api/v1/presses/", given, "application/json")
    assert (theirs.status_code, Press.objects.count()) == (409, 0)
    own = client_of(member).post("/api/v1/presses/", given, "application/json")
    assert (own.status_code, Press.objects.get().person) == (201, member)
    marked = client_of(member).post(f"/api/v1/presses/{own.json()['ref']}/mark/", {"level": 5}, "application/json")
    assert (marked.status_code, Press.objects.get().before) == (200, 5)


def test_few_awake_is_said_before_the_press_and_it_still_asks(story):
    member, responder, outsider, _group = story
    assert "Few people are awake" not in text_of(page(client_of(member), "/need/"))
    services.available_end(actor=responder)
    services.available_end(actor=outsider)
    text = text_of(page(client_of(member), "/need/"))
    assert "Few people are awake now." in text
    assert "Ask for someone" in text


def test_the_screen_calls_my_person(story):
    member, *_ = story
    assert "Name my person to call" in text_of(page(client_of(member), "/need/"))
    call_card_set(actor=member, name="Alex", number="+49 170 1234567")
    assert 'href="tel:+491701234567"' in page(client_of(member), "/need/").content.decode()


def test_the_kept_copy_for_offline_holds_nothing_personal(story):
    member, *_ = story
    call_card_set(actor=member, name="Alexandra", number="+49 170 1234567")
    press(member)
    answer = page(client_of(member), "/need/offline/")
    assert "Alexandra" not in answer.content.decode()
    assert "Dana" not in answer.content.decode()


def test_the_responder_sees_no_name_before_and_the_alias_after_one_tap(story):
    member, responder, *_ = story
    made = offered(member)
    client = client_of(responder)
    before = page(client, f"/need/{made.ref}/claim/", NOW + MINUTE)
    assert "Someone in your circle would like a chat now." in text_of(before)
    assert "Dana" not in text_of(before)
    with clock.frozen(NOW + MINUTE):
        after = client.post(f"/need/{made.ref}/claim/", follow=True)
    assert "You have it. Dana sees that you are there." in text_of(after)


def test_who_comes_second_is_thanked(story):
    member, responder, _outsider, group = story
    third = make_member("Pat")
    group.memberships.create(person=third, since=NOW - HOUR)
    make_responder(third)
    made = offered(member)
    with clock.frozen(NOW + MINUTE):
        services.press_claim(actor=responder, ref=made.ref)
        answer = client_of(third).post(f"/need/{made.ref}/claim/")
        assert client_of(third).get(f"/need/{made.ref}/claim/").status_code == 200
    assert answer.status_code == 409
    assert "Someone is there, thank you." in text_of(answer)
    assert "Dana" not in text_of(answer)


def test_an_outsider_finds_nothing_there_and_cannot_claim(story):
    member, _responder, outsider, _group = story
    made = offered(member)
    client = client_of(outsider)
    assert page(client, f"/need/{made.ref}/claim/").status_code == 404
    assert client.post(f"/need/{made.ref}/claim/").status_code == 403
    for act in ("undo", "now", "close"):
        assert client.post(f"/need/{made.ref}/{act}/").status_code == 403


@pytest.mark.parametrize("path", ["nosuchpress/claim/", "nosuchpress/undo/"])
def test_an_address_of_no_press_is_not_a_crash(story, path):
    member, *_ = story
    assert client_of(member).get(f"/need/{path}").status_code in {404, 405}


def test_the_link_of_a_message_claims_by_post_only_and_without_signing_in(story):
    member, responder, *_ = story
    made = offered(member)
    token = link_give(purpose="press", subject=made.pk, person=responder)
    guest = Client()
    with clock.frozen(NOW + MINUTE):
        look = guest.get(f"/{token}")
        assert "Someone in your circle would like a chat now." in text_of(look)
        made.refresh_from_db()
        assert made.state == "asking"
        answer = guest.post(f"/{token}", follow=True)
    assert "You have it. Dana sees that you are there." in text_of(answer)
    with clock.frozen(NOW + 2 * MINUTE):
        guest.post(f"/{token}", {"how": ""})
        assert "This is settled." in text_of(guest.get(f"/{token}"))


def test_the_link_of_a_press_that_is_over_says_so(story):
    member, responder, *_ = story
    made = offered(member)
    token = link_give(purpose="press", subject=made.pk, person=responder)
    with clock.frozen(NOW + MINUTE):
        services.press_undo(actor=member, ref=made.ref)
        assert "This is settled." in text_of(Client().get(f"/{token}"))
        answer = Client().post(f"/{token}")
    assert answer.status_code == 410


def test_available_is_one_tap_on_and_off_and_comes_back_to_its_page(story):
    _member, responder, *_ = story
    client = client_of(responder)
    with clock.frozen(NOW):
        off = client.post("/need/available/", {"on": "no", "next": "/today/"})
        assert off["Location"] == "/today/"
        assert client.post("/need/available/", {"on": "yes", "next": "https://evil.example/"})["Location"] == "/me/"
    assert responder.availability.until == NOW + 8 * HOUR


def test_today_holds_the_toggle_me_holds_the_card_and_the_screen_takes_few_queries(
    story, django_assert_max_num_queries
):
    member, responder, _outsider, _group = story
    text = text_of(page(client_of(responder), "/today/"))
    assert "Someone may ask you until 03:00." in text  # in Berlin
    make_responder(make_member("Noor"))
    assert "I am available" in text_of(page(client_of(Person.objects.get(name="Noor")), "/today/"))
    assert "I am available" not in text_of(page(client_of(member), "/today/"))
    call_card_set(actor=member, name="Alex", number="112")
    client = client_of(member)
    assert "Call Alex" in text_of(page(client, "/me/"))
    with django_assert_max_num_queries(11):
        page(client, "/need/")
    with django_assert_max_num_queries(10):
        page(client, "/need/state/")


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


def test_the_service_worker_stands_at_the_root_and_is_asked_for_each_time():
    answer = Client().get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
