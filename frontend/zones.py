"""The time zones offered in lists: one name a place, without the historical doubles."""

from zoneinfo import available_timezones

REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
ZONES = ["UTC", *sorted(zone for zone in available_timezones() if zone.split("/")[0] in REGIONS)]
