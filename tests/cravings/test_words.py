"""The calm screen's words: at most 12 a line, a reading age of 9, nothing that alarms or blames."""

import re
from pathlib import Path

import pytest

from script.check_copy import REFUSED

TEMPLATES = Path(__file__).resolve().parents[2] / "frontend" / "templates" / "cravings"
FILES = sorted(TEMPLATES.rglob("*.html"))
STRING = re.compile(r"{%\s*translate\s+\"([^\"]+)\"|_\(\"([^\"]+)\"\)|{%\s*blocktranslate[^%]*%}(.*?){%", re.DOTALL)


def strings(file):
    for found in STRING.finditer(file.read_text()):
        yield re.sub(r"{{.*?}}", "Kim", next(part for part in found.groups() if part))


def sentences():
    return [part for file in FILES for text in strings(file) for part in re.split(r"(?<=[.?]) ", text)]


def syllables(word):
    """Close enough for English: groups of vowels, without a silent e."""
    word = re.sub(r"(?<=[^aeiou])e$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", word)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_line_of_the_calm_screen_is_longer_than_twelve_words(file):
    for text in strings(file):
        for sentence in re.split(r"(?<=[.?]) ", text):
            assert len(sentence.split()) <= 12, sentence


def test_a_nine_year_old_can_read_it():
    """Flesch-Kincaid grade: grade 4 is the school year of nine-year-olds."""
    lines = sentences()
    words = [word for line in lines for word in re.findall(r"[A-Za-z']+", line)]
    grade = 0.39 * len(words) / len(lines) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= 4, grade


def test_nothing_blames_alarms_or_shouts():
    for line in sentences():
        assert not REFUSED.search(line), line
        assert "!" not in line
