"""`python -m bench.imports [--large N] [--only sqlite|postgresql]`: how long taking a list in takes, first and again.

A real list of 2,098 entries (goal: 2,000 in <= 10 s) and one grown from it to 200,000 with a fixed seed (goal: <= 10
minutes, memory flat); the same list again in <= 1/3 of the first time, the start of Python and Django (a line of its
own) taken off both. The whole command is timed; memory is the largest resident set of that process. On SQLite another
process asks to write all the while, ten times a second: the longest that it waited is told. `--only` measures one
database and leaves the other's lines as they are; `--large 0` the short list alone, and leaves the long one's.
"""

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
FEED = ROOT.parent / "shared" / "feeds" / "mg_philadelphia_2021-10.json"
EARLIER = FEED.with_name("mg_philadelphia_2021-06.json")
TINY = ROOT / "tests" / "feeds" / "times-edgecases.json"
EXCERPT = ROOT / "tests" / "feeds" / "philadelphia-2021-10.json"
SEED = 4
LARGE = 200_000


@dataclass(frozen=True)
class Took:
    what: str
    seconds: float
    cpu: float
    memory_mb: int
    waited: float
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


@contextmanager
def other_writer(folder: str, more: dict[str, str]) -> Iterator[list[float]]:
    """Beside an import into SQLite: somebody who asks to write again and again, and how long each waited."""
    waits, over = [0.0], threading.Event()

    def ask() -> None:
        db = sqlite3.connect(next(Path(folder).glob("*.sqlite3")), timeout=1200, isolation_level=None)
        while not over.wait(0.1):
            began = time.monotonic()
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
            waits.append(time.monotonic() - began)
        db.close()

    asking = threading.Thread(target=ask)
    if more:
        yield waits
        return
    asking.start()
    try:
        yield waits
    finally:
        over.set()
        asking.join()


def measured(more: dict[str, str], steps: list[tuple[str, Path]]) -> list[Took]:
    """Each step one import into the same site, which was empty before the first."""
    with tempfile.TemporaryDirectory() as folder:
        env = fresh(folder, more)
        seconds, cpu, memory, _last = manage(env, "importmeetings", str(TINY), "--dry-run", "--json")
        found = [Took("start alone", seconds, cpu, memory, 0.0, "")]
        for what, feed in steps:
            with other_writer(folder, more) as waits:
                seconds, cpu, memory, last = manage(
                    env, "importmeetings", str(feed), "--source", "philadelphia", "--json"
                )
            found.append(Took(what, seconds, cpu, memory, max(waits), in_short(last)))
            print(f"{what}: {seconds:.1f} s, {memory} MB, another waited {max(waits):.1f} s", flush=True)
        return found


def rows(database: str, took: list[Took], goal: str) -> list[str]:
    start, first = took[0].seconds, took[1].seconds
    lines = []
    for one in took:
        wanted = goal if one is took[1] else ""
        if "again" in one.what:
            wanted = f"<= 1/3; is {(one.seconds - start) / (first - start):.2f}"
        waited = f"{one.waited:.1f}" if one.waited else ""
        lines.append(
            f"| {database} | {one.what} | {one.seconds:.1f} | {one.cpu:.1f} | {one.memory_mb} | {wanted} | {waited} |"
            f" {one.numbers} |"
        )
    return lines


def in_short(numbers: str) -> str:
    """`added 81, changed 467, removed 116, unread 0 of 2063` of the command's JSON."""
    said = json.loads(numbers)
    return ", ".join(f"{word} {said[word]}" for word in ("added", "changed", "removed", "unread")) + (
        f" of {said['entries']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=LARGE, help="entries of the grown list; 0 leaves it out")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], default="")
    args = parser.parse_args()
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porchlight.settings")
    django.setup()
    from bench.machine import line, record, rows_of
    from tests.servers import Postgres

    small = [("first import", FEED), ("the same again", FEED), ("another month's list", EARLIER)]
    lines = [
        "| database | what | s | cpu s | MB | goal s | another's longest wait s | numbers |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        grown = Path(folder) / "grown.json"
        grow(grown, args.large)
        large = [(f"first import of {args.large:,}", grown), ("the same again", grown)]
        for key, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
            if args.only not in {"", key}:
                lines += rows_of("import", f"| {name} ")
                continue
            before = [] if args.large else rows_of("import", f"| {name} ")[1 + len(small) :]  # of the long list
            for steps, goal in ((small, "<= 10"), (large, "<= 600"))[: 2 if args.large else 1]:
                if key == "sqlite":
                    lines += rows(name, measured({}, steps), goal)
                    continue
                with Postgres(durable=True) as postgres:
                    lines += rows(name, measured({"DATABASE_URL": postgres.url}, steps), goal)
            lines += before
    if args.large in {0, LARGE}:
        record("import", "\n".join(lines))
    else:
        print(line(), "\n".join(lines), sep="\n\n")


if __name__ == "__main__":
    main()
