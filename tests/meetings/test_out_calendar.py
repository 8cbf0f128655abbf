"""iCalendar, read back by a parser that is not ours: the same dates as our schedule, over every change of clocks."""

import random
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
from django.test import Client
from rest_framework.test import APIClient

from ground import clock
from meetings.models import Commitment, Meeting, Occurrence
from meetings.out.calendar import calendar
from meetings.out.public import Public
from meetings.schedule import DAY_CODES, Moved, Rule, occurrences
from meetings.services.group_meetings import group_found_from_meeting
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW, make_account

ZONES = ("America/New_York", "Europe/Berlin")
# both changes of both zones in 2026: 8 March and 1 November, 29 March and 25 October
SPANS = (
    (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC)),
    (datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)),
)


def written(one, now=NOW):
    return calendar([one], name="Meetings", host="example.org", page=lambda one: f"https://x/{one.slug}/", now=now)


def read_back(text, after, before):
    """(start, end) in UTC of every event that another parser finds."""
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(after, before)
    found = []
    for event in events:
        start = event["DTSTART"].dt.astimezone(UTC)
        length = event["DURATION"].dt if "DURATION" in event else event["DTEND"].dt - event["DTSTART"].dt
        found.append((start, start + length))
    return sorted(pair for pair in found if pair[1] > after and pair[0] < before)


def any_rule(dice):
    """A rule as people have them: weekly on some days, every second week, nth weekdays, by date, an end, once."""
    zone = dice.choice(ZONES)
    first = datetime(2026, 1, 1) + timedelta(days=dice.randrange(40), minutes=15 * dice.randrange(96))
    days = ",".join(dice.sample(DAY_CODES, dice.randint(1, 4)))
    rrule = dice.choice(
        [
            f"FREQ=WEEKLY;BYDAY={days}",
            f"FREQ=WEEKLY;BYDAY={days}",
            "FREQ=DAILY",
            f"FREQ=DAILY;INTERVAL={dice.randint(2, 5)}",
            f"FREQ=WEEKLY;INTERVAL=2;BYDAY={days}",
            f"FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY={days}",
            f"FREQ=MONTHLY;BYDAY={dice.choice([1, 2, 3, 4, -1])}{dice.choice(DAY_CODES)}",
            f"FREQ=MONTHLY;BYMONTHDAY={dice.choice([1, 15, 31, -1])}",
            f"FREQ=MONTHLY;BYDAY={dice.choice(DAY_CODES)};BYSETPOS=-1",
            "",
        ]
    )
    if rrule and dice.random() < 0.3:
        ends = datetime(2026, 3, 1) + timedelta(days=dice.randrange(300), hours=dice.randrange(24))
        rrule += dice.choice(
            [f";UNTIL={ends:%Y%m%d}", f";UNTIL={ends:%Y%m%dT%H%M%S}", f";UNTIL={ends:%Y%m%dT%H%M%SZ}", ";COUNT=40"]
        )
    return Rule(first, zone, dice.choice([30, 60, 90, 600]), rrule)


def test_a_parser_that_is_not_ours_finds_the_same_dates_of_random_rules(full, seed):
    dice = random.Random(seed)
    for number in range(1000 if full else 100):
        rule = any_rule(dice)
        one = Public(pk=number, slug=f"m{number}", name="M", zone=rule.zone, rule=rule, created_at=NOW)
        for after, before in SPANS:
            ours = sorted((held.starts_at, held.ends_at) for held in occurrences(rule, after, before))
            assert read_back(written(one), after, before) == ours, rule


def weekly(zone="Europe/Berlin", **more):
    rule = Rule(datetime(2026, 1, 1, 19, 0), zone, 60, "FREQ=WEEKLY;BYDAY=TH")
    return Public(pk=1, slug="lamp", name="Lamp; light, and more", zone=zone, rule=rule, created_at=NOW, **more)


