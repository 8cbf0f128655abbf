"""`script/bench finder [--only sqlite|postgresql|page] [--search NAME]`: the five top searches, and the page.

200,000 meetings grown from real lists (bench/finder_world.py). One request at a time, warm, from the request's way in
to the response's way out: middleware, search, page or JSON. Beside it the bare SQL: the statements of that very
request, sent again through the database's own driver; and as the floor an empty answer by all the middleware, in the
same process. Goals: p99 <= 25 ms on PostgreSQL and 40 ms on SQLite, at most 3 times the bare SQL; facet counts p99 <=
80 ms; a fixed number of statements, each by an index. The first page in Chromium, beside croutonjs, is
bench/finder_page.py. Each search takes about a minute, in a process of its own, and is written down when it is done,
with its date; the other lines stay (`--only`, `--search`). A machine that is shared can be kept free for these
processes (`--alone COMMAND` starts them, `--beside COMMAND` the growing of the world, 2 to 4 minutes; `--keep FOLDER`
keeps SQLite's).
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 25, 0, 20, tzinfo=UTC)  # a Wednesday; 19:20 on Tuesday in New York, 01:20 in Berlin
GOALS = {"sqlite": 40.0, "postgresql": 25.0}
WARM = 50
HEAD = (
    "database", "search", "door", "p50 ms", "p99 ms", "goal", "p99 own CPU", "bare SQL p50", "bare SQL p99",
    "p50 / bare", "p99 / bare", "empty p50", "statements", "whole tables read", "kB", "measured",
)  # fmt: skip
WORDS = ("serenity", "big book", "hope", "women step", "early bird", "new", "young people", "candle", "saint", "friday")
LANGUAGES = ("S", "FR", "DE", "POR", "POL", "FA", "ITA", "JA")
Params = dict[str, str]


@dataclass
class Measured:
    whole: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)  # processor time of this process
    bare: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    rows: int = 0


def asked() -> dict[str, Callable[[random.Random], Params]]:
    """The five searches, each with another place, word or language every time."""
    from bench.finder_world import cities

    towns = sorted(cities(), key=lambda town: -town.people)[:300]

    def near(chance: random.Random) -> Params:
        town = chance.choice(towns)
        return {"near": f"{town.latitude:.2f},{town.longitude:.2f}", "within": "60"}

    def city(chance: random.Random) -> Params:
        town = chance.choice(towns)
        return {
            "place": f"{town.name}, {town.country}",
            "day": chance.choice(("mon", "tue", "wed", "thu", "fri", "sat")),
        }

    def online(chance: random.Random) -> Params:
        return {"mode": "online", "on": "1", "lang": chance.choice(LANGUAGES)}

    def words(chance: random.Random) -> Params:
        return {"q": chance.choice(WORDS)}

    def window(chance: random.Random) -> Params:
        town = chance.choice(towns)
        south, west = town.latitude - 0.1, town.longitude - 0.15
        return {"box": f"{south:.2f},{west:.2f},{south + 0.2:.2f},{west + 0.3:.2f}"}

    return {
        "near me within the hour": near,
        "city and day": city,
        "online now in a language": online,
        "text": words,
        "map window": window,
    }


SEARCHES = ("near me within the hour", "city and day", "online now in a language", "text", "map window")
DOORS = {"JSON": "/api/v1/meetings/", "page": "/", "counts": "/meetings/counts/"}


def measured(name: str, each: int) -> dict[str, Measured]:
    """One of the searches at every door."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection

    handler = WSGIHandler()
    make = asked()[name]
    found: dict[str, Measured] = {}
    for door, path in DOORS.items():
        chance = random.Random(name)
        of_one = found[door] = Measured()
        for number in range(each + WARM):
            address = f"{path}?{urlencode(make(chance))}"
            said: list[tuple[str, Any]] = []

            def note(execute: Any, sql: str, params: Any, many: bool, context: Any, said: Any = said) -> Any:
                said.append((sql, params))
                return execute(sql, params, many, context)

            with connection.execute_wrapper(note):
                began, busy = time.perf_counter(), time.thread_time()
                size = answer(handler, address)
                whole, own = time.perf_counter() - began, time.thread_time() - busy
            bare = sent_again(said)
            if number >= WARM:
                of_one.whole.append(whole)
                of_one.own.append(own)
                of_one.bare.append(bare)
                of_one.statements.add(len(said))
                of_one.rows += size
    return found


