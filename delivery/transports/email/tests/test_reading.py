"""What of a mail that came in counts: one line, and which message it answers."""

import pytest

from delivery.transports.email.reading import first_line, letter_from
from delivery.transports.sms import words

REF = "0123456789abcdef0123456789abcdef"
QUOTE = "> Hi Sam, Dana once asked us to nudge you.\n> https://x.example/abc\n> STOP ends\n"


def mail(text="STOP", *, subject="Re: A short note", more=""):
    head = (
        f"From: Sam Example <sam@example.org>\nTo: replies@porchlight.example\nSubject: {subject}\nMessage-ID: <1@x>\n"
    )
    return letter_from(f"{head}{more}\n{text}\n".encode())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("STOP", "STOP"),
        ("\n\n  stop please  \n", "stop please"),
        (f"1\n\nOn Thu, 1 Jan 2026 at 20:35, Dana <x@y.example> wrote:\n{QUOTE}", "1"),
        (f"On Thu, 1 Jan 2026 at 20:35, Dana <x@y.example>\nwrote:\n\n{QUOTE}\n2\n", "2"),
        (f"El jue, 1 ene 2026 a las 20:35, Dana escribió:\n{QUOTE}\nbaja", "baja"),
        (f"{QUOTE}", ""),
        ("-- \nSam\n", ""),
        ("-----Original Message-----\nFrom: Dana\nSTOP ends\n", ""),
        ("________________________________\nFrom: Dana\nSTOP ends\n", ""),
        ("From: Dana\nSent: Thursday\n\nSTOP ends", ""),
        ("", ""),
        ("Thank you, I will call.\nSTOP ends", "Thank you, I will call."),
    ],
)
def test_the_first_line_of_ones_own_counts_and_nothing_that_is_quoted(text, line):
    assert first_line(text) == line


def test_a_message_of_ours_quoted_in_an_answer_never_stops_anything():
    assert words.meaning(mail(f"I will call her tonight.\n{QUOTE}").said) == ""
    assert words.meaning(mail(QUOTE).said) == ""


@pytest.mark.parametrize("subject", ["STOP", "stop", f"STOP {REF}", "Unsubscribe", "BAJA"])
def test_the_word_may_stand_in_the_subject(subject):
    assert mail("Sent from my phone", subject=subject).said == subject


def test_an_answer_to_our_subject_is_no_word():
    assert mail("", subject="Re: Stop by our house").said == ""


@pytest.mark.parametrize(
    "more",
    [
        f"In-Reply-To: <{REF}@porchlight.example>\n",
        f"References: <first@x.example>\n <{REF}@porchlight.example>\n",
        f"Delivered-To: replies+{REF}@porchlight.example\n",
        f"Cc: Porchlight <replies+{REF}@porchlight.example>\n",
    ],
)
def test_the_message_it_answers_is_told_by_its_thread_or_its_address(more):
    assert mail(more=more).refs == (REF,)


def test_other_mails_answer_none_of_ours():
    assert mail(more="In-Reply-To: <CAF0123456789abcdef0123456789abcdef@mail.example>\n").refs == ()
    assert mail(more="Cc: someone+tag@example.org\n").refs == ()
    assert mail(subject=f"STOP {REF}").refs == (REF,)


@pytest.mark.parametrize(
    "more",
    ["Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "Return-Path: <>\n", "Content-Type: multipart/report\n"],
)
def test_what_a_machine_wrote_is_nobodys_word(more):
    assert mail(more=more).automatic
    assert not mail(more="Auto-Submitted: no\n").automatic


def test_a_mail_in_html_or_in_two_forms_is_read_too():
    html = "Content-Type: text/html; charset=utf-8\n"
    assert mail("<style>p{}</style><p>3</p><blockquote>STOP ends</blockquote>", more=html).said == "3"
    both = 'Content-Type: multipart/alternative; boundary="b"\n'
    parts = "--b\nContent-Type: text/plain\n\nSTOP\n--b\nContent-Type: text/html\n\n<p>1</p>\n--b--"
    assert mail(parts, more=both).said == "STOP"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: \xff\n\nSTOP",
        b"Content-Type: text/plain; charset=none-such\n\nSTOP",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        b"From: =?utf-8?b?!!!?= <<<\nTo: ,,,;;@\nReferences: <\n\n1",
        b"Subject: " + b"x" * 100_000 + b"\n\n" + b"y" * 2_000_000,
    ],
)
def test_a_broken_mail_says_something_harmless_or_nothing(raw):
    letter = letter_from(raw)
    assert letter.refs == ()
    assert letter.reference == letter_from(raw).reference


def test_a_mail_that_is_told_twice_has_one_reference_and_another_has_another():
    assert mail().reference == mail("other words").reference
    nameless = letter_from(b"From: a@b.example\n\n1")
    assert nameless.reference != letter_from(b"From: a@b.example\n\n2").reference
    assert len(nameless.reference) <= 64
