"""Public holidays on which a group's meeting would be held are shown to who runs it; what goes is theirs to say."""

from dataclasses import replace
from datetime import date, time

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from ground import clock
from groups.services import group_found
from meetings import free_days
from meetings.countries import COUNTRIES
from meetings.models import Meeting, Occurrence
from meetings.selectors.free_days import region_of, suggested
from meetings.services.free_days import meeting_holidays_set
from meetings.services.group_meetings import meeting_make
from meetings.services.occurrences import occurrence_get, occurrence_move
from tests.group_stories import PLAN
from tests.people_of_the_story import NOW, make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("evening")]


@pytest.fixture
def fred():
    return make_account("Fred").person


def held(fred, **changes):
    group = group_found(actor=fred, name="Circle", zone="Europe/Berlin")
    return meeting_make(actor=fred, group=group, plan=replace(PLAN, **changes))


def days_of(meeting, language="en"):
    return [(one.date.local.date().isoformat(), one.name) for one in suggested(meeting, NOW, language)]


def test_a_thursday_meeting_hears_of_the_holidays_that_are_thursdays(fred):
    meeting = held(fred, address="Marienplatz 8, 80331 München, Bayern")
    assert region_of(meeting) == "DE-BY"
    assert days_of(meeting) == [("2026-05-14", "Ascension Day"), ("2026-06-04", "Corpus Christi")]


def test_holidays_of_another_part_of_the_country_are_none_here(fred):
    assert days_of(held(fred, address="Alexanderplatz 1, Berlin")) == [("2026-05-14", "Ascension Day")]


def test_names_are_in_the_reader_s_language_where_it_is_known_and_else_as_people_there_say(fred):
    meeting = held(fred, zone="Europe/Madrid", weekdays=(4,))
    assert days_of(meeting, "es")[0] == ("2026-04-03", "Viernes Santo")
    berlin = held(fred, weekdays=(4,))
    assert days_of(berlin, "es")[0] == ("2026-04-03", "Karfreitag")


def test_the_state_comes_from_the_coordinates(fred):
    meeting = held(fred, zone="America/New_York")
    meeting.latitude, meeting.longitude = 41.82, -71.41  # Providence, between other states
    assert region_of(meeting) == "US-RI"


def test_a_zone_of_no_country_suggests_nothing(fred):
    meeting = held(fred, zone="UTC", mode="online", conference_url="https://example.org/x")
    assert region_of(meeting) == ""
    assert days_of(meeting) == []


def test_a_date_that_was_moved_off_a_holiday_is_not_named_and_one_moved_onto_it_is(fred):
    meeting = held(fred, weekdays=(4,))
    for original, moved in [("2026-04-03T19:00", "2026-04-04T19:00"), ("2026-04-10T19:00", "2026-04-06T19:00")]:
        wall = [clock.datetime.fromisoformat(one) for one in (original, moved)]
        row = occurrence_get(meeting=meeting, original_local=wall[0])
        occurrence_move(actor=fred, occurrence=row, starts_local=wall[1])
    assert [day for day, _name in days_of(meeting)][:2] == ["2026-04-06", "2026-05-01"]


def test_the_facilitator_corrects_the_region_and_nothing_is_cancelled_by_it(fred):
    meeting = held(fred)
    assert region_of(meeting) == "DE"
    meeting_holidays_set(actor=fred, meeting=meeting, region="DE-BY")
    assert ("2026-06-04", "Corpus Christi") in days_of(Meeting.objects.get())
    meeting_holidays_set(actor=fred, meeting=meeting, region="-")
    assert days_of(Meeting.objects.get()) == []
    assert not Occurrence.objects.filter(state="cancelled").exists()
    for wrong in ("XX", "DE-XX", "DE-", "Germany"):
        with pytest.raises(ValidationError):
            meeting_holidays_set(actor=fred, meeting=meeting, region=wrong)
    assert Meeting.objects.get().holidays_of == "-"


def test_one_tap_on_the_page_and_it_is_not_on_this_date(fred):
    meeting = held(fred, address="Marienplatz 8, 80331 München, Bayern")
    client = Client()
    client.force_login(fred.account)
    page = f"/g/{meeting.group.slug}/meetings/{meeting.pk}/"
    shown = client.get(page).content.decode()
    assert "Corpus Christi" in shown
    assert "Holidays of Germany, Bayern" in shown
    answer = client.post(f"{page}dates/", {"date": "20260604T1900", "action": "cancel"}, follow=True)
    assert "1 date is cancelled." in answer.content.decode()
    assert "Corpus Christi" not in answer.content.decode()
    row = Occurrence.objects.get(state="cancelled")
    assert row.original_local.date() == date(2026, 6, 4)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"country": "", "part": "BY", "part_of": "DE"}, ""),  # as it is found
        ({"country": "", "part": "", "part_of": "DE"}, "DE"),  # the whole country
        ({"country": "DE", "part": "BE", "part_of": "DE"}, "DE-BE"),
        ({"country": "US", "part": "BY", "part_of": "DE"}, "US"),  # a part of the country before
        ({"country": "", "part": "NY", "part_of": "US"}, ""),
        ({"country": "-", "part": "BY", "part_of": "DE"}, "-"),
        ({"country": "DE", "part": "XX", "part_of": "DE"}, "DE-BE"),  # refused
    ],
)
def test_the_form_means_a_part_of_the_country_that_it_offered(fred, sent, kept):
    meeting = held(fred, address="Marienplatz 8, 80331 München, Bayern")
    meeting_holidays_set(actor=fred, meeting=meeting, region="DE-BE")
    client = Client()
    client.force_login(fred.account)
    client.post(f"/g/{meeting.group.slug}/meetings/{meeting.pk}/free-days/", sent)
    assert Meeting.objects.get().holidays_of == kept


def test_by_json_the_same(fred):
    meeting = held(fred, starts=time(18))
    client = Client()
    client.force_login(fred.account)
    door = f"/api/v1/meetings/{meeting.slug}/holidays/"
    assert client.get(door).json()["region"] == "DE"
    answer = client.put(door, {"region": "DE-BY"}, content_type="application/json").json()
    assert answer["chosen"] == "DE-BY"
    assert answer["dates"][1] == {
        "date": "20260604T1800",
        "starts_at": "2026-06-04T16:00:00Z",
        "name": "Corpus Christi",
    }
    refused = client.put(door, {"region": "Bavaria"}, content_type="application/json")
    assert (refused.status_code, set(refused.json()["error"]["fields"])) == (400, {"region"})


@pytest.mark.embedded
def test_every_country_of_the_library_has_a_name_here_and_none_else():
    import holidays

    assert set(COUNTRIES) == set(holidays.list_supported_countries(include_aliases=False))
    assert all(free_days.parts_of(code) is not None for code in ("DE", "AT", "MX"))
    assert free_days.parts_of("AT")["9"] == "Wien"