def test_a_cancelled_date_and_a_moved_one_are_seen_by_other_programs():
    away, later = datetime(2026, 1, 22, 19, 0), datetime(2026, 1, 29, 19, 0)
    moved = Moved(datetime(2026, 1, 30, 17, 0, tzinfo=UTC), datetime(2026, 1, 30, 18, 30, tzinfo=UTC))
    text = written(weekly(changes={away: None, later: moved}))
    span = datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC)
    assert read_back(text, *span) == [
        (moved.starts_at, moved.ends_at),
        (datetime(2026, 2, 5, 18, 0, tzinfo=UTC), datetime(2026, 2, 5, 19, 0, tzinfo=UTC)),
    ]
    assert b"EXDATE;TZID=Europe/Berlin:20260122T190000" in text
    assert b"RECURRENCE-ID;TZID=Europe/Berlin:20260129T190000" in text


def test_the_file_is_as_rfc_5545_wants_it():
    """tsml-ui writes no UID, no RRULE, DTSTAMP as the start, LF, unescaped semicolons and no VTIMEZONE (#402)."""
    text = written(weekly(notes="One line\nand \\ another, with; signs"))
    lines = text.split(b"\r\n")
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    unfolded = text.replace(b"\r\n ", b"")
    assert b"UID:meeting-lamp@example.org\r\n" in unfolded
    assert b"RRULE:FREQ=WEEKLY;BYDAY=TH\r\n" in unfolded
    assert b"SUMMARY:Lamp\\; light\\, and more\r\n" in unfolded
    assert b"One line\\nand \\\\ another\\, with\\; signs" in unfolded
    assert b"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin" in unfolded
    assert b"DTSTAMP:20260115T180000Z" in unfolded
    assert b"DTSTART;TZID=Europe/Berlin:" in unfolded


def test_two_writings_of_the_same_hour_are_the_same_letters():
    assert written(weekly(), NOW) == written(weekly(), NOW + timedelta(minutes=30))


def test_a_meeting_without_a_date_is_no_event():
    asking = Public(pk=1, slug="ask", name="Ask", zone="UTC", rule=None)
    closed = Public(pk=2, slug="shut", name="Shut", zone="UTC", rule=weekly().rule, on_hold=True)
    for one in (asking, closed):
        assert b"VEVENT" not in written(one)


