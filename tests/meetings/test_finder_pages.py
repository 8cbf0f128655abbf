"""The finder's page with its further filters and numbers, and a meeting's page for those who run it."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client

from frontend.finder_filters import elsewhere
from ground import clock
from ground.errors import Settled
from meetings.models import Meeting
from meetings.selectors.held import dates_of
from meetings.selectors.series import plan_of
from meetings.services.group_meetings import (
    group_found_afresh,
    meeting_confirm,
    meeting_edit,
    meeting_end,
    meeting_make,
)
from meetings.services.occurrences import occurrence_cancel, occurrence_get, occurrence_move
from tests.group_stories import PLAN
from tests.people_of_the_story import NOW, make_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with clock.frozen(NOW):
        yield


@pytest.fixture
def fred():
    return make_account("Fred")


@pytest.fixture
def meeting(fred):
    group = group_found_afresh(actor=fred.person, name="Thursday circle", zone="Europe/Berlin", plan=PLAN)
    return Meeting.objects.select_related("group").get(group=group)


def signed_in(account):
    client = Client()
    client.force_login(account)
    return client


def page(**params):
    return Client().get("/", params).content.decode()


def test_rows_for_another_clock_come_alone_and_are_kept_nowhere(meeting):
    whole = Client().get("/")
    part = Client().get("/", headers={"x-part": "results"})
    assert part["Cache-Control"] == "no-store"
    assert part.content.decode().strip() in whole.content.decode()
    assert part.content.decode().count("<html") == 0


def test_the_first_page_loads_no_htmx_and_says_where_it_is(meeting):
    html = page()
    assert 'data-htmx="/static/django_htmx/htmx-2.min.js"' in html
    assert html.count("htmx-2") == 1


def test_every_filter_stands_in_the_address_and_works_without_a_script(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(fellowship="NA")
    shown = page(fellowship="NA", time="evening", sort="name", q="circle")
    assert "Thursday circle" in shown
    assert '<option value="NA" selected>Narcotics Anonymous</option>' in shown
    assert '<option value="name" selected>' in shown
    assert 'name="time" value="evening"' in shown, "the words typed next keep the time of day"
    assert "Thursday circle" not in page(fellowship="AA")


def test_today_and_on_now_also_name_their_day_for_what_is_read_later_without_network(meeting):
    on_now = meeting.next_starts_at + timedelta(minutes=5)
    for moment, heading in [(on_now - timedelta(hours=9), "Today"), (on_now, "On now")]:
        with clock.frozen(moment):
            assert f'data-day="Thursday 22 January">{heading}</h2>' in page()
            spanish = Client().get("/", headers={"accept-language": "es"}).content.decode()
        assert 'data-day="Jueves 22 de enero"' in spanish
    assert "data-day" not in page(sort="name"), "each row says its day"


def test_the_numbers_come_by_a_request_of_their_own(meeting):
    shown = page()
    assert 'hx-get="/meetings/counts/?"' in shown
    assert "chip-count" not in shown
    counted = Client().get("/meetings/counts/", {"mode": "in_person"}).content.decode()
    assert "chip-count" in counted
    assert 'hx-get="/meetings/counts/' not in counted, "asked once"
    assert "<html" not in counted


def test_fellowships_are_offered_where_a_meeting_has_one(meeting):
    offered = 'id="fellowship"'
    assert offered not in page()
    assert offered not in Client().get("/meetings/counts/").content.decode()
    Meeting.objects.filter(pk=meeting.pk).update(fellowship="NA")
    assert '<option value="NA">Narcotics Anonymous (1)</option>' in Client().get("/meetings/counts/").content.decode()


def test_the_list_leads_to_paper_a_calendar_and_a_line_for_other_sites(meeting):
    shown = page(q='circle"><i>', day="today")
    assert "/print/" not in shown, "nothing was found"
    shown = page(q="circle", mode="in_person", time="evening", sort="name")
    assert 'href="/print/?q=circle&amp;time=evening&amp;mode=in_person"' in shown
    assert 'href="/calendar/search.ics?q=circle&amp;time=evening&amp;mode=in_person"' in shown
    assert "data-q=&quot;circle&quot; data-mode=&quot;in_person&quot;" in shown
    for address in ("/print/?q=circle&mode=in_person", "/calendar/search.ics?q=circle&mode=in_person"):
        assert Client().get(address).status_code == 200


def test_what_was_typed_ends_no_attribute_of_the_line_for_other_sites():
    line = elsewhere({"q": '"><img src=x>'}, "en")["widget"]
    assert line.count('"') == 6
    assert "<img" not in line


def test_a_position_is_in_no_address_that_is_made_to_be_copied(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(latitude=52.52, longitude=13.4)
    shown = page(near="52.52,13.41")
    assert "/print/?near=" in shown
    assert "/calendar/search.ics" not in shown
    assert "widget.js" not in shown


def test_near_me_is_a_word_in_the_address_and_the_place_comes_by_a_cookie(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(latitude=52.52, longitude=13.4)
    here, away, nowhere = Client(), Client(), Client()
    here.cookies["near"], away.cookies["near"] = "52.52_13.41", "-33.87_151.21"
    there = "/?near=me&radius=10&sort=distance"
    found = here.get(there)
    shown = found.content.decode()
    assert "Thursday circle" in shown
    assert "52.5" not in shown.replace(str(meeting.latitude), "")
    assert "/print/?near=me" in shown
    assert "/calendar/search.ics" not in shown
    assert "private" in found.headers["Cache-Control"]
    with clock.frozen(NOW + timedelta(days=1)):
        on_paper = [one.get("/print/?near=me").content.decode() for one in (here, away)]
    assert ["Thursday circle" in one for one in on_paper] == [True, False]
    assert "52.5" not in on_paper[0]
    assert "Thursday circle" not in away.get(there).content.decode()
    lost = nowhere.get(there).content.decode()
    assert "Where you are is not kept." in lost
    assert "Thursday circle" in lost
    for path in ("/?near=me", "/meetings/counts/?near=me", "/print/?near=me"):
        for one in (here, nowhere):
            assert "private" in one.get(path).headers["Cache-Control"], path
    assert "Where you are is not kept" in nowhere.get("/print/?near=me").content.decode()
    assert "Where you are is not kept" not in nowhere.get("/?near=me&place=Berlin").content.decode()


@pytest.mark.parametrize("told", ["", "52.52", "52.52,13.41", "95_13", "52.52_200", "1e1_2", "52.5237_13.41", "x_y"])
def test_a_place_that_is_none_is_as_if_none_were_told(meeting, told):
    browser = Client()
    browser.cookies["near"] = told
    for path in ("/?near=me", "/meetings/counts/?near=me", "/print/?near=me"):
        assert browser.get(path).status_code == 200
    assert Client().get("/?near=51,x").status_code == 400


def test_kinds_are_named_in_the_readers_language(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(types=["W"])
    shown = Client().get(f"/meetings/{meeting.slug}/", headers={"Accept-Language": "es"}).content.decode()
    assert "Mujeres" in shown
    assert "Women" not in shown


def test_a_meeting_leads_to_its_calendar(meeting):
    shown = Client().get(f"/meetings/{meeting.slug}/").content.decode()
    address = f"/calendar/meetings/{meeting.slug}.ics"
    assert f'href="{address}"' in shown
    assert Client().get(address).status_code == 200


def test_a_meetings_page_says_which_of_its_next_dates_are_not_held_and_which_were_moved(fred, meeting):
    """Days after NOW: 29 January is cancelled, 5 February moved to the 6th."""
    held = {f"{one.original_local:%d}": one.original_local for one in dates_of(meeting, NOW)}
    occurrence_cancel(actor=fred.person, occurrence=occurrence_get(meeting=meeting, original_local=held["29"]))
    moved = occurrence_get(meeting=meeting, original_local=held["05"])
    occurrence_move(actor=fred.person, occurrence=moved, starts_local=held["05"].replace(day=6, hour=17))
    shown = " ".join(Client().get(f"/meetings/{meeting.slug}/").content.decode().split())
    assert "<s>Thursday 29 January</s>" in shown
    assert "instead of Thursday 5 February, 19:00" in shown
    one_date = f"/calendar/meetings/{meeting.slug}.ics?date=20260205T1900"
    assert f'href="{one_date}"' in shown
    assert b"".join(Client().get(one_date).streaming_content).count(b"DTSTART;TZID=Europe/Berlin:20260206T170000") == 1
    assert "?date=20260129" not in shown
    assert f'href="webcal://testserver/calendar/meetings/{meeting.slug}.ics"' in shown
    told = Client().get(f"/api/v1/meetings/{meeting.slug}/").json()
    assert told["cancelled"] == ["2026-01-29T19:00"]


def test_a_single_date_that_is_cancelled_is_shown_as_that_and_not_as_by_appointment(fred, meeting):
    plan = replace(PLAN, repeats="once", weekdays=(), first=date(2026, 1, 20))
    once = meeting_make(actor=fred.person, group=meeting.group, plan=plan)
    (held,) = dates_of(once, NOW)
    occurrence_cancel(actor=fred.person, occurrence=occurrence_get(meeting=once, original_local=held.original_local))
    shown = Client().get(f"/meetings/{once.slug}/").content.decode()
    assert "<s>Tuesday 20 January</s>" in shown
    assert "No date is to come." in shown
    assert "By appointment" not in shown


def test_a_choice_in_the_numbers_leads_to_the_finder_itself(meeting):
    counted = Client().get("/meetings/counts/").content.decode()
    assert 'href="/?day=tomorrow"' in counted


@pytest.mark.parametrize(
    ("params", "offered"),
    [
        ({"q": "knitting circle"}, "Only “knitting”"),
        ({"q": "knitting"}, "Without the words"),
        ({"lang": "JA"}, "Any language"),
        ({"fellowship": "OA"}, "Any fellowship"),
        ({"time": "morning"}, "Any time of day"),
        ({"tags": "A"}, "Any kind"),
        ({"box": "10,10,11,11"}, "Anywhere"),
        ({"mode": "online"}, "Online and in person"),
        ({"day": "mon"}, "Any day"),
        ({"on": "1", "near": "10,10"}, "See what comes next"),
    ],
)
def test_an_empty_answer_says_what_to_loosen_and_that_leads_on(meeting, params, offered):
    with clock.frozen(NOW - timedelta(hours=2)):  # it is not on
        answer = Client().get("/", params)
    assert answer.status_code == 200
    tries = dict(answer.context["wider"])
    assert offered in tries
    assert Client().get("/" + tries[offered]).status_code == 200


@pytest.mark.parametrize("params", [{"time": "tea"}, {"box": "1,2,3"}, {"lang": "X"}, {"sort": "far"}])
@pytest.mark.parametrize("address", ["/", "/meetings/counts/", "/api/v1/meetings/"])
def test_a_filter_that_cannot_be_read_is_refused_at_every_door(params, address):
    assert Client().get(address, params).status_code == 400


@pytest.mark.parametrize("address", ["/", "/meetings/counts/"])
def test_who_takes_the_place_away_is_shown_the_list_by_time(meeting, address):
    assert Client().get(address, {"sort": "distance"}).status_code == 200
    unknown = Client().get(address, {"sort": "distance", "place": "Nowhereville"})
    assert unknown.status_code == 200
    assert Client().get("/api/v1/meetings/", {"sort": "distance"}).status_code == 400, "a program is told"


def test_a_facilitator_confirms_with_one_tap_and_the_button_goes(fred, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(confirmed_on=date(2025, 6, 1))
    client = signed_in(fred)
    address = f"/meetings/{meeting.slug}/"
    assert "All of this is right" in client.get(address).content.decode()
    answer = client.post(address + "confirm/")
    assert answer.status_code == 302
    assert answer["Location"] == address
    meeting.refresh_from_db()
    assert meeting.confirmed_on == date(2026, 1, 15)
    assert "All of this is right" not in client.get(address).content.decode()
    assert client.post(address + "confirm/").status_code == 302, "twice is once"


def test_nobody_else_confirms_and_a_link_alone_does_nothing(meeting):
    address = f"/meetings/{meeting.slug}/"
    other = make_account("Olga")
    assert "All of this is right" not in signed_in(other).get(address).content.decode()
    assert signed_in(other).post(address + "confirm/").status_code == 403
    assert Client().post(address + "confirm/").status_code == 302, "a guest is sent to sign in"
    assert signed_in(other).get(address + "confirm/").status_code == 405
    with pytest.raises(PermissionDenied):
        meeting_confirm(actor=other.person, meeting=meeting)
    meeting.refresh_from_db()
    assert meeting.confirmed_on is None


def test_a_meeting_that_has_ended_is_not_confirmed(fred, meeting):
    meeting_end(actor=fred.person, meeting=meeting)
    meeting.refresh_from_db()
    with pytest.raises(Settled):
        meeting_confirm(actor=fred.person, meeting=meeting)


def test_the_page_of_a_meeting_is_shared_by_link_and_code(meeting):
    shown = Client().get(f"/meetings/{meeting.slug}/").content.decode()
    assert f'/meetings/{meeting.slug}/" readonly' in shown
    assert "<svg" in shown.partition("Share this meeting")[2]


def test_the_way_there_is_offered_where_the_place_is_known_exactly(meeting):
    address = f"/meetings/{meeting.slug}/"
    assert "directions?to=" not in Client().get(address).content.decode()
    Meeting.objects.filter(pk=meeting.pk).update(latitude=52.52, longitude=13.4)
    assert "directions?to=52.52000%2C13.40000" in Client().get(address).content.decode()


def test_a_form_filled_from_a_meeting_and_sent_back_changes_nothing(fred, meeting):
    before = plan_of(meeting)
    typed = {key: value for key, value in before.items() if value not in (None, [], "")}
    typed |= {"starts": before["starts"].strftime("%H:%M")}
    answer = signed_in(fred).post(f"/g/{meeting.group.slug}/meetings/{meeting.pk}/", typed)
    assert answer.status_code == 302
    meeting.refresh_from_db()
    assert plan_of(meeting) == before


def test_a_meeting_is_found_by_the_words_of_its_list_after_its_group_changed_it(fred, meeting):
    Meeting.objects.filter(pk=meeting.pk).update(extra={"group": "Lanternfolk"})
    meeting_edit(actor=fred.person, meeting=meeting, plan=PLAN)
    assert "Thursday circle" in page(q="lanternfolk")


def test_a_meetings_page_says_where_it_takes_its_seventh_tradition_as_its_list_does(meeting):
    handles = {"venmo": "@lamp-9", "square": "$lamp", "paypal": "Lamp9"}
    Meeting.objects.filter(pk=meeting.pk).update(extra=handles)
    shown = Client().get(f"/meetings/{meeting.slug}/").content.decode()
    for link in ("https://venmo.com/lamp-9", "https://cash.app/$lamp", "https://www.paypal.com/paypalme/Lamp9"):
        assert f'<a href="{link}" rel="noopener noreferrer"' in shown
    told = Client().get(f"/api/v1/meetings/{meeting.slug}/").json()["contributions"]
    assert [one["handle"] for one in told] == list(handles.values())
    wrong = {"venmo": "@a/../b", "square": "javascript:alert(1)", "paypal": "<b>"}
    Meeting.objects.filter(pk=meeting.pk).update(extra=wrong)  # from before such were left out
    shown = Client().get(f"/meetings/{meeting.slug}/").content.decode()
    assert "Contributions" not in shown
    assert "javascript:" not in shown
    assert Client().get(f"/api/v1/meetings/{meeting.slug}/").json()["contributions"] == []


def test_a_meeting_of_several_times_a_day_names_the_others_to_guests(fred):
    group = group_found_afresh(actor=fred.person, name="Circle", zone="Europe/Berlin", plan=PLAN)
    made = meeting_make(actor=fred.person, group=group, plan=replace(PLAN, also=(time(7), time(12, 30))))
    early, noon = Meeting.objects.filter(series=made.series).exclude(pk=made.pk).order_by("starts_local")
    shown = Client().get(f"/meetings/{made.slug}/").content.decode()
    assert f'<a href="/meetings/{early.slug}/">07:00</a>, <a href="/meetings/{noon.slug}/">12:30</a>' in shown
    told = Client().get(f"/api/v1/meetings/{made.slug}/").json()["other_times"]
    assert told == [{"slug": early.slug, "starts": "07:00"}, {"slug": noon.slug, "starts": "12:30"}]
    meeting_end(actor=fred.person, meeting=early)
    meeting_end(actor=fred.person, meeting=noon)
    assert "Other times of the day" not in Client().get(f"/meetings/{made.slug}/").content.decode()
