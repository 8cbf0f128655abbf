import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from porchlight import worker


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C. Any number may run on PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        self.stdout.write("worker: running")
        worker.loop(stop)
        self.stdout.write("worker: stopped")
