"""Reads the online meetings of the Online Intergroup of AA as its directory keeps them, with their groups.

Near to the Meeting Guide, but days count from Monday = 1 to Sunday = 7, the length is `duration` in minutes, a group
is named by its id, and languages have fields of their own. No Django, no database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from meetings import guide
from meetings.guide import Entry, Unread
from meetings.guide_text import is_empty, line, text, written
from meetings.guide_times import BAD_DAY

ARCHIVED = "archived"
CARRIES = frozenset(guide.EXTRA)
LANGUAGES = {
    "af": "AF", "am": "AM", "ar": "AR", "bg": "BG", "da": "DA", "de": "DE", "el": "EL", "en": "EN", "fa": "FA",
    "fi": "FI", "fr": "FR", "he": "HE", "hi": "HI", "hr": "HR", "hu": "HU", "is": "IS", "it": "ITA", "ja": "JA",
    "ka": "KA", "ko": "KOR", "lt": "LT", "ml": "ML", "mt": "MT", "ne": "NE", "nl": "NL", "no": "NO", "nb": "NO",
    "pa": "PUN", "pl": "POL", "pt": "POR", "ru": "RUS", "es": "S", "sk": "SK", "sl": "SL", "sv": "SV", "th": "TH",
    "tl": "TL", "tr": "TUR", "uk": "UK",
}  # fmt: skip
GROUP = {"name": "group", "notes": "group_notes", "email": "email", "website": "website", "phone": "phone"}
Groups = dict[str, dict[str, str]]


def groups_of(rows: Iterable[object]) -> Groups:
    """What a list of groups says of each, by id, under the Meeting Guide's names."""
    found: Groups = {}
    for row in rows:
        if isinstance(row, Mapping) and (ident := id_of(row.get("_id"))):
            found[ident] = {ours: value for theirs, ours in GROUP.items() if (value := text(row.get(theirs)))}
    return found


def id_of(value: object) -> str:
    """An id of the directory: `{"$oid": …}` or plain text."""
    return line(value.get("$oid") if isinstance(value, Mapping) else value, 60)


def read(raw: object, groups: Groups) -> Entry | Unread:
    """Understand one meeting of the directory. Never raises, whatever it is."""
    if not isinstance(raw, Mapping):
        return Unread(guide.NOT_AN_ENTRY, label=written(raw)[:60])
    if raw.get("archived") is True:
        return Unread(ARCHIVED, label=line(raw.get("name"), 255), slug=line(raw.get("slug"), 200))
    day = _day(raw.get("day"))
    if day is None:
        return Unread(BAD_DAY, label=line(raw.get("name"), 255), slug=line(raw.get("slug"), 200))
    changed = raw.get("updatedAt")
    told: dict[str, Any] = {
        **raw,
        **groups.get(id_of(raw.get("groupID")), {}),
        "day": day,
        "types": _types(raw),
        "updated": changed.get("$date") if isinstance(changed, Mapping) else changed,
        "attendance_option": "online",
    }
    found = guide.read(told)
    return replace(found, fellowship="AA") if isinstance(found, Entry) else found  # the directory of that fellowship


def _day(value: object) -> object:
    """Their weekday as the Meeting Guide counts it (0 = Sunday); None when it is none. Empty stays empty."""
    if is_empty(value):
        return ""
    given = written(value).strip()
    return int(given) % 7 if given in {"1", "2", "3", "4", "5", "6", "7"} else None


def _types(raw: Mapping[str, Any]) -> list[Any]:
    codes, languages = raw.get("types"), raw.get("languages")
    spoken = [written(one).strip().lower()[:2] for one in languages] if isinstance(languages, list) else []
    return [*(codes if isinstance(codes, list) else []), *(LANGUAGES[one] for one in spoken if one in LANGUAGES)]
