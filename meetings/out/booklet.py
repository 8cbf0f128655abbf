"""Lays a list out on panels of a fixed height and puts the panels of a folded booklet on its sheets. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
HEAD, ROW = 2, 3  # heights in lines; the style sheet gives both exactly that
A_PANEL = 42  # lines of half an A4 or letter sheet
SIDES = 4  # panels of one sheet: two in front, two behind


@dataclass(slots=True)
class Part(Generic[T]):
    """A day's heading and rows on one panel; `again` when the day began on an earlier one."""

    name: str
    rows: list[T] = field(default_factory=list)
    again: bool = False


def panels(days: Iterable[tuple[str, list[T]]], lines: int = A_PANEL) -> list[list[Part[T]]]:
    """The panels in reading order. A heading never stands at the foot without a row; a long day goes on overleaf."""
    found: list[list[Part[T]]] = []
    left = 0
    for name, rows in days:
        part: Part[T] | None = None
        for row in rows:
            if left < ROW + (0 if part else HEAD):
                found.append([])
                left, part = lines, None
            if part is None:
                part = Part(name, again=row is not rows[0])
                found[-1].append(part)
                left -= HEAD
            part.rows.append(row)
            left -= ROW
    return found


def sheets(count: int) -> list[tuple[int | None, int | None]]:
    """The sides of the sheets, front and back in turn, each as (left, right) panel; None is a blank one.

    Printed on both sides along the short edge, laid on each other and folded once, they read from 0 to count - 1.
    """
    whole = -(-count // SIDES) * SIDES

    def panel(number: int) -> int | None:
        return number if number < count else None

    found: list[tuple[int | None, int | None]] = []
    for turn in range(whole // SIDES):
        first, last = 2 * turn, whole - 1 - 2 * turn
        found += [(panel(last), panel(first)), (panel(first + 1), panel(last - 1))]
    return found
