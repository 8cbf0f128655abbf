"""How far the people at this process have read, written a batch at a time. Lives in the event loop."""

from chat import services
from chat.desk import Desk


class ReadMarks:
    """`waiting`: the seq up to which a person has read a room, by (id of the person, key of the room)."""

    def __init__(self, desk: Desk) -> None:
        self.waiting: dict[tuple[int, str], int] = {}
        self._desk = desk

    def set(self, person_pk: int, key: str, seq: int) -> None:
        """The person has read the room up to `seq`; written with the next batch."""
        self.waiting[person_pk, key] = max(seq, self.waiting.get((person_pk, key), 0))

    async def write(self) -> None:
        """Raises what the database raises; what waited then waits for the next batch."""
        marks, self.waiting = self.waiting, {}
        try:
            await self._desk.run(services.read_marks_set, marks=marks)
        except Exception:
            for (person_pk, key), seq in marks.items():
                self.set(person_pk, key, seq)
            raise
