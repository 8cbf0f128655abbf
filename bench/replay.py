"""`python -m bench.replay`: how long `manage.py replay` takes for 100 scenario files, start and database included.

Goal (docs/rules.md, section 9): 100 files in <= 60 s on 2 cores.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "tests" / "scenarios").glob("*.yaml"))
GOAL = 60
COUNT = 100


def measured(files: list[Path], more: dict[str, str]) -> tuple[float, float]:
    """Seconds of one run, and of CPU in its process; every file must hold."""
    with tempfile.TemporaryDirectory() as folder:
        hidden = ("DATABASE_URL", "REDIS_URL", "PORCHLIGHT", "DJANGO")
        env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        env |= {"PORCHLIGHT_DATA": folder, **more}
        began, spent = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            [sys.executable, "manage.py", "replay", *map(str, files)],
            env=env,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        return time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent


def main() -> None:
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    django.setup()
    from bench.machine import record
    from tests.servers import Postgres

    step = len(FILES) / COUNT  # 100 files, spread over all of them
    hundred = [FILES[int(number * step)] for number in range(COUNT)]
    lines = ["| database | files | s | goal | CPU s of the process | load before |", "|---|---:|---:|---:|---:|---:|"]
    with Postgres() as postgres:
        for name, more in (("SQLite", {}), ("PostgreSQL", {"DATABASE_URL": postgres.url})):
            load = os.getloadavg()[0]
            seconds, cpu = measured(hundred, more)
            lines.append(f"| {name} | {COUNT} | {seconds:.0f} | <= {GOAL} | {cpu:.0f} | {load:.1f} |")
    record("replay", "\n".join(lines))


if __name__ == "__main__":
    main()
