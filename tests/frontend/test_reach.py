"""What reaches me: addresses by code, order, hours; who looked; whom I do not see."""

import re
from http import HTTPStatus

import pytest
from django.core import mail

from delivery import kinds
from delivery.services import address_stop
from frontend.may_reach import WHEN
from ground import clock
from people.models import AddressCode
from people.selectors import account_of, blocked_between
from people.services import access_log, block_set, way_add, way_bounced
from tests.people_of_the_story import NOW, live_ways, make_account, make_member

pytestmark = pytest.mark.django_db
HOURS = {"first": "600", "last": "1320", "zone": "America/Chicago", "language": "es"}


@pytest.fixture
def dana(client):
    account = make_account("Dana", password="three quiet words")
    client.force_login(account)
    return account.person


def code_of(message):
    return re.findall(r"^\d{6}$", message.body, re.MULTILINE)[0]


def text(answer):
    return answer.content.decode()


def join(client, alias, email):
    sent = {"alias": alias, "adult": "on", "way": "password", "password": "three quiet words", "zone": "UTC"}
    return client.post("/join/", {**sent, "language": "en", "email": email})


@pytest.mark.parametrize("address", ["/me/reach/", "/me/reach/code/", "/me/looked/", "/me/blocks/", "/people/"])
def test_a_guest_is_sent_to_sign_in(client, address):
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", ["/me/reach/add/", "/me/reach/hours/", "/me/reach/1/"])
def test_looking_changes_nothing(client, dana, address):
    assert client.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_a_member_adds_an_address_by_the_code_in_the_mail(client, dana):
    answer = client.post("/me/reach/add/", {"address": "Dana@example.org"}, follow=True)
    assert "on its way to dana@example.org" in text(answer)
    assert live_ways(dana) == []
    [message] = mail.outbox
    assert message.to == ["dana@example.org"]
    assert "Dana" not in message.subject + message.body
    answer = client.post("/me/reach/code/", {"code": "000000" if code_of(message) != "000000" else "1"})
    assert answer.status_code == 400
    assert "Nothing is lost" in text(answer)
    answer = client.post("/me/reach/code/", {"code": code_of(message)}, follow=True)
    assert "dana@example.org reaches you from now on." in text(answer)
    assert "signs you in by a code" in text(answer)


def test_what_is_no_address_is_said_beside_the_field_and_stays_there(client, dana):
    answer = client.post("/me/reach/add/", {"address": "dana at home"})
    assert answer.status_code == 400
    assert "does not look like an e-mail address" in text(answer)
    assert 'value="dana at home"' in text(answer)
    assert mail.outbox == []


def test_too_many_codes_are_slowed_down(client, dana):
    seen = [client.post("/me/reach/add/", {"address": f"d{n}@example.org"}).status_code for n in range(6)]
    assert seen == [302] * 5 + [429]


def test_without_an_open_code_the_page_says_so(client, dana):
    assert "No code is open just now." in text(client.get("/me/reach/code/"))
    assert client.post("/me/reach/code/", {"code": "123456"}).status_code == 400


def test_an_address_that_said_stop_gets_no_code_and_nobody_is_told(client, dana):
    address_stop(address="sam@example.org")
    answer = client.post("/me/reach/add/", {"address": "sam@example.org"}, follow=True)
    assert mail.outbox == []
    assert "on its way to sam@example.org" in text(answer)


