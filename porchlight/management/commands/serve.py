"""`manage.py serve`: Daphne, and on the embedded default the worker, in one process."""

import asyncio
import contextlib
import fcntl
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, TextIO
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import hub
from ground import clock, wake
from porchlight import demo, worker
from porchlight.database import prepare, refuse_unmigrated, refuse_unwritable

IPV6 = 6
LAST_PORT = 65_535


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
        address = address_of(host, listener.getsockname()[1])
        settings.SITE_URL = settings.SITE_URL or address  # before the demo writes its first mail
        settings.ALLOWED_HOSTS.append(urlsplit(address).hostname or host)
        if options["demo"]:
            self.load_demo()
        warn_without_redis(self.stderr.write)
        with_worker = settings.EMBEDDED and not options["no_worker"]
        try:
            run(listener, with_worker=with_worker, announce=lambda: self.announce(host, address))
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

    def announce(self, host: str, address: str) -> None:
        self.stdout.write(f"Porchlight is on at {address}  (Ctrl-C stops it)")
        if not is_loopback(host) and address == settings.SITE_URL:
            self.stdout.write(
                "Links in mails begin with this address. If people come by another name, set PORCHLIGHT_URL, and add "
                "the name to PORCHLIGHT_ALLOWED_HOSTS."
            )
        ahead = clock.now() - datetime.now(UTC)  # noqa: TID251  (how far the moved clock is off is the question)
        if settings.DEVELOPMENT and abs(ahead) > timedelta(minutes=1):
            self.stdout.write(f"The clock was moved: here it is {clock.now():%A %d %B %Y, %H:%M} UTC. /dev/ moves it.")
        self.stdout.flush()


def address_of(host: str, port: int) -> str:
    """What a browser opens: the host as given; for "all addresses" the one by which this machine reaches others."""
    with contextlib.suppress(ValueError):
        given = ipaddress.ip_address(host)
        if given.is_unspecified:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
                asking.connect(("192.0.2.1", 9))  # a datagram socket sends nothing by this
                return f"http://{asking.getsockname()[0]}:{port}"
            return f"http://localhost:{port}"
        if given.version == IPV6:
            return f"http://[{host}]:{port}"
    return f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether all that `host` stands for is this machine alone. Raises socket.gaierror for an unknown name."""
    found = {ipaddress.ip_address(info[4][0]) for info in socket.getaddrinfo(host, None)}
    return all(address.is_loopback for address in found)


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


def refuse_open_development(host: str) -> None:
    """The development switch opens doors that nobody else may reach: loopback only."""
    if not settings.DEVELOPMENT:
        return
    try:
        open_to_others = not is_loopback(host)
    except socket.gaierror as error:
        raise CommandError(f"no address known for {host}: give --host an address of this machine") from error
    if open_to_others:
        raise CommandError(
            f"PORCHLIGHT_DEV is set, so only loopback is served, not {host}. "
            "Leave out --host, or unset PORCHLIGHT_DEV for a real site."
        )


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; a port in use is one clear sentence. Port 0 takes any that is free."""
    if not 0 <= port <= LAST_PORT:
        raise CommandError(f"there is no port {port}: give --port a number from 1 to {LAST_PORT}")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if host == "localhost":  # one family only, and the one that every machine has
            family, address = socket.AF_INET, ("127.0.0.1", port)
        listener = socket.socket(family, kind, proto)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except OSError as error:
        another = port + 1 if port < LAST_PORT else 8000
        raise CommandError(
            f"cannot listen on {host}:{port} ({error}). Choose another port: --port {another}"
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
