"""What we publish comes back without a difference: the contract of docs/finder.md, for every list we have."""

import json
from pathlib import Path

import pytest
from django.db.models import Count

from meetings.guide import EXTRA
from meetings.guide_slugs import slug_out
from meetings.models import Meeting
from meetings.services.imports import feed_import
from tests.conftest import FULL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
FEEDS = Path(__file__).resolve().parents[1] / "feeds"
WHOLE = Path(__file__).resolve().parents[3] / "shared" / "feeds"
BESIDE = {
    "bmlt-newyork": ["bmlt-newyork-formats.json", "bmlt-newyork-bodies.json"],
    "bmlt_newyork_GetSearchResults": ["bmlt_newyork_GetFormats_en-fr-es-sv.json", "bmlt_newyork_GetServiceBodies.json"],
    "oiaa-online": ["oiaa-groups.json"],
    "oiaa_online_meetings_22tz": ["oiaa_online_groups.json"],
}
SIDES = {name for names in BESIDE.values() for name in names} | {
    "bmlt_yap_GetFormats_en.json",
    "bmlt_yap_server-info.json",
}
LISTS = [
    file
    for folder in ([FEEDS, WHOLE] if FULL else [FEEDS])  # the whole lists are long
    if folder.is_dir()
    for file in sorted(folder.glob("*.json"))
    if file.name not in SIDES
]


def with_what_lies_beside(file):
    return [str(file), *(str(file.with_name(name)) for name in BESIDE.get(file.stem, []))]


def published():
    """Our meetings as the contract says, by its letter; the feed itself is tested where it is written."""
    taken = set(Meeting.objects.values_list("slug", flat=True))
    for meeting in Meeting.objects.filter(closed_at=None).order_by("pk").annotate(held=Count("days")):
        entry = {
            "name": meeting.name,
            "timezone": meeting.zone,
            "attendance_option": "inactive" if meeting.on_hold else meeting.mode,
            "approximate": "yes" if meeting.approximate else "no",
            "formatted_address": meeting.address,
            "location": meeting.place,
            "regions": meeting.region.split(", ") if meeting.region else [],
            "types": meeting.types,
            "notes": meeting.notes,
            "conference_url": meeting.conference_url,
            "conference_phone": meeting.conference_phone,
            "conference_url_notes": meeting.conference_notes,
            **{key: value for key, value in meeting.extra.items() if key in EXTRA},
        }
        if meeting.latitude is not None:
            entry |= {"latitude": meeting.latitude, "longitude": meeting.longitude}
        if meeting.confirmed_on:
            entry["last_contact"] = meeting.confirmed_on.isoformat()
        days = sorted(day.weekday for day in meeting.days.all())
        if not days:
            yield entry | {"slug": slug_out(meeting.slug)}
        turn = 0
        for day in days:
            turn += 1
            while turn > 1 and slug_out(meeting.slug, turn) in taken:
                turn += 1
            start = meeting.starts_local.hour * 60 + meeting.starts_local.minute
            end = (start + meeting.minutes) % (24 * 60)
            yield entry | {
                "slug": slug_out(meeting.slug, turn),
                "day": (day + 1) % 7,
                "time": f"{start // 60:02}:{start % 60:02}",
                "end_time": f"{end // 60:02}:{end % 60:02}",
                "duration": meeting.minutes,
            }


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_our_feed_of_a_list_is_read_back_as_that_list_without_a_difference(file, tmp_path):
    first = feed_import(address=with_what_lies_beside(file), zone="America/New_York", name="office")
    assert first.read + first.unread == first.entries
    assert first.added == first.read > 0
    out = tmp_path / "ours.json"
    out.write_text(json.dumps(list(published())))
    back = feed_import(address=str(out), name="office", dry_run=True)
    assert (back.changed_entries, back.added_entries, back.removed_entries) == ([], [], [])
    assert (back.added, back.changed, back.removed, back.unread) == (0, 0, 0, 0)
    feed_import(address=str(out), name="office")
    again = feed_import(address=with_what_lies_beside(file), zone="America/New_York", name="office", dry_run=True)
    assert (again.changed_entries, again.added_entries, again.removed_entries) == ([], [], [])
