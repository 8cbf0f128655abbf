"""Every scenario file holds: each on one of the two databases, all on both in a full run."""

import os
from pathlib import Path

import pytest

from porchlight.replay.difference import difference
from porchlight.replay.playing import play
from porchlight.replay.scenario import scenario_of

pytestmark = pytest.mark.django_db

FILES = sorted((Path(__file__).resolve().parent.parent / "scenarios").glob("*.yaml"))
SCALED = os.environ.get("PORCHLIGHT_WAY") == "scaled"
TURN = FILES if os.environ.get("PORCHLIGHT_FULL") else FILES[SCALED::2]
STREAKS = {  # the column of section 7's first table
    "7_p_a_p_a": 1,
    "7_p_a_a": 2,
    "7_p_a_a_a": 3,
    "7_p_a_a_no_mark_a": 3,
    "7_p_a_e_a": 2,
    "7_p_a_a_c_a": 3,
    "7_p_a_a_l": 0,
    "7_p_a_a_a_told_a_a": 5,
    "7_p_a_a_a_told_p_a_a_a": 3,
    "7_a_a_z_z_z_a": 3,
    "7_joined_after_the_second": 3,
    "7_no_marks": 0,
    "7_excused": 0,
    "7_two_groups_any": 2,
    "7_two_groups_apart": {"g1": 2, "g2": 1},
    "7_threshold_1": 1,
    "7_threshold_2": 2,
    "7_four_at_once": 4,
}


@pytest.mark.parametrize("file", TURN, ids=lambda file: file.stem)
def test_a_scenario_comes_out_as_the_rules_say(file):
    scenario = scenario_of(file.read_text())
    assert scenario.expect is not None
    played = play(scenario)
    assert difference(scenario.expect, played.messages) == []
    if file.stem in STREAKS:
        assert played.streaks == {"dana": STREAKS[file.stem]}


def test_there_is_a_file_for_every_row_of_section_7():
    assert set(STREAKS) <= {file.stem for file in FILES}
    assert len(FILES) >= 100
