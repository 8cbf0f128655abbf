"""What leaves the house: every text in every language is short, plain, safe on a lock screen, and complete."""

import re
import string

import pytest

from delivery.catalogue import TEXTS, subject_of, text_of
from delivery.transports import Message, TransportError
from delivery.transports.email import EmailTransport, compose

GSM7 = set(
    string.ascii_letters + string.digits + "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
)
FOLD = str.maketrans("áíóúÁÍÓÚ", "aiouAIOU")
LINK = "https://porchlight.example/" + "a" * 13
FILLED = dict.fromkeys(("me", "su", "fa", "when", "day", "line"), "x" * 12) | {"link": LINK[:40]}
INSIDE_ONLY = {"T07", "T11"}  # shown in the site, never sent
EVERY = [(key, language) for key, forms in TEXTS.items() for language in forms]


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_every_text_fits_one_text_message_when_filled(key, language):
    text = text_of(key, language, FILLED).translate(FOLD)
    assert set(text) <= GSM7, sorted(set(text) - GSM7)
    if key not in INSIDE_ONLY:
        assert len(text) <= 160


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_no_text_names_what_a_lock_screen_must_not_show(key, language):
    text = TEXTS[key][language].lower()
    banned = r"recover|absen|attend|meeting|group|drug|alcohol|sober|fellowship|ausen|grupo|droga|sobri|!"
    if key not in INSIDE_ONLY:
        assert not re.search(banned, text)


@pytest.mark.parametrize("key", TEXTS)
def test_every_language_has_the_same_blanks(key):
    blanks = [{name for _, name, _, _ in string.Formatter().parse(form) if name} for form in TEXTS[key].values()]
    assert all(found == blanks[0] for found in blanks)
    assert set(TEXTS[key]) == {"en", "es"}


def note(**more):
    return Message(
        key="episode:1:2", kind="nudge", subject=subject_of("en"), text="Hi Sam. STOP ends", sender="Dana", **more
    )


def test_a_mail_carries_a_stop_link_in_place_of_the_word_and_says_so_in_its_headers():
    mail = compose("sam@example.org", note(stop="https://x.example/abc"))
    assert "STOP ends" not in mail.body
    assert "Stop these messages: https://x.example/abc" in mail.body
    assert mail.extra_headers["List-Unsubscribe"] == "<https://x.example/abc>"


def test_a_repeat_of_one_delivery_has_the_same_message_id():
    first, second = (compose("sam@example.org", note()).extra_headers["Message-ID"] for _ in range(2))
    assert first == second


def test_a_site_without_a_mail_server_says_so_and_blames_no_address(settings):
    settings.DEVELOPMENT, settings.EMAIL_HOST = False, ""
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
