"""Numbers, addresses, links and names of accounts in a text, hidden (privacy.md: in the rooms of the button). Pure.

Who asks in a hard hour must not be led elsewhere by whoever came. What stays: short numbers (112, 988, 116 123), those
that cost nothing to call (a line to call is one, a private telephone is not), dates and times, and links to this site.
"""

import re

HIDDEN = "[•••]"
SHORTEST = 7  # digits; below that a number is a short one, a price or a year
_MAIL = re.compile(
    r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\]|\sdot\s)\s?[a-z]{2,})+"
    r"|\b[\w.+-]+ at [\w-]+ dot [a-z]{2,}\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"\b(?:[a-z][a-z0-9+]{1,9}://|www\.)\S+"
    r"|\b(?:[\w-]+\.)+(?:com|org|net|io|gg|app|xyz|info)\b(?:[/?#]\S*)?"
    r"|\b(?:[\w-]+\.)+[a-z]{2,10}/\S+",
    re.IGNORECASE,
)
_PLACES = (
    r"(?:telegram|whats ?app|snap(?:chat)?|insta(?:gram)?|signal|discord|kik|wickr|threema|facebook|tik ?tok|ig|fb)"
)
_HANDLE = re.compile(
    rf"(?<![\w.])@\w[\w.]{{2,}}|\b\w{{2,32}}#\d{{4}}\b|\b{_PLACES}\s*[:=]\s*@?\w[\w.]{{2,}}"
    rf"|\b{_PLACES}(?:\s+(?:is|name|es|user|usuario|handle))*\s+@?(?=\w*[\d_.])\w[\w.]{{2,}}\w",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
    r"\b[\s,.-]*){7,}",
    re.IGNORECASE,
)
_DATE = r"\b\d{4}-\d{2}-\d{2}(?!\d)|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}:\d{2}(?!\d)"
_NUMBER = re.compile(rf"(?P<date>{_DATE})|(?<!\w)\+?\(?\d(?:[\s().\-/–·]{{0,3}}\d){{{SHORTEST - 1},16}}(?!\w)")
_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}|(?:00|0|44|49|34)?80[08]\d{6,8}|(?:34)?900\d{6}")


def hide(text: str, *, own_host: str = "") -> str:
    """The text with HIDDEN in place of every way to reach somebody elsewhere; a second time changes nothing.

    `own_host`: links to this site stay.
    """
    found = _MAIL.sub(HIDDEN, text)
    found = _LINK.sub(lambda link: link[0] if _is_own(link[0], own_host) else HIDDEN, found)
    found = _HANDLE.sub(HIDDEN, found)
    found = _SPELLED.sub(f"{HIDDEN} ", found)
    return _NUMBER.sub(lambda number: number[0] if number["date"] or _is_free(number[0]) else HIDDEN, found).strip()


def _is_own(link: str, host: str) -> bool:
    return bool(host) and re.match(rf"(?:https?://)?{re.escape(host)}(?:[/?#]|$)", link, re.IGNORECASE) is not None


def _is_free(number: str) -> bool:
    return _FREE.fullmatch(re.sub(r"\D", "", number)) is not None
