"""What every server of the tests has in common: a folder of its own, a port that it keeps, an end."""

import atexit
import contextlib
import fcntl
import importlib.util
import os
import platform
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

import psutil

ROOT = Path(__file__).resolve().parents[2]

# Where the wheels exist a missing server is a failure, elsewhere a reason to skip.
WHEELS_EXPECTED = sys.platform == "linux" and platform.machine() == "x86_64"

START_PATIENCE = 30.0


class Unavailable(Exception):
    """A server has no executable on this platform. Skip on it only where WHEELS_EXPECTED is False."""


def free_port() -> int:
    """A loopback TCP port that nothing listens on now; the caller retries when it loses the race for it.

    It lies below the kernel's ephemeral range, so that no outgoing connection takes it while its server
    restarts and no client that retries connects to itself.
    """
    choose = random.SystemRandom()
    for _ in range(200):
        port = choose.randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No free loopback port between 10000 and 32000: stop some servers.")


def package_of(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Unavailable(f"The package {name} is not installed: install requirements/test.txt.")
    return Path(spec.origin).parent


def tail_of(path: Path, lines: int = 40) -> str:
    """The last lines of a log file; empty when there is no file."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


def end(process: subprocess.Popen[bytes], stop_signal: int, patience: float) -> None:
    """Ask a child to stop, and kill it when it has not within `patience` seconds; leave a dead one."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class InFolder:
    """Something with a temp folder and children, both gone when the `with` block or this process ends."""

    prefix = "pl-"

    def __init__(self) -> None:
        self.folder = Path()
        self._owner = 0

    @property
    def log_path(self) -> Path:
        return self.folder / "log"

    @property
    def log(self) -> str:
        """What the children have written so far, standard output and error together."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def __enter__(self) -> Self:
        # A short path: a Unix socket's name may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix=self.prefix, dir="/tmp"))
        self._owner = os.getpid()
        atexit.register(self._close)
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        atexit.unregister(self._close)
        # A forked child inherits the exit handler, but the servers are its parent's.
        if self._owner != os.getpid():
            return
        self._owner = 0
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


class _As(TypedDict, total=False):
    """The keywords of subprocess that choose the user of a child; empty for the present one."""

    user: int
    group: int
    extra_groups: list[int]


class Server(InFolder):
    """One server process on a port that it keeps over restarts."""

    stop_signal = int(signal.SIGTERM)
    stop_patience = 20.0

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._as: _As = {}

    def _prepare(self) -> None:
        """Make what the first start needs."""

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def _answers(self, pid: int) -> bool:
        """Whether this very process, and no stranger on the same port, answers a request."""
        raise NotImplementedError

    def _open(self) -> None:
        self._prepare()
        for _ in range(5):
            self.port = free_port()
            if self._launch():
                return
        raise RuntimeError(f"{self._command()[0]} did not start: {tail_of(self.log_path)}")

    def _launch(self) -> bool:
        """Start the process; True when it answers, False when it exits first."""
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as,
            )
        self.process = process
        deadline = time.monotonic() + START_PATIENCE
        while process.poll() is None:
            if self._answers(process.pid):
                return True
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"No answer after {START_PATIENCE:.0f} s: {tail_of(self.log_path)}")
            time.sleep(0.02)
        return False

    def start(self) -> None:
        """Start again on the same port with the same data; does nothing while it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        for _ in range(20):
            if self._launch():
                return
            time.sleep(0.25)
        raise RuntimeError(f"{self._command()[0]} did not start again: {tail_of(self.log_path)}")

    def stop(self) -> None:
        """Stop cleanly; does nothing while it is stopped."""
        if self.process is not None:
            end(self.process, self.stop_signal, self.stop_patience)

    def restart(self) -> None:
        """Stop cleanly and start again on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it and all its children by SIGKILL, as a crash would; `start()` brings it back."""
        if self.process is None or self.process.poll() is not None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self.process.wait()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file against other processes; waits without bound, and the kernel frees it at death."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
