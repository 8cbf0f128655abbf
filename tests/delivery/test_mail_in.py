"""Answers by mail: STOP and short replies, for the message they answer; a forged name moves nothing."""

import smtplib
from email import message_from_bytes, policy

import pytest
from django.test import Client

from circle.models import Supporter
from delivery import transports
from delivery.models import Delivery, Inbound, Stop
from delivery.services import SOFT_DELAYS
from delivery.transports import Message
from delivery.transports.email import compose
from support.models import Answer
from tests.stories.driver import evening, week

pytestmark = pytest.mark.django_db
IN = "/api/v1/hooks/mail/in/"
SECRET = "a long secret"


@pytest.fixture(autouse=True)
def _open(settings):
    settings.HOOK_SECRET, settings.MAIL_IN = SECRET, "replies@porchlight.example"


@pytest.fixture
def story():
    from tests.stories.driver import Story

    with Story() as running:
        yield running


@pytest.fixture
def dana(story):
    story.home, story.meeting = story.group()
    dana = story.member()
    story.sam = story.supporter(dana)
    story.rule(dana, 1, [story.sam])
    story.join(dana, story.home, story.meeting)
    story.at(evening(week(0)))
    story.close(story.meeting, week(0), {dana: "absent"})
    story.run_until(evening(week(1)) - 5 * SOFT_DELAYS[3])
    assert story.said() == ["dana: final_notice", "sam: nudge 1"]
    return dana


def nudge() -> Delivery:
    return Delivery.objects.get(kind="nudge")


def sam(story) -> Supporter:
    return Supporter.objects.get(pk=story.sam.pk)


def came(body, *, kind="application/json", secret=SECRET, query=""):
    return Client().post(IN + query, body, content_type=kind, headers={"Authorization": f"Bearer {secret}"})


def answers(text, *, number=1, to=None, sender="sam@example.org", **more):
    ref = nudge().pid.hex if to is None else to
    mail = {"from": sender, "to": f"replies+{ref}@porchlight.example", "text": text, "message_id": f"<{number}@x>"}
    return came(mail | more)


def test_a_mail_offers_short_answers_and_goes_out_with_an_address_of_its_own(story, dana):
    [(_at, _to, message, _said)] = [one for one in story.post.attempts if one[2].kind == "nudge"]
    mail = compose("sam@example.org", message)
    ref = nudge().pid.hex
    assert mail.reply_to == [f"replies+{ref}@porchlight.example"]
    assert "1 on it, 2 reached, 3 can't. STOP ends these messages." in mail.body
    assert f"<mailto:replies+{ref}@porchlight.example?subject=STOP>" in mail.extra_headers["List-Unsubscribe"]


def test_a_site_that_reads_no_mail_offers_nothing_by_mail(settings):
    settings.MAIL_IN = ""
    note = Message(
        key="k", kind="nudge", subject="s", text="Hi", sender="D", ref="ab", stop="https://x/a", replies=True
    )
    mail = compose("sam@example.org", note)
    assert (mail.reply_to, mail.extra_headers["List-Unsubscribe"]) == ([], "<https://x/a>")
    assert "one sign" not in mail.body


def test_each_digit_counts_like_its_button(story, dana):
    for number, (digit, kind) in enumerate((("3", "cannot"), ("1", "claim"), ("2.", "reached"))):
        assert answers(f"{digit}\n\n> STOP ends", number=number).json() == {"done": "noted"}
        assert Answer.objects.latest("pk").kind == kind
    assert answers("2", number=9).json() == {"done": "noted"}
    assert Answer.objects.count() == 3


def test_a_mail_that_is_told_twice_acts_once(story, dana):
    assert answers("1").json() == {"done": "noted"}
    assert answers("3").json() == {"done": ""}
    assert [one.kind for one in Answer.objects.all()] == ["claim"]
    assert set(Inbound.objects.values_list("reference", flat=True)) == {Inbound.objects.get().reference}
    assert "sam" not in Inbound.objects.get().reference


@pytest.mark.parametrize("words", ["STOP", "Stop please", "unsubscribe.", "baja"])
def test_stop_ends_everything_for_that_contact_and_that_address(story, dana, words):
    assert answers(words, sender="sam@work.example").json() == {"done": "stopped"}
    assert sam(story).state == "stopped"
    assert Stop.objects.count() == 1
    story.at(evening(week(1)))
    story.close(story.meeting, week(1), {dana: "present"})
    story.run_until(evening(week(2)))
    assert story.said() == ["dana: final_notice", "sam: nudge 1"]
    assert answers("START", number=2).json() == {"done": "started"}
    assert (Stop.objects.count(), sam(story).state) == (0, "stopped")


