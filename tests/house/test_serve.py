"""The serve command's refusals, each one clear sentence."""

import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from porchlight.management.commands.serve import address_of
from tests.servers import Site, free_port
from tests.servers.migrated import fill

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.embedded


def manage(*args, data, dev="1", **env):
    given = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    given |= {"PORCHLIGHT_DATA": str(data), "PORCHLIGHT_DEV": dev, **env}
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)


def migrated(data):
    fill("", data, lambda: manage("migrate", data=data))


def test_the_development_switch_is_refused_on_any_address_but_loopback(tmp_path):
    answer = manage("serve", "--host", "0.0.0.0", data=tmp_path)
    assert answer.returncode == 1
    assert "only loopback is served" in answer.stderr


def test_a_port_in_use_says_so_and_names_another(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = manage("serve", "--port", str(port), data=tmp_path)
    assert answer.returncode == 1
    assert f"--port {port + 1}" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_was_never_migrated_says_what_to_run(tmp_path):
    answer = manage("serve", "--port", "0", data=tmp_path)
    assert answer.returncode == 1
    assert "manage.py migrate" in answer.stderr


def test_a_migrate_that_died_before_it_put_its_triggers_back_is_noticed_and_made_good(tmp_path):
    migrated(tmp_path)
    with sqlite3.connect(tmp_path / "porchlight.sqlite3") as held:
        held.execute("DROP TRIGGER no_marks_where_heads_are_counted")
    held.close()
    answer = manage("serve", "--port", "0", data=tmp_path)
    assert answer.returncode == 1
    assert "manage.py migrate" in answer.stderr
    manage("migrate", data=tmp_path)
    with sqlite3.connect(tmp_path / "porchlight.sqlite3") as held:
        assert held.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'no_marks%'").fetchone() == (1,)
    held.close()


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "porchlight.sqlite3").mkdir()  # unwritable for root as well
    answer = manage("serve", "--prepare", "--port", "0", data=data)
    assert answer.returncode == 1
    assert "Check that its file" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_file_that_is_read_only_is_refused_before_anything_is_written(tmp_path):
    migrated(tmp_path)
    before = (tmp_path / "porchlight.sqlite3").read_bytes()
    read_only = f"sqlite:///file:{tmp_path}/porchlight.sqlite3?mode=ro"  # holds for root as well
    answer = manage("serve", "--prepare", "--port", "0", data=tmp_path, DATABASE_URL=read_only)
    assert answer.returncode == 1
    assert "readonly" in answer.stderr
    assert "belong to this user" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "porchlight.sqlite3").read_bytes() == before


@pytest.mark.parametrize(
    "command", [("importmeetings", "tests/feeds/times-edgecases.json", "--zone", "UTC"), ("worker",)]
)
def test_every_command_says_in_one_sentence_that_the_database_is_read_only(tmp_path, command):
    migrated(tmp_path)
    before = (tmp_path / "porchlight.sqlite3").read_bytes()
    read_only = f"sqlite:///file:{tmp_path}/porchlight.sqlite3?mode=ro"
    answer = manage(*command, data=tmp_path, DATABASE_URL=read_only)
    assert answer.returncode in {1, 2}
    assert "belong to this user" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "porchlight.sqlite3").read_bytes() == before


@pytest.mark.parametrize(
    "command", [("importmeetings", "tests/feeds/times-edgecases.json", "--zone", "UTC"), ("worker",)]
)
def test_every_command_says_that_the_database_was_never_migrated(tmp_path, command):
    answer = manage(*command, data=tmp_path)
    assert answer.returncode in {1, 2}
    assert "the database is not up to date. Run: python manage.py migrate" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_folder_in_which_the_secret_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "data").write_text("a file stands where the folder should be")  # unwritable for root as well
    answer = manage("check", data=tmp_path / "data")
    assert answer.returncode == 2
    assert "set PORCHLIGHT_DATA to another one" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("setting", "value", "hint"),
    [
        ("REDIS_URL", "garbage", "redis://host:6379/0"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("PORCHLIGHT_ZONE", "Mars", "Europe/Berlin"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_at_the_start(tmp_path, setting, value, hint):
    answer = manage("serve", "--prepare", "--port", "0", data=tmp_path, **{setting: value})
    assert answer.returncode == 2
    assert hint in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_port_that_does_not_exist_is_refused(tmp_path):
    answer = manage("serve", "--port", "99999", data=tmp_path)
    assert answer.returncode == 1
    assert "a number from 1 to 65535" in answer.stderr


def test_served_to_everybody_the_printed_address_opens_and_mails_carry_it():
    with Site(serve=("--host", "0.0.0.0"), env={"PORCHLIGHT_DEV": "", "PORCHLIGHT_URL": ""}) as site:
        address = re.search(r"Porchlight is on at (http://\S+)", site.log)[1]
        assert "0.0.0.0" not in address
        with urllib.request.urlopen(address + "/") as page:
            assert page.status == 200
        assert "set PORCHLIGHT_URL" in site.log


@pytest.mark.parametrize(
    ("host", "address"),
    [("localhost", "http://localhost:80"), ("::1", "http://[::1]:80"), ("10.0.0.7", "http://10.0.0.7:80")],
)
def test_the_printed_address_can_be_opened(host, address):
    assert address_of(host, 80) == address


def test_redis_named_but_unreachable_says_what_to_do_and_the_pages_work(tmp_path):
    with Site(env={"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}) as site:
        with urllib.request.urlopen(site.url + "/") as page:
            assert page.status == 200
        assert "Start Redis, or unset REDIS_URL" in site.log


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    manage("check", data=tmp_path)
    key = tmp_path / "secret.key"
    first = key.read_text()
    manage("check", data=tmp_path)
    assert key.read_text() == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
