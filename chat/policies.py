"""Who may read a room and who may post."""

from chat import posts
from chat.models import Room
from groups.selectors import is_member as belongs
from people.models import Person


def can_read(person: Person, room: Room) -> bool:
    """Only active members of the room's group; also when the group is closed."""
    return room.group is not None and belongs(room.group, person)


def refusal(room: Room | None, *, is_member: bool) -> str:
    """Why nobody or this person may post here; empty when they may."""
    if room is None or room.group is None or not is_member:
        return posts.FORBIDDEN
    return posts.CLOSED if room.group.closed_at else ""
