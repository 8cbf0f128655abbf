"""The formats of our BMLT endpoint: those of a BMLT server as it comes, and the Meeting Guide types it has no word for.

Ids are this server's own, as everywhere in that world; what a format means is told by its world_id.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from meetings.guide import HYBRID, ONLINE
from meetings.guide_text import line
from meetings.guide_types import TYPES
from meetings.out.bmlt_names import NAMES
from meetings.out.public import Public

LANGUAGE = "en"
LISTS_IDS = 100_000  # of a list's own formats: so many times its id, and theirs
OWN_IDS = 1000  # ids from here on are Meeting Guide types without a counterpart
NUMBER = re.compile(r"[0-9]{1,5}")  # of a format in a list: below LISTS_IDS
CODE = re.compile(r"[a-z]{2,3}")
Told = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Format:
    """`kind`: FC1 of the meeting, FC2 of the place, FC3 of people and needs, O open or closed, LANG.

    `lang` is the language of `name`; `names` are those in other languages; `described` says more by language, where a
    list does; `code` our type that it stands for.
    """

    id: int
    key: str
    world: str
    kind: str
    name: str
    lang: str = LANGUAGE
    names: tuple[tuple[str, str], ...] = ()
    code: str = ""
    described: tuple[tuple[str, str], ...] = ()

    def records(self, root: str, languages: Iterable[str], told: Told) -> list[dict[str, str]]:
        """One for each of these languages that has a name for it; where none has, in its own: it is never left out.

        `told` knows the names of our types by language and code.
        """
        names = {self.lang: self.name} | dict(self.names)
        wanted = dict.fromkeys(languages)
        known = [(one, names.get(one) or (told(one, self.code) if self.code else "")) for one in wanted]
        known = [(one, name) for one, name in known if name] or [(self.lang, self.name)]
        return [self._record(root, language, name) for language, name in known]

    def _record(self, root: str, language: str, name: str) -> dict[str, str]:
        return {
            "key_string": self.key,
            "name_string": name,
            "description_string": dict(self.described).get(language, name),
            "lang": language,
            "id": str(self.id),
            "world_id": self.world,
            "format_type_enum": self.kind,
            "root_server_uri": root,
        }


USUAL = (
    (1, "B", "BEG", "FC3", "Beginners"), (2, "BL", "LANG", "LANG", "Bi-Lingual"), (3, "BT", "BT", "FC1", "Basic Text"),
    (4, "C", "CLOSED", "O", "Closed"), (5, "CH", "CH", "FC3", "Closed Holidays"),
    (6, "CL", "CAN", "FC2", "Candlelight"),
    (7, "CS", "", "FC3", "Children under Supervision"), (8, "D", "DISC", "FC1", "Discussion"),
    (9, "ES", "LANG", "LANG", "Español"), (10, "GL", "GL", "FC3", "Gay/Lesbian/Transgender"),
    (11, "IL", "", "FC1", "Illness"), (12, "IP", "IP", "FC1", "Informational Pamphlet"),
    (13, "IW", "IW", "FC1", "It Works -How and Why"), (14, "JT", "JFT", "FC1", "Just for Today"),
    (15, "M", "M", "FC3", "Men"), (16, "NC", "NC", "FC3", "No Children"), (17, "O", "OPEN", "O", "Open"),
    (18, "Pi", "", "FC1", "Pitch"), (19, "RF", "VAR", "FC1", "Rotating Format"), (20, "Rr", "", "FC1", "Round Robin"),
    (21, "SC", "", "FC2", "Security Cameras"), (22, "SD", "S-D", "FC1", "Speaker/Discussion"),
    (23, "SG", "SWG", "FC1", "Step Working Guide"), (24, "SL", "", "FC2", "ASL"),
    (26, "So", "SPK", "FC1", "Speaker Only"),
    (27, "St", "STEP", "FC1", "Step"), (28, "Ti", "", "FC1", "Timer"), (29, "To", "TOP", "FC1", "Topic"),
    (30, "Tr", "TRAD", "FC1", "Tradition"), (31, "TW", "TRAD", "FC1", "Traditions Workshop"),
    (32, "W", "W", "FC3", "Women"), (33, "WC", "WCHR", "FC2", "Wheelchair"), (34, "YP", "Y", "FC3", "Young People"),
    (35, "OE", "", "FC1", "Open-Ended"), (36, "BK", "LIT", "FC1", "Book Study"), (37, "NS", "NS", "FC1", "No Smoking"),
    (38, "Ag", "", "FC1", "Agnostic"), (39, "FD", "", "FC1", "Five and Dime"), (40, "AB", "QA", "FC1", "Ask-It-Basket"),
    (41, "ME", "MED", "FC1", "Meditation"), (42, "RA", "RA", "FC3", "Restricted Attendance"),
    (43, "QA", "QA", "FC1", "Question and Answer"), (44, "CW", "CW", "FC3", "Children Welcome"),
    (45, "CP", "CPT", "FC1", "Concepts"), (46, "FIN", "LANG", "LANG", "Finnish"),
    (47, "ENG", "LANG", "LANG", "English speaking"), (48, "PER", "LANG", "LANG", "Persian"),
    (49, "L/R", "LANG", "LANG", "Lithuanian/Russian"), (51, "LC", "LC", "FC1", "Living Clean"),
    (52, "GP", "GP", "FC1", "Guiding Principles"), (54, "VM", "VM", "FC2", "Virtual Meeting"),
    (55, "TC", "TC", "FC2", "Temporarily Closed Facility"), (56, "HY", "HYBR", "FC2", "Hybrid Meeting"),
    (57, "SPAD", "SPAD", "FC1", "A Spiritual Principle a Day"),
)  # fmt: skip
OF_TYPE = {  # our type code -> the key of the usual format that means the same
    "BE": "B", "C": "C", "O": "O", "X": "WC", "TC": "TC", "SP": "So", "ST": "St", "TR": "Tr", "D": "D", "Y": "YP",
    "M": "M", "W": "W", "MED": "ME", "LIT": "BK", "CAN": "CL", "LGBTQ": "GL", "S": "ES", "FI": "FIN", "EN": "ENG",
    "FA": "PER", "ASL": "SL", "A": "Ag", "CF": "CW",
}  # fmt: skip
OTHER_KEYS = {"B": "BB", "SL": "SLV"}  # codes that mean something else among the usual keys
LANGUAGES = frozenset((
    "AF", "AM", "AR", "BG", "DA", "DE", "EL", "FR", "HE", "HI", "HR", "HU", "IS", "ITA", "JA", "KA", "KOR",
    "LT", "ML", "MT", "NE", "NL", "NO", "POL", "POR", "PUN", "RUS", "SK", "SL", "SV", "TH", "TL", "TUR", "UK",
))  # fmt: skip
OF_PEOPLE = frozenset(("AL", "AL-AN", "BI", "G", "L", "N", "NB", "NDG", "P", "POC", "SEN", "T", "X-MED"))
OF_PLACES = frozenset(("BA", "BRK", "FF", "OUT", "SM", "XB"))


@lru_cache(maxsize=1)
def by_key() -> dict[str, Format]:
    """Every format of this server by its key."""
    found = {
        key: Format(number, key, world, kind, name, names=_names(number)) for number, key, world, kind, name in USUAL
    }
    for place, (code, name) in enumerate(TYPES.items()):
        if code in OF_TYPE or code == "ONL":
            continue
        kinds = ((LANGUAGES, "LANG"), (OF_PEOPLE, "FC3"), (OF_PLACES, "FC2"))
        kind = next((kind for codes, kind in kinds if code in codes), "FC1")
        key = OTHER_KEYS.get(code, code)
        found[key] = Format(OWN_IDS + place, key, "LANG" if kind == "LANG" else "", kind, name, code=code)
    return found


def _names(number: int) -> tuple[tuple[str, str], ...]:
    return tuple((language, names[number]) for language, names in NAMES.items() if number in names)


Known = Mapping[str, Format]


def of_list(source: int, given: Iterable[object]) -> dict[str, Format]:
    """The formats that a BMLT list has beyond those known here, by their key, with its words in each language.

    What cannot be read is left out, and so is a number that would be one of another list's.
    """
    said: dict[str, list[_Said]] = {}
    for one in given:
        if isinstance(one, Mapping):
            key, number = line(one.get("key_string"), 20), line(one.get("id"), 20)
            lang = str(one.get("lang") or LANGUAGE).lower().partition("-")[0]
            if key and key not in by_key() and NUMBER.fullmatch(number) and CODE.fullmatch(lang):
                said.setdefault(key, []).append(_said(one, int(number), lang))
    return {key: _of_list(source, key, records) for key, records in said.items()}


class _Said(NamedTuple):
    """One record of a list's formats."""

    number: int
    lang: str
    name: str
    description: str
    world: str
    kind: str


