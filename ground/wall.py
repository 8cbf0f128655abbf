"""Wall time and UTC, as RFC 5545 reads it: a local time that does not exist is read with the offset before the gap,
one that occurs twice is the first."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
zone_named = lru_cache(maxsize=1024)(ZoneInfo)  # ZoneInfo itself keeps eight, and reads the others from the disk again


def to_utc(wall: datetime, zone: str) -> datetime:
    """The instant (aware, UTC) of a naive wall time in an IANA zone. Raises ZoneInfoNotFoundError.

    What lies beyond the edges of time, which anybody can type, is the edge: it is refused as too early or too far.
    """
    try:
        return wall.replace(tzinfo=zone_named(zone), fold=0).astimezone(UTC)
    except OverflowError:
        return FIRST if wall.year == 1 else LAST


def to_wall(instant: datetime, zone: str) -> datetime:
    """The naive wall time of an aware instant in an IANA zone. Raises ZoneInfoNotFoundError."""
    return instant.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)
