"""Every scenario file of this folder's neighbour holds, on both databases."""

from pathlib import Path

import pytest

from porchlight.replay.difference import difference
from porchlight.replay.playing import play
from porchlight.replay.scenario import scenario_of

FILES = sorted((Path(__file__).resolve().parent.parent / "scenarios").glob("*.yaml"))


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_comes_out_as_the_rules_say(file):
    scenario = scenario_of(file.read_text())
    assert scenario.expect is not None
    assert difference(scenario.expect, play(scenario).messages) == []
