"""The pages of groups and lists, as a browser without scripts sees them."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from ground import clock
from groups import selectors, services
from groups.models import Group, Membership
from meetings.models import Commitment, Mark, Meeting, Occurrence, SelfLog, Source
from meetings.services.commitments import excuse
from meetings.services.sheets import sheet_close, sheet_link_give, sheet_mark
from people.models import AccessLog
from tests.group_stories import join, make_circle, make_date, make_regular
from tests.people_of_the_story import DAY, HOUR, NOW, make_member

pytestmark = pytest.mark.django_db
AFTER = NOW + 2 * HOUR


@pytest.fixture(autouse=True)
def _after_the_meeting():
    with clock.frozen(AFTER):
        yield


@pytest.fixture
def circle():
    return make_circle()


def as_(person):
    client = Client()
    client.force_login(person.account)
    return client


def form_of(members, **more):
    """What the list's form posts: every person with their mark now and as it was."""
    posted: dict[str, str] = {}
    for person, (was, now) in members.items():
        posted |= {f"was-{person.pid}": was, f"mark-{person.pid}": now}
    return posted | more


FORM = {
    "name": "Fresh people",
    "zone": "Europe/Berlin",
    "with_meeting": "yes",
    "weekdays": ["3"],
    "starts": "19:30",
    "minutes": "60",
    "mode": "in_person",
}


def test_founding_afresh_makes_the_group_and_its_first_meeting():
    member = make_member()
    client = as_(member)
    assert client.get("/groups/").status_code == 200
    assert client.get("/groups/new/").status_code == 200
    made = client.post("/groups/new/", FORM)
    group = Group.objects.get()
    assert made.headers["Location"] == f"/g/{group.slug}/invite/"
    assert Meeting.objects.get().name == "Fresh people", "a meeting without a name takes its group's"
    assert client.get(f"/g/{group.slug}/").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"weekdays": []}, {"starts": "25:00"}, {"minutes": "0"}, {"mode": "online"}, {"zone": "X"}]
)
def test_a_founding_that_will_not_do_keeps_what_was_typed_and_makes_nothing(wrong):
    answer = as_(make_member()).post("/groups/new/", FORM | {"about": "Tea from 18:45"} | wrong)
    assert answer.status_code == 400
    assert "Tea from 18:45" in answer.content.decode()
    assert not Group.objects.exists()


def test_a_group_without_a_meeting_can_be_founded_and_get_one_later():
    member = make_member()
    client = as_(member)
    client.post("/groups/new/", {"name": "Fresh people", "zone": "UTC", "head_count_only": "on"})
    group = Group.objects.get()
    assert group.head_count_only
    meeting = FORM | {"title": "Later"}
    assert client.post(f"/g/{group.slug}/meetings/new/", meeting | {"starts": ""}).status_code == 400
    assert client.post(f"/g/{group.slug}/meetings/new/", meeting).status_code == 302
    assert Meeting.objects.get().name == "Later"


def test_a_listed_meeting_is_posted_then_named_then_founded_once():
    listed = Meeting.objects.create(
        slug="listed", name="Listed", zone="US/Eastern", source=Source.objects.create(name="A list"),
        starts_local=datetime(2025, 10, 2, 19, 0, tzinfo=UTC), rrule="FREQ=WEEKLY;BYDAY=TH", created_at=NOW,
    )  # fmt: skip
    client = as_(make_member())
    first = client.post("/groups/new/", {"meeting": "listed"})
    assert first.status_code == 200
    assert "Around this meeting: Listed" in first.content.decode()
    assert not Group.objects.exists(), "a page of the finder posts the meeting alone; that makes nothing"
    assert client.post("/groups/new/", {"meeting": "listed", "name": "Listed people"}).status_code == 302
    listed.refresh_from_db()
    assert listed.group == Group.objects.get()
    assert as_(make_member()).post("/groups/new/", {"meeting": "listed", "name": "Mine"}).status_code == 409
    assert client.get("/groups/new/?meeting=none").status_code == 404


