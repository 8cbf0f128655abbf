"""The sorting table of an import: what the list says and what is known of it, side by side in a file of its own.

A list of 200,000 entries would not fit into a small machine's memory as objects, so both lie in a temporary SQLite
file, and what belongs together is found by the database. Nothing here reads or writes the site's own tables.
"""

import pickle
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Self

from meetings.guide import Entry, Unread

NUMBERED = re.compile(r"^(.+)(-\d{1,3})$")
PUT_AT_ONCE = 1000
TABLES = """
CREATE TABLE entry (
  n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, slug TEXT NOT NULL, core TEXT NOT NULL, digest TEXT NOT NULL,
  days TEXT NOT NULL, raw TEXT NOT NULL, body BLOB NOT NULL, leader TEXT
);
CREATE TABLE read (
  raw TEXT PRIMARY KEY, slug TEXT NOT NULL, core TEXT NOT NULL, digest TEXT NOT NULL, days TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX entry_leader ON entry (leader);
CREATE TABLE unread (slug TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE turn (slug TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alias (slug TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE known (
  key TEXT PRIMARY KEY, slug TEXT NOT NULL, pk INTEGER NOT NULL, meeting INTEGER NOT NULL, digest TEXT NOT NULL,
  days TEXT NOT NULL, gone INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX known_meeting ON known (meeting);
"""
SORTED = """
-- entries that could not be read this time leave their days as they were
CREATE TABLE kept AS
  SELECT meeting, group_concat(days, '') AS days FROM known
  WHERE NOT gone AND key NOT IN (SELECT key FROM entry) AND slug IN (SELECT slug FROM unread) GROUP BY meeting;
CREATE INDEX kept_meeting ON kept (meeting);
CREATE TABLE lost AS
  SELECT key, meeting, days FROM known
  WHERE NOT gone AND key NOT IN (SELECT key FROM entry) AND slug NOT IN (SELECT slug FROM unread);
CREATE INDEX lost_meeting ON lost (meeting);
-- the shortest key leads its meeting: `slug` before `slug-2`; what reads otherwise goes its own way
CREATE TABLE lead AS
  SELECT e.key AS key, k.meeting AS meeting,
    first_value(e.key) OVER (PARTITION BY k.meeting, e.core ORDER BY length(e.key), e.key) AS leader,
    first_value(e.key) OVER (PARTITION BY k.meeting ORDER BY length(e.key), e.key) AS first
  FROM entry e JOIN known k ON k.key = e.key;
CREATE INDEX lead_key ON lead (key);
UPDATE entry SET leader = (SELECT leader FROM lead WHERE lead.key = entry.key);
CREATE TABLE fresh AS SELECT key, slug, core FROM entry WHERE leader IS NULL ORDER BY length(key), key;
"""
GROUPED = """
CREATE TABLE series AS
  SELECT e.leader AS leader, min(e.n) AS n, count(*) AS entries,
    (SELECT l.meeting FROM lead l WHERE l.key = e.leader AND l.first = e.leader) AS meeting,
    sum(k.key IS NULL OR k.gone OR k.digest <> e.digest) AS differing
  FROM entry e LEFT JOIN known k ON k.key = e.key GROUP BY e.leader;
CREATE INDEX series_meeting ON series (meeting);
CREATE TABLE touched (n INTEGER PRIMARY KEY, leader TEXT NOT NULL, meeting INTEGER);
INSERT INTO touched
  SELECT n, leader, meeting FROM series s
  WHERE meeting IS NULL OR differing > 0 OR meeting IN (SELECT meeting FROM lost)
    OR entries <> (
      SELECT count(*) FROM known k JOIN entry e ON e.key = k.key WHERE k.meeting = s.meeting AND NOT k.gone
    );
"""


@dataclass(slots=True)
class Member:
    """One entry of a meeting; the rest is how it was known before: nothing of it for a new one."""

    key: str
    name: str
    core: str
    digest: str
    days: str
    raw: str
    pk: int | None
    was_digest: str
    was_days: str
    gone: bool
    was_meeting: int | None


@dataclass(slots=True)
class Series:
    """The entries that make one meeting. `entry`, the leader's, gives the columns; `meeting` is None for a new one.

    `kept_days` are of entries that could not be read this time, `before` of all that were listed until now; None
    when none was.
    """

    leader: str
    meeting: int | None
    entry: Entry
    members: list[Member] = field(default_factory=list)
    confirmed_on: date | None = None
    kept_days: str = ""
    before: str | None = None

    @property
    def days(self) -> set[int]:
        return {int(day) for one in self.members for day in one.days} | {int(day) for day in self.kept_days}


