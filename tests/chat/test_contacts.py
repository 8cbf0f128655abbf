"""What is hidden in the rooms of the button, and what must never be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.contacts import HIDDEN, hide


@pytest.mark.parametrize(
    "text",
    [
        "call me on +49 170 1234567",
        "0170/1234567",
        "(555) 010-9999",
        "my number is 555.010.9999 ok",
        "five five five, oh one oh, nine nine nine nine",
        "mail kim@example.org",
        "kim (at) example (dot) org",
        "kim at example dot org",
        "https://example.org/x?y=1",
        "www.example.org",
        "look at example.com",
        "t.me/somebody",
        "write @kim_88",
        "my insta is kim.88",
        "Snap: kimmy",
        "telegram kim_88",
        "kim#1234",
        "ＣＡＬＬ +49１７０１２３４５６７",
    ],
)
def test_ways_to_reach_somebody_elsewhere_are_hidden(text):
    hidden = hide(text)
    assert HIDDEN in hidden
    assert not any(secret in hidden for secret in ("1234567", "9999", "example", "kim", "somebody", "nine"))


@pytest.mark.parametrize(
    "text",
    [
        "Call 112 or 911 now",
        "988 answers day and night",
        "Samaritans: 116 123",
        "SAMHSA 1-800-662-4357",
        "NORS +1 888 688 6677",
        "TelefonSeelsorge 0800 1110111",
        "I have been clean since 2019-03-28, 10:30",
        "on 28.11.2026 at 7 pm",
        "the signal is bad here",
        "24/7, one day at a time. 90 in 90",
        "it cost me 12000 a year",
        "see you at the meeting @ 7",
        "I was there.so was she",
        "one two three",
    ],
)
def test_lines_to_call_dates_and_plain_talk_stay(text):
    assert hide(text) == text


def test_links_to_this_site_stay_and_a_host_that_only_begins_like_it_does_not():
    assert hide("https://porch.example/m/x", own_host="porch.example") == "https://porch.example/m/x"
    assert hide("https://porch.example.evil.com/x", own_host="porch.example") == HIDDEN


@given(st.text(alphabet="0123456789 +-().@:/abkimsnap.com\n•[]", max_size=60))
def test_hiding_twice_is_hiding_once(text):
    assert hide(hide(text)) == hide(text)
