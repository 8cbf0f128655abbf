"""`python -m bench.imports [--large N]`: how long taking a list in takes, first and again, and how much memory.

A real list of 2,098 entries (goal: 2,000 in <= 10 s) and one grown from it to 200,000 with a fixed seed (goal: <= 10
minutes, memory flat); the same list again in <= 1/3 of the first time. The whole command is timed, start of Python
included; memory is the largest resident set of that process.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
FEED = ROOT.parent / "shared" / "feeds" / "mg_philadelphia_2021-10.json"
EARLIER = FEED.with_name("mg_philadelphia_2021-06.json")
EXCERPT = ROOT / "tests" / "feeds" / "philadelphia-2021-10.json"
SEED = 4
LARGE = 200_000


@dataclass(frozen=True)
class Took:
    what: str
    seconds: float
    cpu: float
    memory_mb: int
    numbers: str


def manage(env: dict[str, str], *args: str) -> tuple[float, float, int, str]:
    """(seconds, seconds of processor, largest resident set in MB, last line) of a management command."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, "manage.py", *args], env=env, cwd=ROOT, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(args)} ended with {process.returncode}")
        out.seek(0)
        last = (out.read().strip().splitlines() or [""])[-1]
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, last


def grow(path: Path, number: int) -> None:
    """A list of `number` entries grown from a real one: other slugs, names, times and places, the same every time."""
    draw = random.Random(SEED)
    basis = json.loads((FEED if FEED.is_file() else EXCERPT).read_text())
    with path.open("w") as out:
        for n in range(number):
            entry = dict(basis[n % len(basis)])
            round_ = n // len(basis)
            entry["slug"] = f"{entry['slug'][:60]}-r{round_}" if round_ else entry["slug"]
            entry["name"] = f"{entry['name'][:100]} {round_ or ''}".strip()
            entry["time"] = f"{draw.randrange(6, 22):02}:{draw.choice((0, 15, 30, 45)):02}"
            entry.pop("end_time", None)
            for axis in ("latitude", "longitude"):
                if entry.get(axis):
                    entry[axis] = str(round(float(entry[axis]) + draw.uniform(-4, 4), 6))
            out.write(("[" if n == 0 else ",") + json.dumps(entry) + "\n")
        out.write("]")


def fresh(folder: str, more: dict[str, str]) -> dict[str, str]:
    """The environment of an empty, migrated site."""
    hidden = ("DATABASE_URL", "REDIS_URL", "PORCHLIGHT", "DJANGO")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    env |= {"PORCHLIGHT_DATA": folder, "PORCHLIGHT_DEV": "1", **more}
    manage(env, "migrate", "--no-input")
    return env


def measured(more: dict[str, str], steps: list[tuple[str, Path]]) -> list[Took]:
    """Each step one import into the same site, which was empty before the first."""
    with tempfile.TemporaryDirectory() as folder:
        env = fresh(folder, more)
        found = []
        for what, feed in steps:
            seconds, cpu, memory, last = manage(env, "importmeetings", str(feed), "--source", "philadelphia", "--json")
            found.append(Took(what, seconds, cpu, memory, last))
            print(f"{what}: {seconds:.1f} s, {memory} MB", flush=True)
        return found


def rows(database: str, took: list[Took], goal: str) -> list[str]:
    first = took[0].seconds
    return [
        f"| {database} | {one.what} | {one.seconds:.1f} | {one.cpu:.1f} | {one.memory_mb} | "
        f"{goal if n == 0 else f'<= {first / 3:.1f}' if 'again' in one.what else ''} | `{one.numbers}` |"
        for n, one in enumerate(took)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=LARGE, help="entries of the grown list; 0 leaves it out")
    large = parser.parse_args().large
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    django.setup()
    from bench.machine import record
    from tests.servers import Postgres

    small = [("first import", FEED), ("the same again", FEED), ("another month's list", EARLIER)]
    lines = ["| database | what | s | cpu s | MB | goal s | numbers |", "|---|---|---:|---:|---:|---:|---|"]
    with Postgres(durable=True) as postgres, tempfile.TemporaryDirectory() as folder:
        grown = Path(folder) / "grown.json"
        grow(grown, large)
        for name, more in (("SQLite", {}), ("PostgreSQL", {"DATABASE_URL": postgres.url})):
            lines += rows(name, measured(more, small), "<= 10")
        if large:
            steps = [(f"first import of {large:,}", grown), ("the same again", grown)]
            lines += rows("SQLite", measured({}, steps), "<= 600")
            with Postgres(durable=True) as empty:
                lines += rows("PostgreSQL", measured({"DATABASE_URL": empty.url}, steps), "<= 600")
    record("import", "\n".join(lines))


if __name__ == "__main__":
    main()
