"""A facilitator makes, changes and ends meetings by JSON: the form's own services, and its own refusals."""

import json
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from ground import clock
from groups.services import group_found
from meetings.models import Meeting, Occurrence
from meetings.selectors.series import plan_of, series_of
from meetings.services.group_meetings import meeting_edit, meeting_make, series_edit
from tests.group_stories import PLAN, join
from tests.people_of_the_story import DAY, make_account, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]
WEEKLY = {"weekdays": [3], "starts": "20:00"}


@pytest.fixture
def fred():
    return make_account("Fred").person


@pytest.fixture
def group(fred):
    return group_found(actor=fred, name="Thursday circle", zone="Europe/Berlin")


def door_of(person):
    client = Client()
    client.force_login(person.account)

    def send(verb, path, body=None):
        text = json.dumps(body) if not isinstance(body, str) else body
        sent = {} if verb == "GET" else {"data": text, "content_type": "application/json"}
        answer = getattr(client, verb.lower())(f"/api/v1/{path}", **sent)
        return answer.status_code, (answer.json() if answer.content else None)

    return send


def test_a_meeting_is_made_read_changed_and_ended(fred, group):
    send = door_of(fred)
    status, made = send("POST", f"groups/{group.slug}/meetings/", WEEKLY | {"place": "Hall"})
    assert status == 201
    assert (made["name"], made["zone"], made["minutes"], made["repeats"]) == (
        "Thursday circle", "Europe/Berlin", 60, "weekly",
    )  # fmt: skip
    door = f"meetings/{made['slug']}/plan/"
    sent_back = {name: value for name, value in made.items() if name not in {"slug", "series", "also"}}
    before = Meeting.objects.values().get()
    assert send("PATCH", door, sent_back)[0] == 200
    assert Meeting.objects.values().get() == before
    assert send("PATCH", door, {"starts": "19:30"})[1] == made | {"starts": "19:30"}
    assert send("GET", f"groups/{group.slug}/meetings/")[1]["results"] == [send("GET", door)[1]]
    assert send("DELETE", door) == (204, None)
    assert Meeting.objects.get().closed_at is not None
    assert send("PATCH", door, {"name": "Again"})[0] == 410


