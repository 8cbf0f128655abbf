"""When a message may arrive: a window of the local day, start included, end excluded (docs/rules.md 4.1)."""

from datetime import datetime, time, timedelta

from ground.wall import to_utc, to_wall


def next_allowed(due: datetime, zone: str, start_minute: int, end_minute: int) -> datetime:
    """`due` (UTC) itself when it lies inside the window, else the window's next start (UTC).

    `start_minute` and `end_minute` count from local midnight, 0 <= start < end <= 1440.
    """
    local = to_wall(due, zone)
    minute = local.hour * 60 + local.minute
    if start_minute <= minute < end_minute:
        return due
    day = local.date() if minute < start_minute else local.date() + timedelta(days=1)
    return to_utc(datetime.combine(day, time(start_minute // 60, start_minute % 60)), zone)
