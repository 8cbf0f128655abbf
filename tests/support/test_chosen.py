"""Sam has an account too: the same answers on Today, one row for each member who chose him; a rest; our mistake."""

from datetime import timedelta

import pytest
from django.test import Client

from circle.models import Supporter
from people.services import link_give
from support.models import Answer, EpisodeSupporter
from tests.people_of_the_story import make_member
from tests.stories.driver import berlin, evening, week

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LIMIT = 20_000


@pytest.fixture
def told(story, dana):
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0) + DAY))
    return story


@pytest.fixture
def sam(story, dana):
    """Sam's account, which shows him on Today that Dana chose him."""
    person = make_member("Samuel")
    signed_in(person).post(f"/people/chosen/see/{lasting(story)}/")
    return person


def lasting(story):
    return link_give(purpose="supporter_stop", subject=story.sam.pk, person=story.sam.person)


def signed_in(person):
    client = Client()
    client.force_login(person.account)
    return client


def words(response):
    return " ".join(response.content.decode().split())


def fresh(story):
    story.sam.refresh_from_db()
    return story.sam


def address(story):
    return f"/people/chosen/{story.sam.person.pid}/"


def test_a_contact_with_an_account_sees_on_today_who_chose_them(story, dana):
    assert "I have an account: show it on my Today" in words(Client().get(f"/{lasting(story)}"))
    sam = signed_in(make_member("Samuel"))
    assert "See dana on your Today?" in words(sam.get(f"/people/chosen/see/{lasting(story)}/"))
    assert fresh(story).seen_by is None
    page = words(sam.post(f"/people/chosen/see/{lasting(story)}/", follow=True))
    assert "People who chose you" in page
    assert "Nothing to do now. Silence means nothing." in page


def test_nobody_is_found_by_an_address(story, dana):
    same = make_member("Samuel", email="sam@example.org")
    assert "People who chose you" not in words(signed_in(same).get("/today/"))


def test_a_guest_and_the_member_and_a_forged_link_get_no_row(story, dana):
    assert Client().post(f"/people/chosen/see/{lasting(story)}/").status_code == 302
    assert signed_in(dana).post(f"/people/chosen/see/{lasting(story)}/").status_code == 400
    assert signed_in(make_member()).post("/people/chosen/see/aaaaaaaaaaaaa/").status_code == 404
    invite = link_give(purpose="invite", subject=story.sam.pk, person=story.sam.person)
    assert signed_in(make_member()).post(f"/people/chosen/see/{invite}/").status_code == 302
    Supporter.objects.update(seen_by=None, state="stopped", ended_at=story.now)
    assert signed_in(make_member()).post(f"/people/chosen/see/{lasting(story)}/").status_code == 410
    assert fresh(story).seen_by is None


def test_the_answer_on_today_is_the_answer_of_the_link(told, sam):
    client = signed_in(sam)
    page = words(client.get("/today/"))
    assert "dana once asked us to nudge you to get in touch" in page
    assert "Nothing waits for you" not in page
    for secret in ("Group g1", "absent", "Thursday"):
        assert secret not in page
    page = words(client.post(address(told), {"answer": "claim"}, follow=True))
    assert "You said: I’m on it." in page
    assert "You said: I’m on it." in words(Client().get(f"/{told.token('sam', 'nudge')}"))
    client.post(address(told), {"answer": "reached"})
    assert [answer.kind for answer in Answer.objects.order_by("pk")] == ["claim", "reached"]


def test_an_outsider_and_a_guest_cannot_answer_and_an_answer_that_is_none_is_refused(told, sam, dana):
    for person in (make_member(), dana, told.facilitator(told.meeting)):
        assert signed_in(person).post(address(told), {"answer": "claim"}).status_code == 404
    assert Client().post(address(told), {"answer": "claim"}).status_code == 302
    assert signed_in(sam).post(address(told), {"answer": "shout"}).status_code == 400
    assert not Answer.objects.exists()