def test_the_thread_tells_as_well_as_the_address(story, dana):
    given = {"in_reply_to": f"<{nudge().pid.hex}@porchlight.example>", "to": "replies@porchlight.example"}
    assert answers("1", **given).json() == {"done": "noted"}


def test_a_mail_that_answers_nothing_of_ours_moves_nothing_whatever_name_it_bears(story, dana):
    for number, text in enumerate(("STOP", "1", "START", "unsubscribe")):
        assert answers(text, number=number, to="0" * 32).json() == {"done": "unread"}
    assert not Answer.objects.exists()
    assert (sam(story).state, Stop.objects.count()) == ("accepted", 0)


def test_a_sender_whom_the_mail_server_has_proven_need_not_answer_a_message(story, dana):
    mail = {"from": "Sam <sam@example.org>", "subject": "STOP", "message_id": "<7@x>"}
    assert came(mail, query="?verified=1").json() == {"done": "stopped"}
    assert sam(story).state == "stopped"


def test_a_digit_of_a_proven_sender_counts_for_their_one_open_message(story, dana):
    assert came({"from": "sam@example.org", "text": "1"}, query="?verified=1").json() == {"done": "noted"}
    assert came({"from": "kim@example.org", "text": "1"}, query="?verified=1").json() == {"done": "unread"}


def test_an_absence_note_that_quotes_us_says_nothing(story, dana):
    assert answers("STOP", auto_submitted="auto-replied").json() == {"done": ""}
    assert answers("I am away until Monday.\n> STOP ends", number=2).json() == {"done": "unread"}
    assert sam(story).state == "accepted"


def test_after_the_end_and_after_two_weeks_a_digit_counts_no_more_and_stop_still_does(story, dana):
    story.at(evening(week(1)))
    story.close(story.meeting, week(1), {dana: "present"})
    story.settle()
    assert answers("1").json() == {"done": "settled"}
    story.at(evening(week(5)))
    assert answers("1", number=2).json() == {"done": "unread"}
    assert answers("STOP", number=3).json() == {"done": "stopped"}
    assert not Answer.objects.exists()


def test_stop_reaches_the_contact_also_when_the_address_is_not_kept_any_more(story, dana):
    story.sam.person.ways.all().delete()
    assert answers("STOP").json() == {"done": "stopped"}
    assert sam(story).state == "stopped"


def test_a_mail_may_be_given_as_it_travels(story, dana):
    raw = (
        f"From: Sam <sam@example.org>\r\nTo: replies+{nudge().pid.hex}@porchlight.example\r\n"
        "Subject: Re: A short note\r\nMessage-ID: <raw@x>\r\n\r\n1\r\n\r\n> Hi Sam\r\n"
    )
    assert came(raw.encode(), kind="message/rfc822").json() == {"done": "noted"}
    assert Answer.objects.get().kind == "claim"


def test_the_hook_believes_nobody_without_the_secret_and_refuses_what_is_no_mail(story, dana, settings):
    assert answers("STOP").status_code == 200
    for secret in ("", "guessed"):
        assert came({"from": "a@b.example", "text": "STOP"}, secret=secret).status_code == 403
    some = {"from": "a@b.example"}
    wrongs: tuple[object, ...] = ({}, {"from": ""}, some | {"text": 5}, some | {"body": "x"}, some | {"raw": "x"}, [])
    for wrong in wrongs:
        assert came(wrong).status_code == 400, wrong
    assert came(b"x", kind="text/plain").status_code == 415
    settings.HOOK_SECRET = ""
    assert came({"from": "a@b.example", "text": "STOP"}).status_code == 404


def test_over_a_real_mail_server_an_answer_finds_its_way_back(story, dana, settings):
    """The mail leaves by SMTP; what comes back is what a mailbox would hand to the hook."""
    from aiosmtpd.controller import Controller

    from tests.servers import free_port

    class Mailbox:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            self.mail = message_from_bytes(envelope.content, policy=policy.default)
            return "250 OK"

    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        [(_at, to, message, _said)] = [one for one in story.post.attempts if one[2].kind == "nudge"]
        from delivery.transports.email import EmailTransport

        with transports.replaced({"email": EmailTransport()}):
            assert transports.dispatch("email", to, message) == ("sent", "")
        sent = box.mail
        with smtplib.SMTP("127.0.0.1", port) as back:
            answer = (
                f"From: sam@example.org\r\nTo: {sent['Reply-To']}\r\nSubject: Re: {sent['Subject']}\r\n"
                f"Message-ID: <back@x>\r\nIn-Reply-To: {sent['Message-ID']}\r\n\r\n2\r\n"
            )
            back.sendmail("sam@example.org", ["replies@porchlight.example"], answer)
        assert came(box.mail.as_bytes(), kind="message/rfc822").json() == {"done": "noted"}
    finally:
        server.stop()
    assert Answer.objects.get().kind == "reached"
