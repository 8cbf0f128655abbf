"""Rows as HTML: whatever a list says of a meeting, it stays text; words are those of the reader."""

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

from django.template.defaultfilters import date as date_filter
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from frontend.finder_rows import row_of, said, written
from frontend.templatetags.zone_names import kilometres
from ground.wall import to_wall
from meetings.models import Meeting
from meetings.schedule import Held
from meetings.selectors.finder import Found

NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)  # a Thursday
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
TAGS = {"li", "div", "time", "small", "a", "p", "span"}
ATTRIBUTES = {"class", "datetime", "href", "data-soon", "data-distance"}
hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=x>', "{0}{}", "%(km)s", "&lt;b&gt;", "' on=x"]),
)


class Read(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.text = set(), set(), [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def a_row(zone=BERLIN, minutes=30, km=None, **fields):
    meeting = Meeting(slug="porch", **{"name": "Porch", "zone": BERLIN, **fields})
    starts = NOW + timedelta(minutes=minutes)
    held = Held(to_wall(starts, meeting.zone), starts, starts + timedelta(hours=1))
    return row_of(Found(meeting, held, minutes <= 0, km), zone, NOW)


@settings(max_examples=40)
@given(
    name=hostile, place=hostile, address=hostile, region=hostile,
    mode=st.sampled_from(["in_person", "online", "hybrid"]), km=st.one_of(st.none(), st.floats(0, 500)),
    approximate=st.booleans(), minutes=st.integers(-50, 5000), dated=st.booleans(),
)  # fmt: skip
def test_what_a_list_says_is_text_and_nothing_else(name, minutes, km, dated, **fields):
    read = Read(written([a_row(NEW_YORK, minutes, km, name=name, types=["W", "O"], **fields)], dated=dated))
    assert read.tags <= TAGS
    assert read.attributes <= ATTRIBUTES
    assert read.open == []
    assert name in read.text


def test_a_row_says_when_where_and_how_long_until():
    read = Read(
        written(
            [a_row(NEW_YORK, 30, 3.4, place="Old mill", address="Lane 1, Berlin, 10115", approximate=True)], dated=True
        )
    )
    for part in ("13:30", "Thu 15 Jan", "in 30 min", "Old mill, Lane 1, Berlin", "about 3.4 km", "Thu 19:30 in Berlin"):
        assert part in read.text
    on = Read(written([a_row(minutes=-20, mode="hybrid", confirmed_on=date(2026, 1, 3))], dated=False)).text
    for part in ("40 min left", "on now", "also online", "Confirmed on 3 Jan 2026"):
        assert part in on


def test_rows_and_days_are_said_in_the_language_of_who_reads():
    day = date(2026, 12, 25)
    for language in ("en", "es", "en"):
        with override(language):
            for form in ("l j F", "D j M", "j M Y", "D"):
                assert said(day, form) == date_filter(day, form)
            text = Read(written([a_row()], dated=False)).text
            assert ("en 30 min" in text) == (language == "es")


def test_a_distance_is_written_as_people_of_the_language_write_it():
    assert kilometres(3.44) == "3.4 km"
    with override("es"):
        assert [kilometres(far) for far in (0.3, 3.44, 27.2)] == ["300 m", "3,4 km", "27 km"]
