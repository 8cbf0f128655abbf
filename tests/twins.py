"""A provider's twin: a real HTTP server on loopback, in this process, that answers as told and keeps what came."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Came:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Twin:
    """`answer` is (status, body), or None to hang up without a word after the request was read."""

    port: int = 0
    answer: tuple[int, bytes] | None = (201, b"{}")
    came: list[Came] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def twin(wrap: Callable[[ThreadingHTTPServer], None] | None = None) -> Iterator[Twin]:
    """wrap(server) may put TLS around the socket before the first request."""
    kept = Twin()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept.came.append(Came(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if kept.answer is None:
                self.close_connection = True
                return
            status, said = kept.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_address[1]
    if wrap is not None:
        wrap(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
