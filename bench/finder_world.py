"""A world of meetings for the finder's bench: real lists, copied to the towns of the world. The seed is fixed.

Each copy takes one list (with the distances between its meetings) to a town chosen by its size, with the town's zone
and name. Some of the copies are held in another language, as the list of their town would be.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median

from django.db import transaction

from meetings import guide
from meetings.guide import Entry
from meetings.models import Meeting, MeetingDay
from meetings.places import City
from meetings.services.bulk import rows_insert
from meetings.services.import_rows import folded_of, values_of
from meetings.services.upcoming import days_for, upcoming_set
from meetings.town_table import TABLE

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "feeds"
SHARED_NAMES = (
    "mg_philadelphia_2021-10.json",
    "mg_orange-county-ca_2023-08.json",
    "mg_sf-marin_tz.json",
    "mg_edmonton-ca_2022.json",
)
HERE_NAMES = ("philadelphia-2021-10.json", "orange-county-2023.json", "sf-marin.json", "edmonton-2022.json")
SEED = 20261128
BY_COUNTRY = {"DE": "DE", "FR": "FR", "ES": "S", "MX": "S", "CO": "S", "AR": "S", "IT": "ITA", "PL": "POL", "RU": "RUS"}
BY_COUNTRY |= {"BR": "POR", "JP": "JA", "SE": "SV", "IR": "FA", "IN": "HI", "TR": "TUR", "NL": "NL", "FI": "FI"}
FELLOWSHIPS = ("AA",) * 6 + ("NA",) * 3 + ("OA", "GA", "ACA", "CODA", "AL-ANON", "MARA")


def lists() -> list[list[Entry]]:
    """The entries of the real lists that can be read and have a place or a way in online."""
    paths = [SHARED / name for name in SHARED_NAMES if (SHARED / name).exists()]
    paths = paths or [ROOT / "tests" / "feeds" / name for name in HERE_NAMES]
    found = []
    for path in paths:
        entries = [guide.read(raw) for raw in json.loads(path.read_text())]
        found.append([entry for entry in entries if isinstance(entry, Entry) and not entry.on_hold])
    return found


def cities() -> list[City]:
    """Towns of 50,000 people or more."""
    rows = sqlite3.connect(f"file:{TABLE}?mode=ro", uri=True).execute(
        "SELECT c.name, '', '', l.name, l.code, c.lat, c.lon, z.name, c.people FROM city c"
        " JOIN country l ON l.id = c.country JOIN zone z ON z.id = c.zone WHERE c.people >= 50000 ORDER BY c.id"
    )
    return [City(n, r, rc, c, cc, lat / 1000, lon / 1000, z, p) for n, r, rc, c, cc, lat, lon, z, p in rows]


def copies(count: int, towns: list[City]) -> Iterator[tuple[Entry, City, str]]:
    """(entry as its town's list would have it, the town, fellowship) until there are `count`."""
    chance = random.Random(SEED)
    of_lists = lists()
    weights = [town.people for town in towns]
    made = 0
    while True:
        town = chance.choices(towns, weights)[0]
        entries = chance.choice(of_lists)
        entries = chance.sample(entries, min(len(entries), max(20, min(1500, town.people // 1500))))
        spots = [(e.latitude, e.longitude) for e in entries if e.latitude is not None and e.longitude is not None]
        middle = (median(lat for lat, _lon in spots), median(lon for _lat, lon in spots)) if spots else (0.0, 0.0)
        language = BY_COUNTRY.get(town.country_code) if chance.random() < 0.7 else None
        fellowship = chance.choice(FELLOWSHIPS)
        for entry in entries:
            yield _moved(entry, town, middle, language), town, fellowship
            made += 1
            if made == count:
                return


def _moved(entry: Entry, town: City, middle: tuple[float, float], language: str | None) -> Entry:
    latitude = longitude = None
    if entry.latitude is not None and entry.longitude is not None:
        latitude = max(-85.0, min(85.0, town.latitude + entry.latitude - middle[0]))
        longitude = (town.longitude + entry.longitude - middle[1] + 540) % 360 - 180
    return replace(
        entry,
        zone=town.zone,
        address=f"{entry.address.split(',')[0]}, {town.name}, {town.country}"[:255],
        region=town.name[:120],
        latitude=latitude,
        longitude=longitude,
        types=(*entry.types, language) if language and language not in entry.types else entry.types,
    )


def grow(count: int, now: datetime) -> None:
    """Write the world into the database."""
    batch: list[Meeting] = []
    for number, (entry, _town, fellowship) in enumerate(copies(count, cities())):
        values = values_of(entry, entry.days, entry.confirmed_on)
        meeting = Meeting(slug=f"m-{number}", created_at=now, fellowship=fellowship, **values)
        meeting.folded = folded_of(meeting)
        batch.append(meeting)
        if len(batch) == 1000:
            _write(batch, now)
            batch = []
    _write(batch, now)


def _write(batch: list[Meeting], now: datetime) -> None:
    days: list[MeetingDay] = []
    for meeting in batch:
        own = days_for(meeting)
        upcoming_set(meeting, own, now=now)
        days += own
    with transaction.atomic():
        rows_insert(batch, numbered=True)
        for day in days:
            day.meeting_id = day.meeting.pk
        rows_insert(days)
