"""What the finder's text search reads of a meeting: each word after a blank, and `#code` for each of its types."""

from collections.abc import Iterable

from meetings.fellowships import FELLOWSHIPS
from meetings.folding import fold
from meetings.guide_types import NOT_SHOWN, TYPES


def folded_words(parts: Iterable[str], *, types: Iterable[str] = (), fellowship: str = "") -> str:
    """`" lamp evening narcotics anonymous na newcomer #be "` from the words of a meeting, its types, its fellowship."""
    codes = list(types)
    labels = [TYPES[code] for code in codes if code in TYPES and code not in NOT_SHOWN]
    names = [FELLOWSHIPS.get(fellowship, fellowship), fellowship] if fellowship else []
    words = dict.fromkeys(" ".join(fold(part) for part in [*parts, *labels, *names]).split())
    return " ".join(["", *words, *(f"#{code.lower()}" for code in codes), ""])
