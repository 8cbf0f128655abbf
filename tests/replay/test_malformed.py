"""What is wrong with a scenario file is said in one clear line (docs/rules.md, the last paragraphs of section 9)."""

import copy
from pathlib import Path

import pytest

from porchlight.replay.loading import Malformed, values_of
from porchlight.replay.scenario import read, scenario_of

TEXT = (Path(__file__).resolve().parent.parent / "scenarios" / "example.yaml").read_text()
CLOSE = {"at": "2026-01-08T20:35", "close": ["m1", "2026-01-08"], "marks": {"dana": "absent"}}
LATER = "2026-02-01T12:00"


def example():
    """The example of section 9, with a second member and group, as plain values."""
    values = copy.deepcopy(values_of(TEXT))
    values["people"]["kim"] = {"window": ["09:00", "24:00"]}
    values["groups"]["g2"] = {"meetings": {"m2": {"start": "2026-01-02T19:00", "minutes": 60}}, "members": None}
    return values


def without(key):
    return lambda values: values.pop(key)


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(values):
        for key in path:
            values = values[key]
        values[last] = value

    return change


def event(**given):
    return lambda values: values["events"].append({"at": LATER, **given})


def rule(**given):
    return lambda values: values["rules"]["dana"].update(given)


TABLE = [
    # --- the top
    (without("zone"), "the file: the key 'zone' is missing"),
    (without("people"), "the file: the key 'people' is missing"),
    (without("groups"), "the file: the key 'groups' is missing"),
    (without("rules"), "the file: the key 'rules' is missing"),
    (without("events"), "the file: the key 'events' is missing"),
    (without("until"), "the file: the key 'until' is missing"),
    (put("expected", []), "the file: the key 'expected' is unknown"),
    (put("events", {}), "events: {} is no list"),
    (put("people", []), "people: [] is no mapping"),
    # --- unknown names
    (put("zone", "Europe/Bärlin"), "zone: the zone 'Europe/Bärlin' is unknown"),
    (put("people", "dana", "zone", "Mars/Base"), "people.dana.zone: the zone 'Mars/Base' is unknown"),
    (put("groups", "g1", "members", "lee", {"since": LATER}), "groups.g1.members: the person 'lee' is unknown"),
    (put("rules", "lee", {"since": LATER, "threshold": 3}), "rules: the person 'lee' is unknown"),
    (put("supporters", "lee", {}), "supporters: the person 'lee' is unknown"),
    (put("supporters", "dana", "lee", {}), "supporters.dana: the person 'lee' is unknown"),
    (event(close=["m1", "2026-01-15"], marks={"lee": "absent"}), "the person 'lee' is unknown"),
    (event(join=["dana", "g9"]), "event 6 (join): the group 'g9' is unknown"),
    (event(cancel=["m9", "2026-01-15"]), "event 6 (cancel): the meeting 'm9' is unknown"),
    (event(commit=["dana", "m9"]), "event 6 (commit): the meeting 'm9' is unknown"),
    (event(correct=["m1", "2026-01-08"], marks={"dana": "away"}), "event 6 (correct).marks: the mark 'away' is unkno"),
    (put("supporters", "dana", "sam", "consent", ["talk"]), "supporters.dana.sam.consent: the consent 'talk' is unk"),
    (event(revoke=["dana", "sam", "talk"]), "event 6 (revoke): the consent 'talk' is unknown"),
    (event(dance="dana"), "event 6: the kind 'dance' is unknown"),
    (event(), "event 6: an event is of one kind"),
    (event(pause="dana", resume="dana"), "event 6: an event is of one kind"),
    (event(down="server"), "event 6 (down): 'server' is not worker"),
    (put("expect", 0, "kind", "shout"), "expect 1: the kind of message 'shout' is unknown"),
    (put("expect", 0, "to", "lee"), "expect 1: the person 'lee' is unknown"),
    # --- keys
    (rule(treshold=3), "rules.dana: the key 'treshold' is unknown"),
    (event(rule="dana", since=LATER), "event 6 (rule): the key 'since' is unknown"),
    (event(pause="dana", until=LATER), "event 6 (pause): the key 'until' is unknown"),
    (put("people", "dana", "age", 30), "people.dana: the key 'age' is unknown"),
    (put("groups", "g1", "meetings", "m1", {"start": LATER}), "groups.g1.meetings.m1: the key 'minutes' is missing"),
    (lambda values: values["rules"]["dana"].pop("threshold"), "rules.dana: the key 'threshold' is missing"),
    (lambda values: values["events"][0].pop("at"), "event 1 (close): the key 'at' is missing"),
    (event(selflog="dana"), "event 6 (selflog): the key 'start' is missing"),
    (event(correct=["m1", "2026-01-08"]), "event 6 (correct): the key 'marks' is missing"),
    # --- values
    (rule(threshold=0), "rules.dana.threshold: 0 is not 1 to 10"),
    (rule(threshold=11), "rules.dana.threshold: 11 is not 1 to 10"),
    (rule(threshold=True), "rules.dana.threshold: True is no whole number"),
    (rule(threshold="three"), "rules.dana.threshold: 'three' is no whole number"),
    (rule(grace=11), "rules.dana.grace: 11 is not 12 to 72"),
    (rule(grace=73), "rules.dana.grace: 73 is not 12 to 72"),
    (rule(scope="both"), "rules.dana.scope: 'both' is neither any nor group"),
    (rule(ok_stops="maybe"), "rules.dana.ok_stops: 'maybe' is neither true nor false"),
    (rule(levels=[["sam"], [], []]), "rules.dana.levels: there are two levels"),
    (rule(levels=[["sam"], ["sam"]]), "rules.dana.levels: somebody stands in two places"),
    (rule(levels=[["kim"]]), "rules.dana.levels: 'kim' is no supporter of 'dana'"),
    (event(rule="dana", threshold=99), "event 6 (rule).threshold: 99 is not 1 to 10"),
    (put("people", "dana", "window", ["21:00", "08:00"]), "people.dana.window: 21:00 is not before 08:00"),
    (put("people", "dana", "window", ["08:00", "08:00"]), "people.dana.window: 08:00 is not before 08:00"),
    (put("people", "dana", "window", ["08:00", "24:01"]), "people.dana.window: '24:01' is no time of day"),
    (put("people", "dana", "window", ["08:00"]), "people.dana.window: a window has a start and an end"),
    (put("people", "x" * 41, {}), "is no name of 1 to 40 characters"),
    (put("people", "", {}), "people: '' is no name of 1 to 40 characters"),
    (put("groups", "g1", "meetings", "m1", "minutes", 0), "groups.g1.meetings.m1.minutes: 0 is not 1 to 1439"),
    (put("groups", "g1", "meetings", "m1", "rrule", "FREQ=OFTEN"), "groups.g1.meetings.m1.rrule: "),
    (put("until", "tomorrow"), "until: 'tomorrow' is no time"),
    (put("until", "2026-02-30T12:00"), "until: '2026-02-30T12:00' is no time"),
    (put("expect", 3, "level", 3), "expect 4.level: 3 is not 1 to 2"),
    # --- meetings and sheets
    (event(close=["m1", "2026-01-16"]), "event 6 (close): 'm1' has no occurrence on 2026-01-16"),
    (event(close=["m1", "2025-12-25"]), "event 6 (close): 'm1' has no occurrence on 2025-12-25"),
    (event(close=["m1", "2026-13-01"]), "event 6 (close): '2026-13-01' is no date"),
    (event(close=["m2", "2026-01-09"]), "event 6 (close): 'm2' has no occurrence on 2026-01-09"),
    (put("groups", "g2", "meetings", "m1", {"start": LATER, "minutes": 5}), "the meeting name 'm1' is used twice"),
    (put("groups", "g2", "members", {"kim": {"since": LATER, "commits": ["m1"]}}), "'m1' is one of another group"),
    (event(join=["dana", "g2"], commits=["m1"]), "event 6 (join).commits: the meeting 'm1' is one of another group"),
    (event(close=["m1", "2026-01-08"]), "event 6 (close): the sheet of 'm1' on 2026-01-08 is closed"),
    (event(mark=["m1", "2026-01-08"], marks={}), "event 6 (mark): the sheet of 'm1' on 2026-01-08 is closed"),
    (
        lambda values: values["events"].append(CLOSE | {"at": "2026-01-08T20:35"}),
        "event 6 (close): the sheet of 'm1' on 2026-01-08 is closed",
    ),
    (
        lambda values: values["events"].append(
            {"at": "2026-01-08T20:34", "correct": ["m1", "2026-01-08"], "marks": {"dana": "present"}}
        ),
        "event 6 (correct): the sheet of 'm1' on 2026-01-08 is not closed",
    ),
    (put("events", 1, "at", "2026-01-08T18:59"), "event 2 (close): 2026-01-08T18:59 is before the start"),
    (event(mark=["m1", "2026-02-05"], marks={"dana": "present"}), "event 6 (mark): 2026-02-01T12:00 is before the s"),
    (event(selflog="dana", start="2026-02-01T12:01"), "event 6 (selflog): 2026-02-01T12:00 is before the start"),
    # --- who may do what
    (event(claim=["kim", "dana"]), "event 6 (claim): 'kim' is no supporter of 'dana'"),
    (event(reached=["sam", "kim"]), "event 6 (reached): 'sam' is no supporter of 'kim'"),
    (event(cannot=["dana", "sam"]), "event 6 (cannot): 'dana' is no supporter of 'sam'"),
    (event(stop=["kim", "dana"]), "event 6 (stop): 'kim' is no supporter of 'dana'"),
    (event(decline=["kim", "dana"]), "event 6 (decline): 'kim' is no supporter of 'dana'"),
    (event(revoke=["dana", "kim", "absence"]), "event 6 (revoke): 'kim' is no supporter of 'dana'"),
    (put("supporters", "dana", "dana", {}), "supporters.dana.dana: nobody is their own supporter"),
    (event(ok="kim"), "event 6 (ok): 'kim' has no rule"),
    (event(rule="kim", threshold=2), "event 6 (rule): 'kim' has no rule"),
    (put("rules", "dana", "since", "2026-02-02T00:00"), "has no rule yet"),
    (put("events", 4, "at", "2026-02-05T00:01"), "event 5 (close): 2026-02-05T00:01 is after until"),
]


