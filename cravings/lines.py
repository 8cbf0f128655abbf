"""The crisis lines that come with Porchlight: read from the file beside this module. No Django here.

Each entry has a region, a source, a version and `checked_on`, empty until a person called the number. There is no
default region: who has not said where they are sees both emergency numbers.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("data") / "crisis_lines.json"
ELSEWHERE = ""  # not asked yet, or a place without an entry


@dataclass(frozen=True, slots=True)
class Line:
    """A number to call."""

    region: str
    number: str
    name: str
    what: str
    emergency: bool
    position: int
    source: str
    version: str
    checked_on: date | None
    checked_by: str

    @property
    def tel(self) -> str:
        """The number as a phone dials it: digits, and a plus in front when there is one."""
        return dialled(self.number)


def dialled(number: str) -> str:
    """What stands after "tel:". Digits, star and hash; a leading plus stays."""
    kept = "".join(letter for letter in number if letter in "0123456789*#")
    return "+" + kept if number.strip().startswith("+") else kept


@cache
def shipped() -> tuple[Line, ...]:
    """All entries of the file. Raises ValueError for one without region, number, source or version."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    found = []
    for position, entry in enumerate(content["lines"]):
        checked = entry["checked_on"]
        line = Line(
            region=entry["region"],
            number=entry["number"],
            name=entry["name"],
            what=entry["what"],
            emergency=entry.get("emergency", False),
            position=position,
            source=entry.get("source", content["source"]),
            version=entry.get("version", content["version"]),
            checked_on=date.fromisoformat(checked) if checked else None,
            checked_by=entry["checked_by"],
        )
        if not (line.region in content["regions"] and dialled(line.number) and line.source and line.version):
            raise ValueError(f"crisis_lines.json: entry {position} lacks region, number, source or version")
        found.append(line)
    return tuple(found)


@cache
def regions() -> tuple[str, ...]:
    """The regions with entries, in the order in which they are offered."""
    return tuple(json.loads(FILE.read_text(encoding="utf-8"))["regions"])
