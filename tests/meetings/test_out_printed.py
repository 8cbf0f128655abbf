"""The list on paper: the days of a week in one zone, and a booklet whose panels come in order when it is folded."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ground import clock
from meetings.models import Meeting, Occurrence
from meetings.out.booklet import A_PANEL, HEAD, ROW, panels, sheets
from meetings.services.upcoming import schedule_write
from tests.people_of_the_story import NOW


@given(st.integers(0, 60))
def test_folded_sheets_read_from_the_first_panel_to_the_last(count):
    sides = sheets(count)
    assert len(sides) % 2 == 0
    # fold: the right halves of the fronts and the left halves of the backs, then back from the innermost sheet
    forth = [page for front, back in zip(sides[::2], sides[1::2], strict=True) for page in (front[1], back[0])]
    rest = [page for front, back in zip(sides[::2], sides[1::2], strict=True) for page in (front[0], back[1])]
    read = forth + rest[::-1]
    assert read[:count] == list(range(count))
    assert all(page is None for page in read[count:])


@given(st.lists(st.integers(1, 40), max_size=8))
def test_no_panel_is_fuller_than_its_lines_and_no_row_is_lost(lengths):
    days = [(f"day {number}", [(number, row) for row in range(length)]) for number, length in enumerate(lengths)]
    laid = panels(days)
    for panel in laid:
        assert sum(HEAD + ROW * len(part.rows) for part in panel) <= A_PANEL
        assert all(part.rows for part in panel)
    assert [row for panel in laid for part in panel for row in part.rows] == [
        row for _name, rows in days for row in rows
    ]
    assert all(part.again == (part.rows[0][1] > 0) for panel in laid for part in panel)


@pytest.mark.django_db
class TestThePage:
    @pytest.fixture(autouse=True)
    def _town(self):
        cache.clear()
        with clock.frozen(NOW):
            for name, at, more in (
                ("Late", 23, {"mode": "online", "conference_url": "https://zoom.us/j/1"}),
                ("Evening", 19, {"place": "Hall", "address": "Weg 1"}),
                ("Gone", 20, {"closed_at": NOW}),
            ):
                one = Meeting.objects.create(
                    slug=name.lower(), name=name, zone="Europe/Berlin", created_at=NOW, rrule="FREQ=WEEKLY;BYDAY=FR",
                    starts_local=datetime(2026, 1, 2, at, 0, tzinfo=UTC), **more,
                )  # fmt: skip
                schedule_write(meetings=[one])
            Meeting.objects.create(slug="ask", name="Ask first", zone="Europe/Berlin", created_at=NOW)
            yield

    def text(self, **params):
        answer = Client().get("/print/", params)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_days_and_times_are_those_of_the_chosen_zone(self):
        """bread#163: people with only a phone need the list in their own zone."""
        berlin, tokyo = self.text(zone="Europe/Berlin"), self.text(zone="Asia/Tokyo")
        assert "Friday 16 January" in berlin
        assert "19:00–20:00" in berlin
        assert "Saturday 17 January" in tokyo
        assert "07:00–08:00" in tokyo
        assert "Times are Tokyo time." in tokyo
        assert "Gone" not in berlin
        assert berlin.index("Evening") < berlin.index("Late") < berlin.index("Ask first")

    def test_a_cancelled_date_is_not_on_paper(self):
        Occurrence.objects.create(
            meeting=Meeting.objects.get(slug="evening"), state="cancelled",
            original_local=datetime(2026, 1, 16, 19, 0, tzinfo=UTC),
            starts_at=datetime(2026, 1, 16, 18, 0, tzinfo=UTC), ends_at=datetime(2026, 1, 16, 19, 0, tzinfo=UTC),
        )  # fmt: skip
        assert "Evening" not in self.text(zone="Europe/Berlin")

    def test_a_booklet_on_letter_paper_has_sides_of_two_panels(self):
        text = self.text(zone="Europe/Berlin", paper="letter", fold="1")
        assert '<body class="letter fold">' in text
        assert text.count('<section class="panel">') == 4
        assert text.count('<div class="side">') == 2
        assert text.count("Times are Berlin time.") == 1, "on each panel that is not blank: sheets come apart"

    def test_the_foot_of_a_panel_breaks_where_it_is_long_and_the_sites_address_is_a_line_of_its_own(self):
        text = self.text(zone="America/Argentina/Buenos_Aires", fold="1")
        assert '<span class="site">https://' in text
        style = (Path(__file__).resolve().parents[2] / "frontend/static/css/printed.css").read_text()
        (foot,) = re.findall(r"^\.fold footer {(.*)}$", style, re.MULTILINE)
        assert not {"nowrap", "ellipsis"} & set(re.findall(r"[\w-]+", foot)), "what is cut off cannot be typed"

    def test_what_narrows_the_search_narrows_the_paper(self):
        late = Meeting.objects.get(slug="late")
        late.fellowship, late.types, late.folded = "NA", ["S"], " late #s "
        late.save(update_fields=["fellowship", "types", "folded"])
        schedule_write(meetings=[late])
        for narrowed in ({"fellowship": "NA"}, {"lang": "S"}):
            text = self.text(zone="Europe/Berlin", **narrowed)
            assert "Late" in text
            assert "Evening" not in text

    def test_nothing_found_and_unknown_towns_are_said(self):
        assert "No meeting matches." in self.text(q="nothing")
        assert "No town of this name is known here." in self.text(place="Xyzzyville")
        assert Client().get("/print/", {"zone": "Mars"}).status_code == 400
