"""`manage.py serve`: Daphne, and on the embedded default the worker, in one process."""

import asyncio
import fcntl
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any, TextIO

import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from chat import hub
from ground import wake
from porchlight import demo, worker


class Command(BaseCommand):
    help = "Serves the site. On the embedded default (SQLite) the worker runs in the same process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="localhost", help="address to listen on (default: localhost)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
        parser.add_argument("--prepare", action="store_true", help="migrate first (script/server does)")
        parser.add_argument("--demo", action="store_true", help="load the demo community (development switch only)")
        parser.add_argument("--no-worker", action="store_true", help="leave the worker to `manage.py worker`")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        refuse_open_development(host)
        listener = listen(host, port)
        refuse_unwritable()
        lock = only_one() if settings.EMBEDDED else None
        if options["prepare"] or options["demo"]:
            prepare()
        refuse_unmigrated()
        if options["demo"]:
            self.load_demo()
        warn_without_redis(self.stderr.write)
        if not settings.SITE_URL:
            settings.SITE_URL = f"http://{host}:{port}"
        with_worker = settings.EMBEDDED and not options["no_worker"]
        try:
            run(listener, with_worker=with_worker, announce=lambda: self.announce(host, port))
        finally:
            listener.close()
            if lock:
                lock.close()

    def load_demo(self) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("the demo needs the development switch: PORCHLIGHT_DEV=1, or script/server --demo")
        self.stdout.write("Preparing the demo community ...")
        self.stdout.flush()
        demo.load()
        self.stdout.write(demo.sign_ins())

    def announce(self, host: str, port: int) -> None:
        self.stdout.write(f"Porchlight is on at http://{host}:{port}  (Ctrl-C stops it)")
        self.stdout.flush()


def refuse_unwritable() -> None:
    """A database that cannot be written serves nobody: try a write, and take it back, before anything is half-done."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE may_write_{os.getpid()} (probe integer)")
            transaction.set_rollback(True)
    except DatabaseError as error:
        raise CommandError(
            f"the database cannot be written or does not answer ({str(error).strip()}). Check that its file, "
            f"{settings.DATABASES['default']['NAME']}, and its folder belong to this user; else check DATABASE_URL."
        ) from error


def warn_without_redis(write: Callable[[str], Any]) -> None:
    """Redis named but unreachable: every page still works, so say what is missing and go on."""
    if not settings.REDIS_URL:
        return
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2).ping()
    except (redis.RedisError, OSError, ValueError) as error:
        write(
            f"REDIS_URL is set, but Redis does not answer ({error}). Serving without it: pages, sheets and messages "
            "work, other processes hear of them some seconds later. Start Redis, or unset REDIS_URL."
        )


def prepare() -> None:
    """Bring the database up to date. An unwritable one is one clear sentence."""
    try:
        if pending_migrations():
            call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise CommandError(
            f"the database cannot be prepared ({error}). Check that its file or server can be written by this user."
        ) from error


def pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def refuse_unmigrated() -> None:
    """Serving on old tables would write half of things."""
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        raise CommandError(f"the database does not answer ({error}). Check DATABASE_URL.") from error
    if pending:
        raise CommandError("the database is not up to date. Run: python manage.py migrate")


def refuse_open_development(host: str) -> None:
    """The development switch opens doors that nobody else may reach: loopback only."""
    if not settings.DEVELOPMENT:
        return
    try:
        found = {ipaddress.ip_address(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except socket.gaierror as error:
        raise CommandError(f"no address known for {host}: give --host an address of this machine") from error
    if not all(address.is_loopback for address in found):
        raise CommandError(
            f"PORCHLIGHT_DEV is set, so only loopback is served, not {host}. "
            "Leave out --host, or unset PORCHLIGHT_DEV for a real site."
        )


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; a port in use is one clear sentence."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if host == "localhost":  # one family only, and the one that every machine has
            family, address = socket.AF_INET, ("127.0.0.1", port)
        listener = socket.socket(family, kind, proto)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except (OSError, OverflowError) as error:
        raise CommandError(
            f"cannot listen on {host}:{port} ({error}). Choose another port: --port {port + 1}"
        ) from error
    return listener


def only_one() -> TextIO:
    """One embedded process per database: two would have two in-memory buses. Held until the file is closed."""
    name = Path(str(settings.DATABASES["default"]["NAME"])).with_suffix(".lock")
    try:
        handle = name.open("w")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(
            "this database is served already. Stop the other server, or set PORCHLIGHT_DATA to another folder."
        ) from error
    except OSError as error:
        raise CommandError(
            f"cannot write {name} ({error.strerror}). Give this user the right to write there."
        ) from error
    return handle


def run(listener: socket.socket, *, with_worker: bool, announce: Any) -> None:
    """Serve until SIGINT or SIGTERM; the worker finishes its round before the process ends."""
    from daphne.server import Server, twisted_loop  # noqa: PLC0415  (installs Twisted's asyncio reactor on import)
    from twisted.internet import reactor  # noqa: PLC0415
    from twisted.internet.defer import Deferred  # noqa: PLC0415

    from porchlight.asgi import application  # noqa: PLC0415  (after the reactor)

    stop = Event()
    thread = Thread(target=worker.loop, args=(stop,), name="worker", daemon=True)

    async def drain() -> None:
        stop.set()
        await hub.drain()
        if thread.is_alive():
            await asyncio.get_running_loop().run_in_executor(None, thread.join, 10)

    def ready() -> None:
        wake.attach(twisted_loop)
        hub.start(twisted_loop)
        if with_worker:
            thread.start()
        announce()

    before_end: Any = lambda: Deferred.fromFuture(asyncio.ensure_future(drain()))  # noqa: E731
    reactor.addSystemEventTrigger("before", "shutdown", before_end)  # type: ignore[arg-type]
    Server(
        application,
        endpoints=[f"fd:fileno={os.dup(listener.fileno())}"],
        ready_callable=ready,
        server_name="Porchlight",
    ).run()
    sys.stdout.flush()
