"""What a scenario file says, checked: whatever is wrong with a file is found here, before anything is played."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ground.wall import to_utc, to_wall
from meetings.schedule import BadRule, Held, check, occurrences
from meetings.schedule import Rule as HeldBy
from people.models import DAY_MINUTES, known_zones
from porchlight.replay.loading import Malformed, values_of

RECORDS = frozenset({"close", "correct", "mark", "cancel", "uncancel", "selflog"})  # one change when at one instant
MARKS = ("present", "late", "online", "excused", "absent")
CONSENTS = ("absence", "back_in_touch", "craving")
SENT = (
    "soft_note", "heads_up", "final_notice", "all_sorted", "apology", "nudge", "reminder", "retraction",
    "back_in_touch", "unreachable",
)  # fmt: skip
LONGEST_NAME = 40
LONGEST_MEETING = DAY_MINUTES - 1
LONGEST_RRULE = 200

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|z|[-+]\d\d:?\d\d)?)?$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_CLOCK = re.compile(r"^([01]?\d|2[0-4]):([0-5]\d)$")
_YES = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


@dataclass(frozen=True, slots=True)
class Person:
    """Window in minutes of the local day."""

    name: str
    zone: str
    window: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Meeting:
    """`start` is the naive wall start of the first occurrence, in the file's zone."""

    name: str
    group: str
    start: datetime
    rrule: str
    minutes: int
    zone: str

    def local(self, day: date) -> datetime:
        return datetime.combine(day, self.start.time())

    def held(self, day: date) -> Held | None:
        """The occurrence whose original start is on this day."""
        local, second = self.local(day), timedelta(seconds=1)
        moment = to_utc(local, self.zone)
        rule = HeldBy(self.start, self.zone, self.minutes, self.rrule)
        around = occurrences(rule, moment - second, moment + second)
        return next((held for held in around if held.original_local == local), None)


@dataclass(frozen=True, slots=True)
class Member:
    person: str
    group: str
    since: datetime
    commits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """`terms` are the keywords of the service, without levels."""

    person: str
    since: datetime
    terms: dict[str, Any]
    levels: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Supporter:
    member: str
    person: str
    accepted: datetime | None
    consent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `person` acts or is acted upon, `other` is the member an answer is about, or the supporter revoked.

    `number` is its place in the file, from 1.
    """

    number: int
    at: datetime
    kind: str
    person: str = ""
    other: str = ""
    group: str = ""
    meeting: str = ""
    day: date | None = None
    marks: dict[str, str | None] = field(default_factory=dict)
    start: datetime | None = None
    commits: tuple[str, ...] = ()
    purpose: str = ""
    terms: dict[str, Any] = field(default_factory=dict)
    levels: tuple[tuple[str, ...], ...] | None = None

    @property
    def name(self) -> str:
        return f"event {self.number} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as output and `expect` list it."""

    at: datetime
    to: str
    kind: str
    level: int | None = None
    bounced: bool = False

    @property
    def order(self) -> tuple[datetime, str, str, int]:
        return (self.at, self.to, self.kind, self.level or 0)

    def to_json(self) -> dict[str, object]:
        found: dict[str, object] = {"at": written(self.at), "to": self.to, "kind": self.kind}
        if self.level is not None:
            found["level"] = self.level
        if self.bounced:
            found["bounced"] = True
        return found

    def __str__(self) -> str:
        level = "" if self.level is None else f" {self.level}"
        return f"{written(self.at)} {self.to}: {self.kind}{level}{', bounced' if self.bounced else ''}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`events` are in the order in which they happen; `expect` is None when the file has none."""

    zone: str
    people: dict[str, Person]
    groups: tuple[str, ...]
    meetings: dict[str, Meeting]
    members: tuple[Member, ...]
    rules: dict[str, Rule]
    supporters: tuple[Supporter, ...]
    events: tuple[Event, ...]
    until: datetime
    expect: tuple[Sent, ...] | None = None


