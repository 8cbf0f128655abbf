"""Crisis lines: data with source, version and checked-on; unchecked ones are marked, never hidden."""

from datetime import date
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from cravings import lines, selectors, services
from cravings.models import CrisisLine
from people.services import coordinator_set
from tests.people_of_the_story import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loaded():
    services.crisis_lines_load()


def test_every_shipped_line_names_its_source_and_version_and_is_marked_unchecked():
    assert lines.shipped()
    for line in lines.shipped():
        assert line.source
        assert line.version
        assert (line.checked_on, line.checked_by) == (None, "")  # a person must call each before a release


def test_the_unchecked_lines_are_these():
    """Whoever checks a number takes it off here."""
    assert {f"{line.region} {line.number}" for line in selectors.lines_unchecked()} == {
        "US 988",
        "US 911",
        "US 1-800-662-4357",
        "CA 988",
        "CA 911",
        "CA 1-888-688-6677",
        "UK 999",
        "UK 111",
        "UK 116 123",
        "DE 112",
        "DE 0800 1110111",
        "EU 112",
    }


def test_every_region_has_an_emergency_number():
    for region in selectors.regions_known():
        assert any(line.emergency for line in selectors.crisis_lines(region)), region


def test_without_a_place_no_line_is_guessed():
    assert selectors.crisis_lines("") == []
    assert selectors.crisis_lines("XX") == []


def test_a_site_whose_table_is_empty_still_has_numbers():
    CrisisLine.objects.all().delete()
    assert [line.number for line in selectors.crisis_lines("UK")] == ["116 123", "111", "999"]


def test_loading_twice_changes_nothing_and_a_checked_line_stays_the_coordinators():
    kit = make_member("Kit")
    coordinator_set(alias="Kit")
    CrisisLine.objects.filter(number="116 123").update(name="Samaritans here")
    services.crisis_line_check(actor=kit, region="UK", number="116 123", on=date(2026, 1, 15))
    CrisisLine.objects.filter(number="999").update(name="Other")
    assert services.crisis_lines_load() == 1
    assert services.crisis_lines_load() == 0
    assert CrisisLine.objects.get(number="116 123").name == "Samaritans here"
    assert CrisisLine.objects.get(number="999").name == "Emergency"


def test_only_a_coordinator_marks_a_line_as_checked():
    with pytest.raises(PermissionDenied):
        services.crisis_line_check(actor=make_member("Dana"), region="UK", number="999", on=date(2026, 1, 15))
    kit = make_member("Kit")
    coordinator_set(alias="Kit")
    with pytest.raises(ValidationError):
        services.crisis_line_check(actor=kit, region="UK", number="12345", on=date(2026, 1, 15))


def test_the_operator_is_shown_what_nobody_checked_and_a_release_waits_for_it():
    out = StringIO()
    call_command("crisislines", "--load", stdout=out)
    assert "not checked: UK 999 Emergency" in out.getvalue()
    with pytest.raises(CommandError, match="12 crisis lines were never called"):
        call_command("crisislines", "--release", stdout=StringIO())
    CrisisLine.objects.update(checked_on=date(2026, 1, 15), checked_by="Kit")
    call_command("crisislines", "--release", stdout=out)
    assert "every crisis line was checked" in out.getvalue()


@pytest.mark.parametrize(
    ("number", "tel"),
    [("116 123", "116123"), ("1-800-662-4357", "18006624357"), ("+49 (170) 12", "+4917012"), ("0+1", "01")],
)
def test_a_number_is_dialled_as_a_phone_dials_it(number, tel):
    assert lines.dialled(number) == tel
