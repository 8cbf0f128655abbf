"""The whole of Porchlight on a meeting list, on both ways to run: what script/story plays."""

from pathlib import Path

import pytest

from tests.stories.main_job import play

FEEDS = Path(__file__).resolve().parent.parent / "feeds"


def check(result, sent_to_sam):
    assert result["ok"]
    assert result["chat"]["lost"] == result["chat"]["duplicates"] == 0
    told = [letter["kind"] for letter in result["messages"] if letter["to"] == "sam@example.net"]
    assert told == sent_to_sam


SAM_HEARS = ["invite", "nudge", "back_in_touch", "nudge", "retraction"]


@pytest.mark.embedded
def test_the_whole_of_porchlight_works_on_a_real_list_in_one_process():
    check(play(FEEDS / "sf-marin.json", "", scaled=False), SAM_HEARS)


@pytest.mark.scaled
def test_the_whole_of_porchlight_works_on_postgresql_with_two_web_processes_and_two_workers():
    check(play(FEEDS / "philadelphia-2021-10.json", "", scaled=True), SAM_HEARS)
