"""What a member who comes in is shown: every room of theirs from where they left off."""

import logging

from chat import services, wire
from chat.connection import Connection
from chat.desk import report
from chat.hub import Hub
from people.models import Person

log = logging.getLogger("porchlight.chat")


async def greet(hub: Hub, connection: Connection, person: Person, resume: dict[str, int]) -> None:
    """All rooms, then "ready"."""
    try:
        keys = await hub.desk.run(services.rooms_open, actor=person)
    except Exception as error:  # noqa: BLE001  (whatever it is: the client comes back and says hello again)
        report(log, "a member's rooms cannot be read, the socket is closed", error)
        connection.close(wire.RESTART)
        return
    for room in [room for room in resume if room not in keys]:
        connection.tell({"t": "gone", "room": room})
    for room in keys[: wire.MOST_ROOMS]:
        await hub.join(connection, room, resume.get(room))
    connection.tell({"t": "ready"})
