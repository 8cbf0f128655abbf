"""Dana's quiet look at her own people, once a month: offered inside only, and ending in the same words."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client

from circle import services
from circle.models import Look, Supporter
from circle.selectors import chosen_state
from delivery import worker
from delivery.models import Delivery
from ground import clock
from people.models import Change
from tests.circle.people import accepted, ask, nudge, sign_in
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
OFFER = "Once a month: a quiet look, for you alone."


@pytest.fixture
def signed(client, account):
    return sign_in(client, account)


def text_of(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def choices(**answers):
    return {f"choice-{Supporter.objects.get(name=name).person.pid}": answer for name, answer in answers.items()}


def due(dana) -> bool:
    return chosen_state(dana, clock.now()).look_due


def test_it_is_offered_on_today_a_month_after_the_first_was_asked_and_nothing_is_sent_about_it(signed, dana):
    assert OFFER not in text_of(signed.get("/today/"))
    ask(dana)
    Delivery.objects.all().delete()
    with clock.frozen(NOW + 30 * DAY - HOUR):
        assert OFFER not in text_of(signed.get("/today/"))
    with clock.frozen(NOW + 30 * DAY):
        assert OFFER in text_of(signed.get("/today/"))
        assert "Is Sam your own choice?" in text_of(signed.get("/people/circle/look/"))
    assert not Delivery.objects.exists()
    assert not Look.objects.exists(), "looking at the page changes nothing"


def test_whatever_is_answered_it_ends_in_the_same_words_and_the_next_one_is_a_month_later(signed, dana):
    for name in ("Sam", "Ira"):
        accepted(dana, name)
    said = set()
    for month, answer in enumerate(("a", "b", ""), 1):
        with clock.frozen(NOW + month * 30 * DAY):
            assert due(dana)
            page = signed.post("/people/circle/look/", choices(Sam=answer), follow=True)
            said.add(re.search(r"Thank you[^.]*\.[^.]*\.", text_of(page)).group())
            assert not due(dana)
        with clock.frozen(NOW + (month + 1) * 30 * DAY - HOUR):
            assert not due(dana)
    assert said == {"Thank you. The next look is in a month."}
    assert [one.muted for one in Supporter.objects.order_by("pk")] == [True, False]


def test_somebody_muted_already_looks_like_everybody_and_yes_lets_nothing_through_again(signed, dana):
    sam, ira = accepted(dana, "Sam"), accepted(dana, "Ira")
    services.supporter_mute(actor=dana, supporter=sam)
    page = text_of(signed.get("/people/circle/look/"))
    assert page.count("Yes, my own choice") == 2
    assert "uted" not in page
    signed.post("/people/circle/look/", choices(Sam="a", Ira="a"))
    assert [Supporter.objects.get(pk=one.pk).muted for one in (sam, ira)] == [True, False]


def test_what_waits_is_withdrawn_and_the_watch_hears_of_it(signed, dana, nudges, post):
    sam = accepted(dana)
    nudge(sam, NOW + HOUR)
    Change.objects.all().delete()
    signed.post("/people/circle/look/", choices(Sam="b"))
    assert Change.objects.filter(person=dana).count() == 1
    with clock.frozen(NOW + 2 * HOUR):
        worker.tick(clock.now())
    assert post.sent == []


def test_a_message_that_was_already_leaving_is_named(signed, dana, nudges, post):
    sam = accepted(dana)
    delivery = nudge(sam, NOW)
    worker.tick(NOW)
    Delivery.objects.filter(pk=delivery.pk).update(state="handed_over", attempted_at=NOW, handed_at=NOW)
    page = text_of(signed.post("/people/circle/look/", choices(Sam="b"), follow=True))
    assert "One message to Sam was already leaving at" in page


def test_not_now_is_a_week(signed, dana):
    ask(dana)
    with clock.frozen(NOW + 31 * DAY):
        assert signed.post("/people/circle/look/", {"action": "later"}).status_code == 302
        assert not due(dana)
    with clock.frozen(NOW + 38 * DAY):
        assert due(dana)
    assert Look.objects.get().looked_at is None


def test_without_people_there_is_nothing_to_look_at(signed, dana):
    assert "Nobody yet" in text_of(signed.get("/people/circle/look/"))
    services.supporter_remove(actor=dana, supporter=ask(dana))
    with clock.frozen(NOW + 31 * DAY):
        assert not due(dana)


def test_guests_are_asked_to_sign_in_and_somebody_elses_people_are_left_alone(dana, client):
    sam = accepted(dana)
    assert client.get("/people/circle/look/").status_code == 302
    other = make_member()
    client.force_login(other.account)
    client.post("/people/circle/look/", choices(Sam="b"))
    sam.refresh_from_db()
    assert not sam.muted


def test_by_json_it_is_the_same_look(dana, account):
    sam = accepted(dana)
    client = Client()
    client.force_login(account)

    def call(method, body=None):
        return getattr(client, method)(
            "/api/v1/circle/look/", {} if body is None else body, content_type="application/json"
        )

    with clock.frozen(NOW + 30 * DAY):
        assert client.get("/api/v1/circle/look/").json() == {"due": True}
        wrongs: tuple[object, ...] = (
            {},
            {"quiet": "all"},
            {"quiet": ["x"]},
            {"later": False},
            {"quiet": [], "a": 1},
            [],
        )
        for wrong in wrongs:
            assert call("post", wrong).status_code == 400, wrong
        assert client.get("/api/v1/circle/look/").json() == {"due": True}
        assert call("post", {"quiet": [str(sam.person.pid)]}).json() == {"done": True, "already_leaving_at": None}
        assert client.get("/api/v1/circle/look/").json() == {"due": False}
    with clock.frozen(NOW + 60 * DAY):
        assert call("post", {"later": True}).status_code == 200
        assert not due(dana)
    sam.refresh_from_db()
    assert sam.muted
    assert Client().get("/api/v1/circle/look/").status_code in {401, 403}


def test_the_offer_costs_two_queries_at_most(dana, django_assert_max_num_queries):
    for name in ("Sam", "Ira", "Jo"):
        ask(dana, name)
    with django_assert_max_num_queries(2):
        assert chosen_state(dana, NOW + timedelta(days=40)).look_due
