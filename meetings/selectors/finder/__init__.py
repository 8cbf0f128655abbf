"""The finder: which meetings are on, or come next, for anybody who asks."""

from meetings.selectors.finder.asked import (
    BY_DISTANCE,
    BY_NAME,
    DAY_NAMES,
    MODES,
    MOST,
    PAGE,
    RADIUS_KM,
    TIMES,
    Box,
    Found,
    Page,
    Search,
)
from meetings.selectors.finder.facets import Facets, facets
from meetings.selectors.finder.find import search
from meetings.selectors.finder.listed import anything_listed, main_zone, path_of, tags_of
from meetings.selectors.finder.on_map import OffMap, Place, Shown, off_map, on_map
from meetings.selectors.finder.view import JOIN_SHOWN_BEFORE, MeetingView, can_see_join, meeting_view, zones_differ

__all__ = [
    "BY_DISTANCE",
    "BY_NAME",
    "DAY_NAMES",
    "JOIN_SHOWN_BEFORE",
    "MODES",
    "MOST",
    "PAGE",
    "RADIUS_KM",
    "TIMES",
    "Box",
    "Facets",
    "Found",
    "MeetingView",
    "OffMap",
    "Page",
    "Place",
    "Search",
    "Shown",
    "anything_listed",
    "can_see_join",
    "facets",
    "main_zone",
    "meeting_view",
    "off_map",
    "on_map",
    "path_of",
    "search",
    "tags_of",
    "zones_differ",
]
