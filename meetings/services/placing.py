"""A meeting whose address somebody typed here lies, roughly, in the town that its address names."""

from meetings.models import Meeting
from meetings.places_of import town_in

COLUMNS = ("latitude", "longitude", "approximate")


def place_roughly(meeting: Meeting) -> None:
    """Set the coordinates (unsaved) after a new address: the town's, or none; never those of the place before."""
    spot = town_in(meeting.address, meeting.region, meeting.zone)
    meeting.latitude, meeting.longitude = spot or (None, None)
    meeting.approximate = spot is not None
