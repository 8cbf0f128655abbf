"""The guide cards: five, short, plain, and silent about substances and groups."""

import re

import pytest

from own.guide_cards import CARDS

SILENT_ABOUT = re.compile(
    r"\b(drug|alcohol|drink|opioid|substance|sober|recover\w*|relaps\w*|addict\w*|overdos\w*|group|meeting|"
    r"attend\w*|fellowship|naloxone|detox|using|craving)\b",
    re.IGNORECASE,
)


def syllables(word: str) -> int:
    word = re.sub(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]{1,2}", word)))


def grade(text: str) -> float:
    """Flesch-Kincaid grade level."""
    sentences = [part for part in re.split(r"[.!?:]+", text) if re.search(r"[a-z]", part, re.IGNORECASE)]
    found = re.findall(r"[A-Za-z’']+", text)
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def test_there_are_five_cards_one_of_them_for_an_emergency():
    assert len(CARDS) == 5
    assert [card.slug for card in CARDS if card.urgent] == ["emergency"]
    assert len({card.slug for card in CARDS}) == 5


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.slug)
def test_a_card_is_short_and_reads_at_grade_8_or_below(card):
    text = " ".join(str(line) for line in card.lines)
    assert len(text.split()) <= 70
    assert grade(text) <= 8


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.slug)
def test_a_card_tells_nothing_about_the_member(card):
    assert not SILENT_ABOUT.search(" ".join([str(card.title), *map(str, card.lines)]))


def test_the_measure_itself_knows_easy_from_hard():
    assert grade("The cat sat on the mat. It was warm.") < 2
    assert grade("Psychopharmacological interventions necessitate comprehensive multidisciplinary consideration.") > 12
