"""How text is folded for searching: lower case, no accents, no signs, one blank between words."""

import unicodedata

_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "’": "'", "‘": "'"})
# what is left of a text of ASCII: the commonest by far, and told ten times as fast
_ASCII = str.maketrans({c: " " for c in map(chr, range(128)) if not c.isalnum() and c != "'"} | {"'": None})
_SIGNS = ("P", "S")  # Unicode's punctuation and symbols
_UNSEEN = {"Cf", "Cs", "Cn"}  # joiners, soft hyphens and the like: an index of words would split there, or refuse


def fold(text: str) -> str:
    """`"Zürich,  Kreis 5"` -> `"zurich kreis 5"`, `"“Hope” [Zoom] #1"` -> `"hope zoom 1"`, `"O'Brien"` -> `"obrien"`.

    What is not a Latin letter stays as it is. What cannot be seen goes (a zero-width joiner) or parts words (a tab). A
    text of nothing but signs keeps them: `"★★★"` can be looked for.
    """
    if text.isascii() and (words := text.lower().translate(_ASCII).split()):
        return " ".join(words)
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    seen = "".join(" " if unicodedata.category(c) == "Cc" else c for c in decomposed if not _is_dropped(c))
    bare = seen.replace("'", "")
    words = "".join(" " if unicodedata.category(c).startswith(_SIGNS) else c for c in bare).split()
    return " ".join(words or bare.split())


def _is_dropped(c: str) -> bool:
    return bool(unicodedata.combining(c)) or unicodedata.category(c) in _UNSEEN
