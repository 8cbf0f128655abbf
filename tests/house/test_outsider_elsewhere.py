"""Every service of circle, support, talk, the button, the inbox and ways refuses the outsider, and writes nothing."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import transaction

import delivery.services
from chat import services as chat
from chat.models import Room
from circle import services as circle
from circle.models import Supporter
from cravings import services as cravings
from cravings.models import Press
from delivery.models import InboxItem
from delivery.services import message_enqueue
from ground import clock
from people import services as people
from people.models import ContactWay, Person
from support import services as support
from tests.circle.people import accepted
from tests.group_stories import make_circle, make_regular
from tests.people_of_the_story import NOW

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    member: Person
    outsider: Person
    sam: Supporter
    room: Room
    press: Press
    item: InboxItem
    way: ContactWay


@pytest.fixture
def scene():
    with clock.frozen(NOW):
        group = make_circle()
        member = make_regular(group)
        way = people.way_add(person=member, kind="email", address="dana@example.org")
        sam = accepted(member)
        support.rule_set(actor=member, threshold=3, levels=[[sam], []])
        outsider = make_circle().facilitator
        people.way_add(person=outsider, kind="email", address="outsider@example.org")
        room = chat.room_of(group.group)
        press = cravings.press_make(actor=member, client_key=uuid4())
        with transaction.atomic():
            note = message_enqueue(
                kind="soft_note", topic="episode:0", recipient=member, dedupe_key="k", not_before=NOW
            )
        item = InboxItem.objects.create(person=member, delivery=note, text="Hi", at=NOW)
        yield Scene(member, outsider, sam, room, press, item, way)


CASES: list[tuple[Any, Any]] = [
    (circle.consent_grant, lambda s: {"supporter": s.sam, "purpose": "absence"}),
    (circle.consent_revoke, lambda s: {"supporter": s.sam, "purpose": "absence"}),
    (circle.supporter_decline, lambda s: {"supporter": s.sam}),
    (circle.supporter_stop, lambda s: {"supporter": s.sam}),
    (circle.supporter_move, lambda s: {"supporter": s.sam, "up": True}),
    (circle.supporter_mute, lambda s: {"supporter": s.sam}),
    (circle.look_done, lambda s: {"quiet": [s.sam]}),
    (circle.supporter_unmute, lambda s: {"supporter": s.sam}),
    (circle.supporter_remove, lambda s: {"supporter": s.sam}),
    (circle.supporter_resend, lambda s: {"supporter": s.sam}),
    (circle.supporter_rest, lambda s: {"supporter": s.sam}),
    (circle.supporter_rest_end, lambda s: {"supporter": s.sam}),
    (circle.supporter_unsee, lambda s: {"supporter": s.sam}),
    (support.rule_set, lambda s: {"threshold": 2, "levels": [[s.sam], []]}),
    (support.nudge_release, lambda _: {"row_id": 0}),
    (support.nudge_drop, lambda _: {"row_id": 0}),
    (support.nudges_release, lambda _: {"row_ids": [0]}),
    (support.nudges_drop, lambda _: {"row_ids": [0]}),
    (support.answer_give, lambda s: {"kind": "claim", "supporter": s.sam}),
    (chat.message_post, lambda s: {"room_key": s.room.key, "cid": uuid4(), "body": "hello"}),
    (chat.read_mark_set, lambda s: {"room_key": s.room.key, "seq": 0}),
    (chat.notices_wish, lambda s: {"room_key": s.room.key, "wish": "none"}),
    (cravings.press_now, lambda s: {"ref": s.press.ref}),
    (cravings.press_undo, lambda s: {"ref": s.press.ref}),
    (cravings.press_close, lambda s: {"ref": s.press.ref}),
    (cravings.press_claim, lambda s: {"ref": s.press.ref}),
    (delivery.services.inbox_read, lambda s: {"item_id": s.item.pk}),
    (people.way_remove, lambda s: {"way_id": s.way.pk}),
]
ROOMS = {"people", "delivery", "circle", "support", "chat", "cravings"}


def everything():
    ours = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
    return {model: list(model.objects.order_by("pk").values()) for model in ours}


@pytest.mark.parametrize(("service", "arguments"), CASES, ids=[case[0].__name__ for case in CASES])
def test_the_outsider_is_refused_and_nothing_is_written(scene, service, arguments):
    given = arguments(scene)
    before = everything()
    with pytest.raises(PermissionDenied):
        service(actor=scene.outsider, **given)
    assert everything() == before
