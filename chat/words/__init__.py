"""Risk words of a text, found here and nowhere else: no text leaves the site to be judged. Pure.

T1: somebody's life may be in danger now. T2: about to use. T3: an offer of drugs, or a question for one. The lists are
a file a language, which a site may replace (`PORCHLIGHT_TALK_WORDS`); a text is compared with all of them, since
nobody says in what language they write.

A phrase counts when it stands on its own: not inside a quotation, and not shortly after a word that denies it or
reports it ("he said", "I do not want to"). So the lists err to silence in T1 and T2, where a banner is all that
follows, and a facilitator looks at what T3 holds.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LISTS = Path(__file__).parent / "lists"
T1, T2, T3 = "T1", "T2", "T3"
NEAR = 4  # words before a phrase in which a denial counts
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|‘[^’]{3,}’", re.DOTALL)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[.!?;,:\n…]+|\s-\s|\s–\s")
_PRICE = re.compile(r"[$€£]\s?\d{1,4}\b|\b\d{1,4}\s?(?:[$€£]|usd|eur|bucks|euros?|dollars?|pesos)\b", re.IGNORECASE)
_HANDLE = re.compile(
    r"(?<![\w.])@\w{3,}|\b(?:\+?\d[\s().-]?){7,15}\b|\b(?:t\.me|wa\.me|snapchat|telegram|whatsapp)\b", re.IGNORECASE
)


# Phrases, each a run of plain words, by their first word: a text is read once, however long the lists are.
Phrases = dict[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of one language."""

    t1: Phrases
    t2: Phrases
    t3: Phrases
    offers: Phrases  # alone they mean nothing; with a substance they do
    substances: Phrases  # with an offer, a price, a number or a handle
    denials: Phrases

    def may_stand_in(self, words: list[str]) -> bool:
        """False when nothing of this language can be found: the usual case, in a few steps."""
        return not all(those.keys().isdisjoint(words) for those in (self.t1, self.t2, self.t3, self.substances))


def plain(text: str) -> list[str]:
    """Lower case, without accents, apostrophes and marks: what is compared."""
    folded = text.casefold().replace("'", "").replace("’", "")
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _WORD.findall(folded)


def _by_first_word(phrases: Iterable[str]) -> Phrases:
    found: dict[str, list[tuple[str, ...]]] = {}
    for words in map(plain, phrases):
        if not words:
            raise ValueError("a phrase without a word")
        found.setdefault(words[0], []).append(tuple(words))
    return {first: tuple(those) for first, those in found.items()}


@lru_cache(maxsize=8)
def lists(folder: Path = LISTS) -> tuple[Words, ...]:
    """All languages of a folder. Raises OSError, ValueError and KeyError for lists that cannot be read."""
    found = []
    for path in sorted(folder.glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        names = ("t1", "t2", "t3", "offers", "substances", "denials")
        found.append(Words(*(_by_first_word(held[name]) for name in names)))
    return tuple(found)


def look(text: str, known: Iterable[Words] | None = None) -> frozenset[str]:
    """Which of T1, T2 and T3 the text may be."""
    own = _QUOTED_LINE.sub(" . ", _QUOTED.sub(" ", text))
    words = plain(own)
    languages = [one for one in (lists() if known is None else known) if one.may_stand_in(words)]
    clauses = [plain(clause) for clause in _CLAUSE.split(own)] if languages else []
    found = set()
    for language in languages:
        for name, phrases in ((T1, language.t1), (T2, language.t2), (T3, language.t3)):
            if any(_said(clause, phrases, language.denials) for clause in clauses):
                found.add(name)
        named = any(_said(clause, language.substances, language.denials) for clause in clauses)
        offered = any(_said(clause, language.offers, language.denials) for clause in clauses)
        if named and (offered or _PRICE.search(own) or _HANDLE.search(own)):
            found.add(T3)
    return frozenset(found)


def _said(words: list[str], phrases: Phrases, denials: Phrases) -> bool:
    """True when a phrase stands in the words, undenied."""
    if phrases.keys().isdisjoint(words):
        return False
    return any(not _in(words[max(0, at - NEAR) : at], denials) for at in _places(words, phrases))


def _in(words: list[str], phrases: Phrases) -> bool:
    return next(_places(words, phrases), None) is not None


def _places(words: list[str], phrases: Phrases) -> Iterator[int]:
    """Where in the words a phrase begins."""
    for at, word in enumerate(words):
        for phrase in phrases.get(word, ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                yield at