@pytest.mark.parametrize(("spoil", "fault"), TABLE, ids=[fault for _spoil, fault in TABLE])
def test_a_malformed_file_is_refused_with_the_place_and_the_fault(spoil, fault):
    values = example()
    spoil(values)
    if fault == "has no rule yet":
        values["events"].append({"at": LATER, "ok": "dana"})
    with pytest.raises(Malformed) as refused:
        read(values)
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file is no mapping"),
        ("- a\n- b", "the file is no mapping"),
        ("title: [", "line 1: this is no YAML"),
        ("title: a\ntitle: b", "line 2: the key 'title' is written twice"),
        (TEXT.replace("sam:  {zone", "dana:  {zone"), "line 5: the key 'dana' is written twice"),
        ("title: !!python/object/apply:os.system [id]", "line 1: this is no YAML"),
        ("title: a\n---\ntitle: b", "line 2: this is no YAML"),
        ("title: *nobody", "line 1: this is no YAML"),
        ("title: \0", "this is no YAML"),
        ("? [a, b]\n: c", "line 1: this is no YAML"),
    ],
)
def test_what_is_no_yaml_or_says_a_thing_twice_is_refused(text, fault):
    with pytest.raises(Malformed) as refused:
        scenario_of(text)
    assert str(refused.value).startswith(fault)
    assert "\n" not in str(refused.value)


