"""Taking a list in: twice is once; what changed is said; nothing is lost; what is no list is refused in one line."""

import gzip
import json
import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ground import clock
from meetings.models import Listing, Meeting, MeetingDay, Source
from meetings.services.imports import feed_import
from tests.conftest import FULL
from tests.group_stories import make_group
from tests.people_of_the_story import NOW, make_member

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
FEEDS = ROOT / "tests" / "feeds"
JUNE, OCTOBER = FEEDS / "philadelphia-2021-06.json", FEEDS / "philadelphia-2021-10.json"
WHOLE = ROOT.parent / "shared" / "feeds"
BESIDE = ("formats", "bodies", "groups", "GetFormats", "GetServiceBodies", "server-info")  # no meetings of their own
EVERY = [
    file
    for folder in ([FEEDS, WHOLE] if FULL else [FEEDS])  # the whole lists are long
    if folder.is_dir()
    for file in sorted(folder.glob("*.json"))
    if not any(word in file.stem for word in BESIDE)
]
KEYS = ["entries", "read", "added", "changed", "removed", "unread", "unread_reasons"]
ONE = {"name": "Lamp", "slug": "lamp", "day": 1, "time": "19:00", "timezone": "Europe/Berlin"}


@pytest.fixture(autouse=True)
def _in_the_evening():
    with clock.frozen(NOW):
        yield


def take(path, **options):
    """The numbers that the command prints as its last line."""
    out = StringIO()
    call_command("importmeetings", str(path), "--json", stdout=out, **options)
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def listed(tmp_path):
    """Import a list of these entries, always from the same file."""

    def take_in(*entries, **options):
        file = tmp_path / "list.json"
        file.write_text(json.dumps(entries))
        return take(file, **options)

    return take_in


def counts(numbers):
    return tuple(numbers[key] for key in ("read", "added", "changed", "removed", "unread"))


