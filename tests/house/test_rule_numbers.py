"""A number of a rule that the code, the tests or the docs name is one that docs/rules.md has."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NAMED = re.compile(r"(?:docs/rules\.md,? |\[?rules\.md\]?\S* |\brules? )(?:sections? )?([1-9](?:\.\d)?)\b")
BARE = re.compile(r"(?<![\w.\d])([24]\.[1-9])(?![\w.]|\d| (?:ms|s|GiB)\b)")
WATCH = (
    "support/",
    "tests/support/",
    "tests/scenarios/",
    "docs/watch.md",
)  # there a bare 4.7 is a rule: sections 2 and 4 have numbers


def numbers_of_the_rules():
    found = set()
    section = ""
    for line in (ROOT / "docs" / "rules.md").read_text().splitlines():
        if heading := re.match(r"## (\d)\. ", line):
            section = heading[1]
            found.add(section)
        elif item := re.match(r"(\d)\. ", line):
            found.add(f"{section}.{item[1]}")
    return found


def test_every_number_of_a_rule_resolves():
    known = numbers_of_the_rules()
    assert {"1", "2.8", "4.9", "9"} <= known
    listed = subprocess.run(["git", "ls-files", "*.py", "*.md", "*.yaml"], cwd=ROOT, capture_output=True, text=True)
    wrong = []
    for name in listed.stdout.split():
        if name == "docs/rules.md":
            continue
        text = (ROOT / name).read_text() if (ROOT / name).exists() else ""
        assert "streaks" + ".md" not in text, name
        found = NAMED.findall(text) + (BARE.findall(text) if name.startswith(WATCH) else [])
        wrong += [f"{name}: {number}" for number in found if number not in known]
    assert not wrong
