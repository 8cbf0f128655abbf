"""What cannot be, at every door of the watch: a clear sentence, a status of 4xx, and nothing is changed.

Replay says the same with exit code 2: tests/replay/test_malformed.py and test_command.py.
"""

import pytest
from django.apps import apps
from django.test import Client

from ground import clock
from meetings.models import Mark, Sheet
from people.services import link_give
from support.services import rule_set
from tests.group_stories import make_circle, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
STRANGER = "11111111-1111-4111-8111-111111111111"
RULE = {"grace_hours": "24", "scope": "any"}
HOURS = {"first": "480", "last": "1260", "language": "en"}
JSON = "application/json"
ONE_TO_TEN = "Choose a number from 1 to 10."
# who asks (m: a member, f: their facilitator, nobody: by link), the door, what is sent, the status, what is said
TABLE = {
    "an impossible zone, by form": ("m", "/me/reach/hours/", HOURS | {"zone": "Mars/Olympus"}, 400, "zone"),
    "an impossible zone, by JSON": ("m", "PATCH /api/v1/reach/", {"zone": "Mars/Olympus"}, 400, "zone"),
    "a zone of a contact, by JSON": (
        "m",
        "/api/v1/circle/",
        {"name": "Kim", "address": "k@example.org", "zone": "Mars/Olympus", "chosen_freely": True},
        400,
        "zone",
    ),
    "a day that does not exist, by form": (
        "m",
        "/me/watch/pause/",
        {"until": "2026-02-30"},
        400,
        "There is no such day",
    ),
    "a day that does not exist, by JSON": (
        "m",
        "/api/v1/watch/pause/",
        {"until": "2026-02-30T12:00:00Z"},
        400,
        "until",
    ),
    "a day that does not exist, in one's own record": (
        "m",
        "/me/attendance/log/",
        {"starts": "2026-02-30T19:00"},
        400,
        "Nothing was changed.",
    ),
    "the same by JSON": ("m", "/api/v1/me/meetings/", {"starts_at": "2026-02-30T19:00:00Z"}, 400, "starts_at"),
    "an excuse for no date, by form": ("m", "/meetings/SLUG/dates/20260230T1900/", {"action": "excuse"}, 404, ""),
    "an excuse for no date, by JSON": ("m", "/api/v1/meetings/SLUG/dates/20260230T1900/excuse/", {}, 404, "error"),
    "a mark for a stranger, by tap": (
        "f",
        "/sheets/SHEET/",
        {"action": "mark", "pid": STRANGER, "value": "present"},
        403,
        "Only people of this group can be marked",
    ),
    "a mark for what is no person": (
        "f",
        "/sheets/SHEET/",
        {"action": "mark", "pid": "kim", "value": "present"},
        403,
        "Only people of this group can be marked",
    ),
    "a mark for a stranger, by form": (
        "f",
        "/sheets/SHEET/",
        {"action": "save", f"mark-{STRANGER}": "present", f"was-{STRANGER}": "none"},
        403,
        "Only people of this group can be marked",
    ),
    "a mark for a stranger, by JSON": (
        "f",
        "/api/v1/sheets/SHEET/marks/",
        {"marks": {STRANGER: "present"}},
        403,
        "forbidden",
    ),
    "a mark that is none, by JSON": ("f", "/api/v1/sheets/SHEET/marks/", {"marks": {"ME": "gone"}}, 400, "error"),
    "a threshold of 0, by form": (
        "m",
        "/me/watch/set/",
        RULE | {"threshold": "0"},
        400,
        ONE_TO_TEN,
    ),
    "a threshold of 0, by JSON": (
        "m",
        "PUT /api/v1/watch/rule/",
        {"threshold": 0},
        400,
        ONE_TO_TEN,
    ),
    "a meeting in an impossible zone, by form": (
        "f",
        "/g/GROUP/meetings/new/",
        {"weekdays": "3", "starts": "20:00", "mode": "in_person", "zone": "Mars/Olympus"},
        400,
        "Mars/Olympus",
    ),
    "a meeting in an impossible zone, by JSON": (
        "f",
        "/api/v1/groups/GROUP/meetings/",
        {"weekdays": [3], "starts": "20:00", "zone": "Mars/Olympus"},
        400,
        "This time zone is not known here.",
    ),
    "a change to a day that is none": ("f", "PATCH /api/v1/meetings/SLUG/plan/", {"weekdays": [7]}, 400, "weekdays"),
    "a change of what a meeting does not have": (
        "f",
        "PATCH /api/v1/meetings/SLUG/plan/",
        {"wekdays": [1]},
        400,
        "wek",
    ),
    "a change of a meeting by a member": ("m", "PATCH /api/v1/meetings/SLUG/plan/", {"name": "Mine"}, 403, "error"),
    "another time for no date, by JSON": (
        "f",
        "PUT /api/v1/meetings/SLUG/dates/20260230T1900/start/",
        {"starts": "2026-03-01T19:00"},
        404,
        "error",
    ),
    "an end of the series before it begins, by JSON": (
        "f",
        "PUT /api/v1/meetings/SLUG/last-day/",
        {"last": "2020-01-01"},
        400,
        "No date to come",
    ),
    "holidays of a country that is none": ("f", "PUT /api/v1/meetings/SLUG/holidays/", {"region": "XX"}, 400, "region"),
    "a link that is over, by page": ("nobody", "/OVER", {"action": "save"}, 410, "This link has ended."),
    "a link that is over, by JSON": ("nobody", "/api/v1/links/OVER/", {"answer": "mark"}, 410, "settled"),
    "a forged link, by page": ("nobody", "/aaaaaaaaaaaaa", {"answer": "claim"}, 404, ""),
    "a forged link, by JSON": ("nobody", "/api/v1/links/aaaaaaaaaaaaa/", {"answer": "claim"}, 404, "error"),
    "a link of somebody who runs this list no more": ("nobody", "/FOREIGN", {"action": "save"}, 403, ""),
    "the same by JSON, about a list": ("nobody", "/api/v1/links/FOREIGN/", {"answer": "mark"}, 403, "forbidden"),
}