def test_an_answer_after_the_end_says_that_it_is_settled(told, sam):
    told.at(evening(week(1)))
    told.close(told.meeting, week(1), {told.sam.member: "present"})
    page = words(signed_in(sam).post(address(told), {"answer": "claim"}, follow=True))
    assert "This is settled. Thank you for being there." in page
    assert not Answer.objects.exists()


def test_two_members_are_two_rows_and_are_never_merged(story, dana, sam):
    dora = story.member("dora")
    other = story.supporter(dora, "sam2")
    token = link_give(purpose="supporter_stop", subject=other.pk, person=other.person)
    page = words(signed_in(sam).post(f"/people/chosen/see/{token}/", follow=True))
    assert page.count("Nothing to do now. Silence means nothing.") == 2


def test_today_costs_the_same_for_many_who_chose(story, dana, sam, django_assert_max_num_queries):
    from support.selectors.asked import asked_of

    for number in range(3):
        other = story.supporter(story.member(f"m{number}"), f"s{number}")
        Supporter.objects.filter(pk=other.pk).update(seen_by=sam)
    with django_assert_max_num_queries(3):
        assert len(asked_of(sam, story.now)) == 4


def test_somebody_taken_off_the_list_sees_no_difference(story, dana, sam):
    Supporter.objects.update(state="ended", ended_at=story.now)
    assert "Nothing to do now. Silence means nothing." in words(signed_in(sam).get("/today/"))
    assert signed_in(sam).post(address(story), {"answer": "rest"}).status_code == 302
    assert fresh(story).rests_until is not None


def test_off_today_and_stop_are_two_things(story, dana, sam):
    client = signed_in(sam)
    assert "It is off your Today." in words(client.post(address(story), {"answer": "hide"}, follow=True))
    assert (fresh(story).seen_by, fresh(story).state) == (None, "accepted")
    client.post(f"/people/chosen/see/{lasting(story)}/")
    page = words(client.post(address(story), {"answer": "stop"}, follow=True))
    assert "People who chose you" not in page
    assert fresh(story).state == "stopped"


# --- a rest -----------------------------------------------------------------------------------------------------


def test_during_a_rest_nothing_is_asked_and_the_member_reads_why(story, dana):
    address = f"/{lasting(story)}"
    page = words(Client().post(address, {"answer": "rest"}, follow=True))
    assert "You rest until 19 January 2026: nothing is asked of you." in page
    assert "Asked for a rest until 19 January 2026." in words(signed_in(dana).get("/people/circle/"))
    assert "asked for a rest" in words(signed_in(dana).get("/me/watch/"))
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0)))
    page = words(Client().get(f"/{story.token('dana', 'final_notice')}"))
    assert "Nothing goes to sam: they asked for a rest." in page
    assert "<strong>sam</strong>" not in page
    story.run_until(evening(week(1)) - DAY)
    assert story.said() == ["dana: final_notice"]
    page = words(signed_in(dana).get("/me/watch/"))
    assert "The message to sam was not sent: they had asked for a rest." in page


def test_a_rest_that_is_over_holds_nothing_back(story, dana):
    Client().post(f"/{lasting(story)}", {"answer": "rest"})
    page = words(Client().post(f"/{lasting(story)}", {"answer": "wake"}, follow=True))
    assert "You rest until" not in page
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(0) + DAY))
    assert story.said()[-1] == "sam: nudge 1"


def test_a_rest_after_a_claim_ends_the_question_how_it_went_but_not_the_closing(told, dana):
    token = told.token("sam", "nudge")
    Client().post(f"/{token}", {"answer": "claim"})
    page = words(Client().post(f"/{token}", {"answer": "rest"}, follow=True))
    assert "nothing new is asked of you" in page
    told.at(evening(week(1)))
    told.close(told.meeting, week(1), {dana: "present"})
    told.run_until(evening(week(1)))
    assert told.said()[-1] == "sam: back_in_touch"
    assert "sam: reminder" not in told.said()


# --- our mistake ------------------------------------------------------------------------------------------------


