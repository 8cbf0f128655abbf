"""E-mail against a real SMTP server on loopback."""

import pytest

from delivery.catalogue import subject_of
from delivery.transports import Message, TransportError, dispatch, replaced
from delivery.transports.email import EmailTransport, compose


def note(**more):
    text = "Hi Sam. STOP ends"
    return Message(key="k", kind="nudge", subject=subject_of("en"), text=text, sender="Dana", ref="ab12", **more)


def test_a_mail_carries_a_stop_link_in_place_of_the_word_and_says_so_in_its_headers():
    mail = compose("sam@example.org", note(stop="https://x.example/abc"))
    assert "STOP ends" not in mail.body
    assert "Stop these messages: https://x.example/abc" in mail.body
    assert mail.extra_headers["List-Unsubscribe"] == "<https://x.example/abc>"
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mail_to_a_member_offers_no_unsubscribing_by_header():
    assert "List-Unsubscribe" not in compose("dana@example.org", note()).extra_headers


def test_the_message_id_is_the_deliverys_own_so_a_repeat_has_the_same(settings):
    settings.DEFAULT_FROM_EMAIL = "Porchlight <hello@porchlight.example>"
    assert compose("sam@example.org", note()).extra_headers["Message-ID"] == "<ab12@porchlight.example>"


def test_a_site_without_a_mail_server_says_so_and_blames_no_address(settings):
    settings.DEVELOPMENT, settings.EMAIL_HOST = False, ""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with pytest.raises(TransportError) as refused:
        EmailTransport().send("sam@example.org", note())
    assert not refused.value.permanent


class Server:
    """A real SMTP server on loopback that refuses one address for good and one for now."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("gone"):
            return "550 no such person"
        if address.startswith("busy"):
            return "450 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received = envelope.content
        return "250 OK"


@pytest.fixture
def smtp(settings):
    from aiosmtpd.controller import Controller

    from tests.servers import free_port

    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", controller.port, False
    yield handler
    controller.stop()


def test_a_mail_reaches_a_real_smtp_server(smtp):
    EmailTransport().send("sam@example.org", note())
    assert b"Hi Sam" in smtp.received


@pytest.mark.parametrize(("address", "permanent"), [("gone@example.org", True), ("busy@example.org", False)])
def test_a_refusal_for_good_is_permanent_and_one_for_now_is_not(smtp, address, permanent):
    with pytest.raises(TransportError) as refused:
        EmailTransport().send(address, note())
    assert refused.value.permanent is permanent


def test_a_mail_server_that_is_away_is_a_soft_error(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    with replaced({"email": EmailTransport()}):
        outcome, detail = dispatch("email", "sam@example.org", note())
    assert (outcome, detail.partition(":")[0]) == ("soft", "the mail server does not answer")
