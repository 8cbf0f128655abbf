"""The member's answers without signing in, a pause in one tap, what was already leaving, and what waits."""

from datetime import timedelta

import pytest
from django.test import Client

from meetings.models import Mark
from people.models import Person
from support.models import Pause, Rule
from tests.stories.driver import berlin, evening, week

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def noticed(story, dana):
    """Dana's final notice has gone out; Sam would hear on 2 January at 20:35."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0)))
    return story


def signed_in(person):
    client = Client()
    client.force_login(person.account)
    return client


def words(response):
    return " ".join(response.content.decode().split())


def answer(story, **given):
    return Client().post(f"/{story.token('dana', 'final_notice')}", given, follow=True)


def test_a_pause_for_a_week_is_one_tap_and_ends_by_itself(noticed, dana):
    page = words(answer(noticed, answer="pause", days="7"))
    assert "Paused. Nothing counts while it lasts." in page
    assert Pause.objects.get().until == berlin(2026, 1, 9)
    noticed.at(evening(week(2)))
    assert "Paused until" not in words(signed_in(dana).get("/me/watch/"))
    noticed.close(noticed.meeting, week(2), {dana: "absent"})
    noticed.run_until(evening(week(2)))
    assert noticed.said() == ["dana: final_notice", "dana: final_notice"]


@pytest.mark.parametrize("days", ["-1", "soon", "99999999"])
def test_a_pause_of_no_possible_length_is_refused_and_nothing_changes(noticed, dana, days):
    assert answer(noticed, answer="pause", days=days).status_code == 400
    assert signed_in(dana).post("/me/watch/pause/", {"days": days}).status_code == 400
    assert not Pause.objects.exists()


def test_the_end_of_a_running_pause_can_be_moved(story, dana):
    client = signed_in(dana)
    client.post("/me/watch/pause/", {"on": "yes", "until": ""})
    page = words(client.post("/me/watch/pause/", {"days": "14"}, follow=True))
    assert Pause.objects.get().until == berlin(2026, 1, 4)
    assert "Paused until Sunday, 4 January, 00:00." in page
    assert "Another end" in page


def test_cant_come_next_time_is_the_second_tap_and_coming_after_all_the_third(noticed, dana):
    address = f"/{noticed.token('dana', 'final_notice')}"
    page = words(Client().get(address))
    assert "Next time: Thursday, 8 January at 19:00" in page
    for secret in ("Group g1", "g1<", "fa-g1", "/meetings/"):
        assert secret not in page
    date = f"{noticed.meeting.pk}-20260108T1900"
    page = words(answer(noticed, answer="excuse", date=date))
    assert "you can’t come that time" in page
    assert [mark.value for mark in Mark.objects.order_by("pk")] == ["absent", "excused"]
    page = words(answer(noticed, answer="undo", date=date))
    assert "Good. You are coming." in page
    assert Mark.objects.order_by("pk").last().value is None


def test_an_excuse_for_another_date_or_a_foreign_meeting_or_a_closed_list_is_refused(noticed, dana):
    _group, other = noticed.group(4, name="g2")
    for wrong in (f"{noticed.meeting.pk}-20260115T1900", f"{other.pk}-20260109T1900", "x", ""):
        assert answer(noticed, answer="excuse", date=wrong).status_code == 400
    noticed.at(evening(week(1), 19, 30))
    noticed.close(noticed.meeting, week(1), {dana: "absent"})
    assert answer(noticed, answer="excuse", date=f"{noticed.meeting.pk}-20260108T1900").status_code == 409
    assert not Mark.objects.filter(value="excused").exists()


def test_what_was_already_leaving_is_told_with_its_time(noticed, dana):
    noticed.run_until(evening(week(0) + DAY))
    page = words(answer(noticed, answer="pause", days="7"))
    assert "One message to sam was already leaving at 20:35. It cannot be called back." in page
    noticed.at(evening(week(0) + DAY, 21, 0))
    assert "already leaving" not in words(signed_in(dana).post("/me/watch/ok/", follow=True))


def test_my_watch_says_so_as_well(noticed, dana):
    noticed.run_until(evening(week(0) + DAY))
    page = words(signed_in(dana).post("/me/watch/ok/", follow=True))
    assert "One message to sam was already leaving at 20:35." in page


# --- the timeline: what waits -----------------------------------------------------------------------------------


def test_what_waits_for_the_morning_stands_there_with_its_time(story, dana):
    story.at(evening(week(0), 22, 10))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.settle()
    page = words(signed_in(dana).get("/me/watch/"))
    assert 'Our notice to you is to leave. <span class="muted">Fri 2 Jan, 08:00</span>' in page
    shown = signed_in(dana).get("/api/v1/watch/episodes/").json()["episodes"][0]["later"]
    assert shown == [{"words": "Our notice to you is to leave.", "at": "2026-01-02T07:00:00Z"}]


def test_who_comes_second_and_the_one_question_after_a_claim_are_named(noticed, dana):
    kim = noticed.supporter(dana, "kim")
    signed_in(dana).post("/me/watch/pause/", {"on": "yes"})
    signed_in(dana).post("/me/watch/pause/", {"on": "no"})
    noticed.rule(dana, 1, [noticed.sam], [kim])
    noticed.at(evening(week(1)))
    noticed.close(noticed.meeting, week(1), {dana: "absent"})
    noticed.run_until(evening(week(1)))
    page = words(Client().get(f"/{noticed.token('dana', 'final_notice')}"))
    assert "kim only later, if nobody before them could." in page
    noticed.run_until(evening(week(1) + DAY))
    Client().post(f"/{noticed.token('sam', 'nudge')}", {"answer": "claim"})
    page = words(signed_in(dana).get("/me/watch/"))
    assert 'The question to sam is to leave. <span class="muted">Sun 11 Jan, 20:35</span>' in page


def test_a_suspended_search_says_that_nothing_goes_while_the_pause_is_on(noticed, dana):
    noticed.run_until(evening(week(0) + DAY))
    page = words(signed_in(dana).post("/me/watch/pause/", {"on": "yes"}, follow=True))
    assert "You paused: nothing goes while the pause is on." in page


# --- the rule ---------------------------------------------------------------------------------------------------


def test_what_was_typed_stays_in_the_form_when_it_is_refused(story, dana):
    sam = str(story.sam.person.pid)
    given = {"threshold": "0", "grace_hours": "48", "scope": "group", f"level-{sam}": "2"}
    response = signed_in(dana).post("/me/watch/set/", given)
    page = words(response)
    assert response.status_code == 400
    assert "Choose a number from 1 to 10. Nothing was changed." in page.replace("</p><p>", " ")
    assert '<option value="48" selected>' in page
    assert '<option value="2" selected>a day later, if nobody could' in page
    assert Rule.objects.get().grace_hours == 24


def test_a_grace_that_is_not_among_the_usual_ones_stays_chosen(story, dana):
    Rule.objects.update(grace_hours=30)
    page = words(signed_in(dana).get("/me/watch/"))
    assert '<option value="30" selected>30 hours' in page
    assert "On since 20 December 2025." in page


def test_three_in_a_row_is_about_two_weeks_for_who_plans_two_a_week(story, dana):
    group, meeting = story.group(0, name="g2")
    story.join(dana, group, meeting)
    signed_in(dana).post("/me/watch/set/", {"threshold": "3", "grace_hours": "24", "scope": "any"})
    assert "After 3 meetings in a row, about 2 weeks" in words(signed_in(dana).get("/me/watch/"))
    assert signed_in(dana).get("/api/v1/watch/rule/").json()["in_words"] == "After 3 meetings in a row, about 2 weeks"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe/Nowhere", "../etc"])
def test_a_zone_that_does_not_exist_is_refused_with_a_clear_word(story, dana, zone):
    given = {"first": "480", "last": "1260", "language": "en", "zone": zone}
    response = signed_in(dana).post("/me/reach/hours/", given)
    assert response.status_code == 400
    assert Person.objects.get(pk=dana.pk).zone == "Europe/Berlin"
