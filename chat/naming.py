"""Who is named in a text: `@name`, whatever the case of its letters. Pure."""

from collections.abc import Iterable


def named_in(body: str, names: Iterable[str]) -> set[str]:
    """Those of the names that stand in the body behind an @ which begins a word (an address of mail names nobody)."""
    text = body.casefold()
    if "@" not in text:
        return set()
    places = [at + 1 for at, letter in enumerate(text) if letter == "@" and not (at and text[at - 1].isalnum())]
    return {name for name in names if name and any(_stands(text, at, name.casefold()) for at in places)}


def _stands(text: str, at: int, name: str) -> bool:
    after = text[at + len(name) : at + len(name) + 1]
    return text.startswith(name, at) and not (after.isalnum() or after == "_")
