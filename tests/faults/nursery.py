"""Worker processes that may be killed. One process loads the site once and forks each worker, so that a start is cheap.

`Nursery` is the side of the tests. `python -m tests.faults.nursery` is the other: a line of JSON in, one out. It has
neither threads nor connections when it forks.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """Starts workers on one database; ends with all of them when the `with` block does."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._url = database_url
        self.log_path = log
        self._running: set[int] = set()

    def __enter__(self) -> Self:
        env = {**os.environ, "DATABASE_URL": self._url, "DJANGO_SETTINGS_MODULE": "porchlight.settings"}
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(self, *_error: object) -> None:
        for pid in list(self._running):
            self.end(pid, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def start(self, failpoint: str = "", *, data: Path, database_url: str = "") -> int:
        """A worker with a clock and mails of its own in `data`, perhaps on another database; returns its pid."""
        asked = {"failpoint": failpoint, "data": str(data), "log": str(self.log_path), "database_url": database_url}
        pid = int(self._ask(do="start", **asked))
        self._running.add(pid)
        return pid

    def wait(self, pid: int) -> int:
        """How the worker ended: 0, or minus the signal that killed it."""
        self._running.discard(pid)
        return int(self._ask(do="wait", pid=pid))

    def end(self, pid: int, how: int = signal.SIGTERM) -> int:
        """Send a signal and wait; 0 for a clean end."""
        os.kill(pid, how)
        return self.wait(pid)

    def _ask(self, **asked: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.log_path.read_text()
        return json.loads(answer)


def main() -> None:
    import django

    django.setup()
    import porchlight.worker  # noqa: F401  (loaded once, for all)

    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _work(asked)
            children.add(pid)
            answer = pid
        else:
            _, status = os.waitpid(asked["pid"], 0)
            children.discard(asked["pid"])
            answer = os.waitstatus_to_exitcode(status)
        print(json.dumps(answer), flush=True)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _work(asked: dict[str, Any]) -> None:
    """The worker command's own loop, until SIGTERM."""
    from django.conf import settings

    import porchlight.worker

    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    settings.FAILPOINT = asked["failpoint"]
    settings.DATA_DIR = Path(asked["data"])
    settings.MAIL_FILES = settings.DATA_DIR / "mail"
    if asked["database_url"]:
        from django.db import connection

        from porchlight.settings import database_from

        connection.settings_dict.update(database_from(asked["database_url"]))
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    code = 1
    try:
        porchlight.worker.loop(stop)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