def test_a_guest_opens_an_invitation_signs_up_and_comes_back(circle):
    token = selectors.token_of(services.invitation_make(actor=circle.facilitator, group=circle.group))
    guest = Client()
    page = guest.get(f"/i/{token}/")
    assert "Thursday people" in page.content.decode()
    assert page.headers["Referrer-Policy"] == "same-origin", "the token goes to no other site"
    sent = guest.post(f"/i/{token}/")
    assert sent.headers["Location"] == f"{reverse('sign_up')}?next=/i/{token}/"
    member = make_member()
    joined = as_(member).post(f"/i/{token}/")
    assert joined.headers["Location"] == f"/g/{circle.group.slug}/"
    assert selectors.is_member(circle.group, member)


def test_opening_an_invitation_changes_nothing(circle):
    token = selectors.token_of(services.invitation_make(actor=circle.facilitator, group=circle.group))
    as_(make_member()).get(f"/i/{token}/")
    Client().head(f"/i/{token}/")
    assert services.invitation_open(token=token).used_at is None


def test_an_invitation_used_twice_is_a_page_that_says_so(circle):
    token = selectors.token_of(services.invitation_make(actor=circle.facilitator, group=circle.group))
    services.invitation_use(actor=make_member(), token=token)
    for answer in (as_(make_member()).post(f"/i/{token}/"), Client().get(f"/i/{token}/")):
        assert answer.status_code == 410
        assert "This invitation has been used." in answer.content.decode()
    assert Client().get("/i/aaaaaaaaaaaaa/").status_code == 404


def test_an_invitation_that_ran_out_is_a_page_that_says_so(circle):
    token = selectors.token_of(services.invitation_make(actor=circle.facilitator, group=circle.group))
    with clock.frozen(AFTER + 14 * DAY):
        answer = Client().get(f"/i/{token}/")
    assert answer.status_code == 410
    assert "This invitation is over." in answer.content.decode()


def test_a_facilitator_shows_the_code_and_lets_in_who_used_it(circle):
    client, person = as_(circle.facilitator), make_member()
    address = f"/g/{circle.group.slug}/invite/"
    client.post(address, {"action": "code"})
    client.post(address, {"action": "personal"})
    page = client.get(address).content.decode()
    token = selectors.token_of(selectors.standing_code(actor=circle.facilitator, group=circle.group))
    assert f"/i/{token}/" in page
    assert "<svg" in page
    assert as_(person).post(f"/i/{token}/").status_code == 302
    assert (
        "A facilitator of Thursday people will let you in"
        in as_(person).get(f"/g/{circle.group.slug}/").content.decode()
    )
    assert "asks to come in" in client.get(f"/g/{circle.group.slug}/").content.decode()
    client.post(f"/g/{circle.group.slug}/people/{person.pid}/", {"action": "confirm"})
    assert selectors.is_member(circle.group, person)
    client.post(address, {"action": "renew"})
    assert as_(make_member()).post(f"/i/{token}/").status_code == 410
    personal = selectors.personal_invitations(actor=circle.facilitator, group=circle.group)[0]
    client.post(address, {"action": "revoke", "token": selectors.token_of(personal)})
    assert selectors.personal_invitations(actor=circle.facilitator, group=circle.group) == []
    assert client.post(address, {"action": "dance"}).status_code == 400


def test_the_pages_of_a_group_are_closed_to_outsiders_and_those_of_facilitators_to_members(circle):
    member, outsider, slug = make_regular(circle), make_member(), circle.group.slug
    inside = ["", "leave/"]
    running = ["edit/", "invite/", "recent/", "meetings/new/", f"meetings/{circle.meeting.pk}/"]
    for path in inside + running:
        assert as_(outsider).get(f"/g/{slug}/{path}").status_code == 403, path
        assert as_(member).get(f"/g/{slug}/{path}").status_code == (403 if path in running else 200), path
        assert as_(circle.facilitator).get(f"/g/{slug}/{path}").status_code == 200, path
        assert Client().get(f"/g/{slug}/{path}").status_code == 302, path
    assert as_(member).get("/g/aaaaaaaa/").status_code == 404
    for path in ("close/", f"people/{member.pid}/", f"meetings/{circle.meeting.pk}/end/"):
        given = {"action": "end", "sure": "yes"}
        assert as_(outsider).post(f"/g/{slug}/{path}", given).status_code == 403, path
        assert as_(member).post(f"/g/{slug}/{path}", given).status_code == 403, path