def test_every_second_week_some_weeks_once_by_appointment_and_an_end(fred, group):
    send = door_of(fred)
    ways = [
        ({"repeats": "fortnightly", "first": "2026-01-22"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"),
        ({"repeats": "monthly", "places": [1, -1]}, "FREQ=MONTHLY;BYDAY=1TH,-1TH"),
        ({"repeats": "once", "first": "2026-02-01"}, ""),
        ({"repeats": "appointment", "starts": None}, ""),
        ({"last": "2026-03-05"}, "FREQ=WEEKLY;BYDAY=TH;UNTIL=20260305"),
    ]
    for more, rule in ways:
        status, made = send("POST", f"groups/{group.slug}/meetings/", WEEKLY | more)
        assert status == 201, made
        assert Meeting.objects.get(slug=made["slug"]).rrule == rule
        assert {name: made[name] for name in more} == more
    assert send("PATCH", f"meetings/{made['slug']}/plan/", {"last": None})[1]["last"] is None


def test_dates_are_left_out_and_moved_and_the_series_ends(fred, group):
    send = door_of(fred)
    made = send("POST", f"groups/{group.slug}/meetings/", WEEKLY)[1]
    at = f"meetings/{made['slug']}"
    assert send("POST", f"{at}/cancelled/", {"dates": ["20260122T2000"]})[0] == 200
    moved = send("PUT", f"{at}/dates/20260129T2000/start/", {"starts": "2026-01-30T18:00"})
    assert moved[1]["starts_at"] == "2026-01-30T17:00:00Z"
    assert send("PUT", f"{at}/last-day/", {"last": "2026-02-05"})[0] == 200
    assert send("PATCH", f"{at}/plan/", {"name": "Still the same dates"})[0] == 200
    shown = send("GET", f"{at}/")[1]["dates"]
    assert [one["starts_local"] for one in shown] == ["2026-01-15T20:00", "2026-01-30T18:00", "2026-02-05T20:00"]


def test_several_times_a_day_change_one_by_one_or_together(fred, group):
    send = door_of(fred)
    made = send("POST", f"groups/{group.slug}/meetings/", WEEKLY | {"also": ["12:00", "07:00"]})[1]
    assert (made["also"], len(made["series"])) == (["07:00", "12:00"], 2)
    door = f"meetings/{made['slug']}/plan/"
    assert send("PATCH", door, {"name": "Late"})[0] == 200
    assert sorted(Meeting.objects.values_list("name", flat=True)) == ["Late", "Thursday circle", "Thursday circle"]
    assert send("PATCH", door, {"together": True, "place": "Church", "weekdays": [0, 3]})[0] == 200
    assert set(Meeting.objects.values_list("name", "place")) == {("Late", "Church")}
    changed = send("PATCH", door, {"together": True, "starts": "21:00", "also": ["08:00", "13:00"]})[1]
    assert (changed["starts"], changed["also"]) == ("21:00", ["08:00", "13:00"])
    for wrong in (["08:00"], ["21:00", "13:00"], ["8 o'clock", "13:00"]):
        assert set(send("PATCH", door, {"together": True, "also": wrong})[1]["error"]["fields"]) == {"also"}
    assert {one.starts_local.hour for one in Meeting.objects.all()} == {8, 13, 21}


def test_together_is_all_or_none(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=replace(PLAN, also=(time(12),)))
    with pytest.raises(ValidationError):  # of 24 hours and more each would begin again before it ends
        series_edit(actor=fred, meeting=meeting, plan=replace(PLAN, name="New", minutes=8 * 24 * 60))
    with pytest.raises(ValidationError):
        series_edit(actor=fred, meeting=meeting, plan=replace(PLAN, repeats="appointment", starts=None))
    assert set(Meeting.objects.values_list("name", flat=True)) == {"Thursday circle"}
    assert len(series_of(Meeting.objects.get(pk=meeting.pk))) == 1


def test_the_form_changes_the_times_of_a_day_together_too(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=replace(PLAN, also=(time(12),)))
    client = Client()
    client.force_login(fred.account)
    page = f"/g/{group.slug}/meetings/{meeting.pk}/"
    assert 'value="12:00"' in client.get(page).content.decode()
    typed = {"title": "New", "weekdays": ["3"], "repeats": "weekly", "starts": "19:00", "hours": "1", "zone": PLAN.zone}
    typed |= {"mode": "in_person", "also": "12:30"}
    assert client.post(page, typed).status_code == 302
    assert sorted(Meeting.objects.values_list("name", flat=True)) == ["New", "Thursday circle"]
    assert client.post(page, typed | {"together": "yes"}).status_code == 302
    assert sorted(f"{one.name} {one.starts_local:%H:%M}" for one in Meeting.objects.all()) == ["New 12:30", "New 19:00"]


def test_a_change_of_the_name_does_not_bring_a_start_forward_that_was_put_off(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=replace(PLAN, first=date(2026, 3, 5)))
    assert door_of(fred)("PATCH", f"meetings/{meeting.slug}/plan/", {"name": "In March"})[1]["first"] == "2026-03-05"
    assert Meeting.objects.get().starts_local.date() == date(2026, 3, 5)


def test_a_series_that_began_says_no_first_day_and_takes_a_new_weekday_at_once(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=PLAN)
    with clock.frozen(clock.now() + DAY):
        assert plan_of(meeting)["first"] is None
        door_of(fred)("PATCH", f"meetings/{meeting.slug}/plan/", {"weekdays": [5]})
        assert Meeting.objects.get().starts_local.date() == date(2026, 1, 17)


WRONG = [
    ({"weekdays": [7]}, {"weekdays"}),
    ({"weekdays": "3"}, {"weekdays"}),
    ({"weekdays": [True]}, {"weekdays"}),
    ({"weekdays": []}, {"weekdays"}),
    ({"starts": "8 pm"}, {"starts"}),
    ({"starts": "25:00"}, {"starts"}),
    ({"starts": None}, {"starts"}),
    ({"starts": "20:00Z"}, {"starts"}),
    ({"also": "12:00"}, {"also"}),
    ({"also": ["20:00"]}, {"also"}),
    ({"also": [f"{hour:02}:00" for hour in range(8)]}, {"also"}),
    ({"minutes": 0}, {"minutes"}),
    ({"minutes": 10**30}, {"minutes"}),
    ({"minutes": 60.5}, {"minutes"}),
    ({"minutes": 1500, "weekdays": [3, 4]}, {"minutes"}),
    ({"zone": "Mars/Olympus"}, {"zone"}),
    ({"zone": 1}, {"zone"}),
    ({"mode": "somehow"}, {"mode"}),
    ({"mode": "online"}, {"conference_url"}),
    ({"conference_url": "javascript:alert(1)"}, {"conference_url"}),
    ({"repeats": "daily"}, {"repeats"}),
    ({"repeats": "monthly"}, {"places"}),
    ({"repeats": "monthly", "places": [5]}, {"places"}),
    ({"repeats": "once"}, {"first"}),
    ({"first": "2026-02-30"}, {"first"}),
    ({"first": "2036-01-15"}, {"first"}),
    ({"last": "2020-01-01"}, {"last"}),
    ({"last": "soon"}, {"last"}),
    ({"name": "x" * 121}, {"name"}),
    ({"name": None}, {"name"}),
    ({"name": "nul \u0000"}, {"name"}),
    ({"place": "half \ud800"}, {"place"}),
    ({"place": "x" * 256}, {"place"}),
    ({"fellowship": "XX"}, {"fellowship"}),
    ({"join_shown": "nobody"}, {"join_shown"}),
    ({"group": "another"}, {"group"}),
    ({"weekdays": "3", "starts": 8, "minutes": "60"}, {"weekdays", "starts", "minutes"}),
]


@pytest.mark.parametrize(("wrong", "fields"), WRONG, ids=[json.dumps(wrong)[:60] for wrong, _fields in WRONG])
def test_what_cannot_be_is_named_and_nothing_is_made_or_changed(fred, group, wrong, fields):
    send = door_of(fred)
    meeting = meeting_make(actor=fred, group=group, plan=PLAN)
    before = list(Meeting.objects.values()), list(Occurrence.objects.values())
    status, said = send("POST", f"groups/{group.slug}/meetings/", WEEKLY | wrong)
    assert (status, set(said["error"]["fields"])) == (400, fields)
    status, said = send("PATCH", f"meetings/{meeting.slug}/plan/", wrong)
    assert status == 400, said
    assert (list(Meeting.objects.values()), list(Occurrence.objects.values())) == before


def test_who_does_not_run_the_group_is_refused_at_each_door(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=PLAN)
    member, outsider = make_member("Mia"), make_member("Otto")
    join(group, member)
    for who in (member, outsider):
        send = door_of(who)
        for verb, path in [
            ("GET", f"meetings/{meeting.slug}/plan/"), ("PATCH", f"meetings/{meeting.slug}/plan/"),
            ("DELETE", f"meetings/{meeting.slug}/plan/"), ("GET", f"groups/{group.slug}/meetings/"),
            ("POST", f"groups/{group.slug}/meetings/"), ("GET", f"meetings/{meeting.slug}/holidays/"),
        ]:  # fmt: skip
            assert send(verb, path, {})[0] in ({403} if who is member else {403, 404}), (verb, path)
    assert (
        Client().post(f"/api/v1/groups/{group.slug}/meetings/", {}, content_type="application/json").status_code == 403
    )
    assert Meeting.objects.get().closed_at is None


def test_what_is_not_there_and_what_is_no_object(fred, group):
    send = door_of(fred)
    assert send("PATCH", "meetings/nowhere/plan/", {})[0] == 404
    assert send("PATCH", f"meetings/{meeting_make(actor=fred, group=group, plan=PLAN).slug}/plan/", "[1]")[0] == 400


def test_two_who_change_the_same_meeting_keep_what_the_other_wrote(fred, group):
    meeting = meeting_make(actor=fred, group=group, plan=PLAN)
    stale = Meeting.objects.get(pk=meeting.pk)
    door_of(fred)("PATCH", f"meetings/{meeting.slug}/plan/", {"place": "Church"})
    meeting_edit(actor=fred, meeting=stale, plan=replace(PLAN, place="Church", name="Both"))
    assert Meeting.objects.values_list("name", "place").get() == ("Both", "Church")
    assert Meeting.objects.get().starts_local.replace(tzinfo=None) >= datetime(2026, 1, 15, 19)
