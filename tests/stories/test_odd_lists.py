"""The story finds its way on lists that nobody here has seen: odd names, and nothing that recurs."""

import json

import pytest

from tests.stories.main_job import GROUP, MainJob, Teller
from tests.stories.town import Town
from tests.stories.visitor import Visitor

pytestmark = pytest.mark.embedded

NAMES = [
    "O'Brien's \"Porch\" & Q&A",
    "8:30 AM Big Book",
    "नई शुरुआत समूह",
    "กลุ่มวันใหม่",
    "★★★",
    "Women’s 50% + more #1",
    "Call",
]


def list_of(folder, entries):
    file = folder / "list.json"
    file.write_text(json.dumps([{"timezone": "Asia/Kolkata", "city": "Delhi", **entry} for entry in entries]))
    return file


def test_every_meeting_is_found_by_its_first_words_as_they_are_written(tmp_path):
    entries = [
        {"slug": f"odd-{n}", "name": name, "day": n, "time": "19:00", "conference_url": "https://zoom.us/j/1"}
        for n, name in enumerate(NAMES)
    ]
    with Town(scaled=False) as town:
        job, guest = MainJob(town, Teller()), Visitor(town.site.url)
        job.import_list(list_of(tmp_path, entries), "UTC", guessed=False)
        for n, name in enumerate(NAMES):
            job._search(guest, " ".join(name.split()[:3]), f"odd-{n}")


def test_where_nothing_recurs_the_group_is_founded_afresh(tmp_path):
    entries = [{"slug": f"m{n}", "name": f"When we agree on it {n}"} for n in range(3)]
    with Town(scaled=False) as town:
        job = MainJob(town, Teller())
        job.import_list(list_of(tmp_path, entries), "UTC", guessed=False)
        job.find()
        job.sign_up_all()
        job.gather()
        assert job.meeting["name"] == GROUP
        assert job.meeting["zone"] == "Asia/Kolkata"
