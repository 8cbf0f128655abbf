"""The JSON doors of this room."""

from meetings.api.arranging import urls as arranging_urls
from meetings.api.attendance import urls as attendance_urls
from meetings.api.calendars import own_urls as calendar_urls
from meetings.api.corrections import urls as correction_urls
from meetings.api.finder import urls as finder_urls
from meetings.api.on_map import urls as map_urls
from meetings.api.series import urls as series_urls

urls = [*map_urls, *finder_urls, *attendance_urls, *series_urls, *arranging_urls, *calendar_urls, *correction_urls]
