"""Plain text out of the fields of a list, whatever type they have. Never raises."""

import re
from collections.abc import Mapping
from html import unescape

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_BREAK = re.compile(r"<(?:br\s*/?|/p|/div|/li)\s*>", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]")


def text(value: object) -> str:
    """Plain text of a field: entities decoded however often they were encoded, HTML taken out, line breaks kept.

    Plain text stays as it is: `text(text(x)) == text(x)`, so that what we publish is read back unchanged.
    """
    if is_empty(value) or isinstance(value, list | Mapping | bool):
        return ""
    plain = _tidy(written(value))
    for _ in range(ENCODED_AT_MOST):
        if ("<" not in plain and "&" not in plain) or (plainer := _tidy(plain)) == plain:
            break
        plain = plainer
    return plain


ENCODED_AT_MOST = 20  # times over


def _tidy(plain: str) -> str:
    if "<" in plain:
        plain = _TAG.sub("", _BREAK.sub("\n", plain))
    if "&" in plain:
        plain = unescape(plain)
    plain = _UNSEEN.sub("", plain.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [re.sub(r"[ \t\u00a0]+", " ", row).strip() for row in plain.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:5000].strip()


def line(value: object, most: int) -> str:
    """`text` on one line, at most `most` characters."""
    return " ".join(text(value).split())[:most].strip()


def written(value: object) -> str:
    """`str(value)`; empty for a number of more digits, or a list nested deeper, than Python writes out."""
    try:
        return str(value)
    except (ValueError, RecursionError):
        return ""


def is_empty(value: object) -> bool:
    """None, an empty list, or text without a sign."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
