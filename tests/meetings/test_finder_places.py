"""Places by name and zones by coordinates, from the committed city table."""

import pytest
from django.utils.translation import override

from meetings import places
from meetings.places_of import town_in


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Philadelphia", "Philadelphia, Pennsylvania, United States"),
        ("  philadelphia , pa ", "Philadelphia, Pennsylvania, United States"),
        ("portland, me", "Portland, Maine, United States"),
        ("portland", "Portland, Oregon, United States"),
        ("springfield il", "Springfield, Illinois, United States"),
        ("zurich", "Zürich, Switzerland"),
        ("ZÜRICH", "Zürich, Switzerland"),
        ("são paulo", "São Paulo, Brazil"),
        ("sao paulo", "São Paulo, Brazil"),
        ("münchen", "Munich, Germany"),
        ("Munich, Germany", "Munich, Germany"),
        ("cordoba spain", "Córdoba, Spain"),
        ("london, uk", "London, England, United Kingdom"),
    ],
)
def test_a_town_is_found_by_its_name_with_or_without_accents_and_country(typed, label):
    assert places.search(typed)[0].label == label


def test_what_the_page_shows_of_a_town_finds_the_same_town_again():
    for name in ("Springfield", "Paris", "Vancouver", "Perth", "Dublin", "Ciudad de México"):
        for city in places.search(name, limit=3):
            assert places.search(city.label)[0] == city


def test_a_country_is_written_in_the_readers_language_and_found_in_everybodys():
    with override("es"):
        assert places.search("cordoba, españa")[0].label == "Córdoba, España"
        for city in places.search("Munich", limit=3):
            assert places.search(city.label)[0] == city
    for typed in ("Córdoba, España", "cordoba espana", "Córdoba, Spain"):  # a link that was passed on
        assert places.search(typed)[0].label == "Córdoba, Spain"


@pytest.mark.parametrize("typed", ["", "   ", ",", "qqqqzzzz", "%", "'; DROP TABLE city; --", "\x00", "x" * 5000])
def test_what_is_no_town_finds_nothing(typed):
    assert places.search(typed) == []


def test_the_beginning_of_a_name_is_enough_and_the_larger_town_comes_first():
    names = [city.name for city in places.search("phila")]
    assert names[0] == "Philadelphia"


@pytest.mark.parametrize(
    ("spot", "zone"),
    [
        ((39.95, -75.17), "America/New_York"),
        ((33.69, -117.87), "America/Los_Angeles"),
        ((53.55, -113.49), "America/Edmonton"),
        ((51.51, -0.13), "Europe/London"),
        ((-17.7, 178.1), "Pacific/Fiji"),
        ((-17.0, -179.9), "Pacific/Fiji"),  # on the other side of the date line
        ((64.1, -21.9), "Atlantic/Reykjavik"),
        ((28.6, 77.2), "Asia/Kolkata"),
    ],
)
def test_coordinates_have_the_zone_of_the_nearest_town(spot, zone):
    assert places.zone_at(*spot) == zone


@pytest.mark.parametrize("spot", [(0.0, -140.0), (-90.0, 0.0), (90.0, 180.0)])
def test_far_from_every_town_no_zone_is_guessed(spot):
    assert places.zone_at(*spot) is None


def test_an_address_without_coordinates_is_near_the_town_it_names_in_the_zone_of_its_entry():
    edmonton = town_in("8318 104 St, Edmonton, Alberta, T6E 4E8, Canada", "", "America/Edmonton")
    assert edmonton is not None
    assert places.distance_km(*edmonton, 53.55, -113.49) < 10
    assert town_in("1 Main St, Portland, USA", "", "America/Los_Angeles") != town_in("Portland", "", "America/New_York")
    assert town_in("123 Main St, Anytown, OK 12345, USA", "", "America/Chicago") is None


def test_distances_are_those_of_the_globe():
    assert places.distance_km(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(877, abs=3)
    assert places.distance_km(0, 179.9, 0, -179.9) == pytest.approx(22.2, abs=0.2)
