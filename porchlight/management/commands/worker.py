import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from porchlight import worker
from porchlight.database import refuse_unmigrated, refuse_unwritable


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C. Any number may run on PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_unwritable()  # once it runs, a database that goes away is waited for
        refuse_unmigrated()
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        self.stdout.write("worker: running")
        worker.loop(stop)
        self.stdout.write("worker: stopped")
