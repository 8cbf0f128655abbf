"""`python -m bench.imports`: how long importing a real list of 2,098 entries takes, first and again.

Goal: 2,000 entries in <= 10 s. The whole command is timed, start of Python included.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
FEED = ROOT.parent / "shared" / "feeds" / "mg_philadelphia_2021-10.json"
EARLIER = FEED.with_name("mg_philadelphia_2021-06.json")


def manage(env: dict[str, str], *args: str) -> tuple[float, str]:
    """(seconds, last line) of a management command."""
    began = time.monotonic()
    command = [sys.executable, "manage.py", *args]
    done = subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True)
    return time.monotonic() - began, (done.stdout.strip().splitlines() or [""])[-1]


def measured(more: dict[str, str]) -> list[tuple[str, float, str]]:
    """First import, the same again, a list of four months earlier, on an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        hidden = ("DATABASE_URL", "REDIS_URL", "PORCHLIGHT", "DJANGO")
        env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        env |= {"PORCHLIGHT_DATA": folder, "PORCHLIGHT_DEV": "1", **more}
        manage(env, "migrate", "--no-input")
        rows = []
        for what, feed in (("first import", FEED), ("the same again", FEED), ("another month's list", EARLIER)):
            seconds, last = manage(env, "importmeetings", str(feed), "--source", "philadelphia", "--json")
            rows.append((what, seconds, last))
        return rows


def main() -> None:
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    django.setup()
    from bench.machine import record
    from tests.servers import Postgres

    lines = ["| database | what | s | goal | numbers |", "|---|---|---:|---:|---|"]
    with Postgres(durable=True) as postgres:
        for name, more in (("SQLite", {}), ("PostgreSQL", {"DATABASE_URL": postgres.url})):
            lines += [f"| {name} | {what} | {s:.1f} | <= 10 | `{last}` |" for what, s, last in measured(more)]
    record("import", "\n".join(lines))


if __name__ == "__main__":
    main()
