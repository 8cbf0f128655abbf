"""What kinds of meetings are called in every language of the site: for who searches, and for clients that ask."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, takewhile

from django.conf import settings
from django.utils.translation import override, pgettext

from meetings.folding import fold
from meetings.guide_types import NOT_SHOWN, TYPES

NATIVE = "en"
SHORTEST_BEGINNING = 3  # letters that may stand for a longer word
SHORTEST_WORD = 4  # of a name; shorter ones are "de", "con", "una"


@lru_cache(maxsize=16)
def names_in(language: str) -> Mapping[str, str]:
    """The name of each type code in a language of the site; empty for another language."""
    if language not in dict(settings.LANGUAGES):
        return {}
    with override(language):
        return {code: pgettext("type", name) for code, name in TYPES.items()}


def marks_of(words: Sequence[str]) -> list[tuple[str, ...]]:
    """For each word (folded) the `#code` of the kinds in whose name, in another language than English, it begins one.

    English names stand in the index of words itself (meetings.wording). A little word ("de", "con") counts only beside
    another of the same name. All languages of the site count, whatever the reader's is: so public lists answer
    everybody alike.
    """
    found = [_begun(word) for word in words]
    meant = frozenset().union(*found)
    both = [codes | (_little().get(word, frozenset()) & meant) for word, codes in zip(words, found, strict=True)]
    return [tuple(sorted(f"#{code.lower()}" for code in codes)) for codes in both]


@lru_cache(maxsize=4096)
def _begun(word: str) -> frozenset[str]:
    """The kinds with a word of some length that begins so."""
    if len(word) < SHORTEST_BEGINNING:
        return frozenset()
    words = _words()
    rest = islice(words, bisect_left(words, (word, "")), None)
    found = takewhile(lambda one: one[0].startswith(word), rest)
    return frozenset(code for known, code in found if len(known) >= SHORTEST_WORD)


@lru_cache(maxsize=1)
def _little() -> dict[str, frozenset[str]]:
    """The kinds with each word that says nothing by itself."""
    found: dict[str, set[str]] = {}
    for word, code in _words():
        if len(word) < SHORTEST_WORD:
            found.setdefault(word, set()).add(code)
    return {word: frozenset(codes) for word, codes in found.items()}


@lru_cache(maxsize=1)
def _words() -> list[tuple[str, str]]:
    """(word, code) of every name in another language, in order."""
    found = {
        (word, code)
        for language, _name in settings.LANGUAGES
        if language != NATIVE
        for code, name in names_in(language).items()
        if code not in NOT_SHOWN
        for word in fold(name).split()
    }
    return sorted(found)
