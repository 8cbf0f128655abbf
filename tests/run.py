"""`script/test`: starts real servers and runs pytest five times at once, with one closing line for all.

embedded: on SQLite. scaled: on PostgreSQL and Valkey. Of each, the part that starts processes of its own and mostly
waits for them runs beside the rest: embedded-apart, and scaled-apart with servers of its own. browser: Chromium against
the embedded site.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.servers import Postgres, Unavailable, Valkey

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"


class Run(NamedTuple):
    """What one pytest is told: the way, the part of it, and the browser: "only", "none" or "" for both."""

    way: str
    part: str
    browser: str


RUNS = {
    "embedded": Run("embedded", "rest", "none"),
    "embedded-apart": Run("embedded", "apart", "none"),
    "scaled": Run("scaled", "rest", ""),
    "scaled-apart": Run("scaled", "apart", ""),
    "browser": Run("embedded", "", "only"),
}
NOTHING_COLLECTED = 5  # pytest's exit code; fine when the other way ran something


def main() -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--full", action="store_true", help="the larger sizes, with a printed seed")
    parser.add_argument("--seed", type=int, default=None, help="with --full: the seed to use again")
    parser.add_argument("--way", choices=["embedded", "scaled", "both"], default="both")
    ours, rest = parser.parse_known_args()
    if {"-h", "--help"} & set(rest):
        parser.print_help()
        return 0
    seed = ours.seed if ours.seed is not None else (random.SystemRandom().randrange(2**31) if ours.full else 1)
    if ours.full:
        print(f"full run, seed {seed}", flush=True)
    started = time.monotonic()
    REPORTS.mkdir(exist_ok=True)
    ways = [run for run in RUNS if ours.way in {"both", RUNS[run].way}]
    with ExitStack() as stack:
        runs = [start(way, rest, seed=seed, full=ours.full, stack=stack) for way in ways]
        codes = finish(ways, runs)
    totals = count(ways)
    seconds = time.monotonic() - started
    closing = f"{totals['passed']} passed, {totals['failed'] + totals['error']} failed, {totals['skipped']} skipped"
    print(f"\n{', '.join(ways)} in {seconds:.0f} s")
    print(closing, flush=True)
    if ours.full:
        record(closing, seed, seconds, ways, rest)
    if all(code == NOTHING_COLLECTED for code in codes):
        return NOTHING_COLLECTED
    return max((code for code in codes if code != NOTHING_COLLECTED), default=0)


def start(way: str, args: list[str], *, seed: int, full: bool, stack: ExitStack) -> subprocess.Popen[bytes]:
    """Start pytest for one way, its output going to .reports/WAY.txt."""
    run = RUNS[way]
    data = Path(tempfile.mkdtemp(prefix=f"porchlight-{way}-"))
    stack.callback(shutil.rmtree, data, ignore_errors=True)
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {
        "PORCHLIGHT_TEST": "1",
        "PORCHLIGHT_DEV": "1",
        "PORCHLIGHT_DATA": str(data),
        "PORCHLIGHT_WAY": run.way,
        "PORCHLIGHT_PART": run.part,
        "PORCHLIGHT_BROWSER": run.browser,
        "PORCHLIGHT_SEED": str(seed),
        "PORCHLIGHT_FULL": "1" if full else "",
        "PYTHONHASHSEED": "0",
    }
    if run.way == "scaled":
        try:
            postgres = stack.enter_context(Postgres())
            env |= {"DATABASE_URL": postgres.url, "REDIS_URL": stack.enter_context(Valkey()).url}
        except Unavailable as missing:
            print(f"SKIPPED: everything on PostgreSQL and Valkey: {missing}", flush=True)
            args = [*args, "--collect-only", "-q"]
    out = (REPORTS / f"{way}.txt").open("wb")
    return subprocess.Popen([sys.executable, "-m", "pytest", *args], cwd=ROOT, env=env, stdout=out, stderr=out)


def finish(ways: list[str], runs: list[subprocess.Popen[bytes]]) -> list[int]:
    """Wait for the runs, showing each way's whole output in turn as it comes."""
    codes = []
    for way, run in zip(ways, runs, strict=True):
        print(f"\n===== {way} =====", flush=True)
        shown = 0
        report = REPORTS / f"{way}.txt"
        while True:
            code = run.poll()
            text = report.read_bytes()
            sys.stdout.buffer.write(text[shown:])
            sys.stdout.flush()
            shown = len(text)
            if code is not None:
                break
            time.sleep(0.3)
        codes.append(code)
    return codes


def count(ways: list[str]) -> Counter[str]:
    """Add up the closing lines of the runs."""
    total: Counter[str] = Counter()
    for way in ways:
        lines = (REPORTS / f"{way}.txt").read_text(errors="replace").splitlines()
        for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", lines[-1] if lines else ""):
            total[word] += int(number)
    return total


def record(closing: str, seed: int, seconds: float, ways: list[str], args: list[str]) -> None:
    """The last full run of each part stands in bench/results/, a paragraph each."""
    file = ROOT / "bench" / "results" / "test-full.txt"
    what = f"script/test --full {' '.join(args) or 'everything'} ({', '.join(ways)})"
    kept = [one for one in file.read_text().strip().split("\n\n") if one and one.splitlines()[0] != what]
    machine = f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
    file.write_text("\n\n".join([*kept, f"{what}\n{machine}\nseed {seed}, {seconds:.0f} s\n{closing}"]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
