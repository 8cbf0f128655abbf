"""The lists of risk words: what they catch, and what people say every day that they leave alone."""

import json

import pytest

from chat import words


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("I think I took too much, my lips are blue", "T1"),
        ("I just want to die.", "T1"),
        ("Quiero morirme", "T1"),
        ("No puedo respirar", "T1"),
        ("I'm about to use, it’s in front of me", "T2"),
        ("Estoy a punto de recaer", "T2"),
        ("Anyone got a plug?", "T3"),
        ("Got percs, HMU, $20 each", "T3"),
        ("Selling oxy, text me 555 010 2233", "T3"),
        ("Vendo pastillas, escríbeme", "T3"),
        ("¿Quién vende por aquí?", "T3"),
    ],
)
def test_what_is_caught(text, tier):
    assert tier in words.look(text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to die, I want to sleep",
        "He said “I want to die” in the film",
        "> I took too much\nThat was a hard night to read about",
        "I am not about to use. I called my sponsor",
        "I used to say I'm about to relapse every Friday",
        "Someone offered me percs and I walked away",
        "I'm selling my old bike, call me",
        "Thank you all for tonight",
        "The tea costs $3 each",
        "Call me on 555 010 2233 if you like",
        "I spent $200 on percs that week",
        "No quiero morirme, quiero dormir",
        "Ya no vendo nada",
        "",
    ],
)
def test_what_is_left_alone(text):
    assert not words.look(text)


def test_a_site_may_bring_its_own_lists(tmp_path):
    names = ("t1", "t2", "offers", "substances", "denials")
    (tmp_path / "xx.json").write_text(json.dumps({**{name: [] for name in names}, "t3": ["blå pakke"]}))
    own = words.lists(tmp_path)
    assert words.look("En BLÅ pakke?", own) == {"T3"}
    assert not words.look("Anyone got a plug?", own)
