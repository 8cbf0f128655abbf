"""Places at which a test lets a process die or stand still. Nothing happens without the switches for tests.

`PORCHLIGHT_FAILPOINT` is read only with PORCHLIGHT_TEST or PORCHLIGHT_DEV: `NAME`, or `NAME:N` for the Nth time it is
passed, is death by SIGKILL, without a last word, as a power cut is. `NAME=FILE` waits there: FILE.here says that
the place was reached, FILE.go lets the process go on.
"""

import os
import signal
import time
from pathlib import Path

from django.conf import settings

_passed: dict[str, int] = {}


def reach(name: str) -> None:
    """The process has come to the place `name`."""
    wanted = settings.FAILPOINT
    if wanted:
        _reach(name, wanted)


def _reach(name: str, wanted: str) -> None:
    place, waits, file = wanted.partition("=")
    place, _, times = place.partition(":")
    if place != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] != int(times or "1"):
        return
    if not waits:
        os.kill(os.getpid(), signal.SIGKILL)
    Path(file + ".here").touch()
    while not Path(file + ".go").exists():
        time.sleep(0.01)
