"""Where a meeting takes its seventh tradition: the handles of the Meeting Guide spec, and the pages they mean.

No Django, no database. A text that is no handle leads nowhere, whoever wrote it.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

HANDLES = {
    "venmo": re.compile(r"@[\w-]{1,40}", re.ASCII),
    "square": re.compile(r"\$[\w-]{1,40}", re.ASCII),
    "paypal": re.compile(r"[A-Za-z0-9]{1,20}"),
}
NAMES = {"venmo": "Venmo", "square": "Cash App", "paypal": "PayPal"}
PAGES = {
    "venmo": "https://venmo.com/",
    "square": "https://cash.app/",
    "paypal": "https://www.paypal.com/paypalme/",
}


class Way(NamedTuple):
    """`handle` as the list has it, `url` the page where it takes money."""

    name: str
    handle: str
    url: str


def is_handle(key: str, value: str) -> bool:
    """Whether money can be given by it, as the spec has it; true of every other field."""
    return key not in HANDLES or HANDLES[key].fullmatch(value) is not None


def ways_of(extra: Mapping[str, object]) -> list[Way]:
    """The ways that a meeting's list names, in the spec's words (`Meeting.extra`)."""
    given = [(key, str(extra.get(key, ""))) for key in HANDLES]
    return [
        Way(NAMES[key], handle, PAGES[key] + handle.removeprefix("@"))
        for key, handle in given
        if handle and is_handle(key, handle)
    ]
