"""The serve command's refusals, each one clear sentence."""

import os
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.servers import Site, free_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.embedded


def manage(*args, data, dev="1", **env):
    given = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    given |= {"PORCHLIGHT_DATA": str(data), "PORCHLIGHT_DEV": dev, **env}
    command = [sys.executable, "manage.py", *args]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)


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


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "porchlight.sqlite3").mkdir()  # unwritable for root as well
    answer = manage("serve", "--prepare", "--port", "0", data=data)
    assert answer.returncode == 1
    assert "Check that its file" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_file_that_is_read_only_is_refused_before_anything_is_written(tmp_path):
    manage("migrate", data=tmp_path)
    before = (tmp_path / "porchlight.sqlite3").read_bytes()
    read_only = f"sqlite:///file:{tmp_path}/porchlight.sqlite3?mode=ro"  # holds for root as well
    answer = manage("serve", "--prepare", "--port", "0", data=tmp_path, DATABASE_URL=read_only)
    assert answer.returncode == 1
    assert "readonly" in answer.stderr
    assert "belong to this user" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "porchlight.sqlite3").read_bytes() == before


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
