"""Today: at most three cards (next meeting, an answer owed, who wrote), the quiet rest, and few queries."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.services import message_post, room_of
from delivery.models import Delivery, InboxItem
from frontend.today import today_of
from ground import clock
from meetings.services.commitments import commitment_make
from meetings.services.occurrences import occurrence_cancel
from people.selectors import account_of
from tests.group_stories import join, make_circle, make_date, make_group, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def note(person, kind, *, topic="episode:1", text="As you asked, we'd write to Sam.", at=NOW):
    """A note in the inbox, as the outbox leaves it."""
    made = Delivery.objects.create(
        kind=kind, topic=topic, recipient=person, dedupe_key=uuid4().hex, state="handed_over",
        created_at=at, due_at=at, not_before=at, handed_at=at,
    )  # fmt: skip
    return InboxItem.objects.create(person=person, delivery=made, text=text, link="/aaaaaaaaaaaaa", at=at)


def say(circle, person, words="Hello"):
    message_post(actor=person, room_key=room_of(circle.group).key, cid=uuid4(), body=words)


def page_of(client, person, at=NOW):
    client.force_login(account_of(person))
    with clock.frozen(at):
        return client.get("/today/").content.decode()


def test_someone_new_sees_the_first_steps_and_that_nothing_waits(client):
    page = page_of(client, make_member("Dana"))
    assert "Hello Dana. Nothing waits for you." in page
    for step in ("Find a meeting", "Join a group with a link", "Name one person"):
        assert step in page
    assert 'class="card card-lit"' not in page


def test_the_next_meeting_stands_there_and_cant_is_one_tap(client):
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    page = page_of(client, dana, NOW - 2 * HOUR)
    assert "Thursday circle" in page
    assert "Thu 15 Jan, 19:00" in page
    assert "in 2\xa0hours" in page
    date = today_of(dana, NOW - 2 * HOUR).next_date
    with clock.frozen(NOW - 2 * HOUR):
        answer = client.post(
            f"/meetings/{date.meeting.slug}/dates/{date.key}/", {"action": "excuse", "next": "/today/"}
        )
    assert answer["Location"] == "/today/"
    page = page_of(client, dana, NOW - 2 * HOUR)
    assert "I am coming after all" in page
    with clock.frozen(NOW - 2 * HOUR):
        client.post(f"/meetings/{date.meeting.slug}/dates/{date.key}/", {"action": "undo", "next": "/today/"})
    assert "You are coming" in page_of(client, dana, NOW - 2 * HOUR)


def test_a_meeting_that_runs_is_on_now_and_a_cancelled_one_is_not_next():
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    found = today_of(dana, NOW + HOUR)
    assert found.on_now
    with clock.frozen(NOW - DAY):
        occurrence_cancel(actor=circle.facilitator, occurrence=circle.occurrence)
    assert today_of(dana, NOW - HOUR).next_date.held.starts_at == NOW + WEEK


def test_a_person_in_another_zone_sees_their_own_time_and_the_meetings(client):
    circle = make_circle()
    with clock.frozen(NOW - DAY):
        dana = make_member("Dana", zone="America/New_York")
        join(circle.group, dana)
        commitment_make(actor=dana, meeting=circle.meeting)
    page = page_of(client, dana, NOW - 2 * HOUR)
    assert "Thu 15 Jan, 13:00" in page
    assert "(19:00 in Europe/Berlin)" in page


def test_a_final_notice_is_the_question_and_gone_once_settled(client):
    dana = make_member("Dana")
    note(dana, "heads_up", text="It has been a little while.")
    asked = note(dana, "final_notice")
    page = page_of(client, dana)
    assert "A question for you" in page
    assert page.index("we&#x27;d write to Sam") < page.index("It has been a little while.")
    answer = client.post(f"/inbox/{asked.pk}/read/")
    assert answer["Location"] == "/aaaaaaaaaaaaa"
    note(dana, "all_sorted", text="All sorted.")
    assert today_of(dana, NOW).asks is None


def test_a_settled_or_old_question_is_asked_no_more():
    dana = make_member()
    note(dana, "final_notice")
    assert today_of(dana, NOW).asks
    assert today_of(dana, NOW + WEEK).asks is None
    note(dana, "all_sorted")
    assert today_of(dana, NOW).asks is None


def test_somebody_who_asks_for_company_comes_before_all_else_for_half_an_hour():
    dana = make_member()
    notice = note(dana, "final_notice")
    offer = note(dana, "craving_offer", topic="press:1")
    assert today_of(dana, NOW + timedelta(minutes=29)).asks == offer
    assert today_of(dana, NOW + timedelta(minutes=30)).asks == notice


def test_a_facilitator_is_led_to_the_list_that_waits(client):
    circle = make_circle()
    page = page_of(client, circle.facilitator, NOW + 2 * HOUR)
    assert "A list to finish" in page
    assert f'href="/sheets/{circle.occurrence.pk}/"' in page
    assert "A list to finish" not in page_of(client, make_regular(circle), NOW + 2 * HOUR)


def test_who_wrote_is_told_by_room_and_number_and_ones_own_words_do_not_count(client):
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    with clock.frozen(NOW):
        say(circle, circle.facilitator)
        say(circle, circle.facilitator)
        say(circle, dana)
    page = page_of(client, dana)
    assert "2 new messages" in page
    assert "Thursday people" in page
    assert today_of(circle.facilitator, NOW).unread == 1


def test_a_facilitator_reads_that_held_words_wait_and_nobody_else_does(client):
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    with clock.frozen(NOW):
        say(circle, dana, "I can sell you some percs, call 0170 1234567")
    assert "1 message waits for your look" in page_of(client, circle.facilitator)
    assert "for your look" not in page_of(client, dana)


def test_nobody_sees_what_is_anothers(client):
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    note(dana, "final_notice")
    with clock.frozen(NOW):
        say(circle, circle.facilitator, "secret")
    page = page_of(client, make_member("Outsider"))
    for word in ("Thursday", "Sam", "new message"):
        assert word not in page


def count(person):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        today_of(person, NOW + 2 * HOUR)
    return len(seen)


def test_the_number_of_queries_stays_the_same_however_much_there_is(client, django_assert_max_num_queries):
    circle = make_circle()
    make_date(circle.meeting, NOW - WEEK)
    fay = circle.facilitator
    with clock.frozen(NOW):
        commitment_make(actor=fay, meeting=circle.meeting)
        say(circle, make_regular(circle))
    note(fay, "final_notice")
    few = count(fay)
    for number in range(5):
        with clock.frozen(NOW - 10 * DAY):
            other = make_circle()
            join(other.group, fay, role="facilitator")
            commitment_make(actor=fay, meeting=other.meeting)
        with clock.frozen(NOW):
            say(other, other.facilitator)
        note(fay, "heads_up", topic=f"episode:{number + 2}")
    make_group(fay, name="Another")
    assert count(fay) == few
    client.force_login(account_of(fay))
    with clock.frozen(NOW + 2 * HOUR), django_assert_max_num_queries(18):
        client.get("/today/")


def test_the_page_is_small_over_the_wire(client):
    circle = make_circle()
    dana = make_regular(circle, "Dana")
    note(dana, "final_notice")
    client.force_login(account_of(dana))
    with clock.frozen(NOW):
        answer = client.get("/today/", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 20_000