def test_the_example_itself_is_read_as_it_is_meant():
    scenario = read(example())
    assert [one.kind for one in scenario.events] == ["close"] * 5
    assert scenario.people["sam"].window == (480, 1260)
    assert scenario.people["kim"].zone == "Europe/Berlin"
    assert scenario.people["kim"].window == (540, 1440)
    assert scenario.rules["dana"].levels == (("sam",), ())


def test_a_time_without_an_offset_is_local_and_events_are_sorted_with_the_order_of_the_file_kept():
    values = example()
    values["until"] = "2026-03-31T00:00Z"
    values["events"] = [
        {"at": "2026-03-29T02:30", "pause": "dana"},  # does not exist: read with the offset before the gap
        {"at": "2026-03-29T01:30:00Z", "resume": "dana"},  # the same moment
        {"at": "2026-03-28T20:00-05:00", "pause": "dana"},
        {"at": "2025-10-26T02:30", "pause": "dana"},  # occurs twice: the first
    ]
    del values["expect"]
    found = [(one.number, one.at.isoformat()) for one in read(values).events]
    assert found == [
        (4, "2025-10-26T00:30:00+00:00"),
        (3, "2026-03-29T01:00:00+00:00"),
        (1, "2026-03-29T01:30:00+00:00"),
        (2, "2026-03-29T01:30:00+00:00"),
    ]


def test_names_may_be_words_that_yaml_reads_as_something_else():
    text = TEXT.replace("dana", "no").replace("sam", "12")
    scenario = scenario_of(text)
    assert set(scenario.people) == {"no", "12"}
    assert scenario.rules["no"].levels == (("12",), ())