@pytest.fixture
def circle():
    """A circle whose date has begun, a member with a rule, and two links to lists: one over, one of an outsider."""
    with clock.frozen(NOW + HOUR):
        circle = make_circle()
        circle.member = make_regular(circle, "Dana")
        rule_set(actor=circle.member, threshold=3, no_way_confirmed=True)
        old = make_circle(starts=NOW - 28 * DAY)
        Sheet.objects.filter(pk=old.sheet.pk).update(
            state="closed", revision=1, first_closed_at=NOW - 20 * DAY, closed_at=NOW - 20 * DAY, step_at=None
        )
        circle.over = link_give(purpose="sheet", subject=old.sheet.pk, person=old.facilitator)
        circle.foreign = link_give(purpose="sheet", subject=circle.sheet.pk, person=make_member())
        yield circle


def everything():
    """All rows of the rooms that this is about."""
    rooms = ("people", "circle", "groups", "meetings", "support", "delivery")
    models = [model for room in rooms for model in apps.get_app_config(room).get_models()]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize(("who", "door", "sent", "status", "said"), TABLE.values(), ids=TABLE)
def test_what_cannot_be_is_refused_clearly_and_nothing_changes(circle, who, door, sent, status, said):
    client = Client()
    person = {"m": circle.member, "f": circle.facilitator}.get(who)
    if person is not None:
        client.force_login(person.account)
    verb, _space, path = door.rpartition(" ")
    path = (
        path.replace("GROUP", circle.group.slug)
        .replace("SLUG", circle.meeting.slug)
        .replace("SHEET", str(circle.occurrence.pk))
    )
    path = path.replace("OVER", circle.over).replace("FOREIGN", circle.foreign)
    if "ME" in sent.get("marks", {}):
        sent = {"marks": {str(circle.member.pid): "gone"}}
    before = everything()
    send = getattr(client, (verb or "post").lower())
    answer = send(path, sent, **({"content_type": JSON} if path.startswith("/api/") else {}))
    assert answer.status_code == status, answer.content.decode()[:500]
    assert said in answer.content.decode()
    assert everything() == before
    assert not Mark.objects.filter(value="present").exists()


@pytest.mark.parametrize("shape", [str.upper, lambda pid: pid.replace("-", "")])
def test_a_person_may_be_named_in_any_writing_of_their_id(circle, shape):
    client = Client()
    client.force_login(circle.facilitator.account)
    sent = {"action": "mark", "pid": shape(str(circle.member.pid)), "value": "present"}
    assert client.post(f"/sheets/{circle.occurrence.pk}/", sent).status_code == 200
    assert Mark.objects.get().person == circle.member
