"""Calls: what the voice says, what a provider's answers mean, what the setting may be. Against a real HTTP twin."""

from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from delivery.transports import Message, dispatch, replaced, ways_out
from delivery.transports.email.files import mails
from delivery.transports.voice import VoiceTransport
from delivery.transports.voice.gateways import Files, gateway_from
from tests.twins import twin

NUMBER = "+447700900123"
NOTE = Message(key="k", kind="x", subject="", text="Hi Sam & Co, a call? STOP ends", sender="", language="es")


def test_a_call_leaves_as_one_form_in_which_the_words_stand_twice():
    with twin() as there:
        gateway = gateway_from(f"twilio+http://AC1:secret@{there.place}/?from=%2B15005550006")
        with replaced({"voice": VoiceTransport(gateway)}):
            assert dispatch("voice", NUMBER, NOTE) == ("sent", "")
            assert ways_out() == ()  # a call goes to the number for text messages
            there.answer = (500, b"")
            assert dispatch("voice", NUMBER, NOTE)[0] == "uncertain"
            there.answer = (400, b'{"code": 21211}')
            assert dispatch("voice", NUMBER, NOTE)[0] == "hard"
    assert there.came[0].path == "/2010-04-01/Accounts/AC1/Calls.json"
    said = {name: values[0] for name, values in parse_qs(there.came[0].body.decode()).items()}
    say = '<Say language="es-ES">Hi Sam &amp; Co, a call?</Say>'
    assert said == {
        "To": NUMBER,
        "From": "+15005550006",
        "Twiml": f'<Response>{say}<Pause length="2"/>{say}</Response>',
    }


def test_with_the_development_switch_a_call_is_a_file(settings, tmp_path):
    settings.DEVELOPMENT, settings.MAIL_FILES = True, str(tmp_path)
    gateway = gateway_from("files://")
    assert isinstance(gateway, Files)
    gateway.call(NUMBER, "Hello", "en-GB")
    assert [(mail.headers["To"], mail.text.strip()) for mail in mails()] == [(NUMBER, "Hello")]


@pytest.mark.parametrize("setting", ["twilio://AC1@api.twilio.com/", "pigeon://x", "twilio://a:b@h:port/"])
def test_a_setting_that_is_no_gateway_is_refused_without_being_said(setting):
    with pytest.raises(ImproperlyConfigured, match="PORCHLIGHT_VOICE") as refused:
        gateway_from(setting)
    assert setting not in str(refused.value)