def test_after_a_correction_the_page_says_plainly_that_it_was_a_mistake(told, dana):
    token = told.token("sam", "nudge")
    told.correct(told.meeting, week(0), {dana: "present"})
    told.run_until(evening(week(0) + DAY))
    assert "sam: retraction" in told.said()
    page = Client().get(f"/{token}")
    assert "Our message was a mistake" in words(page)
    assert "dana knows" in words(page)
    assert "Stop these messages" in words(page)
    told.at(evening(week(2)))
    assert "Our message was a mistake" not in words(Client().get(f"/{token}"))


def test_a_mistake_is_not_told_on_the_page_when_it_may_not_be_told_by_mail(told, dana):
    told.revoke(told.sam)
    told.correct(told.meeting, week(0), {dana: "present"})
    told.run_until(evening(week(0) + DAY))
    assert "sam: retraction" not in told.said()
    page = words(Client().get(f"/{told.token('sam', 'nudge')}"))
    assert "mistake" not in page
    assert "This is settled" in page


def test_every_face_of_the_page_is_light_and_needs_no_script(told, dana):
    token = told.token("sam", "nudge")
    faces = [Client().get(f"/{token}"), Client().get(f"/{lasting(told)}")]
    answers = ("claim", "rest", "wake", "cannot", "reached")
    faces += [Client().post(f"/{token}", {"answer": answer}, follow=True) for answer in answers]
    told.correct(told.meeting, week(0), {dana: "present"})
    told.run_until(berlin(2026, 1, 3))
    faces += [Client().get(f"/{token}"), Client().post(f"/{token}", {"answer": "stop"}, follow=True)]
    for page in faces:
        assert len(page.content) <= LIMIT - 5_000  # style, icon and the quick exit weigh less than 5 kB
        assert page.cookies == {}
        assert "onclick" not in page.content.decode()


# --- the JSON door ----------------------------------------------------------------------------------------------


def call(client, method, path, body=None):
    return getattr(client, method)(f"/api/v1/chosen/{path}", body or {}, content_type="application/json")


def test_the_json_door_gives_the_same_answers(told):
    client = signed_in(make_member("Samuel"))
    assert client.get("/api/v1/chosen/").json() == {"chosen": []}
    made = call(client, "post", "", {"token": lasting(told)})
    one = f"{told.sam.person.pid}/"
    assert (made.status_code, made.json()["chosen"][0]["name"]) == (201, "dana")
    assert call(client, "post", one + "answer/", {"answer": "claim"}).json()["chosen"][0]["answer"] == "claim"
    assert call(client, "post", one + "rest/", {"days": 7}).json()["chosen"][0]["rests_until"]
    assert call(client, "delete", one + "rest/").json()["chosen"][0]["rests_until"] is None
    for wrong in ({"days": 0}, {"days": 91}, {"days": "week"}, {"weeks": 1}):
        assert call(client, "post", one + "rest/", wrong).status_code == 400
    for wrong in ({}, {"answer": "shout"}, {"answer": "claim", "for": "kim"}):
        assert call(client, "post", one + "answer/", wrong).status_code == 400
    assert fresh(told).rests_until is None
    assert call(client, "delete", one).json() == {"chosen": []}
    assert EpisodeSupporter.objects.get().state == "told"


def test_the_json_door_refuses_guests_outsiders_and_forged_links(told, sam, dana):
    one = f"{told.sam.person.pid}/"
    assert Client().get("/api/v1/chosen/").status_code == 403
    assert call(signed_in(dana), "post", "", {"token": lasting(told)}).status_code == 400
    assert call(signed_in(make_member()), "post", "", {"token": "aaaaaaaaaaaaa"}).status_code == 404
    for person in (make_member(), dana, told.facilitator(told.meeting)):
        for door in ("answer/", "rest/", "stop/"):
            assert call(signed_in(person), "post", one + door, {"answer": "claim"}).status_code == 404
        assert call(signed_in(person), "delete", one).status_code == 404
    assert not Answer.objects.exists()
    assert (fresh(told).state, fresh(told).rests_until, fresh(told).seen_by_id) == ("accepted", None, sam.pk)
