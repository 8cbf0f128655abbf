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
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LISTS = Path(__file__).parent / "lists"
T1, T2, T3 = "T1", "T2", "T3"
NEAR = 4  # words before a phrase in which a denial counts
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|‘[^’]{3,}’", re.DOTALL)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_CLAUSE = re.compile(r"[.!?;,:\n…]+|\s-\s|\s–\s")
_PRICE = re.compile(r"[$€£]\s?\d{1,4}\b|\b\d{1,4}\s?(?:[$€£]|usd|eur|bucks|euros?|dollars?|pesos)\b", re.IGNORECASE)
_HANDLE = re.compile(
    r"(?<![\w.])@\w{3,}|\b(?:\+?\d[\s().-]?){7,15}\b|\b(?:t\.me|wa\.me|snapchat|telegram|whatsapp)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases of one language, each a run of plain words."""

    t1: tuple[tuple[str, ...], ...]
    t2: tuple[tuple[str, ...], ...]
    t3: tuple[tuple[str, ...], ...]
    offers: tuple[tuple[str, ...], ...]  # alone they mean nothing; with a substance they do
    substances: tuple[tuple[str, ...], ...]  # with an offer, a price, a number or a handle
    denials: tuple[tuple[str, ...], ...]


def plain(text: str) -> list[str]:
    """Lower case, without accents, apostrophes and marks: what is compared."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    return re.findall(r"[^\W_]+", "".join(c for c in folded if not unicodedata.combining(c)))


@lru_cache(maxsize=8)
def lists(folder: Path = LISTS) -> tuple[Words, ...]:
    """All languages of a folder. Raises OSError, ValueError and KeyError for lists that cannot be read."""
    found = []
    for path in sorted(folder.glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        names = ("t1", "t2", "t3", "offers", "substances", "denials")
        found.append(Words(*(tuple(tuple(plain(phrase)) for phrase in held[name]) for name in names)))
    return tuple(found)


def look(text: str, known: Iterable[Words] | None = None) -> frozenset[str]:
    """Which of T1, T2 and T3 the text may be."""
    own = _QUOTED_LINE.sub(" . ", _QUOTED.sub(" ", text))
    clauses = [words for clause in _CLAUSE.split(own) if (words := plain(clause))]
    found = set()
    for language in lists() if known is None else known:
        for name, phrases in ((T1, language.t1), (T2, language.t2), (T3, language.t3)):
            if any(_said(clause, phrases, language.denials) for clause in clauses):
                found.add(name)
        named = any(_said(clause, language.substances, language.denials) for clause in clauses)
        offered = any(_said(clause, language.offers, language.denials) for clause in clauses)
        if named and (offered or _PRICE.search(own) or _HANDLE.search(own)):
            found.add(T3)
    return frozenset(found)


def _said(words: list[str], phrases: Iterable[tuple[str, ...]], denials: Iterable[tuple[str, ...]]) -> bool:
    """True when a phrase stands in the words, undenied."""
    for phrase in phrases:
        size = len(phrase)
        for at in range(len(words) - size + 1):
            if tuple(words[at : at + size]) == phrase and not _in(words[max(0, at - NEAR) : at], denials):
                return True
    return False


def _in(words: list[str], phrases: Iterable[tuple[str, ...]]) -> bool:
    return any(
        tuple(words[at : at + len(phrase)]) == phrase
        for phrase in phrases
        for at in range(len(words) - len(phrase) + 1)
    )
