"""Replay tells of the ten kinds of docs/rules.md, section 9, and of no other that leaves the outbox meanwhile."""

from pathlib import Path

import pytest

from delivery.models import Delivery
from meetings.services.keeping import keeping_change
from porchlight.replay.playing import Player
from porchlight.replay.scenario import SENT, scenario_of
from support.streaks import MessageKind

pytestmark = pytest.mark.django_db

EXAMPLE = Path(__file__).resolve().parent.parent / "scenarios" / "example.yaml"


def test_a_message_of_any_other_kind_is_sent_and_not_listed():
    """The group turns to counting heads and back after everything else: each member is told, and replay is silent."""
    scenario = scenario_of(EXAMPLE.read_text())
    assert scenario.expect is not None
    last = max(one.at for one in scenario.expect)

    def group_changes(player: Player) -> None:
        if player.now >= last:
            keeping_change(actor=player.world.facilitator, group=player.world.groups["g1"], head_count_only=True)

    player = Player(scenario, group_changes)
    played = player.play()
    assert played.messages == tuple(sorted(scenario.expect, key=lambda one: one.order))
    left = set(Delivery.objects.filter(attempted_at__isnull=False).values_list("kind", flat=True))
    assert left - set(SENT) == {"keeping_changed"}
    assert "keeping_changed" in {message.kind for _to, message in player.post.sent}


def test_the_ten_kinds_are_those_of_the_watch():
    """A kind added to the watch must be added to section 9 as well."""
    assert set(SENT) == {kind.value for kind in MessageKind}
    assert len(SENT) == 10
