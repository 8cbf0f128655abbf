"""The pages of the watch and its JSON door: the member's own, the answer from a message, the supporter's."""

from datetime import timedelta

import pytest
from django.test import Client

import delivery.worker
from people.services import link_revoke
from support.models import Answer, Episode, EpisodeSupporter, Pause, Rule
from tests.people_of_the_story import make_member
from tests.stories.driver import berlin, evening, week

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
FORGED = "aaaaaaaaaaaaa"


@pytest.fixture
def noticed(story, dana):
    """Dana's final notice has gone out; Sam would hear on 2 January at 20:35."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0)))
    return story


@pytest.fixture
def told(noticed):
    noticed.run_until(evening(week(0) + DAY))
    return noticed


def signed_in(person):
    client = Client()
    client.force_login(person.account)
    return client


def words(response):
    return " ".join(response.content.decode().split())


def test_a_member_who_opens_the_notice_at_once_reads_who_would_be_written_to_and_when(story, dana):
    """The mail is out and the watch has not read that yet: within a second, on a quick phone."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    delivery.worker.tick(story.now)
    page = words(Client().get(f"/{story.token('dana', 'final_notice')}"))
    assert "to <strong>sam</strong> on Friday, 2 January at 20:35" in page
    assert "Nobody would be written to" not in page


def test_a_notice_that_waits_for_the_morning_says_that_the_grace_begins_when_it_has_left(story, dana):
    story.at(evening(week(0), 22, 10))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0), 22, 11))
    page = words(signed_in(dana).get("/me/watch/"))
    assert "sam would be written to 1 day after our note to you has left." in page


# --- the supporter's page -------------------------------------------------------------------------------------


def test_the_supporters_page_says_who_asked_and_when_and_nothing_else(told, dana):
    response = Client().get(f"/{told.token('sam', 'nudge')}")
    page = words(response)
    assert response.status_code == 200
    assert "dana once asked us to nudge you to get in touch" in page
    assert "we wrote to you on Friday, 2 January, 20:35." in page
    for button in ("I’m on it", "I reached dana", "I can’t now", "Stop these messages"):
        assert button in page
    for secret in ("Group g1", "g1", "absent", "Thursday", "19:00", "kim", "fa-g1", "example.org", "episode", "csrf"):
        assert secret not in page, secret
    assert "42 CFR part 2" in page
    assert response.cookies == {}
    assert len(response.content) < 8_000


def test_opening_the_link_changes_nothing(told):
    for method in ("get", "head"):
        getattr(Client(), method)(f"/{told.token('sam', 'nudge')}?answer=claim")
    assert not Answer.objects.exists()


def test_the_page_shows_the_supporters_own_latest_answer(told):
    address = f"/{told.token('sam', 'nudge')}"
    for answer, said in (("claim", "You said: I’m on it."), ("cannot", "You said: I can’t now.")):
        assert said in words(Client().post(address, {"answer": answer}, follow=True))
    assert "You said: I reached dana." in words(Client().post(address, {"answer": "reached"}, follow=True))


def test_an_answer_that_is_none_is_refused(told):
    assert Client().post(f"/{told.token('sam', 'nudge')}", {"answer": "shout"}).status_code == 400
    assert not Answer.objects.exists()


def test_a_forged_link_is_not_known(told):
    assert Client().get(f"/{FORGED}").status_code == 404
    assert Client().post(f"/{FORGED}", {"answer": "claim"}).status_code == 404


def test_a_revoked_link_shows_settled_and_stop_still_works(told):
    token = told.token("sam", "nudge")
    link_revoke(purpose="nudge", subject=EpisodeSupporter.objects.get().pk)
    page = Client().get(f"/{token}")
    assert (page.status_code, "This is settled" in words(page)) == (410, True)
    assert Client().post(f"/{token}", {"answer": "claim"}).status_code == 410
    assert not Answer.objects.exists()
    assert Client().post(f"/{token}", {"answer": "stop"}).status_code == 302
    told.sam.refresh_from_db()
    assert told.sam.state == "stopped"


def test_a_link_opens_for_seven_days_after_the_end_and_then_shows_settled_and_stop(told, dana):
    token = told.token("sam", "nudge")
    told.at(evening(week(1)))
    told.close(told.meeting, week(1), {dana: "present"})
    told.run_until(evening(week(1)))
    assert Client().get(f"/{token}").status_code == 200
    told.at(evening(week(2)))
    page = Client().get(f"/{token}")
    assert (page.status_code, "Stop these messages" in words(page)) == (410, True)
    assert Client().post(f"/{token}", {"answer": "claim"}).status_code == 410


