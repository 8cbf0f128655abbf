"""Sentences written in one language and read in another: the text as the catalogue has it, and its parts.

A worker that refuses a list knows no reader. It keeps the sentence with its parts; a page says it in the reader's
language. Written to a terminal or a log, it is English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` holds `%(name)s` for each of `parts`; a part may be a sentence itself."""

    text: str
    parts: Mapping[str, "Sentence | str | int"] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % {name: str(part) for name, part in self.parts.items()}

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        parts = {name: part.kept() if isinstance(part, Sentence) else part for name, part in self.parts.items()}
        return {"text": self.text, "parts": parts}


def spoken(kept: Mapping[str, Any]) -> str:
    """A kept sentence in the reader's language; empty for what is none."""
    text, parts = kept.get("text"), kept.get("parts", {})
    if not isinstance(text, str) or not text or not isinstance(parts, dict):
        return ""
    said = {name: spoken(part) if isinstance(part, dict) else part for name, part in parts.items()}
    return gettext(text) % said