def _said(one: Mapping[str, object], number: int, lang: str) -> _Said:
    name, more = line(one.get("name_string"), 255), line(one.get("description_string"), 1000)
    return _Said(number, lang, name, more, line(one.get("world_id"), 20), line(one.get("format_type_enum"), 20))


def _of_list(source: int, key: str, records: list[_Said]) -> Format:
    first = next((one for one in records if one.lang == LANGUAGE), records[0])
    names = {one.lang: one.name for one in reversed(records) if one.name and one.lang != first.lang}
    described = {one.lang: one.description for one in reversed([first, *records]) if one.description and one.name}
    return Format(
        source * LISTS_IDS + first.number, key, first.world, first.kind or "FC1", first.name or key, first.lang,
        names=tuple(names.items()), described=tuple(described.items()),
    )  # fmt: skip


def languages_of(formats: Iterable[Format]) -> set[str]:
    """The languages that have a name for one of these."""
    return {language for one in formats for language in (one.lang, *dict(one.names))}


@lru_cache(maxsize=8192)
def _keys(types: tuple[str, ...], given: str, mode: str, on_hold: bool) -> tuple[str, ...]:
    keys = [key.strip() for key in given.split(",") if key.strip()]
    keys = keys or [OF_TYPE.get(code, OTHER_KEYS.get(code, code)) for code in types]
    keys = [key for key in keys if key not in {"VM", "HY"}]
    keys += {ONLINE: ["VM"], HYBRID: ["HY"]}.get(mode, [])
    keys += ["TC"] if on_hold else []
    return tuple(sorted(dict.fromkeys(keys), key=str.lower))


def formats_of(one: Public, further: Known) -> tuple[Format, ...]:
    """The formats of a meeting: a BMLT list's own, else those of its types; VM and HY by its mode.

    `further` are the formats that only its list has.
    """
    known = by_key()
    keys = _keys(one.types, one.extra.get("formats", ""), one.mode, one.on_hold)
    return tuple(found for key in keys if (found := known.get(key) or further.get(key)))
