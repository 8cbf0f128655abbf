"""The import law bites: a wrong import in a copy of the tree is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "porchlight",
    "frontend",
    "own",
    "cravings",
    "support",
    "chat",
    "meetings",
    "groups",
    "circle",
    "delivery",
    "people",
    "ground",
]


@pytest.fixture
def house(tmp_path):
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("static", "templates", "locale"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def law(folder):
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("people/wrong.py", "import meetings.apps\n"),
        ("ground/wrong.py", "import people.models\n"),
        ("meetings/wrong.py", "import support.apps\n"),
        ("frontend/views/wrong.py", "from people.models import Person\n"),
    ],
)
def test_an_import_up_the_stream_or_from_a_face_to_a_model_is_refused(house, file, line):
    (house / file).write_text(line)
    found = law(house)
    assert found.returncode == 1
    assert file.removesuffix(".py").replace("/", ".") in found.stdout


@pytest.mark.embedded
def test_the_house_as_it_stands_keeps_the_law(house):
    found = law(house)
    assert found.returncode == 0, found.stdout
