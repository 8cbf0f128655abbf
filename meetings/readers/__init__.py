"""Every form in which meeting lists come, told apart by what is in them, never by a name or an ending.

A list may be several files: the pages of one answer, and beside a BMLT answer its formats, service bodies and server
info, beside online meetings their groups. No Django, no database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from meetings import feed, guide
from meetings.feed import NotAList, OnBytes
from meetings.guide import Entry, Unread
from meetings.readers import bmlt, oiaa, table

GUIDE, TABLE, BMLT, OIAA = "guide", "table", "bmlt", "oiaa"  # lists of meetings
FORMATS, BODIES, SERVER, GROUPS = "formats", "bodies", "server", "groups"  # what lies beside them
BESIDE = {
    FORMATS: _("This is the list of a server's formats: import it together with the meetings (GetSearchResults)."),
    BODIES: _("These are a server's service bodies: import them together with the meetings (GetSearchResults)."),
    SERVER: _("This is what a server says of itself: import it together with the meetings (GetSearchResults)."),
    GROUPS: _("These are groups, not meetings: import them together with the meetings."),
}
LETS_GO = {bmlt.NOT_PUBLISHED, oiaa.ARCHIVED}  # said by the list itself: such an entry is as good as not there
READ_BY = 3  # raise it when the readers learn to understand entries otherwise: everything is read anew once
LOOKED_AT = 20  # elements: the first may be rubbish
MOST_BESIDE = 20_000  # formats, service bodies or groups of one list
CARRIES = {
    GUIDE: frozenset(guide.EXTRA), TABLE: frozenset(guide.EXTRA), OIAA: oiaa.CARRIES, BMLT: bmlt.CARRIES,
}  # fmt: skip


@dataclass(slots=True)
class _Given:
    """One file, and what it is. `within`: the meetings stand under this key of an object."""

    path: Path
    kind: str
    within: str = ""


@dataclass(slots=True)
class MeetingList:
    """A list that was opened. `carries`: the keys of Entry.extra that this form has a place for.

    `by_id`: an entry is known by an id of its server, so that the same one on two pages is one. `about` is what lies
    beside the meetings, as given.
    """

    kind: str
    given: list[_Given]
    most_bytes: int
    server: bmlt.Server = field(default_factory=bmlt.Server)
    groups: oiaa.Groups = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def carries(self) -> frozenset[str]:
        return CARRIES[self.kind]

    @property
    def by_id(self) -> bool:
        return self.kind in {BMLT, OIAA}

    def elements(self, on_bytes: OnBytes | None = None) -> Iterator[Any]:
        """All entries as they are written. Raises NotAList where it breaks off."""
        for one in self.given:
            yield from self._elements(one, on_bytes)

    def context(self) -> list[Any]:
        """Whatever an entry's meaning hangs on besides the entry itself."""
        return [READ_BY, self.kind, self.about, sorted(self.groups.items()), self.server.usual_minutes]

    def _elements(self, one: _Given, on_bytes: OnBytes | None) -> Iterator[Any]:
        if one.kind == TABLE:
            return table.rows(one.path, on_bytes=on_bytes, most_bytes=self.most_bytes)
        # one empty page among several is no empty list
        alone = len(self.given) == 1
        return feed.elements(one.path, within=one.within, on_bytes=on_bytes, most_bytes=self.most_bytes, meetings=alone)

    def read(self, raw: object) -> Entry | Unread:
        """Understand one of the elements, or say why not. Never raises."""
        if self.kind == BMLT:
            return bmlt.read(raw, self.server)
        if self.kind == OIAA:
            return oiaa.read(raw, self.groups)
        return guide.read(raw)


