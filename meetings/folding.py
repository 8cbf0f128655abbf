"""How text is folded for searching: lower case, no accents, one blank between words."""

import re
import unicodedata

_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "’": "'", "‘": "'"})
_BLANKS = re.compile(r"[\s\-_/,;.·()\"]+")


def fold(text: str) -> str:
    """`"Zürich,  Kreis 5"` -> `"zurich kreis 5"`. What is not a Latin letter stays as it is."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _BLANKS.sub(" ", bare.replace("'", "")).strip()
