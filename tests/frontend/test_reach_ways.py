"""What reaches me, beyond e-mail: numbers by code, tests of a way, and the same by JSON."""

import re
from hashlib import sha256

import pytest
from django.core import mail

from delivery import transports
from delivery.services import address_stop
from delivery.transports.email import EmailTransport
from delivery.transports.recording import RecordingTransport
from delivery.transports.webpush import Subscription, public_key
from ground import clock
from people.models import AddressCode, ContactWay
from people.selectors import account_of
from people.services import way_add
from support.services import rule_set
from tests.people_of_the_story import NOW, live_ways, make_account, make_member

pytestmark = pytest.mark.django_db
NUMBER = "+447700900123"


@pytest.fixture
def dana(client):
    account = make_account("Dana", password="three quiet words")
    client.force_login(account)
    return account.person


@pytest.fixture
def phone(settings):
    settings.EMAIL_HOST = "mail.example"  # the test run's own mailbox takes it
    recording = RecordingTransport(absorbs_repeats=False)
    with transports.replaced({"email": EmailTransport(), "sms": recording}), clock.frozen(NOW):
        yield recording


def text(answer):
    return answer.content.decode()


def api(client, method, path, data=None):
    return getattr(client, method)(f"/api/v1/reach/{path}", data, "application/json")


def test_a_number_is_live_only_after_its_code_was_typed(client, dana, phone):
    answer = client.post("/me/reach/add/", {"kind": "sms", "address": "0044 7700 900-123"}, follow=True)
    assert "on its way to +447700900123" in text(answer)
    assert live_ways(dana) == []
    [(to, message)] = phone.sent
    code = re.match(r"\d{6}", message.text)[0]
    assert (to, "Dana" in message.text) == (NUMBER, False)
    client.post("/me/reach/code/", {"code": code})
    [way] = live_ways(dana)
    assert (way.kind, way.address, way.verified_at) == ("sms", NUMBER, NOW)
    assert account_of(dana).email == ""
    page = text(client.get("/me/reach/"))
    assert "Text message" in page
    assert "Sign in with it" not in page


@pytest.mark.parametrize(
    "number", ["12345", "07700 900123", "+0123456789", "+44770090012345678", "dana@example.org", ""]
)
def test_what_is_no_number_is_said_beside_the_field(client, dana, phone, number):
    answer = client.post("/me/reach/add/", {"kind": "sms", "address": number})
    assert answer.status_code == 400
    assert 'id="number-error"' in text(answer)
    assert "with its country" in text(answer)
    assert (phone.sent, AddressCode.objects.count()) == ([], 0)


@pytest.mark.parametrize("kind", ["pigeon", "webpush", ""])
def test_an_unknown_kind_of_way_is_refused(client, dana, phone, kind):
    assert client.post("/me/reach/add/", {"kind": kind, "address": NUMBER}).status_code in {400, 409}
    assert not AddressCode.objects.exists()


def test_a_site_without_text_messages_offers_none(client, dana):
    assert 'name="kind" value="sms"' not in text(client.get("/me/reach/"))
    assert client.post("/me/reach/add/", {"kind": "sms", "address": NUMBER}).status_code == 409


def test_a_number_that_said_stop_gets_no_code_and_nobody_is_told(client, dana, phone):
    address_stop(address=NUMBER)
    answer = client.post("/me/reach/add/", {"kind": "sms", "address": NUMBER}, follow=True)
    assert "on its way to +447700900123" in text(answer)
    assert phone.sent == []


def test_a_test_goes_to_that_way_and_not_twice_in_five_minutes(client, dana, phone):
    way_add(person=dana, kind="email", address="dana@example.org")
    way = way_add(person=dana, kind="sms", address=NUMBER)
    assert "A test is on its way" in text(client.post(f"/me/reach/{way.pk}/", {"action": "test"}, follow=True))
    assert "this is the test you asked for" in phone.sent[0][1].text
    assert "wait five minutes" in text(client.post(f"/me/reach/{way.pk}/", {"action": "test"}, follow=True))
    assert (len(phone.sent), mail.outbox) == (1, [])


def test_a_test_that_is_refused_for_good_ends_that_way(client, dana, phone):
    way = way_add(person=dana, kind="sms", address=NUMBER)
    phone.refused.add(NUMBER)
    assert "refused there for good" in text(client.post(f"/me/reach/{way.pk}/", {"action": "test"}, follow=True))
    assert live_ways(dana) == []


def test_nobody_tests_anothers_way(client, dana, phone):
    way = way_add(person=make_member(), kind="sms", address=NUMBER)
    assert client.post(f"/me/reach/{way.pk}/", {"action": "test"}).status_code == 403
    assert api(client, "post", f"ways/{way.pk}/", {"action": "test"}).status_code == 403
    assert api(client, "delete", f"ways/{way.pk}/").status_code == 403
    assert phone.sent == []


def test_a_watch_is_switched_on_only_by_whom_a_way_outside_reaches(client, dana, phone):
    way_add(person=dana, kind="sms", address=NUMBER)
    address_stop(address=NUMBER)
    with pytest.raises(Exception, match="No way outside this site"):
        rule_set(actor=dana, threshold=3, levels=[[], []])
    way_add(person=dana, kind="email", address="dana@example.org")
    assert rule_set(actor=dana, threshold=3, levels=[[], []])


# --- the JSON door -------------------------------------------------------------------------------------------


