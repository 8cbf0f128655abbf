"""`manage.py replay` as a person runs it: a process of its own, the database of DATABASE_URL's kind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "tests" / "scenarios" / "example.yaml"


@pytest.fixture
def replay():
    def run(*files):
        command = [sys.executable, "manage.py", "replay", *map(str, files)]
        return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.django_db
def test_every_file_is_played_in_order_and_the_worst_is_the_exit_code(replay, tmp_path):
    wrong, bad, open_ended = tmp_path / "wrong.yaml", tmp_path / "bad.yaml", tmp_path / "open.yaml"
    wrong.write_text(EXAMPLE.read_text().replace("20:35, to: sam,  kind: nudge", "20:36, to: sam,  kind: nudge"))
    bad.write_text(EXAMPLE.read_text().replace("threshold: 3", "threshold: 0"))
    open_ended.write_text(EXAMPLE.read_text().partition("expect:")[0])
    done = replay(open_ended, bad, wrong, tmp_path / "none.yaml", EXAMPLE)
    assert done.returncode == 2, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["file"], line["ok"]) for line in lines] == [
        (str(open_ended), True),
        (str(wrong), False),
        (str(EXAMPLE), True),
    ]
    assert lines[0] == lines[2] | {"file": str(open_ended)}  # nothing is left over from the file before
    assert lines[2]["streaks"] == {"dana": 0}
    assert lines[2]["messages"][2:4] == [
        {"at": "2026-01-22T19:35:00Z", "to": "dana", "kind": "final_notice"},
        {"at": "2026-01-23T19:35:00Z", "to": "sam", "kind": "nudge", "level": 1},
    ]
    assert done.stderr.splitlines() == [
        f"{bad}: rules.dana.threshold: 0 is not 1 to 10",
        f"{wrong}: not as expected",
        "  + came:     2026-01-23T19:35:00Z sam: nudge 1",
        "  - expected: 2026-01-23T19:36:00Z sam: nudge 1",
        f"{tmp_path / 'none.yaml'}: it cannot be read: No such file or directory",
    ]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'porchlight_replay%%'")
            assert cursor.fetchone() == (0,), "the throw-away database is still there"
