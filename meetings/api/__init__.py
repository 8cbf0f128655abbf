"""The JSON doors of this room."""

from meetings.api.attendance import urls as attendance_urls
from meetings.api.finder import urls as finder_urls
from meetings.api.series import urls as series_urls

urls = [*finder_urls, *attendance_urls, *series_urls]
