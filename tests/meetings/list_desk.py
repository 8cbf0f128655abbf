"""Lists as they are handed in at the coordinator's desk, and the worker that reads them."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from ground import clock
from meetings.models import Import
from meetings.services import import_desk
from meetings.services.import_work import imports_due
from tests.people_of_the_story import NOW

LAMP = {"name": "Lamp", "slug": "lamp", "day": 1, "time": "19:00", "timezone": "Europe/Berlin"}
PORCH = LAMP | {"slug": "porch", "name": "Porch", "day": 2}
DOOR = LAMP | {"slug": "door", "name": "Door", "day": 3}


def sent(*entries, name="list.json"):
    return SimpleUploadedFile(name, json.dumps(entries).encode())


def work(now=NOW):
    """The worker, until nothing is left to do."""
    with clock.frozen(now):
        return sum(iter(lambda: imports_due(now=now), 0))


def hand_in(coordinator, *entries, name="Office"):
    """The import as it stands after the worker has read it."""
    run = import_desk.import_begin(actor=coordinator, name=name, files=[sent(*entries)])
    work()
    run.refresh_from_db()
    return run


def take_in(coordinator, *entries, name="Office"):
    run = hand_in(coordinator, *entries, name=name)
    import_desk.import_agree(actor=coordinator, import_id=run.pk)
    work()
    run.refresh_from_db()
    assert run.state == Import.DONE
    return run


def page(*entries, **headers):
    return 200, headers, json.dumps(entries).encode()