def open_lists(paths: Sequence[Path], *, most_bytes: int = feed.MOST_BYTES) -> MeetingList:
    """What these files are together. Raises NotAList, in one sentence, when they are no list of meetings."""
    given = [_looked_at(path, most_bytes) for path in paths]
    meetings = [one for one in given if one.kind not in BESIDE]
    if not meetings:
        raise NotAList(BESIDE[given[0].kind] if given else _("There is nothing to import."))
    kinds = {one.kind for one in meetings}
    if kinds == {TABLE}:
        kinds = {BMLT} if _is_bmlt_table(meetings[0]) else kinds
    if len(kinds) > 1:
        raise NotAList(_("These are lists of several kinds: import each under a name of its own."))
    found = MeetingList(kinds.pop(), meetings, most_bytes)
    for one in given:
        _learn(found, one, most_bytes)
    return found


def _learn(found: MeetingList, one: _Given, most_bytes: int) -> None:
    """Take in what lies beside the meetings."""
    inside = one.kind == BMLT and one.within
    if one.kind not in BESIDE and not inside:
        return
    key = FORMATS if inside or one.within else ""
    elements = feed.elements(one.path, within=key, most_bytes=most_bytes, meetings=False)
    rows = list(islice((row for row in elements if isinstance(row, dict)), MOST_BESIDE))
    if one.kind in {FORMATS, BMLT}:
        found.server.learn_formats(rows)
        found.about["formats"] = [*found.about.get("formats", []), *rows]
    elif one.kind == BODIES:
        found.server.learn_bodies(rows)
        found.about["service_bodies"] = rows
    elif one.kind == SERVER:
        found.server.learn_itself(rows)
    elif one.kind == GROUPS:
        found.groups |= oiaa.groups_of(rows)


def _is_bmlt_table(one: _Given) -> bool:
    row = next(table.rows(one.path, on_bytes=None, most_bytes=feed.MOST_BYTES), {})
    return "id_bigint" in row


def _looked_at(path: Path, most_bytes: int) -> _Given:
    with feed.open_file(path) as raw:
        head = raw.read(feed.CHUNK)
    start = feed.refuse_others(head)
    if start[:1] == b"{":
        return _an_object(path, start, most_bytes)
    if start[:1] != b"[" and table.is_table(head):
        return _Given(path, TABLE)
    feed.refuse_early(head)
    found = feed.elements(path, most_bytes=most_bytes, meetings=False)
    try:
        first = [row for row in islice(found, LOOKED_AT) if isinstance(row, dict)]
    except Exception:  # noqa: BLE001  (whatever breaks here breaks again, and is told, when the list is read)
        first = []
    finally:
        found.close()  # type: ignore[attr-defined]
    return _Given(path, next((kind for row in first if (kind := _kind_of(row))), GUIDE))


def _kind_of(row: dict[str, Any]) -> str:
    """What a list is that holds this element; empty when it does not say."""
    signs = (
        (BMLT, ("id_bigint", "meeting_name")),
        (FORMATS, ("key_string", "name_string")),
        (SERVER, ("versionInt", "available_keys")),
        (BODIES, ("parent_id", "type", "world_id")),
        (GROUPS, ("_id", "recordID")),
        (OIAA, ("_id", "groupID", "slug")),
    )
    return next((kind for kind, keys in signs if all(key in row for key in keys)), GUIDE if "name" in row else "")


def _an_object(path: Path, start: bytes, most_bytes: int) -> _Given:
    """A BMLT answer with used formats is an object of two lists; every other object is no list."""
    for key, kind in (("meetings", BMLT), ("formats", FORMATS)):
        if b'"' + key.encode() + b'"' not in start[: feed.CHUNK]:
            continue
        try:
            rows = list(islice(feed.elements(path, within=key, most_bytes=most_bytes, meetings=False), 1))
        except Exception:  # noqa: BLE001  (told when the list is read)
            rows = []
        if rows and isinstance(rows[0], dict) and _kind_of(rows[0]) == kind:
            return _Given(path, kind, within=key)
    feed.refuse_early(start)
    raise AssertionError  # an object is refused above
