"""What anybody may know of one meeting: the row from which every public format is written. No Django, no database."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from ground.wall import to_wall
from meetings.folding import fold
from meetings.guide import IN_PERSON
from meetings.guide_times import DAY_MINUTES
from meetings.schedule import DAY_CODES, EVERY_DAY, Changes, Rule, next_held
from meetings.town_table import is_region

POSTAL = re.compile(r"((?:[A-Z]{1,2}-)?\d{2}[- ]?\d{2,3}(?: ?[A-Z]{2})?) (?=\D)")  # before the town: much of Europe
STATE = re.compile(r"[A-Z]{2,3}")
BRITISH = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}")
AHEAD = timedelta(days=7)  # a series that begins later than this is not in a weekly list yet
OF_PEOPLE = ("contact_", "email", "phone", "mailing_address")  # keys of `extra` that lead to a person
NOTES = ("group_notes", "location_notes")  # passcodes stand in these, too


@dataclass(frozen=True, slots=True)
class Public:
    """One open meeting as the public sees it. Links and passcodes are empty where its group keeps them to itself.

    `rule` is None for a meeting by appointment. `changes`: cancelled and moved dates, by their original wall start.
    """

    pk: int
    slug: str
    name: str
    zone: str
    rule: Rule | None
    mode: str = IN_PERSON
    on_hold: bool = False
    place: str = ""
    address: str = ""
    region: str = ""
    latitude: float | None = None
    longitude: float | None = None
    approximate: bool = False
    conference_url: str = ""
    conference_phone: str = ""
    conference_notes: str = ""
    notes: str = ""
    types: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    confirmed_on: date | None = None
    created_at: datetime | None = None
    source: int | None = None
    source_name: str = ""
    changes: Changes = field(default_factory=dict)

    @property
    def minute(self) -> int:
        """The start within the local day; 0 for a meeting by appointment."""
        return self.rule.starts_local.hour * 60 + self.rule.starts_local.minute if self.rule else 0

    @property
    def minutes(self) -> int:
        return self.rule.minutes if self.rule else 60

    def weekdays(self, now: datetime) -> tuple[int, ...]:
        """The days (0 = Monday) on which it is held every week; none for any other rule, or by appointment.

        None either for a series that is over, or begins later than in a week: a weekly list cannot say so.
        """
        if self.rule is None or not (days := every_week(self.rule.rrule, self.rule.starts_local.weekday())):
            return ()
        if self.rule.starts_local > to_wall(now, self.zone) + AHEAD:
            return ()
        if ("UNTIL=" in self.rule.rrule or "COUNT=" in self.rule.rrule) and next_held(self.rule, now) is None:
            return ()
        return days


class Parts(NamedTuple):
    """A postal address in its parts."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@lru_cache(maxsize=4096)
def every_week(rrule: str, first: int) -> tuple[int, ...]:
    """The weekdays of a rule that says every week on these days (or every day), however long; else none."""
    parts = dict(part.partition("=")[::2] for part in rrule.upper().removeprefix("RRULE:").split(";") if part)
    for name in ("UNTIL", "COUNT", "WKST"):
        parts.pop(name, None)
    if parts.pop("INTERVAL", "1") != "1":
        return ()
    if parts == {"FREQ": "DAILY"}:
        return tuple(sorted(EVERY_DAY))
    codes = parts.pop("BYDAY", DAY_CODES[first]).split(",")
    if parts != {"FREQ": "WEEKLY"} or not set(codes) <= set(DAY_CODES):
        return ()
    return tuple(sorted({DAY_CODES.index(code) for code in codes}))


def address_parts(one: Public) -> Parts:
    """The parts as the list gave them, else as an address is usually written: street, town, state code, country."""
    if (given := _as_listed(one)) is not None:
        return given
    pieces = [piece.strip() for piece in one.address.split(",") if piece.strip()]
    if one.approximate and not any(sign.isdigit() for sign in "".join(pieces[:1])):  # a town, and no street
        state = pieces[1] if len(pieces) > 1 and (STATE.fullmatch(pieces[1]) or is_region(pieces[1], one.zone)) else ""
        return Parts(city=pieces[0] if pieces else "", state=state)
    if len(pieces) < 3:
        return Parts(*pieces)
    last_is_state = is_region(pieces[-1], one.zone)
    country = pieces.pop() if not last_is_state and (len(pieces) > 3 or _is_country(pieces[-1])) else ""
    if len(pieces) == 2:  # street, 20457 Hamburg, Germany; or Albany, NY, USA
        street, town = pieces
        if STATE.fullmatch(town):
            return Parts("", street, town, "", country)
        before = POSTAL.match(town)
        return Parts(street, town[before.end() :] if before else town, "", before[1] if before else "", country)
    last = pieces.pop()
    state, _, code = ("", "", last) if BRITISH.fullmatch(last) else last.rpartition(" ")
    if not any(sign.isdigit() for sign in code):
        state, code = f"{state} {code}".strip(), ""
    city = pieces.pop()
    return Parts(", ".join(pieces), city, state, code, country)


def _as_listed(one: Public) -> Parts | None:
    """The parts that the list gave one by one; None without any, or once another address was typed here."""
    given = Parts(*(one.extra.get(key, "") for key in ("address", "city", "state", "postal_code", "country")))
    named = given.street or given.city
    holds = fold(named) in fold(one.address) if named else bool(given.state or given.postal_code)
    return given if holds else None


def _is_country(piece: str) -> bool:
    """The last of three pieces: a state is two or three capitals, or has its postal code behind it."""
    return piece in {"USA", "UK"} or (not any(sign.isdigit() for sign in piece) and len(piece) > 3)


def clock_text(minute: int) -> str:
    """`19:05` of a minute of the day; more than a day goes round."""
    minute %= DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


def held_to_itself(extra: Mapping[str, str], mode: str) -> dict[str, str]:
    """`extra` of a meeting whose group keeps its ways in to itself: without what leads to a person, or online."""
    hidden = OF_PEOPLE if mode == IN_PERSON else OF_PEOPLE + NOTES
    return {key: value for key, value in extra.items() if not key.startswith(hidden)}


def joined(pieces: Iterator[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """The same bytes in pieces of about `size`: few writes, and never the whole."""
    kept: list[bytes] = []
    held = 0
    for piece in pieces:
        kept.append(piece)
        held += len(piece)
        if held >= size:
            yield b"".join(kept)
            kept, held = [], 0
    if kept:
        yield b"".join(kept)