def test_a_guest_is_refused(client):
    assert api(client, "get", "").status_code in {401, 403}


def test_the_same_by_json(client, dana, phone):
    assert api(client, "post", "ways/", {"kind": "sms", "address": NUMBER}).json()["code_for"]["address"] == NUMBER
    code = phone.sent[0][1].text[:6]
    way = api(client, "post", "code/", {"code": code}).json()["ways"][0]
    assert way == {"id": way["id"], "kind": "sms", "address": NUMBER, "verified": True, "state": "in_use"}
    assert api(client, "post", f"ways/{way['id']}/", {"action": "test"}).json()["outcome"] == "sent"
    changed = api(client, "patch", "", {"window": ["07:30", "24:00"], "zone": "America/Chicago", "language": "es"})
    dana.refresh_from_db()
    assert (dana.window_start, dana.window_end, dana.zone, dana.language) == (450, 1440, "America/Chicago", "es")
    assert changed.json()["kinds"] == ["email", "sms"]
    assert api(client, "delete", f"ways/{way['id']}/").status_code == 204
    assert not ContactWay.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"window": ["21:00", "08:00"]},
        {"window": ["08:00", "08:00"]},
        {"window": ["8", "21:00"]},
        {"window": ["08:00", "24:01"]},
        {"window": ["08:60", "21:00"]},
        {"window": "08:00"},
        {"zone": "Mars/Olympus"},
        {"zone": 5},
        {"language": "xx"},
        {"pigeon": True},
        [],
    ],
)
def test_settings_that_cannot_be_are_refused_by_name_and_nothing_changes(client, dana, change):
    answer = api(client, "patch", "", change)
    assert answer.status_code == 400
    if isinstance(change, dict):
        assert set(answer.json()["error"]["fields"]) == set(change)
    dana.refresh_from_db()
    assert (dana.window_start, dana.window_end, dana.zone, dana.language) == (480, 1260, "Europe/Berlin", "en")


def test_the_page_makes_as_many_queries_with_many_ways(client, dana, django_assert_max_num_queries):
    for number in range(12):
        way_add(person=dana, kind="email", address=f"d{number}@example.org")
    with django_assert_max_num_queries(12):
        client.get("/me/reach/")


# --- notifications -------------------------------------------------------------------------------------------


def browser(endpoint="https://push.example/1", **change):
    return {"endpoint": endpoint, "p256dh": public_key(), "auth": "AAECAwQFBgcICQoLDA0ODw", "name": "Firefox", **change}


def test_a_browser_brings_notifications_once_and_not_after_it_was_taken_off(client, dana):
    assert f'data-key="{public_key()}"' in text(client.get("/me/reach/"))
    assert api(client, "get", "push/").json() == {"key": public_key(), "mine": False}
    for _again in range(2):
        [way] = api(client, "post", "push/", browser()).json()["ways"]
    assert (way["kind"], way["address"], way["verified"]) == ("webpush", "Firefox", True)
    assert "Firefox" in text(client.get("/me/reach/"))
    of = sha256(b"https://push.example/1").hexdigest()
    assert api(client, "get", f"push/?of={of}").json()["mine"]
    assert not api(client, "get", "push/?of=beef").json()["mine"]
    api(client, "delete", "push/", {"endpoint": "https://push.example/2"})
    assert len(live_ways(dana)) == 1
    assert api(client, "delete", "push/", {"endpoint": "https://push.example/1"}).status_code == 204
    assert live_ways(dana) == []


def test_a_browser_shows_the_notes_of_whoever_subscribed_last(client, dana):
    api(client, "post", "push/", browser())
    other = make_account("Kim")
    client.force_login(other)
    api(client, "delete", "push/", {"endpoint": "https://push.example/1"})
    assert len(live_ways(dana)) == 1  # nobody takes off another's
    api(client, "post", "push/", browser())
    assert (live_ways(dana), len(live_ways(other.person))) == ([], 1)


def test_signing_out_ends_the_notifications_of_this_browser_also_without_a_script(client, dana):
    api(client, "post", "push/", browser("https://push.example/elsewhere"))
    client.cookies.clear()  # another browser
    client.force_login(dana.account)
    api(client, "post", "push/", browser("https://push.example/here"))
    client.post("/accounts/logout/")
    assert [Subscription.of(way.address).endpoint for way in live_ways(dana)] == ["https://push.example/elsewhere"]
    client.force_login(dana.account)  # the first one again: its page says that it is hers
    api(client, "get", f"push/?of={sha256(b'https://push.example/elsewhere').hexdigest()}")
    client.post("/accounts/logout/")
    assert live_ways(dana) == []


@pytest.mark.parametrize(
    "change", [{"endpoint": "http://127.0.0.1/x"}, {"p256dh": "AAAA"}, {"auth": 5}, {"auth": ""}, {"pigeon": "x"}]
)
def test_what_is_no_subscription_is_refused_and_nothing_is_listed(client, dana, change):
    assert api(client, "post", "push/", browser(**change)).status_code == 400
    assert live_ways(dana) == []


def test_ten_browsers_are_enough(client, dana):
    for number in range(10):
        assert api(client, "post", "push/", browser(f"https://push.example/{number}")).status_code == 201
    assert api(client, "post", "push/", browser("https://push.example/10")).status_code == 429
    assert api(client, "post", "push/", browser("https://push.example/0")).status_code == 201
