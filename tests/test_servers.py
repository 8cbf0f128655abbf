"""The servers that the other stories stand on work on this machine, whoever runs them."""

import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import sync_playwright

from .servers import ROOT, Postgres, Valkey, chromium, free_port
from .servers.base import WHEELS_EXPECTED

PAGE = (
    "data:text/html,<span id=words>Porch lights are on</span>"
    "<button onclick=\"this.textContent='Thank you'\">Going</button>"
)


# Where the wheels exist nothing is skipped: a missing server fails the story.
pytestmark = pytest.mark.skipif(not WHEELS_EXPECTED, reason="the servers' wheels are sure on Linux x86-64 only")


def test_postgres_answers_and_keeps_rows_over_a_restart() -> None:
    with Postgres() as server:
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT version()").fetchone()
            assert row is not None
            assert row[0].startswith("PostgreSQL 18")
            connection.execute("CREATE TABLE lamp (name text)")
            connection.execute("INSERT INTO lamp VALUES ('porch')")
        url = server.url
        server.restart()
        assert server.url == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT name FROM lamp").fetchall() == [("porch",)]


def test_durable_postgres_keeps_committed_rows_over_a_kill() -> None:
    with Postgres(durable=True) as server:
        url = server.make_database("second")
        with psycopg.connect(url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            connection.execute("CREATE TABLE lamp AS SELECT 'porch' AS name")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT name FROM lamp").fetchall() == [("porch",)]


def test_nothing_is_left_after_a_script_dies_of_an_exception() -> None:
    script = (
        "from tests.servers import Postgres, Valkey\n"
        "a, b = Postgres().__enter__(), Valkey().__enter__()\n"
        "print(a.folder, a.port, b.folder, b.port, flush=True)\n"
        "raise ValueError('on purpose')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT, capture_output=True, text=True)
    assert "on purpose" in done.stderr
    first, first_port, second, second_port = done.stdout.split()
    for folder, port in ((first, first_port), (second, second_port)):
        assert not Path(folder).exists()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0


def test_valkey_answers_ping_and_again_after_a_restart() -> None:
    with Valkey() as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
        server.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        assert client.ping()
        server.restart()
        assert client.ping()


def test_a_server_takes_another_port_when_its_first_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with Valkey() as first:
        ports = iter([first.port, free_port()])
        monkeypatch.setattr("tests.servers.base.free_port", lambda: next(ports))
        with Valkey() as second, redis.Redis.from_url(second.url) as client:
            assert second.port != first.port
            assert client.ping()


def test_chromium_renders_text_and_takes_a_click() -> None:
    browser_program = chromium()
    with sync_playwright() as playwright:
        browser = browser_program.launch(playwright)
        page = browser.new_page()
        page.goto(PAGE)
        box = page.locator("#words").bounding_box()
        assert box is not None
        assert box["width"] > 50, "no font was found: text has no width"
        page.get_by_role("button", name="Going").click()
        assert page.get_by_role("button").inner_text() == "Thank you"
        browser.close()