def test_a_member_commits_and_excuses_themself_in_one_tap_each(circle):
    member = make_member()
    join(circle.group, member)
    client, page = as_(member), f"/g/{circle.group.slug}/"
    slug = circle.meeting.slug
    assert client.post(f"/meetings/{slug}/commit/", {"action": "commit", "next": page}).headers["Location"] == page
    assert "Can't come" in client.get(page).content.decode()
    client.post(f"/meetings/{slug}/dates/20260122T1900/", {"action": "excuse", "next": "https://elsewhere.example/"})
    assert Mark.objects.get(person=member).value == "excused"
    assert "I can after all" in client.get(page).content.decode()
    client.post(f"/meetings/{slug}/dates/20260122T1900/", {"action": "undo"})
    assert Mark.objects.get(person=member).value is None
    client.post(f"/meetings/{slug}/commit/", {"action": "uncommit"})
    assert not Commitment.objects.filter(person=member, until=None).exists()
    assert client.post(f"/meetings/{slug}/commit/", {"action": "dance"}).status_code == 400
    assert client.post(f"/meetings/{slug}/dates/soon/", {"action": "excuse"}).status_code == 404
    assert client.post(f"/meetings/{slug}/dates/20260123T1900/", {"action": "excuse"}).status_code == 400
    assert as_(make_member()).post(f"/meetings/{slug}/commit/", {"action": "commit"}).status_code == 403


def test_a_form_never_sends_somebody_to_another_site(circle):
    member = make_regular(circle)
    answer = as_(member).post(
        f"/meetings/{circle.meeting.slug}/commit/", {"action": "uncommit", "next": "//elsewhere.example/"}
    )
    assert answer.headers["Location"] == f"/g/{circle.group.slug}/"


def test_two_weeks_of_holiday_are_cancelled_with_two_ticks(circle):
    client = as_(circle.facilitator)
    page = f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/"
    client.post(f"{page}dates/", {"action": "cancel", "date": ["20260122T1900", "20260129T1900"]})
    assert Occurrence.objects.filter(state="cancelled").count() == 2
    assert client.get(page).content.decode().count("On again") == 2
    client.post(f"{page}dates/", {"action": "back", "date": "20260122T1900"})
    assert Occurrence.objects.filter(state="cancelled").count() == 1
    assert client.post(f"{page}dates/", {"action": "cancel", "date": "soon"}).status_code == 404
    assert client.post(f"{page}dates/", {"action": "cancel"}).status_code == 302


def test_a_meeting_is_changed_and_ended_by_its_facilitator(circle):
    client = as_(circle.facilitator)
    page = f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/"
    changed = {"title": "Friday circle", "weekdays": ["4"], "starts": "18:00", "minutes": "45", "mode": "in_person"}
    assert client.post(page, changed | {"zone": "Europe/Berlin"}).status_code == 302
    assert client.post(page, changed | {"zone": "Mars"}).status_code == 400
    circle.meeting.refresh_from_db()
    assert (circle.meeting.name, circle.meeting.rrule) == ("Friday circle", "FREQ=WEEKLY;BYDAY=FR")
    client.post(f"{page}end/")
    circle.meeting.refresh_from_db()
    assert circle.meeting.closed_at is None, "the box was not ticked"
    client.post(f"{page}end/", {"sure": "yes"})
    circle.meeting.refresh_from_db()
    assert circle.meeting.closed_at == AFTER
    assert client.get(page).status_code == 404


def test_an_hour_and_a_half_stand_in_the_form_as_hours_and_minutes_and_two_hours_are_two(circle):
    client, page = as_(circle.facilitator), f"/g/{circle.group.slug}/meetings/{circle.meeting.pk}/"
    form = client.get(page).context["form"]
    assert (form["hours"].value(), form["minutes"].value()) == (1, 30)
    new = client.get(f"/g/{circle.group.slug}/meetings/new/").context["form"]
    assert (new["hours"].value(), new["minutes"].value()) == (1, 0)
    typed = {"title": "Circle", "weekdays": ["3"], "starts": "19:00", "mode": "in_person", "zone": "Europe/Berlin"}
    client.post(page, {**typed, "hours": "2", "minutes": "0"})
    circle.meeting.refresh_from_db()
    assert circle.meeting.minutes == 120


def test_the_last_facilitator_names_who_follows(circle):
    heir = make_regular(circle)
    client, page = as_(circle.facilitator), f"/g/{circle.group.slug}/leave/"
    assert "Who follows you?" in client.get(page).content.decode()
    assert client.post(page).status_code == 400
    assert client.post(page, {"successor": str(heir.pid)}).status_code == 302
    assert selectors.facilitators(circle.group) == [heir]