class Sorting:
    """The table. A context manager: its file goes with it. `understand` reads an element again, if it is needed."""

    def __init__(self, understand: Callable[[object], Entry | Unread]) -> None:
        self._understand = understand
        self._folder = tempfile.TemporaryDirectory(prefix="import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "sorting.sqlite3", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;" + TABLES)
        self._waiting: list[tuple[Any, ...]] = []
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    # --- filling

    def put_read(self, rows: Iterable[tuple[str, str, str, str, str]]) -> None:
        """(raw, slug, core, digest, days) of entries that were read before: those equal to them need not be again."""
        self._db.executemany("INSERT OR IGNORE INTO read VALUES (?, ?, ?, ?, ?)", rows)

    def put_again(self, raw: str, element: object, *, by_id: bool) -> bool:
        """Lay an element on the table that was read before. False: it was not."""
        found = self._db.execute("SELECT slug, core, digest, days FROM read WHERE raw = ?", (raw,)).fetchone()
        if found is not None:
            slug, core, digest, days = found
            self._put(slug, core, digest, days, raw, element, by_id=by_id)
        return found is not None

    def put(self, entry: Entry, raw: str, *, by_id: bool) -> None:
        """Lay an entry on the table."""
        days = "".join(map(str, entry.days))
        self._put(entry.slug, entry.core(), entry.digest(), days, raw, entry, by_id=by_id)

    def _put(self, slug: str, core: str, digest: str, days: str, raw: str, body: object, *, by_id: bool) -> None:
        """An equal slug is told apart by its turn, where slugs are no ids of a server."""
        key = slug
        turn = self._db.execute(
            "INSERT INTO turn VALUES (?, 1) ON CONFLICT DO UPDATE SET number = number + 1 RETURNING number", (key,)
        ).fetchone()[0]
        if turn > 1:
            if by_id:
                return
            key = f"{key}#{turn}"
        packed = pickle.dumps(body, protocol=pickle.HIGHEST_PROTOCOL)
        self._waiting.append((key, slug, core, digest, days, raw, packed))
        if len(self._waiting) >= PUT_AT_ONCE:
            self._flush()

    def put_unread(self, slug: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO unread VALUES (?)", (slug,))

    def _flush(self) -> None:
        # a key that is there already (`x#2` written as a slug) is left out: it would be the same entry twice
        self._db.executemany(
            "INSERT OR IGNORE INTO entry (key, slug, core, digest, days, raw, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            self._waiting,
        )
        self._waiting.clear()

    def put_known(self, rows: Iterable[tuple[str, int, int, str, str, bool]]) -> None:
        """(key, pk, meeting, digest, days, gone) of every entry known so far."""
        self._flush()
        self._db.executemany(
            "INSERT INTO known (key, slug, pk, meeting, digest, days, gone) VALUES (?1, ?7, ?2, ?3, ?4, ?5, ?6)",
            ((*row, row[0].partition("#")[0]) for row in rows),
        )

    def put_aliases(self, rows: Iterable[tuple[str, str]]) -> None:
        """(slug that we gave a meeting, its key in the list): our own feed is known again when it comes back."""
        self._db.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", rows)
        unknown = self._db.execute("SELECT key, slug FROM entry WHERE key NOT IN (SELECT key FROM known)").fetchall()
        for key, slug in unknown:
            name = self._named(slug)
            if name and not self._db.execute("SELECT 1 FROM entry WHERE key = ?", (name,)).fetchone():
                self._db.execute("UPDATE entry SET key = ?1, slug = ?1 WHERE key = ?2", (name, key))

    def _named(self, slug: str) -> str:
        numbered = NUMBERED.match(slug)
        for base, turn in ((slug, ""), numbered.groups() if numbered else ("", "")):
            if found := self._db.execute("SELECT key FROM alias WHERE slug = ?", (base,)).fetchone():
                return f"{found[0]}{turn}"
        return ""

    # --- sorting

    def sort(self) -> None:
        """Find what belongs together and what differs. Everything must lie on the table."""
        self._db.executescript("BEGIN;" + SORTED)  # commits what was open
        for key, slug, core in self._pages("SELECT rowid, key, slug, core FROM fresh WHERE rowid > ? ORDER BY rowid"):
            self._db.execute("UPDATE entry SET leader = ? WHERE key = ?", (self._leader(key, slug, core), key))
        self._db.executescript(GROUPED)

    def _leader(self, key: str, slug: str, core: str) -> str:
        """`slug` again, and `slug-2`, join `slug` if only the day differs; shorter keys have found theirs already."""
        candidates = [slug] if key != slug else []
        if numbered := NUMBERED.match(slug):
            candidates.append(numbered[1])
        for base in candidates:
            other = self._db.execute("SELECT leader FROM entry WHERE key = ? AND core = ?", (base, core)).fetchone()
            if other is not None and base != key:
                return str(other[0] or key)
        return key

    def _pages(self, query: str, most: int = 500) -> Iterator[tuple[Any, ...]]:
        """Rows of a query whose first column is its place, read page by page, without it."""
        after = -1
        while rows := self._db.execute(f"{query} LIMIT {most}", (after,)).fetchall():
            after = rows[-1][0]
            yield from (row[1:] for row in rows)

    # --- what came of it

    def has(self, key: str) -> bool:
        """Whether the list has an entry of this key."""
        return self._db.execute("SELECT 1 FROM entry WHERE key = ?", (key,)).fetchone() is not None

    def live(self) -> int:
        """Entries that were listed until now."""
        return int(self._db.execute("SELECT count(*) FROM known WHERE NOT gone").fetchone()[0])

    def losing(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM lost").fetchone()[0])

    def quiet(self) -> bool:
        """Whether the list says nothing that is not known."""
        return not self._db.execute("SELECT EXISTS (SELECT 1 FROM touched) OR EXISTS (SELECT 1 FROM lost)").fetchone()[
            0
        ]

    def lost(self) -> Iterator[tuple[str, int, bool, bool]]:
        """(key, meeting, whether the meeting is held by other entries, whether its days are still said by them)."""
        query = """
          SELECT l.rowid, l.key, l.meeting, l.days,
            EXISTS (SELECT 1 FROM series s WHERE s.meeting = l.meeting),
            coalesce((SELECT group_concat(e.days, '') FROM series s JOIN entry e ON e.leader = s.leader
              WHERE s.meeting = l.meeting), ''),
            (SELECT days FROM kept WHERE kept.meeting = l.meeting)
          FROM lost l WHERE l.rowid > ? ORDER BY l.rowid"""
        for key, meeting, days, held, said, kept in self._pages(query):
            yield key, meeting, bool(held) or kept is not None, bool(held) and set(days) <= set(said + (kept or ""))

    def batches(self, size: int, *, new: bool) -> Iterator[list[Series]]:
        """The meetings for which anything differs from what is known, `size` at a time; those alike are not loaded."""
        sign = "IS" if new else "IS NOT"
        query = f"SELECT n, leader, meeting FROM touched WHERE n > ? AND meeting {sign} NULL ORDER BY n"  # noqa: S608
        rows = self._pages(query, size)
        while batch := list(islice(rows, size)):
            yield self._loaded(batch)

    def _loaded(self, batch: list[tuple[str, int | None]]) -> list[Series]:
        found: dict[str, Series] = {}
        marks = ",".join("?" * len(batch))
        query = (
            "SELECT e.leader, e.key, e.core, e.digest, e.days, e.raw, e.body, k.pk, k.digest, k.days, k.gone, k.meeting"
            " FROM entry e LEFT JOIN known k ON k.key = e.key"
            " WHERE e.leader IN (MARKS) ORDER BY e.key = e.leader DESC, e.n"
        ).replace("MARKS", marks)
        rows = self._db.execute(query, [leader for leader, _ in batch])
        meeting_of = dict(batch)
        for leader, key, core, digest, days, raw, body, pk, was_digest, was_days, gone, was_meeting in rows:
            entry = self._entry(body)
            if key == leader:
                found[leader] = Series(leader, meeting_of[leader], entry)
            one = found[leader]
            one.members.append(
                Member(
                    key,
                    entry.name,
                    core,
                    digest,
                    days,
                    raw,
                    pk,
                    was_digest or "",
                    was_days or "",
                    bool(gone),
                    was_meeting,
                )
            )
            if entry.confirmed_on and (one.confirmed_on is None or entry.confirmed_on > one.confirmed_on):
                one.confirmed_on = entry.confirmed_on
        for one in found.values():
            if one.meeting is not None:
                one.kept_days = self._days("kept", one.meeting) or ""
                one.before = self._days("known", one.meeting)
        return [found[leader] for leader, _ in batch]

    def _entry(self, body: bytes) -> Entry:
        """The entry; one that was read before lies here as it was written."""
        found = pickle.loads(body)  # noqa: S301  (only what this process wrote)
        if not isinstance(found, Entry):
            found = self._understand(found)
        assert isinstance(found, Entry)
        return found

    def _days(self, table: str, meeting: int) -> str | None:
        """All weekdays that one of the tables has of a meeting's listed entries; None when it has none of them."""
        listed = " AND NOT gone" if table == "known" else ""
        query = f"SELECT group_concat(days, '') FROM {table} WHERE meeting = ?{listed}"  # noqa: S608
        days: str | None = self._db.execute(query, (meeting,)).fetchone()[0]
        return days