def test_after_stop_the_page_says_so_and_asks_nothing_more(told):
    token = told.token("sam", "nudge")
    page = words(Client().post(f"/{token}", {"answer": "stop"}, follow=True))
    assert "we will not write to you again" in page
    assert "button" not in page.partition("<main")[2].partition("</main")[0]


# --- the member's answer from a message -----------------------------------------------------------------------


def test_the_final_notices_link_says_what_would_happen_when_and_to_whom(noticed):
    page = words(Client().get(f"/{noticed.token('dana', 'final_notice')}"))
    assert "to <strong>sam</strong> on Friday, 2 January at 20:35" in page
    assert "I’m fine, no need" in page
    assert "You are asked first, before anybody else." in page
    assert not Pause.objects.exists()


def test_one_tap_on_fine_settles_it(noticed):
    page = words(Client().post(f"/{noticed.token('dana', 'final_notice')}", {"answer": "ok"}, follow=True))
    assert "It is settled, and nothing more is sent." in page
    noticed.run_until(berlin(2026, 1, 10))
    assert noticed.said() == ["dana: final_notice"]


def test_letting_it_go_ahead_changes_nothing(noticed):
    page = words(Client().post(f"/{noticed.token('dana', 'final_notice')}", {"answer": "go"}, follow=True))
    assert "It goes ahead as you set it." in page
    noticed.run_until(evening(week(0) + DAY))
    assert noticed.said() == ["dana: final_notice", "sam: nudge 1"]


def test_a_pause_with_an_end_from_the_link(noticed, dana):
    token = noticed.token("dana", "final_notice")
    Client().post(f"/{token}", {"answer": "pause", "until": "2026-01-10"})
    assert Pause.objects.get().until == berlin(2026, 1, 11)
    assert Episode.objects.get().ending == "paused"


@pytest.mark.parametrize("day", ["2026-02-30", "soon", "2020-01-01", "9999-12-31"])
def test_a_pause_until_a_day_that_does_not_exist_or_is_over_is_refused(noticed, day):
    response = Client().post(f"/{noticed.token('dana', 'final_notice')}", {"answer": "pause", "until": day})
    assert (response.status_code, Pause.objects.exists()) == (400, False)


def test_the_members_link_is_settled_a_week_after_the_end(noticed):
    token = noticed.token("dana", "final_notice")
    Client().post(f"/{token}", {"answer": "ok"})
    noticed.at(evening(week(0) + 6 * DAY))
    assert Client().get(f"/{token}").status_code == 200
    noticed.at(evening(week(1)))
    assert Client().get(f"/{token}").status_code == 410
    assert Client().post(f"/{token}", {"answer": "pause"}).status_code == 410
    assert not Pause.objects.exists()


def test_an_answer_that_is_none_from_the_member_is_refused(noticed):
    assert Client().post(f"/{noticed.token('dana', 'final_notice')}", {"answer": ""}).status_code == 400


# --- my watch -------------------------------------------------------------------------------------------------


def test_a_guest_is_asked_to_sign_in():
    for name in ("", "set/", "switch/", "pause/", "ok/"):
        response = getattr(Client(), "post" if name else "get")(f"/me/watch/{name}")
        assert response.status_code == 302
        assert "login" in response["Location"]


def test_the_empty_page_says_what_will_be_here_and_offers_the_first_step(story):
    page = words(signed_in(make_member()).get("/me/watch/"))
    assert "Only meetings that you say you plan to come to count." in page
    assert "Nobody is on your list yet." in page
    assert "No mail reaches me. I look in here." in page


def test_the_rule_stands_there_in_words(story, dana):
    client = signed_in(dana)
    page = words(client.get("/me/watch/"))
    assert "After 1 meeting, about 1 week" in page
    assert "1 day later we write to:" in page
    sam = str(story.sam.person.pid)
    answer = {"threshold": "3", "grace_hours": "48", "scope": "any", "ok_stops": "yes", f"level-{sam}": "2"}
    page = words(client.post("/me/watch/set/", answer, follow=True))
    assert "After 3 meetings in a row, about 3 weeks" in page
    assert "2 days later we write to:" in page


