"""What every table says of where and when it was measured."""

import os
import platform
from pathlib import Path

from ground import clock

RESULTS = Path(__file__).resolve().parent / "results"


def line() -> str:
    """Date, cores, memory, processor, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (
            row.partition(":")[2].strip()
            for row in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in row
        ),
        platform.machine(),
    )
    return (
        f"{clock.now():%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, {model}, "
        f"Python {platform.python_version()}, Linux {platform.release()}"
    )


def record(name: str, table: str) -> None:
    """Print a table and write it to bench/results/NAME.md."""
    print(write(name, table))


def write(name: str, table: str) -> str:
    """Write a table to bench/results/NAME.md; returns the whole text."""
    text = f"# {name}\n\n{line()}\n\n{table}\n"
    (RESULTS / f"{name}.md").write_text(text)
    return text


def rows_of(name: str, start: str) -> list[str]:
    """The lines of an earlier table that begin so: a bench that measures a part leaves the others as they are."""
    path = RESULTS / f"{name}.md"
    return [row for row in path.read_text().splitlines() if row.startswith(start)] if path.exists() else []
