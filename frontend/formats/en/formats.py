"""English: the day before the month, as everywhere on the pages."""

DATE_FORMAT = "j F Y"
MONTH_DAY_FORMAT = "j F"
