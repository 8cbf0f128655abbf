"""`script/bench start`: how soon the embedded server answers, and what it costs at rest.

Goals: a later start <= 4 s to the first page; at rest <= 200 MiB resident and <= 1 % of a core.
"""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import django
import psutil

REST = 60.0  # seconds over which rest is measured, after 10 s of settling


def first_page(data: Path, port: int) -> tuple[float, subprocess.Popen[bytes]]:
    """Seconds from the command to the first page's last byte, and the running server."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_URL", "REDIS_URL", "PORCHLIGHT"))}
    env |= {"PORCHLIGHT_DATA": str(data)}
    began = time.monotonic()
    command = ["script/server", "--demo", "--port", str(port)]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while time.monotonic() - began < 120:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as page:
                page.read()
                return time.monotonic() - began, server
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.05)
    raise SystemExit("the server did not come up")


def stop(server: subprocess.Popen[bytes]) -> float:
    """Seconds from SIGTERM to the end; the exit code must be 0."""
    began = time.monotonic()
    server.terminate()
    code = server.wait(30)
    if code != 0:
        raise SystemExit(f"the server ended with {code}")
    return time.monotonic() - began


def main() -> None:
    os.environ.setdefault("PORCHLIGHT_TEST", "1")
    django.setup()
    from bench.machine import record
    from tests.servers import free_port

    data = Path(tempfile.mkdtemp(prefix="porchlight-start-"))
    try:
        port = free_port()
        first, server = first_page(data, port)
        stop(server)
        later = []
        for _ in range(3):
            seconds, server = first_page(data, port)
            later.append(seconds)
            if len(later) < 3:
                stop(server)
        time.sleep(10)
        process = psutil.Process(server.pid)
        before = sum(process.cpu_times()[:2])
        time.sleep(REST)
        used = sum(process.cpu_times()[:2]) - before
        resident = process.memory_info().rss / 2**20
        ended = stop(server)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    rows = [
        ("first start with the demo made (installed already), s to the first page", f"{first:.1f}", ""),
        ("later start, s to the first page (median of 3)", f"{sorted(later)[1]:.1f}", "<= 4"),
        ("resident at rest, MiB", f"{resident:.0f}", "<= 200"),
        (f"CPU at rest, % of a core over {REST:.0f} s", f"{100 * used / REST:.2f}", "<= 1"),
        ("Ctrl-C to the end, s", f"{ended:.1f}", ""),
    ]
    table = "| what | measured | goal |\n|---|---:|---:|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)
    record("start", table)


if __name__ == "__main__":
    main()