def test_a_group_is_described_anew_and_ended(circle):
    client, slug = as_(circle.facilitator), circle.group.slug
    assert client.post(f"/g/{slug}/edit/", {"name": "", "zone": "UTC"}).status_code == 400
    assert client.post(f"/g/{slug}/edit/", {"name": "Renamed", "zone": "UTC", "about": "Hi"}).status_code == 302
    client.post(f"/g/{slug}/close/")
    circle.group.refresh_from_db()
    assert (circle.group.name, circle.group.closed_at) == ("Renamed", None)
    client.post(f"/g/{slug}/close/", {"sure": "yes"})
    circle.group.refresh_from_db()
    assert circle.group.closed_at == AFTER
    assert client.get(f"/g/{slug}/").status_code == 403


def test_a_request_is_taken_back(circle):
    person = make_member()
    Membership.objects.create(group=circle.group, person=person, state="waiting", since=NOW)
    as_(person).post(f"/g/{circle.group.slug}/withdraw/")
    assert not Membership.objects.filter(person=person).exists()


def test_a_list_is_saved_asked_about_and_closed_without_a_script(circle):
    here, late, left = (make_regular(circle) for _n in range(3))
    client, page = as_(circle.facilitator), f"/sheets/{circle.occurrence.pk}/"
    assert client.get(page).status_code == 200
    unmarked = {here: ("none", "present"), late: ("none", "none"), left: ("none", "none")}
    client.post(page, form_of(unmarked, action="save"))
    asked = client.post(page, form_of({late: ("none", "late"), left: ("none", "none")}, action="close"))
    assert asked.status_code == 200
    text = asked.content.decode()
    assert "1 not marked: Absent, or Don't know?" in text
    assert 'name="rest" value="absent"><' in text, "nothing is preselected"
    assert Mark.objects.get(person=late).value == "late", "what was tapped is kept while the question is asked"
    assert client.post(page, form_of({left: ("none", "none")}, action="close", rest="unknown")).status_code == 302
    assert Mark.objects.get(person=left).value is None
    assert "This list is closed." in client.get(page).content.decode()
    client.post(page, form_of({left: ("none", "present")}, action="correct"))
    assert Mark.objects.get(person=left).value == "present"


def test_a_page_that_is_behind_does_not_write_over_what_it_did_not_change(circle):
    one, other = make_regular(circle), make_regular(circle)
    second = make_member()
    join(circle.group, second, role="facilitator")
    page = f"/sheets/{circle.occurrence.pk}/"
    sheet_mark(actor=second, sheet=circle.sheet, person=other, value="online")
    posted = form_of({one: ("none", "present"), other: ("none", "none")}, action="close")
    as_(circle.facilitator).post(page, posted)
    assert Mark.objects.get(person=other).value == "online"


def test_the_second_to_close_is_told_and_nothing_is_lost(circle):
    member = make_regular(circle)
    page = f"/sheets/{circle.occurrence.pk}/"
    sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    answer = as_(circle.facilitator).post(
        page, form_of({member: ("none", "present")}, action="close", rest="unknown"), follow=True
    )
    assert "has closed this list. You can still correct it." in answer.content.decode()
    assert Mark.objects.get(person=member).value == "absent"


def test_a_tap_is_answered_with_what_stands_now(circle):
    member = make_regular(circle)
    client, page = as_(circle.facilitator), f"/sheets/{circle.occurrence.pk}/"
    tap = {"action": "mark", "pid": str(member.pid)}
    assert client.post(page, tap | {"value": "present"}).json() == {"value": "present"}
    assert client.post(page, tap | {"value": "none"}).json() == {"value": "none"}
    assert client.post(page, tap | {"value": "asleep"}).status_code == 400
    assert client.post(page, tap | {"pid": "x", "value": "present"}).status_code == 403
    assert client.post(page, {"action": "dance"}).status_code == 400
    assert not AccessLog.objects.exists(), "writing reads nobody's attendance"
    sheet_close(actor=circle.facilitator, sheet=circle.sheet, rest="absent")
    assert client.post(page, tap | {"value": "present"}).status_code == 409


