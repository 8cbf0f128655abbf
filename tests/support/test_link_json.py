"""Every login-free answer by JSON: the same services as the pages, GET never acts, and stop works for ever."""

from datetime import timedelta

import pytest
from django.test import Client

from circle.models import Supporter
from ground import clock
from meetings.models import Mark, Sheet
from people.models import Change
from people.services import link_give
from support.models import Answer, Pause
from tests.group_stories import make_circle, make_regular
from tests.people_of_the_story import NOW, make_member
from tests.stories.driver import berlin, evening, week

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def noticed(story, dana):
    """Dana's final notice has gone out; Sam would hear a day later."""
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0)))
    return story


@pytest.fixture
def told(noticed):
    noticed.run_until(evening(week(0) + DAY))
    return noticed


def look(token):
    return Client().get(f"/api/v1/links/{token}/")


def say(token, **body):
    return Client(enforce_csrf_checks=True).post(f"/api/v1/links/{token}/", body, content_type="application/json")


def refused(answer):
    return answer.status_code, answer.json()["error"]["code"]


def lasting(story):
    return link_give(purpose="supporter_stop", subject=story.sam.pk, person=story.sam.person)


def fresh(story):
    return Supporter.objects.get(pk=story.sam.pk)


# --- the member -----------------------------------------------------------------------------------------------