def written(moment: datetime) -> str:
    """2026-01-15T19:35:00Z"""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ") if not utc.microsecond else f"{utc.replace(tzinfo=None).isoformat()}Z"


def scenario_of(text: str) -> Scenario:
    """The scenario of a file's text. Raises Malformed."""
    return read(values_of(text))


def read(values: Any) -> Scenario:
    """The scenario of plain values. Raises Malformed."""
    return _Reader(values).scenario


# --- values of one kind -----------------------------------------------------------------------------------------


def _fail(where: str, fault: str) -> Malformed:
    return Malformed(" ".join(f"{where}: {fault}".split()))


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _fail(where, f"{value!r} is no mapping")
    return {_text(key, where): inside for key, inside in value.items()}


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _fail(where, f"{value!r} is no list")
    return value


def _text(value: Any, where: str) -> str:
    """A key or name; one that YAML reads as a number is the text of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _fail(where, f"{value!r} is no name")


def _keys(found: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    for key in found:
        if key not in allowed:
            raise _fail(where, f"the key {key!r} is unknown")


def _number(value: Any, least: int, most: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _fail(where, f"{value!r} is no whole number")
    if not least <= value <= most:
        raise _fail(where, f"{value} is not {least} to {most}")
    return value


def _zone(value: Any, where: str) -> str:
    if not isinstance(value, str) or value not in known_zones():
        raise _fail(where, f"the zone {value!r} is unknown")
    return value


def _name(value: Any, where: str) -> str:
    name = _text(value, where)
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise _fail(where, f"{name!r} is no name of 1 to {LONGEST_NAME} characters")
    return name


def _yes(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES:
        return _YES[value.lower()]
    raise _fail(where, f"{value!r} is neither true nor false")


def _minutes(value: Any, where: str) -> int:
    match = _CLOCK.match(value) if isinstance(value, str) else None
    minutes = int(match[1]) * 60 + int(match[2]) if match else DAY_MINUTES + 1
    if minutes > DAY_MINUTES:
        raise _fail(where, f"{value!r} is no time of day")
    return minutes


def _day(value: Any, where: str) -> date:
    if isinstance(value, str) and _DAY.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _fail(where, f"{value!r} is no date")


# --- the file ---------------------------------------------------------------------------------------------------

TOP = ("title", "zone", "people", "groups", "rules", "supporters", "events", "until", "expect")
MAY_MISS = frozenset({"title", "supporters", "expect"})
TERMS = ("threshold", "scope", "grace", "ok_stops", "levels")


class _Reader:
    """Reads one file from top to bottom; the first fault ends it."""

    def __init__(self, values: Any) -> None:
        if not isinstance(values, dict):
            raise Malformed("the file is no mapping of title, zone, people, groups, rules, events and until")
        top = _mapping(values, "the file")
        _keys(top, TOP, "the file")
        for key in TOP:
            if key not in top and key not in MAY_MISS:
                raise _fail("the file", f"the key {key!r} is missing")
        self.zone = _zone(top["zone"], "zone")
        self.people = self._people(top["people"])
        self.meetings: dict[str, Meeting] = {}
        self.members: list[Member] = []
        self.groups = self._groups(top["groups"])
        self.supporters = tuple(self._supporters(top.get("supporters")))
        self.pairs = {(one.member, one.person) for one in self.supporters}
        self.rules = {one.person: one for one in self._rules(top["rules"])}
        self.until = self._moment(top["until"], "until")
        events = [self._event(value, number) for number, value in enumerate(self._events(top["events"]), start=1)]
        self.events = tuple(sorted(events, key=lambda event: event.at))
        self._check_sheets()
        expect = tuple(self._expect(top["expect"])) if "expect" in top else None
        self.scenario = Scenario(
            zone=self.zone,
            people=self.people,
            groups=self.groups,
            meetings=self.meetings,
            members=tuple(self.members),
            rules=self.rules,
            supporters=self.supporters,
            events=self.events,
            until=self.until,
            expect=expect,
        )

    def _wall(self, value: Any, where: str) -> datetime:
        """A wall time of the file's zone (naive)."""
        return to_wall(self._moment(value, where), self.zone) if _offset_of(value) else _naive(value, where)

    def _moment(self, value: Any, where: str) -> datetime:
        """A moment (UTC). Without an offset it is local to the file's zone."""
        naive, offset = _naive(value, where), _offset_of(value)
        try:
            if not offset:
                return to_utc(naive, self.zone)
            if offset in {"Z", "z"}:
                return naive.replace(tzinfo=UTC)
            return datetime.fromisoformat(f"{naive.isoformat()}{offset}").astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise _fail(where, f"{value!r} is no time") from error

    def _person(self, value: Any, where: str) -> str:
        name = _text(value, where)
        if name not in self.people:
            raise _fail(where, f"the person {name!r} is unknown")
        return name

    def _group(self, value: Any, where: str) -> str:
        name = _text(value, where)
        if name not in self.groups:
            raise _fail(where, f"the group {name!r} is unknown")
        return name

    def _meeting(self, value: Any, where: str) -> str:
        name = _text(value, where)
        if name not in self.meetings:
            raise _fail(where, f"the meeting {name!r} is unknown")
        return name

    def _people(self, value: Any) -> dict[str, Person]:
        found = {}
        for key, inside in _mapping(value, "people").items():
            where = f"people.{key}"
            given = _mapping(inside, where)
            _keys(given, ("zone", "window"), where)
            window = (8 * 60, 21 * 60)
            if "window" in given:
                both = _list(given["window"], f"{where}.window")
                if len(both) != 2:
                    raise _fail(f"{where}.window", "a window has a start and an end")
                window = (_minutes(both[0], f"{where}.window"), _minutes(both[1], f"{where}.window"))
                if window[0] >= window[1]:
                    raise _fail(f"{where}.window", f"{both[0]} is not before {both[1]}")
            zone = _zone(given["zone"], f"{where}.zone") if "zone" in given else self.zone
            found[_name(key, "people")] = Person(key, zone, window)
        return found

    def _groups(self, value: Any) -> tuple[str, ...]:
        given = _mapping(value, "groups")
        for name, inside in given.items():
            where = f"groups.{_name(name, 'groups')}"
            _keys(_mapping(inside, where), ("meetings", "members"), where)
            for meeting in self._meetings(name, _mapping(inside, where).get("meetings"), f"{where}.meetings"):
                if meeting.name in self.meetings:
                    raise _fail(f"{where}.meetings", f"the meeting name {meeting.name!r} is used twice")
                self.meetings[meeting.name] = meeting
        for name, inside in given.items():
            where = f"groups.{name}.members"
            self.members += self._members(name, _mapping(inside, where).get("members"), where)
        return tuple(given)

    def _meetings(self, group: str, value: Any, above: str) -> Iterator[Meeting]:
        for key, inside in _mapping(value, above).items():
            where = f"{above}.{_name(key, above)}"
            given = _mapping(inside, where)
            _keys(given, ("start", "rrule", "minutes"), where)
            for needed in ("start", "minutes"):
                if needed not in given:
                    raise _fail(where, f"the key {needed!r} is missing")
            start = self._wall(given["start"], f"{where}.start")
            rrule = given.get("rrule") or ""
            yield Meeting(
                name=key,
                group=group,
                start=start,
                rrule=self._rrule(rrule, start, f"{where}.rrule"),
                minutes=_number(given["minutes"], 1, LONGEST_MEETING, f"{where}.minutes"),
                zone=self.zone,
            )

    def _rrule(self, value: Any, start: datetime, where: str) -> str:
        if not isinstance(value, str) or len(value) > LONGEST_RRULE:
            raise _fail(where, f"{value!r} is not a recurrence rule")
        rule = value.removeprefix("RRULE:")
        try:
            check(rule)
            moment = to_utc(start, self.zone)
            occurrences(HeldBy(start, self.zone, 1, rule), moment, moment + timedelta(days=1))
        except (BadRule, ValueError) as error:
            raise _fail(where, str(error)) from error
        return rule

    def _members(self, group: str, value: Any, above: str) -> Iterator[Member]:
        for key, inside in _mapping(value, above).items():
            where = f"{above}.{key}"
            given = _mapping(inside, where)
            _keys(given, ("since", "commits"), where)
            if "since" not in given:
                raise _fail(where, "the key 'since' is missing")
            yield Member(
                person=self._person(key, above),
                group=group,
                since=self._moment(given["since"], f"{where}.since"),
                commits=self._commits(group, given.get("commits"), f"{where}.commits"),
            )

    def _commits(self, group: str, value: Any, where: str) -> tuple[str, ...]:
        names = [self._meeting(one, where) for one in (_list(value, where) if value is not None else [])]
        for name in names:
            if self.meetings[name].group != group:
                raise _fail(where, f"the meeting {name!r} is one of another group")
        return tuple(dict.fromkeys(names))

    def _supporters(self, value: Any) -> Iterator[Supporter]:
        for member, listed in _mapping(value, "supporters").items():
            self._person(member, "supporters")
            for key, inside in _mapping(listed, f"supporters.{member}").items():
                where = f"supporters.{member}.{key}"
                if self._person(key, f"supporters.{member}") == member:
                    raise _fail(where, "nobody is their own supporter")
                given = _mapping(inside, where)
                _keys(given, ("accepted", "consent"), where)
                accepted = given.get("accepted")
                purposes = given.get("consent")
                yield Supporter(
                    member=member,
                    person=key,
                    accepted=None if accepted is None else self._moment(accepted, f"{where}.accepted"),
                    consent=tuple(
                        dict.fromkeys(
                            _consent(one, f"{where}.consent")
                            for one in ([] if purposes is None else _list(purposes, f"{where}.consent"))
                        )
                    ),
                )

    def _rules(self, value: Any) -> Iterator[Rule]:
        for key, inside in _mapping(value, "rules").items():
            where = f"rules.{key}"
            given = _mapping(inside, where)
            _keys(given, ("since", *TERMS), where)
            for needed in ("since", "threshold"):
                if needed not in given:
                    raise _fail(where, f"the key {needed!r} is missing")
            person = self._person(key, "rules")
            terms, levels = self._terms(person, given, where)
            yield Rule(
                person=person,
                since=self._moment(given["since"], f"{where}.since"),
                terms={"scope": "any", "grace_hours": 24, "ok_stops": True} | terms,
                levels=levels or ((), ()),
            )

    def _terms(
        self, person: str, given: Mapping[str, Any], where: str
    ) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...] | None]:
        """What a rule or a change of it names: the service's keywords, and the levels (None: not named)."""
        found: dict[str, Any] = {}
        if "threshold" in given:
            found["threshold"] = _number(given["threshold"], 1, 10, f"{where}.threshold")
        if "scope" in given:
            if given["scope"] not in ("any", "group"):
                raise _fail(f"{where}.scope", f"{given['scope']!r} is neither any nor group")
            found["scope"] = given["scope"]
        if "grace" in given:
            found["grace_hours"] = _number(given["grace"], 12, 72, f"{where}.grace")
        if "ok_stops" in given:
            found["ok_stops"] = _yes(given["ok_stops"], f"{where}.ok_stops")
        levels = self._levels(person, given["levels"], f"{where}.levels") if "levels" in given else None
        return found, levels

    def _levels(self, person: str, value: Any, where: str) -> tuple[tuple[str, ...], ...]:
        levels = [_list(level, where) for level in _list(value, where)]
        if len(levels) > 2:
            raise _fail(where, "there are two levels")
        named = [self._supporter_of(person, one, where) for level in levels for one in level]
        if len(set(named)) != len(named):
            raise _fail(where, "somebody stands in two places")
        both = [tuple(_text(one, where) for one in level) for level in levels]
        return tuple([*both, (), ()][:2])

    def _supporter_of(self, member: str, value: Any, where: str) -> str:
        name = self._person(value, where)
        if (member, name) not in self.pairs:
            raise _fail(where, f"{name!r} is no supporter of {member!r}")
        return name

    # --- events -------------------------------------------------------------------------------------------------

    def _events(self, value: Any) -> list[Any]:
        return [] if value is None else _list(value, "events")

    def _event(self, value: Any, number: int) -> Event:
        where = f"event {number}"
        given = _mapping(value, where)
        kinds = [key for key in given if key in _KINDS]
        if len(kinds) != 1:
            unknown = [key for key in given if key not in _KINDS and key not in _MORE]
            fault = f"the kind {unknown[0]!r} is unknown" if unknown and not kinds else "an event is of one kind"
            raise _fail(where, fault)
        kind = kinds[0]
        where = f"{where} ({kind})"
        reader, more, needed = _KINDS[kind]
        _keys(given, ("at", kind, *more), where)
        for key in ("at", *needed):
            if key not in given:
                raise _fail(where, f"the key {key!r} is missing")
        at = self._moment(given["at"], f"{where}.at")
        if at > self.until:
            raise _fail(where, f"{given['at']} is after until")
        return Event(number=number, at=at, kind=kind, **reader(self, given, kind, at, where))

    def _two(self, value: Any, where: str) -> tuple[Any, Any]:
        both = _list(value, where)
        if len(both) != 2:
            raise _fail(where, f"{value!r} has not two parts")
        return both[0], both[1]

    def read_sheet(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        name, day = self._two(given[kind], where)
        meeting = self.meetings[self._meeting(name, where)]
        held = meeting.held(_day(day, where))
        if held is None:
            raise _fail(where, f"{meeting.name!r} has no occurrence on {day}")
        if kind in {"close", "mark"} and at < held.starts_at:
            raise _fail(where, f"{given['at']} is before the start")
        marks = {}
        for key, value in _mapping(given.get("marks"), f"{where}.marks").items():
            if value is not None and value not in MARKS:
                raise _fail(f"{where}.marks", f"the mark {value!r} is unknown")
            marks[self._person(key, f"{where}.marks")] = value
        return {"meeting": meeting.name, "day": _day(day, where), "marks": marks}

    def read_selflog(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        start = self._moment(given["start"], f"{where}.start")
        if at < start:
            raise _fail(where, f"{given['at']} is before the start")
        return {"person": self._person(given[kind], where), "start": start}

    def read_person(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        return {"person": self._person(given[kind], where)}

    def read_ok(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        return {"person": self._with_rule(given[kind], at, where)}

    def read_rule(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        person = self._with_rule(given[kind], at, where)
        terms, levels = self._terms(person, given, where)
        return {"person": person, "terms": terms, "levels": levels}

    def _with_rule(self, value: Any, at: datetime, where: str) -> str:
        person = self._person(value, where)
        if person not in self.rules:
            raise _fail(where, f"{person!r} has no rule")
        if at < self.rules[person].since:
            raise _fail(where, f"{person!r} has no rule yet")
        return person

    def read_group(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        person, group = self._two(given[kind], where)
        name = self._group(group, where)
        commits = self._commits(name, given.get("commits"), f"{where}.commits")
        return {"person": self._person(person, where), "group": name, "commits": commits}

    def read_commitment(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        person, meeting = self._two(given[kind], where)
        return {"person": self._person(person, where), "meeting": self._meeting(meeting, where)}

    def read_revoke(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        parts = _list(given[kind], where)
        if len(parts) != 3:
            raise _fail(where, "it names a member, a supporter and a consent")
        member = self._person(parts[0], where)
        supporter = self._supporter_of(member, parts[1], where)
        return {"person": member, "other": supporter, "purpose": _consent(parts[2], where)}

    def read_answer(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        supporter, about = self._two(given[kind], where)
        member = self._person(about, where)
        return {"person": self._supporter_of(member, supporter, where), "other": member}

    def read_worker(self, given: dict[str, Any], kind: str, at: datetime, where: str) -> dict[str, Any]:
        if given[kind] != "worker":
            raise _fail(where, f"{given[kind]!r} is not worker")
        return {}

    def _check_sheets(self) -> None:
        """A closed sheet is neither closed nor marked again, an open one is not corrected."""
        closed = set()
        for event in self.events:
            sheet = (event.meeting, event.day)
            if event.kind in {"close", "mark"} and sheet in closed:
                raise _fail(event.name, f"the sheet of {event.meeting!r} on {event.day} is closed")
            if event.kind == "correct" and sheet not in closed:
                raise _fail(event.name, f"the sheet of {event.meeting!r} on {event.day} is not closed")
            if event.kind == "close":
                closed.add(sheet)

    # --- expect -------------------------------------------------------------------------------------------------

    def _expect(self, value: Any) -> Iterator[Sent]:
        for number, inside in enumerate(_list(value, "expect"), start=1):
            where = f"expect {number}"
            given = _mapping(inside, where)
            _keys(given, ("at", "to", "kind", "level", "bounced"), where)
            for key in ("at", "to", "kind"):
                if key not in given:
                    raise _fail(where, f"the key {key!r} is missing")
            if given["kind"] not in SENT:
                raise _fail(where, f"the kind of message {given['kind']!r} is unknown")
            level = given.get("level")
            yield Sent(
                at=self._moment(given["at"], f"{where}.at"),
                to=self._person(given["to"], where),
                kind=given["kind"],
                level=None if level is None else _number(level, 1, 2, f"{where}.level"),
                bounced=_yes(given.get("bounced", False), f"{where}.bounced"),
            )


def _consent(value: Any, where: str) -> str:
    if value not in CONSENTS:
        raise _fail(where, f"the consent {value!r} is unknown")
    return str(value)


def _naive(value: Any, where: str) -> datetime:
    """The wall time as it is written, whatever offset follows; a date alone is its midnight."""
    match = _TIME.match(value) if isinstance(value, str) else None
    if match is not None:
        try:
            return datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}")
        except ValueError:
            pass
    raise _fail(where, f"{value!r} is no time")


def _offset_of(value: Any) -> str:
    match = _TIME.match(value) if isinstance(value, str) else None
    return (match[3] or "") if match else ""


_Read = Callable[[_Reader, dict[str, Any], str, datetime, str], dict[str, Any]]
_R = _Reader
# by kind: how it is read, which keys it may have beside its own, which of these it needs
_KINDS: dict[str, tuple[_Read, tuple[str, ...], tuple[str, ...]]] = {
    "close": (_R.read_sheet, ("marks",), ()),
    "correct": (_R.read_sheet, ("marks",), ("marks",)),
    "mark": (_R.read_sheet, ("marks",), ("marks",)),
    "cancel": (_R.read_sheet, (), ()),
    "uncancel": (_R.read_sheet, (), ()),
    "selflog": (_R.read_selflog, ("start",), ("start",)),
    "pause": (_R.read_person, (), ()),
    "resume": (_R.read_person, (), ()),
    "ok": (_R.read_ok, (), ()),
    "rule": (_R.read_rule, TERMS, ()),
    "leave": (_R.read_group, (), ()),
    "join": (_R.read_group, ("commits",), ()),
    "commit": (_R.read_commitment, (), ()),
    "uncommit": (_R.read_commitment, (), ()),
    "revoke": (_R.read_revoke, (), ()),
    "stop": (_R.read_answer, (), ()),
    "decline": (_R.read_answer, (), ()),
    "claim": (_R.read_answer, (), ()),
    "reached": (_R.read_answer, (), ()),
    "cannot": (_R.read_answer, (), ()),
    "bounce": (_R.read_person, (), ()),
    "down": (_R.read_worker, (), ()),
    "up": (_R.read_worker, (), ()),
}
_MORE = {"at", "marks", "start", "commits", *TERMS}
