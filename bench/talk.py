"""`script/bench talk`: the product beside the Channels tutorial and the bare durable limit, interleaved in one run.

One load client (`bench/talk_load.py`) on the last core; servers, PostgreSQL (fsync and synchronous_commit on) and
Valkey on the others. CPU is server + PostgreSQL + Valkey from /proc. `--only`, `--rounds`, `--seconds` make a quick
run, which is printed and not recorded.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import psutil

from bench import talk_tables as tables
from bench.machine import write
from bench.talk_tables import cost, missing, rate, verdict
from tests.servers import ROOT, Postgres, Site, Valkey, free_port

SHAPES = {"1x50": (1, 50), "1x500": (1, 500), "20x50": (20, 50)}  # rooms, members of each
# In each room. A sender waits for the commit: with 5 of them at 1x50 the limit is the disk's, no side is busy, and a
# ratio says little; with 10 the servers' side is.
SENDERS = {"1x50": 10, "1x500": 5, "20x50": 2}
IDLE = 2000
SPEED = {"PORCHLIGHT_TALK_PER_SECOND": "100000"}
CORES = sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def on_cores(cores: list[int]) -> Iterator[None]:
    """What is started inside runs there."""
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


SERVING, LOADING = CORES[:-1] or CORES, CORES[-1:]


@dataclass
class Served:
    """A running server: where its members come in, and the processes whose CPU counts."""

    name: str
    dialect: str
    urls: list[str]
    pids: list[int]
    members: list[dict[str, Any]] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of processor time so far, children included, those that ended too."""
        used = 0.0
        for pid in self.pids:
            root = psutil.Process(pid)
            for process in [root, *root.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    used += times.user + times.system
            times = root.cpu_times()
            used += times.children_user + times.children_system
        return used

    def seats(self, rooms: int, size: int) -> list[dict[str, Any]]:
        if self.dialect == "porchlight":
            origin = self.urls[0].replace("ws://", "http://").removesuffix("/ws/")
            return [
                {
                    "room": member["rooms"][0],
                    "headers": {
                        "Cookie": f"sessionid={member['session']}",
                        "Origin": origin,
                        "Sec-WebSocket-Protocol": "porchlight.v1",
                    },
                }
                for member in self.members
            ]
        path = "ws/chat/{}/" if self.dialect == "tutorial" else "{}"
        return [
            {"room": f"r{room}", "path": path.format(f"r{room}"), "headers": {"Origin": "http://localhost"}}
            for _ in range(size)
            for room in range(rooms)
        ]


class Load:
    """The load client's process, connected to one server."""

    def __init__(self, served: Served, seats: list[dict[str, Any]], **order: Any) -> None:
        self.served = served
        with on_cores(LOADING):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.talk_load"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        order |= {"dialect": served.dialect, "urls": served.urls, "seats": seats}
        self._say(json.dumps(order))
        if self._hear() != "ready":
            raise SystemExit(f"the members of {served.name} could not connect")

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def measure(self) -> dict[str, Any]:
        """One stretch, with the CPU that the server's side used for all of it."""
        before, began = self.served.cpu(), time.perf_counter()
        self._say("go")
        found: dict[str, Any] = json.loads(self._hear())
        found["cpu"] = (self.served.cpu() - before) / (time.perf_counter() - began)  # of a core
        each = found["deliveries"] / found["seconds"]
        print(f"  {self.served.name}: {each:,.0f} deliveries/s", file=sys.stderr, flush=True)
        return found

    def end(self) -> None:
        self._say("end")
        self.process.wait(30)


class Bench:
    """One PostgreSQL and one Valkey for the whole run; `stack` ends the servers of one part."""

    def __init__(self, asked: argparse.Namespace, whole: ExitStack) -> None:
        self.asked, self.stack = asked, ExitStack()
        with on_cores(SERVING):
            self.postgres = whole.enter_context(Postgres(durable=True))
            self.valkey = whole.enter_context(Valkey())
        self.shared = [self.postgres.process.pid, self.valkey.process.pid]
        self.made = 0

    def product(self, rooms: int, size: int, *, processes: int = 1, embedded: bool = False) -> Served:
        """The product with everything on, freshly made."""
        self.made += 1
        env = dict(SPEED)
        if not embedded:
            env |= {
                "DATABASE_URL": self.postgres.make_database(f"site{self.made}"),
                "REDIS_URL": self.valkey.url.replace("/0", f"/{self.made % 16}"),
            }
        with on_cores(SERVING):
            site = self.stack.enter_context(Site(env))
            out = site.folder / "members.json"
            members = str(rooms * size if rooms else IDLE)
            made = ["--members", members, "--rooms", str(rooms or IDLE // 50), "--room-size", str(size or 50)]
            site.manage("seed_bench", *made, "--out", str(out), "--url", site.url, patience=600)
            urls, pids = [site.url], [site.process.pid]
            for _ in range(processes - 1):
                port = free_port()
                pids.append(site.spawn("serve", "--port", str(port)).pid)
                urls.append(f"http://localhost:{port}")
                wait_for(port)
        ways = [url.replace("http", "ws") + "/ws/" for url in urls]
        found = Served("product", "porchlight", ways, pids + ([] if embedded else self.shared))
        found.members = json.loads(out.read_text())["members"]
        return found

    def limit(self) -> Served:
        self.made += 1
        database = self.postgres.make_database(f"limit{self.made}")
        ports = [free_port(), free_port()]
        pids = [
            self.spawn("-m", "bench.talk_limit", str(port), database, self.valkey.url.replace("/0", "/14"))
            for port in ports
        ]
        for port in ports:
            wait_for(port)
        return Served("limit", "limit", [f"ws://127.0.0.1:{port}/" for port in ports], pids + self.shared)

    def tutorial(self) -> Served:
        port = free_port()
        env = {"REDIS_URL": self.valkey.url.replace("/0", "/15")}
        command = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", "bench.talk_tutorial:application"]
        pid = self.spawn(*command, env=env)
        wait_for(port)
        return Served("tutorial", "tutorial", [f"ws://127.0.0.1:{port}/"], [pid, self.valkey.process.pid])

    def spawn(self, *command: str, env: dict[str, str] | None = None) -> int:
        kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        with on_cores(SERVING):
            process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env={**kept, **(env or {})})
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        return process.pid

    def load(self, served: Served, rooms: int, size: int, **order: Any) -> Load:
        return Load(served, served.seats(rooms, size), warm=1.0, **order)

    def shape(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """The three servers in turn, `rounds` times; what each stretch found."""
        rooms, size = SHAPES[name]
        servers = [self.limit(), self.product(rooms, size), self.tutorial()]
        servers = [one for one in servers if one.name in self.asked.servers]
        loads = [self.load(one, rooms, size, senders=SENDERS[name], seconds=self.asked.seconds) for one in servers]
        found: dict[str, list[dict[str, Any]]] = {load.served.name: [] for load in loads}
        for _ in range(self.asked.rounds):
            for load in loads:
                found[load.served.name].append(load.measure())
        for load in loads:
            load.end()
        return found


def wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 2):
            return
        time.sleep(0.05)
    raise SystemExit("a server did not come up")


def calm_rows(bench: Bench) -> list[str]:
    """Three messages a second in a room of 500: the time until the last member has it.

    Stretches of 60 messages, four of each server: in fewer the p99 is one hiccup of the machine.
    """
    servers = [bench.limit(), bench.product(1, 500)]
    loads = [bench.load(one, 1, 500, senders=5, seconds=max(20, bench.asked.seconds), calm=3) for one in servers]
    found: dict[str, list[dict[str, Any]]] = {load.served.name: [] for load in loads}
    for _ in range(max(4, bench.asked.rounds)):
        for load in loads:
            found[load.served.name].append(load.measure())
    for load in loads:
        load.end()
    p99 = {name: 1000 * median(one["p99"] for one in stretches) for name, stretches in found.items()}
    p50 = {name: 1000 * median(one["p50"] for one in stretches) for name, stretches in found.items()}
    last = "calm, 3/s at 1x500 | ms to the last member"
    ratio = p99["product"] / p99["limit"]
    lost, judged = missing(found["product"]), f"{ratio:.2f}{verdict(ratio <= 2)}"
    return [
        f"| {last}, p50: product {p50['product']:.1f}, limit {p50['limit']:.1f} | | |",
        f"| {last}, p99: product {p99['product']:.1f}, limit {p99['limit']:.1f}; {lost} missing | {judged} | <= 2 |",
    ]


def idle_rows(bench: Bench) -> list[str]:
    """Memory of signed-in members who only listen."""
    served = bench.product(0, 0)
    process = psutil.Process(served.pids[0])
    with_some = Served("product", "porchlight", served.urls, served.pids, served.members[:50])
    few = bench.load(with_some, 0, 0, senders=0, seconds=0)  # what the first members cost once is not per member
    before = process.memory_info().rss
    served.members = served.members[50:]
    many = bench.load(served, 0, 0, senders=0, seconds=0)
    time.sleep(5)
    each = (process.memory_info().rss - before) / len(served.members) * 1000 / 2**20
    began, used = time.perf_counter(), served.cpu()
    time.sleep(15)
    share = 100 * (served.cpu() - used) / (time.perf_counter() - began)
    few.end()
    many.end()
    return [
        f"| {IDLE} idle | MiB resident per 1,000 members | {each:.1f}{verdict(each <= 45)} | <= 45 |",
        f"| {IDLE} idle | CPU, % of a core, with PostgreSQL and Valkey | {share:.1f} | |",
    ]


def two_rows(bench: Bench, name: str) -> list[str]:
    """Two processes beside one, all pinned as before."""
    rooms, size = SHAPES[name]
    order = {"senders": SENDERS[name], "seconds": bench.asked.seconds}
    loads = [bench.load(bench.product(rooms, size, processes=many), rooms, size, **order) for many in (1, 2)]
    found: list[list[dict[str, Any]]] = [[], []]
    for _ in range(bench.asked.rounds):
        for load, stretches in zip(loads, found, strict=True):
            stretches.append(load.measure())
    for load in loads:
        load.end()
    ratio = rate(found[1]) / rate(found[0])
    goal = 1.7 if len(SERVING) >= 3 else 0.9
    what = f"two processes / one, deliveries ({missing(found[1])} missing)"
    return [f"| {name} | {what} | {ratio:.2f}{verdict(ratio >= goal)} | >= {goal} |"]


def embedded_rows(bench: Bench) -> list[str]:
    rows = []
    for name, (rooms, size) in SHAPES.items():
        served = bench.product(rooms, size, embedded=True)
        load = bench.load(served, rooms, size, senders=SENDERS[name], seconds=bench.asked.seconds)
        found = [load.measure() for _ in range(bench.asked.rounds)]
        load.end()
        what = "embedded default (SQLite, synchronous=FULL), deliveries/s"
        more = f"{cost(found):.1f} us of CPU each; {missing(found)} missing"
        rows.append(f"| {name} | {what}; {more} | {rate(found):,.0f} | for information |")
    return rows


PARTS = [*SHAPES, "calm", "idle", "two", "embedded"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench talk")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="", help=f"a part: {', '.join(PARTS)}")
    parser.add_argument("--servers", default="limit,product,tutorial", help="of the shapes")
    parser.add_argument("--senders", type=int, default=0, help="in each room, in place of the shape's own number")
    asked = parser.parse_args()
    if asked.senders:
        SENDERS.update(dict.fromkeys(SENDERS, asked.senders))
    asked.servers = asked.servers.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with us
    with ExitStack() as whole:
        run(Bench(asked, whole), [asked.only] if asked.only else PARTS)


def run(bench: Bench, parts: list[str]) -> None:
    """All parts; the file is written after each, so that a run that is ended early leaves what it found."""
    rows, goals, loads = [], [], []
    for at, part in enumerate(parts):
        loads.append(f"{part} {os.getloadavg()[0]:.1f}")
        with ExitStack() as bench.stack:
            found = measure(bench, part)
        rows += found[0]
        goals += found[1]
        print("\n".join([*found[0], *found[1]]), flush=True)
        left = parts[at + 1 :]
        rest = f" The run was ended early; not measured: {', '.join(left)}." if left else ""
        if parts == PARTS and not bench.asked.senders:  # else the table would say another number of senders
            write("talk", tables.whole(rows, goals, loads=", ".join(loads), rounds=bench.asked.rounds, rest=rest))


def measure(bench: Bench, part: str) -> tuple[list[str], list[str]]:
    """One part with servers of its own: what it adds to the two tables."""
    if part in SHAPES:
        found = bench.shape(part)
        return tables.shape_rows(part, found), tables.goal_rows(part, found)
    if part == "two":
        return [], [row for name in ("1x50", "1x500") for row in two_rows(bench, name)]
    return [], {"calm": calm_rows, "idle": idle_rows, "embedded": embedded_rows}[part](bench)


if __name__ == "__main__":
    main()
