"""Who is here, room by room: what this process's own seats say, and what the other processes said lately. Pure.

Never stored and never truth: a process that falls silent ages out, and whoever's socket breaks counts as here for half
a minute more, since a telephone changes its network often. Times are seconds of any steady clock.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

AWAY = 30.0  # seconds after the last socket until a person counts as gone
SAY = 2.0  # seconds between two diffs
SAY_ALL = 20.0  # seconds between two whole lists for the other processes
TTL = 60.0  # seconds that another process's list counts
MOST = 100  # members of a room beyond which nobody is told who is here

Who = dict[int, str]  # a person's id and the id that leaves the house


@dataclass(slots=True)
class _Other:
    """What another process said last."""

    expires: float
    rooms: dict[str, Who] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diff:
    """Who came into a room and who went, for those who sit there."""

    room: str
    came: Who
    went: Who


class Presence:
    """Lives in the event loop of one process."""

    def __init__(self) -> None:
        self._mine: dict[str, Who] = {}
        self._leaving: dict[tuple[str, int], float] = {}  # when they count as gone
        self._others: dict[str, _Other] = {}
        self._shown: dict[str, Who] = {}
        self._said: dict[str, Who] = {}  # what the other processes know of this one
        self._said_all = float("-inf")

    def seated(self, now: dict[str, Who], at: float) -> None:
        """Whose sockets are in which rooms of this process at this moment."""
        for room, people in now.items():
            self._mine.setdefault(room, {}).update(people)
        for room, people in list(self._mine.items()):
            for person in list(people):
                if person in now.get(room, {}):
                    self._leaving.pop((room, person), None)
                elif self._leaving.setdefault((room, person), at + AWAY) <= at:
                    del self._leaving[room, person], people[person]
            if not people:
                del self._mine[room]
        for process in [name for name, other in self._others.items() if other.expires <= at]:
            del self._others[process]

    def here(self, room: str, members: Container[int]) -> Who:
        """All members who are here, in any process."""
        found = dict(self._mine.get(room, {}))
        for other in self._others.values():
            found |= other.rooms.get(room, {})
        return {person: pid for person, pid in found.items() if person in members}

    def hear(self, process: str, said: dict[str, list[tuple[int, str]]], *, whole: bool, now: float) -> None:
        """Another process named its people, room by room; `whole`: it has no others."""
        other = self._others.setdefault(process, _Other(now))
        other.expires = now + TTL
        if whole:
            other.rooms = {}
        for room, people in said.items():
            other.rooms[room] = dict(people)

    def say(self, now: float) -> tuple[dict[str, Who], bool] | None:
        """What to tell the other processes: the lists of the rooms that changed, or all; None: nothing."""
        if now - self._said_all >= SAY_ALL:
            self._said_all = now
            self._said = {room: dict(people) for room, people in self._mine.items()}
            return (self._said, True)
        rooms = self._mine.keys() | self._said.keys()
        changed = {r: dict(self._mine.get(r, {})) for r in rooms if self._mine.get(r, {}) != self._said.get(r, {})}
        self._said = {room: people for room, people in (self._said | changed).items() if people}
        return (changed, False) if changed else None

    def say_all_soon(self) -> None:
        """Others may not have heard anything for a while."""
        self._said_all = float("-inf")

    def show(self, rooms: Mapping[str, Container[int]]) -> list[Diff]:
        """What changed since the last time in these rooms, by their members; other rooms are forgotten."""
        found = []
        for room, members in rooms.items():
            here, before = self.here(room, members), self._shown.get(room, {})
            if here.keys() != before.keys():
                came = {person: pid for person, pid in here.items() if person not in before}
                went = {person: pid for person, pid in before.items() if person not in here}
                found.append(Diff(room, came, went))
                self._shown[room] = here
        for room in self._shown.keys() - rooms.keys():
            del self._shown[room]
        return found
