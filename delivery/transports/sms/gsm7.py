"""The letters of a text message (3GPP TS 23.038): one outside them halves what a message holds, so they are folded."""

import string
import unicodedata

BASIC = frozenset(
    string.ascii_letters + string.digits + "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€")  # two places each
ONE_MESSAGE = 160
PLAIN = str.maketrans("’‘“”–—…ŁłĐđ", "''\"\"--.LlDd")


def fold(text: str) -> str:
    """`text` in the letters of a text message: á becomes a, what has no near letter becomes a question mark."""
    return "".join(_folded(letter) for letter in unicodedata.normalize("NFC", text.translate(PLAIN)))


def length(text: str) -> int:
    """How many of the 160 places a folded text takes."""
    return sum(2 if letter in EXTENDED else 1 for letter in text)


def _folded(letter: str) -> str:
    if letter in BASIC or letter in EXTENDED:
        return letter
    near = "".join(part for part in unicodedata.normalize("NFKD", letter) if part in BASIC)
    return near or ("" if unicodedata.combining(letter) else "?")