def test_an_impossible_number_is_refused_in_plain_words_and_nothing_changes(story, dana):
    client = signed_in(dana)
    for wrong in ({"threshold": "0"}, {"threshold": "many"}, {"grace_hours": "1"}, {"scope": "all"}):
        given = {"threshold": "3", "grace_hours": "24", "scope": "any"} | wrong
        response = client.post("/me/watch/set/", given)
        assert (response.status_code, "Nothing was changed." in words(response)) == (400, True)
    assert Rule.objects.get().threshold == 1


def test_off_on_pause_and_ok_by_buttons(story, dana):
    client = signed_in(dana)
    assert "Your watch is off" in words(client.post("/me/watch/switch/", {"on": "no"}, follow=True))
    assert "Your watch is on." in words(client.post("/me/watch/switch/", {"on": "yes"}, follow=True))
    page = words(client.post("/me/watch/pause/", {"until": "2026-01-10"}, follow=True))
    assert "Paused until Sunday, 11 January, 00:00." in page
    assert "The pause is over." in words(client.post("/me/watch/pause/", {"on": "no"}, follow=True))
    assert "nothing else changes" in words(client.post("/me/watch/ok/", follow=True))


def test_the_timeline_tells_what_was_sent_and_what_was_not_and_why(noticed, dana):
    noticed.at(berlin(2026, 1, 2, 12))
    noticed.revoke(noticed.sam)
    noticed.run_until(berlin(2026, 1, 5))
    page = words(signed_in(dana).get("/me/watch/"))
    assert "We told you who would be written to, and when." in page
    assert "Nothing goes to sam: you do not allow it any more." in page


def test_a_facilitator_sees_nothing_of_a_members_watch(noticed, dana):
    facilitator = noticed.facilitator(noticed.meeting)
    page = words(signed_in(facilitator).get("/me/watch/"))
    assert "dana" not in page
    assert [line for line in noticed.said() if line.startswith("fa-")] == []


def test_the_page_costs_the_same_however_much_there_is(noticed, dana, django_assert_max_num_queries):
    client = signed_in(dana)
    with django_assert_max_num_queries(24):
        client.get("/me/watch/")


# --- the JSON door --------------------------------------------------------------------------------------------


def test_the_json_door_shows_and_changes_the_members_own_rule(story, dana):
    client = signed_in(dana)
    assert client.get("/api/v1/watch/rule/").json()["threshold"] == 1
    body = {"threshold": 4, "levels": [[], [str(story.sam.person.pid)]]}
    changed = client.put("/api/v1/watch/rule/", body, content_type="application/json").json()
    assert (changed["threshold"], changed["levels"]) == (4, [[], [str(story.sam.person.pid)]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0},
        {"threshold": "three"},
        {"grace_hours": 99},
        {"scope": "world"},
        {"levels": [["11111111-1111-4111-8111-111111111111"], []]},
        {"person": "11111111-1111-4111-8111-111111111111", "threshold": 2},
        {"levels": "sam"},
        ["threshold"],
    ],
)
def test_a_bad_body_is_refused_and_nothing_changes(story, dana, wrong):
    response = signed_in(dana).put("/api/v1/watch/rule/", wrong, content_type="application/json")
    assert (response.status_code, set(response.json())) == (400, {"error"})
    assert Rule.objects.get().threshold == 1


def test_the_json_door_refuses_guests_and_borrowed_people(story, dana):
    assert Client().get("/api/v1/watch/rule/").status_code == 403
    eve = signed_in(make_member(email="eve@example.org"))
    body = {"threshold": 2, "levels": [[str(story.sam.person.pid)], []]}
    assert eve.put("/api/v1/watch/rule/", body, content_type="application/json").status_code == 400
    assert Rule.objects.count() == 1


def test_pause_ok_and_episodes_over_json(noticed, dana):
    client = signed_in(dana)
    shown = client.get("/api/v1/watch/episodes/").json()["episodes"]
    assert (shown[0]["stage"], shown[0]["waiting"][0]["name"]) == ("asked", "sam")
    assert client.post("/api/v1/watch/ok/").json() == {"settled": True, "already_leaving": []}
    body = {"until": "2026-02-30T00:00:00Z"}
    assert client.post("/api/v1/watch/pause/", body, content_type="application/json").status_code == 400
    assert client.post("/api/v1/watch/pause/", {}, content_type="application/json").json()["paused"]
    assert not client.delete("/api/v1/watch/pause/").json()["paused"]
    assert client.post("/api/v1/watch/switch/", {}, content_type="application/json").status_code == 400
