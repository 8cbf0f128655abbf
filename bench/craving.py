"""`script/bench craving`: from the first wave to the first push handed over, and from a claim to both in the room.

PostgreSQL with synchronous_commit=on, Valkey, one web process, one worker process that runs the product's own loop with
a recording push; 500 responders available, each with an open socket, 50 presses within one minute over HTTP. About
half are taken over HTTP while others come; "in the room" is when both sockets have it live. Then, without network, the
calm screen in Chromium. `--no-screen` leaves that out; smaller numbers are printed and not recorded.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

import django

ROOT = Path(__file__).resolve().parent.parent
RESPONDERS, PRESSES, MINUTE = 500, 50, 60.0
SETTLE = 15.0  # seconds that the last waves may take


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench craving")
    parser.add_argument("--responders", type=int, default=RESPONDERS)
    parser.add_argument("--presses", type=int, default=PRESSES)
    parser.add_argument("--no-screen", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work()
        return
    from tests.servers import Postgres, Site, Valkey

    with Postgres(durable=True) as postgres, Valkey() as valkey:
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        with Site(env, serve=("--no-worker",)) as site:
            os.environ.update({"PORCHLIGHT_TEST": "1", "PORCHLIGHT_DATA": site.env["PORCHLIGHT_DATA"], **env})
            worker = subprocess.Popen([sys.executable, "-m", "bench.craving", "--worker"], cwd=ROOT)
            try:
                django.setup()
                report(site.url, asked.responders, asked.presses, screen=not asked.no_screen)
            finally:
                worker.terminate()
                worker.wait(20)


def work() -> None:
    """The worker command's loop; what it would push is only noted."""
    import signal
    from threading import Event

    django.setup()
    import porchlight.worker
    from delivery import transports
    from delivery.transports.recording import RecordingTransport

    transports.register("webpush", RecordingTransport())
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    porchlight.worker.loop(stop)


def report(url: str, responders: int, presses: int, *, screen: bool) -> None:
    from bench.craving_screen import offline_taps
    from bench.craving_world import seed
    from bench.machine import line, record
    from delivery.models import Delivery

    ready, members = seed(responders, presses)
    time.sleep(3)
    before = os.getloadavg()[0]
    waits, met, told = asyncio.run(minute(url, ready, members))
    after = os.getloadavg()[0]
    rows = [
        ("first wave due to first push handed over", waits, "p95 <= 2 s"),
        ("claim sent to both in the room (both sockets live)", met, "p95 <= 1 s"),
        ("claim sent to the last other open page told", told, "<= 1 s"),
    ]
    if screen:
        rows.append(("tap without network to the calm screen", offline_taps(url, members[0].session), "<= 1 s"))
    table = "| what | n | p50 | p95 | most | goal |\n|---|---:|---:|---:|---:|---:|\n" + "\n".join(
        f"| {what} | {len(found)} | {share(found, 50):.2f} s | {share(found, 95):.2f} s | {max(found):.2f} s | {goal} |"
        for what, found, goal in rows
    )
    sent = Delivery.objects.filter(kind="craving_offer", state="handed_over").count()
    table += (
        f"\n\n{responders} responders available, each with an open socket, {presses} presses within a minute over HTTP,"
        f" {sent} offers handed over; PostgreSQL, Valkey, one web process, one worker and the load client on the same"
        f" cores. Members and peers enter the room as their pages do: told by a frame, the room read over HTTP, joined"
        f" over the socket. Load of the machine (mean of a minute) {before:.1f} before, {after:.1f} after."
    )
    if (responders, presses, screen) == (RESPONDERS, PRESSES, True):
        record("craving", table)
    else:
        print(line(), table, sep="\n\n")


async def minute(url: str, ready: list, members: list) -> tuple[list[float], list[float], list[float]]:
    """The presses of one minute: (first pushes, both in the room, the last of the others told), in seconds."""
    from asgiref.sync import sync_to_async

    from bench.craving_load import all_enter, meet, press

    met, told, meetings = [], [], []
    with ThreadPoolExecutor(32) as pool:
        peers = {one.who.person: one for one in await all_enter(url, ready, pool)}
        asking = await all_enter(url, members, pool)
        begun = time.monotonic()

        async def one_meets(member, key: str, ref: str) -> None:
            for _ in range(20):  # the worker asks 3 s after the press
                await asyncio.sleep(0.5)
                people = [peers[pk] for pk in await sync_to_async(asked_for)(ref)]
                if people:
                    spans = await meet(member, key, people[0], ref, people[1:])
                    if spans is not None:
                        met.append(spans[0])
                        told.append(spans[1])
                    return

        made = []
        for number, member in enumerate(asking):
            await asyncio.sleep(max(0.0, begun + number * MINUTE / len(asking) - time.monotonic()))
            key, ref = await press(member)
            made.append(ref)
            if number % 2:
                meetings.append(asyncio.create_task(one_meets(member, key, ref)))
        await asyncio.gather(*meetings)
        await asyncio.sleep(SETTLE)
    return await sync_to_async(first_pushes)(made), met, told


def asked_for(ref: str) -> list[int]:
    """Whose message for a press has left, and who is with nobody: nobody says yes to what they cannot have seen."""
    from cravings.models import Claim, Press
    from delivery.models import Delivery

    press = Press.objects.filter(ref=ref, state="asking").first()
    sent = Delivery.objects.filter(topic=f"press:{press.pk}" if press else "", state="handed_over")
    busy = set(Claim.objects.filter(ended_at=None).values_list("person", flat=True))
    return [pk for pk in sent.order_by("handed_at").values_list("recipient", flat=True) if pk not in busy]


def first_pushes(refs: list[str]) -> list[float]:
    from cravings.models import Press
    from delivery.models import Delivery

    waits = []
    for press in Press.objects.filter(ref__in=refs):
        first = Delivery.objects.filter(topic=f"press:{press.pk}", state="handed_over").order_by("handed_at").first()
        waits.append((first.handed_at - press.wave1_at).total_seconds() if first and first.handed_at else 999.0)
    return waits


def share(found: list[float], percent: int) -> float:
    return quantiles(found, n=100, method="inclusive")[percent - 1] if len(found) > 1 else max(found, default=0.0)


if __name__ == "__main__":
    main()