def test_a_member_reads_what_would_happen_and_says_fine(noticed):
    token = noticed.token("dana", "final_notice")
    shown = look(token)
    assert (shown.json()["purpose"], shown.json()["stage"]) == ("watch", "asked")
    assert [one["name"] for one in shown.json()["waiting"]] == ["sam"]
    assert shown.json()["answers"] == ["ok", "pause", "go", "excuse"]
    assert "Group g1" not in shown.content.decode()
    assert (shown.headers["Cache-Control"], shown.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert say(token, answer="go").json()["stage"] == "asked"
    said = say(token, answer="ok").json()
    assert (said["stage"], said["already_leaving"], said["answers"]) == ("ended", [], ["excuse"])
    noticed.run_until(evening(week(0) + 3 * DAY))
    assert noticed.said() == ["dana: final_notice"]


def test_an_answer_that_comes_too_late_for_one_message_says_so(told):
    said = say(told.token("dana", "final_notice"), answer="ok").json()
    assert [one["name"] for one in said["already_leaving"]] in ([], ["sam"])
    assert say(told.token("dana", "final_notice"), answer="ok").json()["stage"] == "ended", "twice is once"


def test_a_member_pauses_until_a_moment(noticed):
    token = noticed.token("dana", "final_notice")
    for wrong in ("soon", "2026-02-30T10:00:00+01:00", "2026-01-15T10:00:00", "2020-01-01T00:00:00+00:00", 5):
        assert refused(say(token, answer="pause", until=wrong)) == (400, "invalid")
    assert not Pause.objects.exists()
    assert say(token, answer="pause", until="2026-01-09T00:00:00+01:00").json()["stage"] == "ended"
    assert Pause.objects.get().until == berlin(2026, 1, 9)


def test_a_member_cannot_come_next_time_and_can_after_all(noticed):
    token = noticed.token("dana", "final_notice")
    date = look(token).json()["next_date"]["date"]
    assert refused(say(token, answer="excuse", date="1-20990101T1900")) == (400, "invalid")
    said = say(token, answer="excuse", date=date).json()
    assert (said["next_date"]["excused"], said["answers"][-1]) == (True, "undo")
    assert Mark.objects.order_by("pk").last().value == "excused"
    assert not say(token, answer="undo", date=date).json()["next_date"]["excused"]


def test_the_members_link_is_over_seven_days_after_the_end(noticed):
    token = noticed.token("dana", "final_notice")
    say(token, answer="ok")
    noticed.at(evening(week(2)))
    assert refused(look(token)) == (410, "settled")
    assert refused(say(token, answer="pause")) == (410, "settled")


# --- whom the member chose ------------------------------------------------------------------------------------


def test_a_contact_says_yes_by_json_and_once_only(story, dana):
    Supporter.objects.filter(pk=story.sam.pk).update(state="invited", accepted_at=None)
    token = link_give(purpose="invite", subject=story.sam.pk, person=story.sam.person)
    assert look(token).json()["answers"] == ["yes", "no", "stop"]
    assert fresh(story).state == "invited"
    said = say(token, answer="yes")
    assert (said.status_code, fresh(story).state) == (200, "accepted")
    assert Client().get(said.json()["lasting_page"]).status_code == 200
    assert refused(say(token, answer="no")) == (410, "settled")
    assert look(token).json()["answers"] == ["stop"]
    assert say(token, answer="stop").json()["face"] == "stopped"
    assert fresh(story).state == "stopped"


def test_a_contact_claims_reaches_and_cannot_by_json(told):
    token = told.token("sam", "nudge")
    shown = look(token).json()
    assert (shown["face"], shown["answer"], shown["sender_name"]) == ("open", None, "dana")
    assert set(shown) == {"purpose", "face", "name", "sender_name", "told_at", "answer", "rests_until", "answers"}
    assert not Answer.objects.exists()
    for answer in ("claim", "cannot", "reached", "reached"):
        assert say(token, answer=answer).json()["answer"] == answer
    assert [one.kind for one in Answer.objects.order_by("pk")] == ["claim", "cannot", "reached"]


def test_a_rest_has_the_same_length_by_json_and_by_page(told):
    for token in (told.token("sam", "nudge"), lasting(told)):
        for page, days in ((True, 14), (False, 60)):
            if page:
                assert Client().post(f"/{token}", {"answer": "rest", "days": days}).status_code == 302
            else:
                assert say(token, answer="rest", days=days).json()["answers"][-2:] == ["wake", "stop"]
            assert fresh(told).rests_until == told.now + days * DAY
        for wrong in (0, 91, "week"):
            assert refused(say(token, answer="rest", days=wrong)) == (400, "invalid")
            shown = Client().post(f"/{token}", {"answer": "rest", "days": wrong})
            assert (shown.status_code, "Choose between 1 and 90 days." in shown.content.decode()) == (400, True)
        assert say(token, answer="wake").json()["rests_until"] is None


def test_when_it_is_settled_only_stop_is_left_and_it_works(told, dana):
    token = told.token("sam", "nudge")
    told.at(evening(week(1)))
    told.close(told.meeting, week(1), {dana: "present"})
    told.at(evening(week(3)))
    assert (look(token).json()["face"], look(token).json()["answers"]) == ("settled", ["stop"])
    for answer in ("claim", "rest", "wake"):
        assert refused(say(token, answer=answer)) == (410, "settled")
    assert say(token, answer="stop").json()["face"] == "stopped"
    assert fresh(told).state == "stopped"
    assert say(lasting(told), answer="stop").json()["answers"] == [], "saying it again is fine"


# --- a facilitator, and a planned date ------------------------------------------------------------------------


@pytest.fixture
def _after_the_start():
    with clock.frozen(NOW + timedelta(minutes=30)):
        yield


@pytest.mark.usefixtures("_after_the_start")
def test_a_facilitator_does_the_list_by_json():
    circle = make_circle()
    member = make_regular(circle)
    token = link_give(purpose="sheet", subject=circle.sheet.pk, person=circle.facilitator)
    shown = look(token).json()
    assert (shown["state"], shown["held"], shown["answers"]) == ("open", True, ["mark", "close", "not_held"])
    pid = str(member.pid)
    assert say(token, answer="mark", marks={pid: "present"}).status_code == 200
    assert refused(say(token, answer="mark", marks={str(make_member().pid): "present"}))[0] == 403
    assert refused(say(token, answer="mark", marks={pid: "here"})) == (400, "invalid")
    assert say(token, answer="close", rest="unknown", revision=0).json()["state"] == "closed"
    assert refused(say(token, answer="close", rest="unknown")) == (409, "conflict")
    assert say(token, answer="correct", marks={pid: "late"}).json()["revision"] == 2
    assert Mark.objects.get(person=member).value == "late"
    said = say(token, answer="not_held").json()
    assert (said["held"], said["answers"]) == (False, ["correct", "held"])
    assert say(token, answer="held").json()["held"]


@pytest.mark.usefixtures("_after_the_start")
def test_a_list_of_heads_is_counted_by_json():
    circle = make_circle(heads=True)
    token = link_give(purpose="sheet", subject=circle.sheet.pk, person=circle.facilitator)
    assert look(token).json()["answers"] == ["count", "not_held"]
    assert refused(say(token, answer="count", head_count="nine")) == (400, "invalid")
    assert say(token, answer="count", head_count=9).json()["head_count"] == 9
    assert Sheet.objects.get().head_count == 9


@pytest.mark.usefixtures("_after_the_start")
def test_a_note_before_a_date_is_answered_by_json():
    circle = make_circle()
    member = make_regular(circle)
    token = link_give(purpose="plan", subject=circle.occurrence.pk, person=member)
    assert not look(token).json()["excused"]
    assert say(token, answer="not").json()["excused"]
    assert not say(token, answer="coming").json()["excused"]


# --- refusals -------------------------------------------------------------------------------------------------


def test_looking_never_acts(told):
    tokens = [told.token("dana", "final_notice"), told.token("sam", "nudge"), lasting(told)]
    before = (fresh(told).state, Answer.objects.count(), Change.objects.count(), Pause.objects.count())
    for token in tokens:
        for answer in ("stop", "claim", "ok", "pause", "rest"):
            assert Client().get(f"/api/v1/links/{token}/", {"answer": answer}).status_code == 200
    assert (fresh(told).state, Answer.objects.count(), Change.objects.count(), Pause.objects.count()) == before


def test_a_forged_link_an_answer_that_is_none_and_more_than_was_asked_are_refused(told):
    assert refused(look("aaaaaaaaaaaaa"))[0] == 404
    assert refused(say("aaaaaaaaaaaaa", answer="stop"))[0] == 404
    page_only = link_give(purpose="circle", subject=told.sam.pk, person=told.sam.member)
    assert refused(look(page_only))[0] == 404
    for token in (told.token("dana", "final_notice"), told.token("sam", "nudge"), lasting(told)):
        for wrong in ({}, {"answer": "shout"}, {"answer": 5}, {"answer": "stop", "for": "kim"}, {"answer": ["ok"]}):
            assert refused(say(token, **wrong)) == (400, "invalid"), wrong
        listed = Client().post(f"/api/v1/links/{token}/", "[]", content_type="application/json")
        assert refused(listed) == (400, "invalid")
    assert fresh(told).state == "accepted"
