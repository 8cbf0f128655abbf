"""The product itself, served."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.servers.base import ROOT, START_PATIENCE, InFolder, end, free_port, tail_of
from tests.servers.migrated import fill


class Site(InFolder):
    """The product itself as a child process with data of its own, as an operator would start it.

    It sees none of the caller's settings (DATABASE_URL, REDIS_URL, DJANGO_*, PORCHLIGHT_*), only `env` and
    the defaults here. Without DATABASE_URL it keeps SQLite in its temp folder.
    """

    prefix = "pl-site-"
    stop_patience = 15.0

    def __init__(self, env: Mapping[str, str] | None = None, migrate: bool = True, serve: tuple[str, ...] = ()) -> None:
        """`serve`: further arguments of the serve command, e.g. ("--demo",)."""
        super().__init__()
        self._given = dict(env or {})
        self._serve = serve
        self._migrate = migrate
        self._further: list[subprocess.Popen[bytes]] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """By name, never by address: WebAuthn refuses addresses."""
        return f"http://localhost:{self.port}"

    @property
    def returncode(self) -> int | None:
        """How `serve` ended; None while it runs. A negative number is the signal that killed it."""
        return None if self.process is None else self.process.poll()

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of the children."""
        hidden = ("DATABASE_URL", "REDIS_URL", "DJANGO_", "PORCHLIGHT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        own = {"PORCHLIGHT_DATA": str(self.folder / "data"), "PORCHLIGHT_DEV": "1", "PYTHONUNBUFFERED": "1"}
        if self.port:
            own["PORCHLIGHT_URL"] = self.url  # workers beside it write links that lead here
        return {**kept, **own, **self._given}

    def manage(self, *args: str, patience: float = 120.0) -> None:
        """Run a management command to its end, its output in the log. Raises RuntimeError when it fails."""
        process = self._child(*args)
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            end(process, signal.SIGKILL, 5)
            raise RuntimeError(f"manage.py {args[0]} took too long: {tail_of(self.log_path)}") from None
        if code != 0:
            raise RuntimeError(f"manage.py {args[0]} ended with {code}: {tail_of(self.log_path)}")

    def spawn(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a further management command, for example `worker`; it stops with the site."""
        process = self._child(*args)
        self._further.append(process)
        return process

    def start(self) -> None:
        """Start `serve`, after `stop()` on the same port and data, and wait until /healthz answers 200."""
        self.process = self._child("serve", "--port", str(self.port), *self._serve)
        deadline = time.monotonic() + START_PATIENCE * (4 if self._serve else 1)
        while not self._healthy():
            ended = self.process.poll()
            if ended is not None or time.monotonic() > deadline:
                end(self.process, signal.SIGKILL, 5)
                why = "was not healthy in time" if ended is None else f"ended with {ended}"
                raise RuntimeError(f"manage.py serve {why}: {tail_of(self.log_path)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop all children by SIGTERM, and kill those that run on after 15 s."""
        running = [*self._further, *([] if self.process is None else [self.process])]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + self.stop_patience
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._further.clear()

    def _open(self) -> None:
        (self.folder / "data").mkdir()
        self.port = free_port()
        if self._migrate:
            given = self.env
            fill(
                given.get("DATABASE_URL", ""),
                Path(given["PORCHLIGHT_DATA"]),
                lambda: self.manage("migrate", "--no-input"),
            )
        self.start()

    def _child(self, *args: str) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *args],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