def answer(handler: Any, address: str) -> int:
    """One request through the whole of Django; the size of the answer."""
    path, _mark, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
        "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "HTTP_COOKIE": "zone=America/New_York", "HTTP_ACCEPT": "application/json, text/html",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    status: list[str] = []
    body = handler(environ, lambda code, _headers, *_more: status.append(code))
    size = sum(len(part) for part in body)
    if not status[0].startswith("200"):
        raise SystemExit(f"{address}: {status[0]}")
    return size


def empty(each: int) -> list[float]:
    """Seconds of requests that ask for nothing: what Django and our middleware take, at any door."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    took = []
    with override_settings(ROOT_URLCONF="bench.finder_floor"):
        handler = WSGIHandler()
        for _turn in range(each + WARM):
            began = time.perf_counter()
            answer(handler, "/")
            took.append(time.perf_counter() - began)
    return took[WARM:]


def sent_again(said: list[tuple[str, Any]]) -> float:
    """Seconds for the same statements by the driver alone, all rows fetched."""
    from django.db import connection

    raw = connection.connection.cursor()
    took = 0.0
    for sql, params in said:
        text = sql
        if connection.vendor == "sqlite" and params:
            text = sql.replace("%s", "?").replace("%%", "%")
        began = time.perf_counter()
        raw.execute(text, params or ())
        if raw.description:
            raw.fetchall()
        took += time.perf_counter() - began
    return took


def without_index(name: str, path: str) -> list[str]:
    """Plans of a search's statements at one door that read a whole table."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection

    bad = []
    said: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer(WSGIHandler(), f"{path}?{urlencode(asked()[name](random.Random(1)))}")
    for sql, params in said:
        explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        with connection.cursor() as cursor:
            cursor.execute(explain + sql, params)
            lines = [str(row[-1]) for row in cursor.fetchall()]
        for line in lines:
            whole = line.startswith("SCAN ") and "INDEX" not in line and "meetings_meeting" in line
            small = "django_" in line or "_source" in line or sql.endswith("LIMIT 1")  # the first row will do
            small = small or "Seq Scan on meetings_occurrence" in line  # it holds nothing here
            if (whole or "Seq Scan" in line) and not small:
                bad.append(f"{name}: {line.strip()} ({sql[:60]}…)")
    return sorted(set(bad))


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def grown(count: int) -> None:
    """In a process with its database chosen: make the world, unless it is there."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench.finder_world import grow
    from ground import clock
    from meetings.models import Meeting

    with clock.frozen(NOW):
        call_command("migrate", "--no-input", verbosity=0)
        began = time.monotonic()
        if not Meeting.objects.exists():
            grow(count, NOW)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"grown in {time.monotonic() - began:.0f} s", file=sys.stderr)


def inside(name: str, each: int) -> None:
    """In a process with its database chosen: measure one search, print its rows of the table."""
    django.setup()
    from django.db import connection

    from ground import clock, memory

    memory.settle()  # as the served site does
    with clock.frozen(NOW):
        found = measured(name, each)
        floor = quantile(empty(each), 0.5)
        bad = {door: without_index(name, path) for door, path in DOORS.items()}
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    for door, of_one in found.items():
        goal = 80.0 if door == "counts" else GOALS[connection.vendor]
        whole, bare = quantile(of_one.whole, 0.99), quantile(of_one.bare, 0.99)
        half, half_bare = quantile(of_one.whole, 0.5), quantile(of_one.bare, 0.5)
        fewest, most = min(of_one.statements), max(of_one.statements)
        statements = str(most) if fewest == most else f"{fewest}-{most}"
        print(
            f"| {vendor} | {name} | {door} | {half:.1f} | {whole:.1f} | {goal:.0f} | {quantile(of_one.own, 0.99):.1f} |"
            f" {half_bare:.1f} | {bare:.1f} | {half / half_bare:.1f} | {whole / bare:.1f} | {floor:.1f} |"
            f" {statements} | {len(bad[door])} | {of_one.rows / each / 1000:.1f} | {clock.now():%Y-%m-%d} |"
        )
    for line in sorted({line for lines in bad.values() for line in lines}):
        print(line, file=sys.stderr)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{vendor}, {name}: {resident:.0f} MiB resident at most", file=sys.stderr)


def child(more: dict[str, str], folder: str, before: str, *args: str) -> list[str]:
    """A process of this bench with its database chosen; its rows of the table."""
    hidden = ("DATABASE_URL", "REDIS_URL", "PORCHLIGHT", "DJANGO")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    env |= {"PORCHLIGHT_DATA": folder, "PORCHLIGHT_DEV": "1", "DJANGO_SETTINGS_MODULE": "porchlight.settings", **more}
    command = [*before.split(), sys.executable, "-m", "bench.finder", *args]
    done = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith("|")]


def searches(args: argparse.Namespace, more: dict[str, str], folder: str) -> None:
    """One database: its searches, each written down when it is done."""
    child(more, folder, args.beside, "--grow", "--meetings", str(args.meetings))
    for name in SEARCHES:
        if args.search in {"", name}:
            written(args, child(more, folder, args.alone, "--inside", name, "--each", str(args.each)))


def part(args: argparse.Namespace, key: str) -> None:
    from tests.servers import Postgres

    with tempfile.TemporaryDirectory() as folder:
        if key == "sqlite":
            searches(args, {}, args.keep or folder)
            return
        with Postgres(durable=True) as postgres:
            searches(args, {"DATABASE_URL": postgres.url}, folder)


def page(args: argparse.Namespace) -> None:
    command = [*args.alone.split(), sys.executable, "-m", "bench.finder_page"]
    written(args, subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines())


def written(args: argparse.Namespace, new: list[str]) -> None:
    """Put new lines in the places of those of the same database, search and door; the others stay as they are."""
    from bench.finder_page import HEAD as PAGE_HEAD
    from bench.finder_page import LINES as PAGE_LINES
    from bench.machine import rows_of, write

    print("\n".join(new), flush=True)
    if (args.meetings, args.each) != (200_000, 1000):
        return
    earlier = [row for row in rows_of("finder", "| ") if row.count("|") in {len(HEAD) + 1, PAGE_HEAD[0].count("|")}]
    lines = {_place(row): row for row in [*earlier, *new]}
    places = [(base, name, door) for base in ("SQLite", "PostgreSQL") for name in SEARCHES for door in DOORS]
    write("finder", "\n".join([
        "200,000 meetings, 1,000 requests of each search at each door, one at a time. What misses: docs/finder.md.",
        "",
        f"| {' | '.join(HEAD)} |",
        f"|---|---|---|{'---:|' * (len(HEAD) - 3)}",
        *(lines[place] for place in places if place in lines),
        "",
        *PAGE_HEAD,
        *(lines["page", line, ""] for line in PAGE_LINES if ("page", line, "") in lines),
    ]))  # fmt: skip


def _place(row: str) -> tuple[str, str, str]:
    base, name, door = (cell.strip() for cell in row.split("|")[1:4])
    return (base, name, "" if base == "page" else door)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--meetings", type=int, default=200_000)
    parser.add_argument("--each", type=int, default=1000)
    parser.add_argument("--only", choices=["sqlite", "postgresql", "page"], default="")
    parser.add_argument("--search", choices=["", *SEARCHES], default="", help="with --only: this one alone")
    parser.add_argument("--inside", default="")
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("--keep", default="", help="a folder for SQLite's world, to measure it again")
    parser.add_argument("--alone", default="", help="a command that starts what is measured")
    parser.add_argument("--beside", default="", help="a command that starts what takes long and is not measured")
    args = parser.parse_args()
    if args.grow:
        grown(args.meetings)
        return
    if args.inside:
        inside(args.inside, args.each)
        return
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porchlight.settings")
    django.setup()
    for key in ("sqlite", "postgresql"):
        if args.only in {"", key}:
            part(args, key)
    if args.only in {"", "page"}:
        page(args)


if __name__ == "__main__":
    main()
