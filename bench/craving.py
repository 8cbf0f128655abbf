"""`script/bench craving`: from the first wave to the first push handed over, and from a claim to both in the room.

PostgreSQL with synchronous_commit=on, one worker process that runs the product's own loop with a recording push,
500 responders available, 50 presses within one minute, each claimed by one who was asked.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import django

ROOT = Path(__file__).resolve().parent.parent
HOUR = timedelta(hours=1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench craving")
    parser.add_argument("--responders", type=int, default=500)
    parser.add_argument("--presses", type=int, default=50)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work()
        return
    from tests.servers import Postgres

    with Postgres(durable=True) as postgres:
        os.environ["DATABASE_URL"] = postgres.url
        os.environ.setdefault("PORCHLIGHT_TEST", "1")
        os.environ["PORCHLIGHT_DATA"] = str(postgres.folder / "site")
        os.environ.pop("REDIS_URL", None)
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        worker = subprocess.Popen([sys.executable, "-m", "bench.craving", "--worker"], cwd=ROOT)
        try:
            report(asked.responders, asked.presses)
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


def report(responders: int, presses: int) -> None:
    from bench.machine import record
    from cravings.models import Asked, Press
    from cravings.services import press_claim, press_make
    from delivery.models import Delivery

    members = seed(responders, presses)
    time.sleep(3)
    before, claims = os.getloadavg()[0], []
    begun = time.monotonic()
    open_ones: list[int] = []
    for number, member in enumerate(members):
        time.sleep(max(0.0, begun + number * 60 / presses - time.monotonic()))
        open_ones.append(press_make(actor=member, client_key=uuid4()).pk)
        ready = Asked.objects.filter(press__in=open_ones, press__state="asking").select_related("person", "press")
        if number % 2 and (asked := ready.order_by("at").first()):  # about half are taken while others come
            at = time.perf_counter()
            press_claim(actor=asked.person, press_id=asked.press_id)
            claims.append(time.perf_counter() - at)
    time.sleep(15)
    waits = []
    for press in Press.objects.filter(pk__in=open_ones):
        first = Delivery.objects.filter(topic=f"press:{press.pk}", state="handed_over").order_by("handed_at").first()
        waits.append((first.handed_at - press.wave1_at).total_seconds() if first and first.handed_at else 999.0)
    rows = [
        ("first wave due to first push handed over", waits, "p95 <= 2 s"),
        ("claim to both in the room, committed", claims, "p95 <= 1 s"),
    ]
    table = "| what | n | p50 | p95 | most | goal |\n|---|---:|---:|---:|---:|---:|\n" + "\n".join(
        f"| {what} | {len(found)} | {share(found, 50):.2f} s | {share(found, 95):.2f} s | {max(found):.2f} s | {goal} |"
        for what, found, goal in rows
    )
    sent = Delivery.objects.filter(kind="craving_offer", state="handed_over").count()
    table += (
        f"\n\n{responders} responders available, {presses} presses within a minute, {sent} offers handed over;"
        f" PostgreSQL, one worker and the bench on the same cores. The claim is the service's own time, without browser"
        f" and socket. Load of the machine (mean of a minute) {before:.1f} before, {os.getloadavg()[0]:.1f} after."
    )
    record("craving", table)


def share(found: list[float], percent: int) -> float:
    return quantiles(found, n=100, method="inclusive")[percent - 1]


def seed(responders: int, presses: int) -> list:
    """Members in groups of ten with responders who are available and take pushes."""
    from cravings.models import Availability, Responder
    from ground import clock, links
    from groups.models import Group, Membership
    from people.models import Account, ContactWay, Person

    now = clock.now()
    people = Person.objects.bulk_create(
        Person(name=f"p{n}", created_at=now, window_start=0, window_end=1440) for n in range(responders + presses)
    )
    Account.objects.bulk_create(
        Account(alias=one.name, password="!", person=one, adult_confirmed_at=now, created_at=now) for one in people
    )
    ready, members = people[:responders], people[responders:]
    Responder.objects.bulk_create(Responder(person=one, since=now, vetted_at=now) for one in ready)
    Availability.objects.bulk_create(Availability(person=one, since=now, until=now + 8 * HOUR) for one in ready)
    ContactWay.objects.bulk_create(
        ContactWay(
            person=one,
            kind="webpush",
            address=f"x{one.pk}",
            address_hash=links.address_hash(f"x{one.pk}"),
            created_at=now,
        )
        for one in ready
    )
    groups = Group.objects.bulk_create(
        Group(name=f"g{n}", slug=f"g{n}", zone="UTC", created_at=now) for n in range(presses)
    )
    Membership.objects.bulk_create(
        Membership(group=groups[n % presses], person=one, since=now) for n, one in enumerate([*ready, *members])
    )
    return members


if __name__ == "__main__":
    main()
