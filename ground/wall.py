"""Wall time and UTC, as RFC 5545 reads it: a local time that does not exist is read with the offset before the gap,
one that occurs twice is the first."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def to_utc(wall: datetime, zone: str) -> datetime:
    """The instant (aware, UTC) of a naive wall time in an IANA zone. Raises ZoneInfoNotFoundError."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def to_wall(instant: datetime, zone: str) -> datetime:
    """The naive wall time of an aware instant in an IANA zone. Raises ZoneInfoNotFoundError."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