@pytest.mark.django_db
class TestTheAddresses:
    @pytest.fixture(autouse=True)
    def _now(self):
        with clock.frozen(NOW):
            yield

    @pytest.fixture
    def lamp(self):
        one = Meeting.objects.create(
            slug="lamp", name="Lamp", zone="Europe/Berlin", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=TH", mode="online",
            starts_local=datetime(2026, 1, 1, 19, 0, tzinfo=UTC), conference_url="https://zoom.us/j/1", folded=" lamp ",
        )  # fmt: skip
        schedule_write(meetings=[one])
        return one

    def get(self, path, client=None):
        answer = (client or Client()).get(path)
        return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content

    def test_one_meeting_with_its_cancelled_date_for_everybody(self, lamp):
        Occurrence.objects.create(
            meeting=lamp, original_local=datetime(2026, 1, 22, 19, 0, tzinfo=UTC), state="cancelled",
            starts_at=datetime(2026, 1, 22, 18, 0, tzinfo=UTC), ends_at=datetime(2026, 1, 22, 19, 0, tzinfo=UTC),
        )  # fmt: skip
        answer, text = self.get("/calendar/meetings/lamp.ics")
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert b"EXDATE" in text
        assert self.get("/calendar/meetings/nobody.ics")[0].status_code == 404

    def test_one_date_alone_where_it_is_held_and_none_that_is_cancelled(self, lamp):
        for day, state, starts in ((22, "cancelled", 22), (29, "scheduled", 30)):
            Occurrence.objects.create(
                meeting=lamp, original_local=datetime(2026, 1, day, 19, 0, tzinfo=UTC), state=state,
                starts_at=datetime(2026, 1, starts, 18, 0, tzinfo=UTC),
                ends_at=datetime(2026, 1, starts, 19, 0, tzinfo=UTC),
            )  # fmt: skip
        year = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
        for asked, held in (("20260205T1900", datetime(2026, 2, 5, 18, 0, tzinfo=UTC)),
                            ("20260702T1900", datetime(2026, 7, 2, 17, 0, tzinfo=UTC)),
                            ("20260129T1900", datetime(2026, 1, 30, 18, 0, tzinfo=UTC))):  # fmt: skip
            _answer, text = self.get(f"/calendar/meetings/lamp.ics?date={asked}")
            assert read_back(text, *year) == [(held, held + timedelta(hours=1))]
            assert f"UID:meeting-lamp-{asked}@".encode() in text
            assert b"RRULE" not in text
        for asked, status in (("20260122T1900", 404), ("20260205T2000", 404), ("tomorrow", 400), ("", 400)):
            assert self.get(f"/calendar/meetings/lamp.ics?date={asked}")[0].status_code == status

    def test_a_search_by_the_finders_parameters(self, lamp):
        answer, text = self.get("/calendar/search.ics?q=lamp&mode=online")
        assert answer.status_code == 200
        assert text.count(b"BEGIN:VEVENT") == 1
        assert self.get("/calendar/search.ics?q=nothing")[1].count(b"BEGIN:VEVENT") == 0
        assert self.get("/calendar/search.ics?day=someday")[0].status_code == 400
        assert self.get("/calendar/search.ics?place=Xyzzyville")[0].status_code == 400

    def test_the_calendar_of_a_search_is_made_once_a_minute_for_all_who_subscribed(
        self, lamp, settings, tmp_path, django_assert_num_queries
    ):
        settings.FEEDS_FOLDER, settings.FEEDS_KEPT_SECONDS = tmp_path, 60
        first = self.get("/calendar/search.ics?q=lamp")[1]
        with django_assert_num_queries(0):
            assert self.get("/calendar/search.ics?q=lamp")[1] == first

    def test_a_group_by_its_address_without_the_groups_name_and_link(self, lamp):
        group = group_found_from_meeting(actor=make_account("Marta").person, meeting=lamp, name="Secret name")
        answer, text = self.get(f"/calendar/groups/{group.slug}.ics")
        assert answer.status_code == 200
        assert b"SUMMARY:Lamp" in text
        assert b"Secret" not in text
        assert b"zoom" not in text
        assert self.get("/calendar/groups/none.ics")[0].status_code == 404

    def test_a_members_own_is_given_by_a_secret_and_taken_back(self, lamp):
        account = make_account("Marta")
        group_found_from_meeting(actor=account.person, meeting=lamp)
        Commitment.objects.create(meeting=lamp, person=account.person, since=NOW)
        own = APIClient()
        own.force_authenticate(account)
        assert own.get("/api/v1/me/calendar/").json() == {"standing": False}
        address = own.post("/api/v1/me/calendar/").json()["url"]
        assert own.post("/api/v1/me/calendar/").json()["url"] == address
        where = "/calendar/mine/" + address.rsplit("/", 1)[1]
        answer, text = self.get(where)
        assert b"SUMMARY:Lamp" in text
        assert b"zoom" not in text, "a calendar is copied to machines that nobody here knows"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Access-Control-Allow-Origin" not in answer.headers
        token = where.rsplit("/", 1)[1].removesuffix(".ics")
        assert Client().get(f"/{token}").status_code == 404, "it opens nothing else"
        assert own.delete("/api/v1/me/calendar/").status_code == 204
        assert self.get(where)[0].status_code == 410
        assert own.post("/api/v1/me/calendar/").json()["url"] != address

    def test_nobody_else_gets_one(self, lamp):
        assert APIClient().post("/api/v1/me/calendar/").status_code == 403
        assert self.get("/calendar/mine/aaaaaaaaaaaaa.ics")[0].status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("town")
def test_a_date_that_no_calendar_holds_is_refused_and_not_computed():
    """A year 9000 would be counted up to, and the edges of time break off."""
    years = (("00010101T0000", 400), ("99991231T2359", 400), ("90000207T0700", 400), ("20310120T0700", 404))
    for day, status in years:
        for zone in ("America/New_York", "Asia/Tokyo"):
            Meeting.objects.update(zone=zone)
            for slug in ("morning", "monthly"):
                assert Client().get(f"/calendar/meetings/{slug}.ics?date={day}").status_code == status, (day, slug)
    assert Client().get("/calendar/meetings/morning.ics?date=20270118T0700").status_code == 200