def test_a_mail_server_that_does_not_answer_loses_nothing(client, dana, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    answer = client.post("/me/reach/add/", {"address": "dana@example.org"}, follow=True)
    assert "did not go out just now" in text(answer)
    assert AddressCode.objects.count() == 1


def test_signing_up_with_an_address_looks_the_same_whether_or_not_somebody_here_has_it(client):
    make_account("Dana", email="dana@example.org")
    seen = []
    for alias, address in (("Stranger", "dana@example.org"), ("Newcomer", "new@example.org")):
        answer = join(client, alias, address)
        pages = [text(client.get(page)) for page in ("/today/", "/me/", "/me/reach/")]
        neutral = [re.sub(r"[A-Za-z0-9]{64}|nonce-\S+|data-whose=\S+", "", page) for page in pages]
        seen.append(
            (answer.status_code, answer["Location"], [p.replace(alias, "*").replace(address, "*") for p in neutral])
        )
        client.logout()
    assert seen[0] == seen[1]
    assert "signs in with this address" in mail.outbox[0].body  # read in that mailbox only
    assert "signs in with this address" not in mail.outbox[1].body
    assert [message.to for message in mail.outbox] == [["dana@example.org"], ["new@example.org"]]


def test_who_signed_up_with_an_address_signs_in_by_it_once_the_code_was_typed(client):
    join(client, "Newcomer", "new@example.org")
    assert "A code is on its way to new@example.org" in text(client.get("/today/"))
    client.post("/me/reach/code/", {"code": code_of(mail.outbox[0])})
    client.logout()
    client.post("/accounts/login/code/", {"email": "new@example.org"})
    code = re.findall(r"sign in:\s+(\S+)", mail.outbox[1].body)[0]
    answer = client.post("/accounts/login/code/confirm/", {"code": code})
    assert answer["Location"] == "/today/"


def test_the_page_of_allauth_that_told_who_is_here_is_not_open(client, dana):
    assert client.get("/accounts/email/")["Location"] == "/me/reach/"
    client.post("/accounts/email/", {"action_add": "", "email": "x@example.org"})
    assert account_of(dana).email == ""


def test_a_way_that_came_back_or_said_stop_is_shown_as_such(client, dana):
    way_bounced(way=way_add(person=dana, kind="email", address="old@example.org"))
    way_add(person=dana, kind="email", address="quiet@example.org")
    address_stop(address="quiet@example.org")
    page = text(client.get("/me/reach/"))
    assert "Our messages came back from here" in page
    assert "wrote STOP from here" in page


def test_a_member_orders_and_takes_off_ways(client, dana):
    one, two = (way_add(person=dana, kind="email", address=f"{n}@example.org") for n in range(2))
    client.post(f"/me/reach/{two.pk}/", {"action": "up"})
    assert live_ways(dana) == [two, one]
    client.post(f"/me/reach/{two.pk}/", {"action": "remove"})
    assert live_ways(dana) == [one]
    assert client.post(f"/me/reach/{one.pk}/", {"action": "shout"}).status_code == 400


def test_nobody_touches_anothers_ways(client, dana):
    other = make_member(email="other@example.org")
    way = live_ways(other)[0]
    for action in ("up", "down", "remove", "sign_in"):
        assert client.post(f"/me/reach/{way.pk}/", {"action": action}).status_code == 403
    assert live_ways(other) == [way]


def test_hours_zone_and_language_are_chosen_on_one_page(client, dana):
    answer = client.post("/me/reach/hours/", HOURS)
    dana.refresh_from_db()
    assert (dana.window_start, dana.window_end, dana.zone, dana.language) == (600, 1320, "America/Chicago", "es")
    assert answer.cookies["django_language"].value == "es"
    page = text(client.get("/me/reach/"))
    assert '<option value="600" selected>10:00</option>' in page
    assert '<option value="1320" selected>22:00</option>' in page


@pytest.mark.parametrize(
    "change",
    [
        {"first": "1320", "last": "600"},
        {"first": "600", "last": "600"},
        {"first": "", "last": ""},
        {"first": "-1"},
        {"first": "x"},
        {"first": "99999999999", "last": "99999999999"},
        {"zone": "Mars/Olympus"},
        {"zone": ""},
        {"language": "xx"},
    ],
)
def test_hours_that_cannot_be_are_refused_and_nothing_changes(client, dana, change):
    answer = client.post("/me/reach/hours/", HOURS | change)
    assert answer.status_code == 400
    dana.refresh_from_db()
    assert (dana.window_start, dana.window_end, dana.zone, dana.language) == (480, 1260, "Europe/Berlin", "en")
    assert 'role="alert"' in text(answer)


def test_who_looked_stands_there_for_the_member_alone(client, dana):
    facilitator, other = make_member("Fay"), make_member()
    with clock.frozen(NOW):
        access_log(person=dana, reader=facilitator, what="attendance list")
        access_log(person=other, reader=make_member("Nosy"), what="attendance list")
    page = text(client.get("/me/looked/"))
    assert "Fay" in page
    assert "15 Jan, 19:00" in page  # in Berlin
    assert "Nosy" not in page


def test_a_block_is_lifted_by_who_set_it_and_by_nobody_else(client, dana):
    ex, other = make_member("Ex"), make_member("Other")
    block_set(actor=dana, other=ex)
    block_set(actor=other, other=dana)
    page = text(client.get("/me/blocks/"))
    assert "Ex" in page
    assert "Other" not in page
    assert client.post("/me/blocks/", {"pid": str(other.pid)}).status_code == 404
    assert client.post("/me/blocks/", {"pid": "nonsense"}).status_code == 404
    client.post("/me/blocks/", {"pid": str(ex.pid)})
    assert not blocked_between(dana, ex)
    assert blocked_between(dana, other)


def test_every_kind_of_message_stands_there_word_for_word_in_the_members_language(client, dana):
    page = " ".join(text(client.get("/me/reach/")).split())
    assert 'When your number is reached, before anybody else hears: <q lang="en">Hi Dana, as you asked,' in page
    assert "Fine, or not needed? One tap: […]</q>" in page
    assert "{" not in page.partition('id="may-reach"')[2].partition("</details>")[0]
    type(dana).objects.filter(pk=dana.pk).update(language="es")
    assert "Hola Dana, como pediste" in text(client.get("/me/reach/"))


def test_no_kind_of_message_to_a_member_is_left_out_but_those_of_people_on_call():
    to_members = {kind.text for kind in kinds._kinds.values() if kind.stop is kinds.no_link}
    left_out = to_members - set(WHEN)
    assert {key[:2] for key in left_out} <= {"T6"}, left_out
