"""Reading lists as offices publish them: every fault that occurs is understood, or said with its reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings import guide
from meetings.guide import Entry, Unread, read
from meetings.guide_slugs import slug_out
from meetings.guide_text import text
from meetings.guide_times import BAD_DAY, BAD_TIME, NO_TIME

SUNDAY, MONDAY, WEDNESDAY, SATURDAY = 6, 0, 2, 5  # ours; in a list Sunday is 0


def entry(**fields):
    """An entry that is complete, with these fields instead; None leaves one out."""
    raw = {"name": "Lamp", "slug": "lamp", "day": 1, "time": "19:00", "end_time": "20:30", **fields}
    found = read({key: value for key, value in raw.items() if value is not None})
    assert isinstance(found, Entry), found
    return found


def reason(raw):
    found = read(raw)
    assert isinstance(found, Unread), found
    return found.reason


def test_a_plain_entry_is_monday_evening_for_an_hour_and_a_half():
    found = entry(timezone="Europe/Berlin")
    assert (found.days, found.minute, found.minutes, found.zone) == ((MONDAY,), 19 * 60, 90, "Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "minute"),
    [
        ("8:00 PM", 20 * 60),
        ("8:00 pm", 20 * 60),
        ("8:00PM", 20 * 60),
        ("8:00 p.m.", 20 * 60),
        ("8:00\u202fPM", 20 * 60),
        ("12:15 AM", 15),
        ("12:15 PM", 12 * 60 + 15),
        ("08:00", 8 * 60),
        ("8:00", 8 * 60),
        ("19:30:00", 19 * 60 + 30),
        ("7pm", 19 * 60),
        ("1930", 19 * 60 + 30),
        ("00:00", 0),
        ("Noon", 12 * 60),
        ("midnight", 0),
    ],
)
def test_eight_pm_is_the_evening_in_every_way_it_is_written(written, minute):
    assert entry(time=written, end_time=None).minute == minute


@pytest.mark.parametrize("written", ["25:00", "19:61", "13:00 AM", "0:30 PM", "evening", "7", "19:30-20:30", "-1:00"])
def test_a_nonsense_time_is_unread_and_never_guessed(written):
    assert reason({"name": "L", "slug": "l", "day": 1, "time": written}) == BAD_TIME


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (0, (SUNDAY,)),
        (1, (MONDAY,)),
        ("1", (MONDAY,)),
        ("6", (SATURDAY,)),
        ([1], (MONDAY,)),
        (["1", "3"], (MONDAY, WEDNESDAY)),
        ([3, 1, 1, "0"], (MONDAY, WEDNESDAY, SUNDAY)),
        ("1,3", (MONDAY, WEDNESDAY)),
        ("Wednesday", (WEDNESDAY,)),
        ([0, 1, 2, 3, 4, 5, 6], (0, 1, 2, 3, 4, 5, 6)),
        (1.0, (MONDAY,)),
    ],
)
def test_days_come_as_number_text_or_list_of_either(written, days):
    assert entry(day=written).days == days


@pytest.mark.parametrize("written", [7, -1, "8", "someday", [1, 9], True, {"a": 1}, 1.5])
def test_a_nonsense_day_is_unread_and_never_guessed(written):
    assert reason({"name": "L", "slug": "l", "day": written, "time": "19:00"}) == BAD_DAY


@pytest.mark.parametrize(
    "fields", [{}, {"day": None, "time": None}, {"day": "", "time": ""}, {"day": [], "time": None}]
)
def test_without_day_and_time_it_is_by_appointment(fields):
    found = read({"name": "Appt", "slug": "a", **fields})
    assert isinstance(found, Entry)
    assert found.by_appointment


def test_a_time_without_a_day_is_by_appointment_too():
    assert entry(day=None).by_appointment


def test_a_day_without_a_time_is_unread():
    assert reason({"name": "L", "slug": "l", "day": 1}) == NO_TIME


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("23:30", "00:30", 60),  # past midnight
        ("22:00", "00:00", 120),
        ("22:00", "24:00", 120),
        ("19:00", None, 60),
        ("19:00", "", 60),
        ("19:00", "19:00", 60),
        ("19:00", "nonsense", 60),
        ("12:15", "01:15", 60),  # a 12-hour clock without its half
        ("8:00 PM", "9:30 PM", 90),
    ],
)
def test_an_end_is_never_before_its_start(start, end, minutes):
    assert entry(time=start, end_time=end).minutes == minutes


def test_a_duration_serves_where_the_end_is_missing():
    assert entry(end_time=None, duration="90").minutes == 90
    assert entry(end_time=None, duration="9" * 5000).minutes == 60


def test_entities_and_tags_become_plain_text():
    found = entry(name="Joe&#8217;s &amp; Friends", notes="<p>Ring <b>twice</b></p><p>Back&nbsp;door</p>")
    assert found.name == "Joe’s & Friends"
    assert found.notes == "Ring twice\nBack door"
    assert entry(name="Caf&amp;eacute;").name == "Café"  # encoded twice


def test_plain_text_is_read_as_it_is_however_often_it_goes_out_and_in():
    for raw in (
        "Caf&amp;amp;eacute;",
        "3 < 5 & 6 > 2",
        "<b>&lt;b&gt;x&lt;/b&gt;</b>",
        " a \n\n\n\n b ",
        "x" * 4999 + " y",
    ):
        assert text(text(raw)) == text(raw)


@given(st.text(alphabet="ab &;<>#amplt3/\n", max_size=60))
def test_no_text_changes_when_it_is_read_a_second_time(raw):
    assert text(text(raw)) == text(raw)


def test_a_duration_bears_out_a_meeting_of_more_than_twelve_hours():
    assert entry(time="10:00", end_time="00:00", duration=840).minutes == 840
    assert entry(time="10:00", end_time="10:00", duration="1440").minutes == 1440
    assert entry(time="10:00", end_time="11:00", duration=840).minutes == 60, "the end is the list's own word"


def test_twelve_steps_and_twelve_traditions_is_a_type_in_any_case():
    assert entry(types=["12x12", "12X12", "al-an"]).types == ("12x12", "AL-AN")


def test_by_appointment_has_no_length_of_its_own():
    found = entry(day=None, time="10:00", end_time="12:00")
    assert (found.minute, found.minutes) == (None, 60)


def test_what_the_format_carries_beyond_a_meeting_is_kept_under_its_own_name():
    further = {
        "contact_1_name": "Pat",
        "feedback_emails": ["a@example.org", "b@example.org"],
        "entity_logo": "https://e.org/l.svg",
    }
    found = entry(**further, city="Berlin", unknown="x")
    assert found.extra == {**further, "feedback_emails": "a@example.org, b@example.org", "city": "Berlin"}


def test_a_handle_that_takes_no_money_is_left_out():
    good = {"venmo": "@lamp-9", "square": "$lamp", "paypal": "Lamp9"}
    assert good.items() <= entry(**good).extra.items()
    assert entry(venmo="lamp", square="lamp", paypal="paypal.me/lamp").extra == {}
    assert entry(venmo="@../x", square="$a/b", paypal="a?b").extra == {}


def test_a_long_slug_goes_out_within_what_the_spec_allows_and_stays_distinct():
    long, other = "a" * 80, "a" * 79 + "b"
    assert slug_out("lamp") == "lamp"
    assert slug_out("lamp", 3) == "lamp-3"
    assert len({slug_out(slug, turn) for slug in (long, other) for turn in (1, 2, 12)}) == 6
    assert all(len(slug_out(slug, turn)) <= 64 for slug in (long, other) for turn in (1, 12))


def test_text_that_could_disturb_a_page_or_the_database_is_taken_out():
    assert entry(name="La\x00mp\u202e\ud800").name == "Lamp"


@pytest.mark.parametrize(("slug", "kept"), [(6, "6"), ("6", "6"), (" lamp ", "lamp")])
def test_a_slug_may_be_a_number(slug, kept):
    assert entry(slug=slug).slug == kept


def test_an_id_serves_where_the_slug_is_missing():
    assert entry(slug=None, id=4711).slug == "4711"


@pytest.mark.parametrize(
    ("types", "codes"), [("O, X", ("O", "X")), (["o", "ZZZ"], ("O",)), (None, ()), ([None, []], ())]
)
def test_types_may_be_text_and_unknown_ones_are_left_out(types, codes):
    assert entry(types=types).types == codes


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("8/25/2022 11:17:07 AM", date(2022, 8, 25)),
        ("2023-08-29 15:56:59", date(2023, 8, 29)),
        ("2023-08-29T15:56:59Z", date(2023, 8, 29)),
        ("25/8/2022", None),  # no 25th month: not guessed
        ("yesterday", None),
        (0, None),
    ],
)
def test_american_dates_are_read_and_others_are_not_guessed(written, day):
    assert entry(updated=written).confirmed_on == day


@pytest.mark.parametrize(
    ("fields", "spot"),
    [
        ({"latitude": "39.95", "longitude": "-75.17"}, (39.95, -75.17)),
        ({"latitude": 39.95, "longitude": -75.17}, (39.95, -75.17)),
        ({"coordinates": "39.95,-75.17"}, (39.95, -75.17)),
        ({"coordinates": "39,-76,41,-74"}, (40.0, -75.0)),
        ({"latitude": "north", "longitude": "-75"}, (None, None)),
        ({"latitude": 0, "longitude": 0}, (None, None)),
        ({"latitude": 95, "longitude": 0}, (None, None)),
        ({"latitude": "nan", "longitude": "inf"}, (None, None)),
        ({"latitude": 10**400, "longitude": 2}, (None, None)),
        ({"latitude": True, "longitude": 2}, (None, None)),
    ],
)
def test_coordinates_may_be_text_and_impossible_ones_are_none(fields, spot):
    found = entry(**fields)
    assert (found.latitude, found.longitude) == spot


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", 7, "EST5EDT4,M3"])
def test_a_zone_nobody_knows_counts_as_none(zone):
    assert entry(timezone=zone).zone == ""


def test_every_field_null_but_name_and_slug_is_by_appointment():
    found = read({"name": "L", "slug": "l"} | dict.fromkeys(["day", "time", "end_time", "types", *guide.EXTRA]))
    assert isinstance(found, Entry)
    assert found.by_appointment
    assert found.extra == {}


@pytest.mark.parametrize("name", [None, "", "  ", "<b></b>", [], True])
def test_an_entry_without_a_name_is_unread(name):
    assert reason({"name": name, "slug": "l", "day": 1, "time": "19:00"}) == guide.NO_NAME


def test_an_entry_without_slug_and_id_is_unread():
    assert reason({"name": "L", "day": 1, "time": "19:00"}) == guide.NO_SLUG


@pytest.mark.parametrize("raw", [None, 7, "text", [], [1], True])
def test_what_is_no_object_is_unread(raw):
    assert reason(raw) == guide.NOT_AN_ENTRY


@pytest.mark.parametrize(
    ("fields", "mode", "on_hold"),
    [
        ({"conference_url": "https://zoom.us/j/1"}, guide.ONLINE, False),
        ({"conference_url": "https://zoom.us/j/1", "formatted_address": "1 A St, B, C 1, USA"}, guide.HYBRID, False),
        ({"conference_url": "https://zoom.us/j/1", "formatted_address": "B, C, USA"}, guide.ONLINE, False),
        ({"conference_phone": "+1 (215) 555-0100"}, guide.ONLINE, False),
        ({"types": ["TC"], "address": "1 A St"}, guide.IN_PERSON, True),
        ({"types": ["TC"], "address": "1 A St", "conference_url": "zoom.us/j/1"}, guide.ONLINE, False),
        ({"address": "1 A St"}, guide.IN_PERSON, False),
        ({"attendance_option": "inactive", "address": "1 A St"}, guide.IN_PERSON, True),
    ],
)
def test_online_hybrid_and_closed_for_now_are_told_apart(fields, mode, on_hold):
    found = entry(**fields)
    assert (found.mode, found.on_hold) == (mode, on_hold)


def test_a_link_that_is_none_stays_readable_and_is_never_a_link():
    found = entry(conference_url="javascript:alert(1)")
    assert (found.conference_url, found.conference_notes) == ("", "javascript:alert(1)")
    assert entry(conference_url="zoom.us/j/1").conference_url == "https://zoom.us/j/1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ["name", "slug", "id", "day", "time", "end_time", "duration", "timezone", "types", "latitude", "longitude"]
FIELDS += [
    "coordinates",
    "conference_url",
    "conference_phone",
    "updated",
    "formatted_address",
    "regions",
    "approximate",
]


@given(json_values | st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_json_value_ever_raises(raw):
    assert isinstance(read(raw), Entry | Unread)


@given(st.dictionaries(st.sampled_from(FIELDS[2:]), json_values))
def test_what_is_read_always_has_a_possible_time_and_fits_its_columns(raw):
    found = read({"name": "L", "slug": "l", "day": 1, "time": "19:00", **raw})
    if isinstance(found, Entry):
        assert all(0 <= day <= 6 for day in found.days)
        assert 0 < found.minutes <= 24 * 60
        assert found.minute is None or 0 <= found.minute < 24 * 60
        assert len(found.address) <= 255
        assert len(found.region) <= 120
        assert found.digest()
        assert found.core()


@pytest.mark.parametrize("number", [10**400, 10**5000, [-(10**5000)]], ids=["400", "5000", "in a list"])
@pytest.mark.parametrize("name", FIELDS)
def test_a_number_beyond_all_measure_never_raises(name, number):
    assert isinstance(read({"name": "L", "slug": "l", "day": 1, "time": "19:00", name: number}), Entry | Unread)


@pytest.mark.parametrize("name", FIELDS)
def test_a_list_nested_beyond_all_measure_never_raises(name):
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert isinstance(read({"name": "L", "slug": "l", "day": 1, "time": "19:00", name: deep}), Entry | Unread)
