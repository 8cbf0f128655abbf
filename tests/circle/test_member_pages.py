"""Dana's page: choosing somebody one question at a time, and ending it in one tap."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from circle import services
from circle.models import Consent, Supporter
from delivery import transports, worker
from delivery.models import Delivery
from delivery.transports.recording import RecordingTransport
from ground import clock
from people.services import link_give
from support.services import rule_set, rule_switch
from tests.circle.people import accepted, ask, nudge, sign_in
from tests.people_of_the_story import DAY, NOW, make_account

pytestmark = pytest.mark.django_db

ANSWERS: dict[str, dict] = {
    "who": {"name": "Sam", "sender_name": "Dana"},
    "reach": {"address": "sam@example.org", "zone": "America/New_York"},
    "hear": {"purposes": ["absence", "back_in_touch"], "days": "180"},
    "free": {"mine": "a"},
    "check": {},
}


@pytest.fixture
def signed(client, account):
    return sign_in(client, account)


def text_of(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def walk(client, until="check", **changes):
    """Answer question after question as the pages carry the answers along; return the last response."""
    carried: dict = {}
    response = None
    for step, answers in ANSWERS.items():
        carried |= {name: changes.get(name, value) for name, value in answers.items()}
        response = client.post("/people/circle/add/", {**carried, "step": step})
        if response.status_code != 200 or step == until:
            break
    return response


def test_a_guest_is_asked_to_sign_in(client):
    assert client.get("/people/circle/")["Location"].startswith("/accounts/login/")
    assert client.post("/people/circle/add/", {"step": "who"})["Location"].startswith("/accounts/login/")


def test_five_questions_one_at_a_time_then_sam_is_asked(signed, dana):
    first = signed.get("/people/circle/add/")
    assert "Question 1 of 5" in text_of(first)
    assert 'value="Dana"' in first.content.decode()
    assert "Where can we write to them?" in text_of(walk(signed, "who"))
    assert "What may they hear?" in text_of(walk(signed, "reach"))
    assert "Is someone making you add this person?" in text_of(walk(signed, "hear"))
    check = walk(signed, "free")
    assert not Supporter.objects.exists()  # nothing is kept before the last tap
    done = walk(signed)
    assert (done.status_code, done["Location"]) == (302, "/people/circle/")
    sam = Supporter.objects.get()
    assert (sam.name, sam.member, sam.person.zone, sam.muted) == ("Sam", dana, "America/New_York", False)
    for consent in sam.consents.all():
        assert " ".join(consent.text.split()) in text_of(check)  # signed: the very words that were shown


def test_the_private_answer_changes_nothing_that_can_be_seen(signed):
    free = walk(signed)
    assert free.status_code == 302
    plain = text_of(signed.get("/people/circle/"))
    Supporter.objects.all().delete()
    walk(signed, mine="b")
    muted = Supporter.objects.get()
    assert muted.muted
    page = signed.get("/people/circle/").content.decode()
    visible = re.sub(r"(?s)<details>.*?</details>", "", page)
    assert "Muted" not in visible
    assert "is being asked" in plain


def test_somebody_who_has_a_telephone_only_is_asked_by_text_message(signed):
    assert "Their e-mail address" in text_of(walk(signed, "who"))
    assert walk(signed, address="+44 7700 900123").status_code == 400, "this site cannot send text messages"
    post = RecordingTransport()
    with transports.replaced({"email": RecordingTransport(), "sms": post}):
        assert "Their e-mail address or mobile number" in text_of(walk(signed, "who"))
        for wrong in ("12345", "+44 77 callme", "nowhere"):
            assert walk(signed, address=wrong).status_code == 400
        assert "Sam is asked by text message first." in text_of(walk(signed, "free", address="0044 7700 900123"))
        assert walk(signed, address="0044 7700 900123").status_code == 302
        worker.tick(NOW)
    assert [to for to, _message in post.sent] == ["+447700900123"]
    assert "…123" in text_of(signed.get("/people/circle/"))


def test_back_shows_the_answers_again(signed):
    walk(signed, "reach")
    response = signed.post("/people/circle/add/", {"step": "hear", "back": "1", **ANSWERS["who"], **ANSWERS["reach"]})
    assert "Where can we write to them?" in text_of(response)
    assert 'value="sam@example.org"' in response.content.decode()
    assert 'type="hidden" name="name" value="Sam"' in response.content.decode()


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("who", {"name": ""}),
        ("who", {"sender_name": "x" * 41}),
        ("reach", {"address": "nowhere"}),
        ("reach", {"zone": "Mars/Olympus"}),
        ("hear", {"purposes": []}),
        ("hear", {"purposes": ["everything"]}),
        ("hear", {"days": "9999"}),
        ("free", {"mine": ""}),
    ],
)
def test_a_wrong_answer_is_asked_again_in_place(signed, step, wrong):
    response = walk(signed, **wrong)
    assert response.status_code == 400
    assert f'name="step" value="{step}"' in response.content.decode()
    assert not Supporter.objects.exists()


def test_what_the_service_refuses_stands_at_its_question(signed, dana):
    response = walk(signed, name="evil.example")
    assert response.status_code == 400
    assert "Please write a name" in text_of(response)
    ask(dana)
    response = walk(signed)
    assert response.status_code == 409
    assert "Somebody with this address is on your list already." in text_of(response)


def test_a_made_up_question_and_a_skipped_one_are_refused(signed):
    assert signed.post("/people/circle/add/", {"step": "secret"}).status_code == 400
    assert signed.post("/people/circle/add/", {"step": "check"}).status_code == 400
    assert not Supporter.objects.exists()


def test_choosing_somebody_asks_for_a_fresh_session(client, account):
    sign_in(client, account, minutes_ago=16)
    assert "/accounts/" in client.get("/people/circle/add/")["Location"]
    sign_in(client, account, minutes_ago=14)
    assert client.get("/people/circle/add/").status_code == 200
    sign_in(client, account, minutes_ago=40)  # begun in time, finished within the hour
    assert walk(client).status_code == 302
    sign_in(client, account, minutes_ago=61)
    assert "/accounts/" in walk(client)["Location"]
    sam = Supporter.objects.get()
    assert "/accounts/" in client.get(f"/people/circle/{sam.person.pid}/allow/absence/")["Location"]
    assert client.get(f"/people/circle/{sam.person.pid}/end/absence/").status_code == 200  # ending never waits


def test_the_page_shows_everybody_every_message_and_until_when(signed, dana, post, nudges):
    sam = accepted(dana)
    kim = ask(dana, "Kim", purposes=["absence"], days=30)
    no = ask(dana, "Lou")
    services.supporter_decline(supporter=no, actor=no.person)
    nudge(sam, NOW)
    worker.tick(NOW)
    seen = text_of(signed.get("/people/circle/"))
    for part in (
        "Sam Said yes Knows you as “Dana” · s…@example.org",
        "“Dana once asked us to nudge you to get in touch. A call today? It may be nothing.” Until 14 July 2026",
        "Asked to get in touch with you, 15 January 2026, 19:00",  # Dana's own clock
        "Kim Asked, no answer yet",
        "Until 14 February 2026",
        "Good news afterwards Not allowed. Never sent.",
        "Lou Said no. That is fine.",
        "Silence means nothing",
    ):
        assert part in seen
    assert kim.name in seen
    assert "sam@example.org" not in seen


def test_ending_is_one_tap_on_a_page_that_asks_once(signed, dana):
    sam = accepted(dana)
    page = f"/people/circle/{sam.person.pid}/end/absence/"
    assert "They are not told." in text_of(signed.get(page))
    assert Consent.objects.filter(revoked_at=None).count() == 2
    seen = text_of(signed.post(page, follow=True))
    assert "Done. Sam will hear no more of this, and was not told." in seen
    assert "already leaving" not in seen
    assert not Consent.objects.filter(purpose="absence", revoked_at=None).exists()


def test_ending_too_late_for_one_message_says_so_with_the_time_in_danas_zone(signed, dana, nudges):
    sam = accepted(dana)
    delivery = nudge(sam, NOW)
    worker.claim(NOW)
    worker.gate([delivery.pk], NOW)
    seen = text_of(signed.post(f"/people/circle/{sam.person.pid}/end/absence/", follow=True))
    assert "One message to Sam was already leaving at 19:00. It cannot be called back." in seen


def test_muting_is_one_tap_and_leaves_no_trace_in_plain_view(signed, dana):
    ex = accepted(dana, "Alex")
    before = re.sub(r"(?s)<details>.*?</details>", "", signed.get("/people/circle/").content.decode())
    response = signed.post(f"/people/circle/{ex.person.pid}/quiet/", {"on": "1"}, follow=True)
    assert Supporter.objects.get().muted
    assert not Delivery.objects.filter(recipient=dana).exists()
    assert "Done." in text_of(response)
    after = re.sub(r"(?s)<details>.*?</details>", "", signed.get("/people/circle/").content.decode())
    masked = re.compile(r"csrf[^>]*|hx-headers='[^']*'|nonce=\S+")
    assert masked.sub("", after) == masked.sub("", before)
    signed.post(f"/people/circle/{ex.person.pid}/quiet/", {"on": "0"})
    assert not Supporter.objects.get().muted


def test_allowing_again_shows_the_words_and_signs_them(signed, dana):
    sam = accepted(dana, purposes=["absence"])
    page = f"/people/circle/{sam.person.pid}/allow/back_in_touch/"
    shown = text_of(signed.get(page))
    assert signed.post(page).status_code == 302
    assert " ".join(Consent.objects.get(purpose="back_in_touch").text.split()) in shown


def test_what_is_no_permission_can_neither_be_given_nor_ended(signed, dana):
    sam = accepted(dana)
    assert signed.get(f"/people/circle/{sam.person.pid}/allow/gossip/").status_code == 404
    assert signed.post(f"/people/circle/{sam.person.pid}/end/gossip/").status_code == 404


def test_taking_off_asking_again_and_moving(signed, dana):
    sam, kim = ask(dana), ask(dana, "Kim")
    base = "/people/circle/{}/"
    assert signed.post(base.format(kim.person.pid) + "move/", {"way": "up"}).status_code == 302
    assert [s.name for s in Supporter.objects.all()] == ["Kim", "Sam"]
    assert signed.post(base.format(sam.person.pid) + "again/").status_code == 429
    with clock.frozen(NOW + 2 * DAY):
        assert signed.post(base.format(sam.person.pid) + "again/").status_code == 302
        assert signed.get(base.format(sam.person.pid) + "remove/").status_code == 200
        assert signed.post(base.format(sam.person.pid) + "remove/").status_code == 302
        assert "You took them off the list." in text_of(signed.get("/people/circle/"))
    sam.refresh_from_db()
    assert sam.state == "ended"


def test_nobody_elses_people_exist_for_an_outsider_or_a_coordinator(client, dana):
    sam = accepted(dana)
    coordinator = make_account("Cora", password="a long pass phrase")
    coordinator.is_coordinator = True
    coordinator.save()
    sign_in(client, coordinator)
    before = list(Supporter.objects.values()), list(Consent.objects.values())
    base = f"/people/circle/{sam.person.pid}/"
    for door in ("end/absence/", "allow/absence/", "remove/", "quiet/", "again/", "move/"):
        assert client.post(base + door).status_code == 404
    assert "Sam" not in text_of(client.get("/people/circle/"))
    assert (list(Supporter.objects.values()), list(Consent.objects.values())) == before


def test_a_get_never_changes_anything_and_a_post_needs_the_token(signed, dana, account):
    from django.test import Client

    sam = accepted(dana)
    base = f"/people/circle/{sam.person.pid}/"
    before = list(Supporter.objects.values()), list(Consent.objects.values())
    for door in ("end/absence/", "allow/absence/", "remove/"):
        assert signed.get(base + door).status_code == 200
    for door in ("quiet/", "again/", "move/"):
        assert signed.get(base + door).status_code == 405
    strict = sign_in(Client(enforce_csrf_checks=True), account)
    assert strict.post(base + "remove/").status_code == 403
    assert (list(Supporter.objects.values()), list(Consent.objects.values())) == before


def test_the_list_reads_in_few_queries(signed, dana, django_assert_max_num_queries):
    for number in range(8):
        ask(dana, f"Friend {number}", address=f"f{number}@example.org")
    with django_assert_max_num_queries(10):
        signed.get("/people/circle/")


def test_a_message_to_the_member_leads_to_the_page_that_asks_to_sign_in(client, dana):
    sam = accepted(dana)
    token = link_give(purpose="circle", subject=sam.pk, person=dana)
    response = client.get(f"/{token}")
    assert (response.status_code, response["Location"]) == (302, "/people/circle/")


# --- one page: every person, every message, its end ---------------------------------------------------------------


def test_every_message_each_could_get_stands_there_word_for_word_with_what_ends_next(signed, dana):
    sam = accepted(dana)
    kim = ask(dana, "Kim", address="kim@example.org", days=30)
    page = text_of(signed.get("/people/circle/"))
    assert "What ends next: for Kim, on 14 February 2026." in page
    for text in (
        "When you were asked first and did not answer: Hi Sam, Dana once asked us to nudge you to get in touch.",
        "Once, two days after they said they would look after it: Hi Sam, thank you for looking after this.",
        "If our message was a mistake: Hi Sam, please ignore our last message about Dana.",
        "When it is settled, if they had been asked: Hi Sam, good news on our last message about Dana",
        "Hi Kim, Dana once asked us to nudge you to get in touch.",
    ):
        assert text in page
    assert "{" not in page
    services.consent_revoke(actor=dana, supporter=kim, purpose="absence")
    services.consent_revoke(actor=dana, supporter=kim, purpose="back_in_touch")
    assert "What ends next: for Sam, on 14 July 2026." in text_of(signed.get("/people/circle/"))
    shown = signed.get("/api/v1/circle/").json()["people"][0]["consents"][0]["messages"]
    assert [one["kind"] for one in shown] == ["nudge", "reminder", "retraction"]
    assert sam.name in shown[0]["text"]


def test_every_message_that_may_go_to_a_contact_stands_on_the_consent_page():
    from circle.consents import OFFERED, PURPOSES

    shown = {kind for name in OFFERED for kind, _when in PURPOSES[name].says}
    assert shown == {kind for name in OFFERED for kind in PURPOSES[name].kinds}


def test_the_card_says_where_somebody_stands_in_the_watch(signed, dana):
    sam = accepted(dana)
    assert "Not in your watch: nothing is sent to them about it." in text_of(signed.get("/people/circle/"))
    rule_set(actor=dana, threshold=3, levels=[[], [sam]])
    assert "In your watch: asked later, if nobody could." in text_of(signed.get("/people/circle/"))
    rule_switch(actor=dana, on=False)
    assert "Not in your watch" in text_of(signed.get("/people/circle/"))


def test_the_page_costs_the_same_for_one_and_for_many(signed, dana, django_assert_num_queries):
    accepted(dana)
    signed.get("/people/circle/")
    with CaptureQueriesContext(connection) as for_one:
        signed.get("/people/circle/")
    for number in range(3):
        accepted(dana, f"Sam {number}", address=f"sam{number}@example.org")
    with django_assert_num_queries(len(for_one)):
        signed.get("/people/circle/")
