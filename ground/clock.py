"""The one clock. Every time in the product comes from `now()`, so that tests and the development switch can move it.

All times are aware datetimes in UTC.
"""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

_override: datetime | None = None


def now() -> datetime:
    """The present moment in UTC: the real one, unless a test or the development clock moved it."""
    if _override is not None:
        return _override
    return datetime.now(UTC) + _offset()


def move_to(moment: datetime) -> None:
    """Set the development clock of every process that shares the data folder to `moment`; it ticks on from there.

    Raises RuntimeError without the development switch.
    """
    if not settings.DEVELOPMENT:
        raise RuntimeError("the clock moves only with the development switch")
    offset = (moment - datetime.now(UTC)).total_seconds()
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"offset_seconds": offset}))
    fresh.replace(file)  # readers in other processes see the old or the new file, never half of one


@contextlib.contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """For tests in one process: now() stands still at `moment` (aware) inside the block."""
    global _override  # noqa: PLW0603
    before, _override = _override, moment.astimezone(UTC)
    try:
        yield
    finally:
        _override = before


def _file() -> Path:
    return Path(settings.DATA_DIR) / "clock.json"


def _offset() -> timedelta:
    if not settings.DEVELOPMENT:
        return timedelta()
    try:
        return timedelta(seconds=json.loads(_file().read_text())["offset_seconds"])
    except FileNotFoundError:
        return timedelta()