def test_a_list_is_not_for_outsiders_members_or_guests(circle):
    member = make_regular(circle)
    page = f"/sheets/{circle.occurrence.pk}/"
    for person in (make_member(), member):
        assert as_(person).get(page).status_code == 403
        assert as_(person).post(page, {"action": "close", "rest": "absent"}).status_code == 403
        assert as_(person).post(f"{page}link/").status_code == 403
    assert Client().get(page).status_code == 302
    assert as_(member).get("/sheets/999999/").status_code == 404
    circle.sheet.refresh_from_db()
    assert circle.sheet.state == "open"


def test_a_list_by_link_needs_no_sign_in_and_opens_nothing_else(circle):
    member = make_regular(circle)
    token = sheet_link_give(actor=circle.facilitator, sheet=circle.sheet)
    guest = Client()
    page = guest.get(f"/{token}")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert guest.post(f"/{token}", form_of({member: ("none", "present")}, action="close")).status_code == 302
    assert Mark.objects.get(person=member).by == circle.facilitator
    assert guest.get(f"/g/{circle.group.slug}/").status_code == 302
    with clock.frozen(AFTER + 8 * DAY):
        assert guest.get(f"/{token}").status_code == 410


def test_heads_are_counted_on_the_same_page():
    circle = make_circle(heads=True)
    client, page = as_(circle.facilitator), f"/sheets/{circle.occurrence.pk}/"
    assert "How many were there?" in client.get(page).content.decode()
    for wrong in ("", "-3", "many", "99999999", "²"):
        client.post(page, {"action": "count", "head_count": wrong})
        circle.sheet.refresh_from_db()
        assert circle.sheet.state == "open"
    client.post(page, {"action": "count", "head_count": "14"})
    circle.sheet.refresh_from_db()
    assert circle.sheet.head_count == 14


def test_the_facilitators_link_is_given_on_a_page_of_its_own(circle):
    answer = as_(circle.facilitator).post(f"/sheets/{circle.occurrence.pk}/link/")
    token = sheet_link_give(actor=circle.facilitator, sheet=circle.sheet)
    assert f"/{token}" in answer.content.decode()


def test_my_own_meetings_show_what_was_written_and_who_looked(circle):
    member = make_regular(circle)
    sheet_close(actor=circle.facilitator, sheet=circle.sheet, marks={member: "present"})
    as_(circle.facilitator).get(f"/sheets/{circle.occurrence.pk}/")
    client = as_(member)
    text = client.get("/me/attendance/").content.decode()
    assert "Thursday circle" in text
    assert circle.facilitator.name in client.get("/me/looked/").content.decode()
    client.post("/me/attendance/log/", {"starts": "2026-01-14T18:00"})
    assert SelfLog.objects.get().starts_at == datetime(2026, 1, 14, 17, 0, tzinfo=UTC), "in my own zone"
    for wrong in ("", "yesterday", "2026-02-30T10:00", "2026-01-20T10:00"):
        assert "notice-attention" in client.post("/me/attendance/log/", {"starts": wrong}, follow=True).content.decode()
    client.post("/me/attendance/log/", {"remove": str(SelfLog.objects.get().pk)})
    assert not SelfLog.objects.exists()


def test_lists_that_wait_are_shown_to_who_runs_the_group(circle):
    make_date(circle.meeting, NOW)
    assert "Who was there?" in as_(circle.facilitator).get("/sheets/").content.decode()
    assert "Nothing waits for you" in as_(make_regular(circle)).get("/sheets/").content.decode()


def test_a_page_of_a_group_costs_the_same_for_three_as_for_thirty(circle, django_assert_max_num_queries):
    member = make_regular(circle)
    for _n in range(30):
        make_regular(circle)
    excuse(actor=member, meeting=circle.meeting, original_local=datetime(2026, 1, 22, 19, 0))
    client = as_(member)
    with django_assert_max_num_queries(14):
        client.get(f"/g/{circle.group.slug}/")


def test_a_list_of_25_costs_the_same_as_one_of_three(circle, django_assert_max_num_queries):
    people = [make_regular(circle) for _n in range(25)]
    client = as_(circle.facilitator)
    with django_assert_max_num_queries(14):
        client.get(f"/sheets/{circle.occurrence.pk}/")
    with django_assert_max_num_queries(26):
        client.post(
            f"/sheets/{circle.occurrence.pk}/",
            form_of(dict.fromkeys(people, ("none", "present")), action="close"),
        )