def rows():
    """Everything that an import writes, but for when it was."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Meeting, MeetingDay, Listing)
    ]  # fmt: skip


def test_the_same_list_twice_changes_nothing():
    first = take(JUNE)
    before = rows()
    second = take(JUNE)
    assert first["added"] == first["read"] == 100
    assert counts(second) == (100, 0, 0, 0, 0)
    assert rows() == before


def test_october_after_june_says_what_came_changed_and_went():
    june, october = ({e["slug"]: e for e in json.loads(f.read_text())} for f in (JUNE, OCTOBER))
    take(JUNE, source="philadelphia")
    numbers = take(OCTOBER, source="philadelphia")
    assert numbers["added"] == len(october.keys() - june.keys()) > 0
    assert numbers["removed"] == len(june.keys() - october.keys()) > 0
    assert 0 < numbers["changed"] <= sum(june[slug] != october[slug] for slug in june.keys() & october.keys())
    back = take(JUNE, source="philadelphia")
    assert (back["added"], back["removed"]) == (numbers["removed"], numbers["added"])


def test_what_changed_is_named_field_by_field(listed, tmp_path):
    listed(ONE)
    (tmp_path / "list.json").write_text(json.dumps([ONE | {"time": "20:00", "name": "Porch", "day": 2}]))
    report = feed_import(address=str(tmp_path / "list.json"))
    assert report.changed_entries == [("lamp", ["days", "name", "time"])]
    meeting = Meeting.objects.get()
    assert (meeting.name, meeting.slug, meeting.rrule) == ("Porch", "lamp", "FREQ=WEEKLY;BYDAY=TU")


def test_a_removed_meeting_is_closed_never_deleted_and_comes_back(listed):
    listed(ONE, ONE | {"slug": "other", "name": "Other"})
    pk = Meeting.objects.get(slug="lamp").pk
    assert counts(listed(ONE | {"slug": "other", "name": "Other"})) == (1, 0, 0, 1, 0)
    closed = Meeting.objects.get(pk=pk)
    assert closed.closed_at == NOW
    assert closed.next_starts_at is None
    assert counts(listed(ONE, ONE | {"slug": "other", "name": "Other"})) == (2, 1, 0, 0, 0)
    back = Meeting.objects.get(slug="lamp")
    assert (back.pk, back.closed_at) == (pk, None)
    assert back.next_starts_at is not None


def test_a_removed_meeting_that_a_group_has_claimed_stays_open(listed):
    listed(ONE, ONE | {"slug": "other"})
    group = make_group(make_member())
    Meeting.objects.filter(slug="lamp").update(group=group)
    listed(ONE | {"slug": "other"})
    kept = Meeting.objects.get(slug="lamp")
    assert (kept.closed_at, kept.group, kept.source) == (None, group, None)


def test_an_entry_that_cannot_be_read_this_time_leaves_its_meeting_as_it_was(listed):
    listed(ONE)
    numbers = listed(ONE | {"time": "evening"}, ONE | {"slug": "other"})
    assert counts(numbers) == (1, 1, 0, 0, 1)
    assert numbers["unread_reasons"] == {"time not understood": 1}
    assert Meeting.objects.get(slug="lamp").closed_at is None


def test_a_dry_run_says_the_same_and_writes_nothing():
    dry = take(JUNE, dry_run=True)
    assert not Meeting.objects.exists()
    assert not Source.objects.exists()
    assert take(JUNE) == dry


@pytest.mark.parametrize("file", EVERY, ids=lambda file: file.stem)
def test_every_list_adds_up_and_has_a_place_in_time(file):
    numbers = take(file, zone="America/New_York")
    assert list(numbers) == KEYS
    entries = json.loads(file.read_text())
    entries = entries["meetings"] if isinstance(entries, dict) else entries
    assert numbers["entries"] == len(entries) == numbers["read"] + numbers["unread"]
    assert numbers["unread"] == sum(numbers["unread_reasons"].values())
    assert numbers["added"] == numbers["read"] == Listing.objects.count() > 0
    timed = Meeting.objects.exclude(starts_local=None).filter(on_hold=False)
    assert not timed.filter(next_ends_at=None).exists()
    assert not timed.filter(next_ends_at__lte=NOW).exists()
    assert counts(take(file, zone="America/New_York"))[1:4] == (0, 0, 0)


def test_the_zone_is_the_entrys_then_the_coordinates_then_the_given_one_and_else_it_is_unread(listed):
    spot = {"latitude": "53.55", "longitude": "-113.49"}  # Edmonton
    bare = {key: value for key, value in ONE.items() if key != "timezone"}
    entries = [ONE | spot | {"slug": "own"}, bare | spot | {"slug": "spot"}, bare | {"slug": "bare"}]
    numbers = listed(*entries)
    assert numbers["unread_reasons"] == {"no zone": 1}
    listed(*entries, zone="Asia/Tokyo")
    zones = dict(Meeting.objects.values_list("slug", "zone"))
    assert zones == {"own": "Europe/Berlin", "spot": "America/Edmonton", "bare": "Asia/Tokyo"}


def test_an_entry_without_a_name_is_unread_and_the_others_are_read(listed):
    numbers = listed({"slug": "x", "day": 1, "time": "19:00"}, ONE, 7, None)
    assert counts(numbers) == (1, 1, 0, 0, 3)
    assert numbers["unread_reasons"] == {"not an entry": 2, "no name": 1}


def test_the_days_of_one_meeting_are_one_meeting_counted_as_entries(listed):
    numbers = listed(ONE, ONE | {"slug": "lamp-2", "day": "3"}, ONE | {"slug": "lamp-3", "day": [5]})
    assert numbers["added"] == 3
    assert Meeting.objects.get().rrule == "FREQ=WEEKLY;BYDAY=MO,WE,FR"
    assert sorted(MeetingDay.objects.values_list("weekday", flat=True)) == [0, 2, 4]


def test_equal_slugs_of_different_meetings_lose_none(listed):
    numbers = listed(ONE, ONE | {"name": "Porch"}, ONE | {"slug": 6}, ONE | {"slug": "6", "name": "Six"})
    assert counts(numbers) == (4, 4, 0, 0, 0)
    assert counts(listed(ONE, ONE | {"name": "Porch"}, ONE | {"slug": 6}, ONE | {"slug": "6", "name": "Six"}))[1:] == (
        0, 0, 0, 0,
    )  # fmt: skip
    assert Meeting.objects.count() == 4


def test_two_lists_with_the_same_slugs_live_beside_each_other(listed):
    listed(ONE, source="north")
    listed(ONE | {"name": "South lamp"}, source="south")
    assert Meeting.objects.filter(closed_at=None).count() == 2


BAD = {
    "not JSON": (b"hello, this is a letter", "not JSON"),
    "cut off": (json.dumps([ONE, ONE]).encode()[:-20], "cut off"),
    "a web page": (b"<!doctype html><p>Hi", "web page"),
    "an empty list": (b"[]", "empty"),
    "an empty file": (b"", "empty"),
    "an object": (b'{"meetings": []}', "object"),
    "a list of numbers": (b"[1, 2, 3]", "not of meetings"),
    "text after the list": (json.dumps([ONE]).encode() + b"]]", "not JSON"),
    "no text at all": (b"\x00\x01\xff\xfe" * 9, "not JSON"),
    "UTF-16": (json.dumps([ONE]).encode("utf-16"), "UTF-16"),
    "latin-1": (json.dumps([ONE | {"name": "Café"}], ensure_ascii=False).encode("latin-1"), "not UTF-8"),
    "a packed file": (gzip.compress(json.dumps([ONE]).encode()), "packed"),
    "a comma too many": (json.dumps([ONE]).encode()[:-1] + b",]", "a comma"),
    "a number of JavaScript": (json.dumps([ONE | {"latitude": float("nan")}]).encode(), "NaN"),
    "a number without end": (
        json.dumps([ONE]).encode().replace(b'"day": 1', b'"day": 1e999'),
        "too large",
    ),
    "a list of products": (
        json.dumps([{"id": n, "name": f"Lamp {n}", "price": 9} for n in range(40)]).encode(),
        "a day",
    ),
    "a long list of products": (json.dumps([{"id": n, "name": "Lamp"} for n in range(2000)]).encode(), "a day"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_meeting_list_is_refused_in_one_line_and_nothing_is_written(what, tmp_path):
    content, word = BAD[what]
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        call_command("importmeetings", str(file), "--zone", "Europe/Berlin")
    said = str(refused.value)
    assert refused.value.returncode == 2
    assert word in said
    assert "\n" not in said
    assert said.endswith("Nothing was written.")
    assert not Meeting.objects.exists()
    assert not Source.objects.exists()


def test_a_list_that_breaks_off_leaves_what_was_imported_before_as_it_was(listed, tmp_path):
    listed(ONE)
    before = rows()
    (tmp_path / "list.json").write_bytes(json.dumps([ONE | {"name": "New"}] * 50).encode()[:-5])
    with pytest.raises(CommandError):
        call_command("importmeetings", str(tmp_path / "list.json"))
    assert rows() == before


def test_another_list_of_the_same_file_name_closes_nothing_until_it_is_meant(tmp_path):
    for town, slugs in {"north": "abcd", "south": "wxyz", "moved": "abce"}.items():
        (tmp_path / town).mkdir()
        (tmp_path / town / "list.json").write_text(json.dumps([ONE | {"slug": s, "name": s.upper()} for s in slugs]))
    zone = ("--zone", "Europe/Berlin")
    call_command("importmeetings", str(tmp_path / "north/list.json"), *zone)
    before = rows()
    with pytest.raises(CommandError, match=r"close 4 of its 4 entries: name this list with --source") as refused:
        call_command("importmeetings", str(tmp_path / "south/list.json"), *zone)
    assert refused.value.returncode == 2
    assert rows() == before
    call_command("importmeetings", str(tmp_path / "moved/list.json"), *zone)  # the same list, found elsewhere
    assert Meeting.objects.filter(closed_at=None).count() == 4
    call_command("importmeetings", str(tmp_path / "south/list.json"), "--source", "list", *zone)  # it is meant
    assert sorted(Meeting.objects.filter(closed_at=None).values_list("name", flat=True)) == list("WXYZ")


def test_a_missing_file_and_an_unknown_zone_are_refused(tmp_path):
    with pytest.raises(CommandError, match="There is no file") as missing:
        call_command("importmeetings", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="Mars/Olympus is not a time zone") as unknown:
        call_command("importmeetings", str(JUNE), "--zone", "Mars/Olympus")
    assert missing.value.returncode == unknown.value.returncode == 2
    assert not Meeting.objects.exists()


def test_an_address_that_nobody_answers_is_refused():
    with pytest.raises(CommandError, match="cannot be reached") as refused:
        call_command("importmeetings", "http://127.0.0.1:9/meetings.json")
    assert refused.value.returncode == 2


FIFTY_MB = {
    "numbers in lists": (b"[" + b"[1,2,3,4,5,6,7],", b"[0]]"),
    "objects that are no meetings": (b"[", b'{"a":1}]'),
    "one endless text": (b'[{"name":"', b'"}]'),
    "blanks": (b"[", b"]"),
}
FILLING = {
    "numbers in lists": b"[1,2,3,4,5,6,7],",
    "objects that are no meetings": b'{"colour":"red","size":3},',
    "one endless text": b"lamp ",
    "blanks": b"     ",
}


@pytest.mark.parametrize("what", FIFTY_MB)
def test_fifty_megabytes_of_something_else_are_refused_and_not_read_for_minutes(what, tmp_path):
    begins, ends = FIFTY_MB[what]
    filling = FILLING[what] * 10_000
    file = tmp_path / "big.json"
    with file.open("wb") as out:
        out.write(begins)
        while out.tell() < 50_000_000:
            out.write(filling)
        out.write(ends)
    busy = time.process_time()
    with pytest.raises(CommandError) as refused:
        call_command("importmeetings", str(file), "--zone", "Europe/Berlin")
    assert time.process_time() - busy < 60  # not minutes; of this process alone
    assert refused.value.returncode == 2
    assert not Meeting.objects.exists()


def test_from_the_shell_it_is_exit_2_and_one_line_without_a_traceback(tmp_path):
    """On a database that was never made: it is told before anything is opened."""
    file = tmp_path / "bad.json"
    file.write_text("{}")
    hidden = ("DATABASE_URL", "REDIS_URL", "PORCHLIGHT", "DJANGO")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        [sys.executable, "manage.py", "importmeetings", str(file), "--json"],
        cwd=ROOT,
        env=env | {"PORCHLIGHT_DATA": str(tmp_path / "data"), "PORCHLIGHT_DEV": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "JSON object" in done.stderr
    assert done.stdout == ""
