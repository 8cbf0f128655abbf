"""Text messages: what they say, what a provider's answers mean, what the setting may be. Against a real HTTP twin."""

import base64
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from delivery.transports import Message, dispatch, replaced
from delivery.transports.email.files import mails
from delivery.transports.sms import SmsTransport, catalogue, compose, gsm7, words
from delivery.transports.sms.gateways import Files, gateway_from
from tests.twins import twin

NUMBER = "+447700900123"


def note(text="Hi Sam, hello. https://x.example/abc STOP ends", **more):
    return Message(key="k", kind="nudge", subject="", text=text, sender="Dana", ref="ab12", **more)


@pytest.fixture
def provider():
    with twin() as there:
        gateway = gateway_from(f"twilio+http://AC1:se%2Fcret@{there.place}/?from=%2B15005550006")
        with replaced({"sms": SmsTransport(gateway)}):
            yield there


def test_a_message_leaves_as_one_form_with_the_address_for_its_report(provider, settings):
    settings.SITE_URL = "https://porchlight.example"
    assert dispatch("sms", NUMBER, note()) == ("sent", "")
    [came] = provider.came
    assert came.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert base64.b64decode(came.headers["authorization"].removeprefix("Basic ")) == b"AC1:se/cret"
    assert {name: values[0] for name, values in parse_qs(came.body.decode()).items()} == {
        "To": NUMBER,
        "From": "+15005550006",
        "Body": "Hi Sam, hello. https://x.example/abc STOP ends",
        "StatusCallback": "https://porchlight.example/api/v1/hooks/sms/report/ab12/",
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((201, b"{}"), "sent"),
        ((400, b'{"code": 21211}'), "hard"),  # no such number
        ((400, b'{"code": 21610}'), "hard"),  # said stop to the provider
        ((400, b'{"code": 21408}'), "soft"),  # the site's own trouble
        ((401, b"no"), "soft"),
        ((404, b"[]"), "soft"),
        ((429, b"{}"), "soft"),
        ((503, b""), "soft"),
        ((302, b""), "soft"),
        ((500, b""), "uncertain"),  # it may have been taken before something broke
        ((504, b""), "uncertain"),
        (None, "uncertain"),  # hung up after the last byte
    ],
)
def test_what_a_providers_answer_means(provider, answer, outcome):
    provider.answer = answer
    found, detail = dispatch("sms", NUMBER, note())
    assert found == outcome
    assert "cret" not in detail


def test_a_provider_that_is_not_there_has_not_taken_it():
    with twin() as there:
        gateway = gateway_from(f"twilio+http://AC1:s@{there.place}/?from=%2B1500")
    with replaced({"sms": SmsTransport(gateway)}):
        assert dispatch("sms", NUMBER, note())[0] == "soft"


def test_letters_are_folded_so_that_a_message_stays_one():
    assert gsm7.fold("José dirá: ¿qué tal? – Łukasz’s 😀 Дана ß") == "José dira: ¿qué tal? - Lukasz's ? ???? ß"
    assert gsm7.fold("e\u0301") == "é"
    assert gsm7.length("a€") == 3


def test_short_replies_are_offered_where_they_fit_and_left_out_where_not():
    text = compose(note(replies=True))
    assert text == "Hi Sam, hello. https://x.example/abc 1 on it 2 reached 3 can't STOP ends"
    long = "x" * 140 + " STOP ends"
    assert compose(note(long, replies=True)) == long
    assert compose(note()) == note().text


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_we_answer_is_one_message_of_gsm_7(language):
    site = "https://" + "x" * 18
    texts = [catalogue.answer_of(name, language, site) for name in catalogue.ANSWERS]
    for text in [*texts, catalogue.code_text(language, "123456"), catalogue.offer_of(language)]:
        assert set(gsm7.fold(text)) <= gsm7.BASIC
        assert "?" not in gsm7.fold(text)
        assert gsm7.length(gsm7.fold(text)) <= 160


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("STOP", "stop"),
        (" Stop. ", "stop"),
        ("stop it, wrong number", "stop"),
        ("STOP ALL", "stop"),
        ("Unsubscribe please", "stop"),
        ("baja", "stop"),
        ("Stopping by later", ""),
        ("cancel the call", ""),
        ("start", "start"),
        ("Help!", "help"),
        ("ayuda", "help"),
        ("1", "1"),
        (" 2. ", "2"),
        ("3)", "3"),
        ("12", ""),
        ("1 of us went", ""),
        ("", ""),
        ("x" * 5000, ""),
    ],
)
def test_what_a_text_means(text, meaning):
    assert words.meaning(text) == meaning


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("carrier-pigeon://x", "known are twilio"),
        ("twilio://api.twilio.com/?from=%2B1", "lacks a part"),
        ("twilio://AC1:secret@api.twilio.com/", "lacks a part"),
        ("twilio://AC1:secret@host:port/?from=%2B1", "no address"),
        ("nonsense", "known are twilio"),
    ],
)
def test_a_setting_that_cannot_be_is_told_without_its_secret(setting, told):
    with pytest.raises(ImproperlyConfigured, match=told) as refused:
        gateway_from(setting)
    assert "secret" not in str(refused.value)


def test_files_are_for_the_development_switch_alone(settings, tmp_path):
    settings.DEVELOPMENT = False
    with pytest.raises(ImproperlyConfigured, match="development switch"):
        gateway_from("files://")
    settings.DEVELOPMENT, settings.MAIL_FILES = True, tmp_path
    gateway_from("files://").send(NUMBER, "Hi Sam", "ab12")
    assert [(mail.headers["To"], mail.text) for mail in mails()] == [(NUMBER, "Hi Sam\n")]
    assert not Files().genuine("https://x.example/", {}, {})
