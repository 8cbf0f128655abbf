"""The lock check: every name in requirements/*.in is pinned with hashes in its .txt, and no address stands anywhere."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|find-links|--trusted-host", re.IGNORECASE)
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def faults() -> list[str]:
    """One sentence per fault; an empty list is a good lock."""
    found: list[str] = []
    for source in sorted(FOLDER.glob("*.in")):
        lock = source.with_suffix(".txt")
        text = lock.read_text()
        found += [f"{file.name} names an address" for file in (source, lock) if ADDRESS.search(file.read_text())]
        pinned = {m[1].lower() for m in re.finditer(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE)}
        for line in source.read_text().splitlines():
            if line.startswith(("#", "-r")) or not (name := NAME.match(line)):
                continue
            if name[0].lower().replace("_", "-") not in pinned:
                found.append(f"{name[0]} of {source.name} is not in {lock.name}: run script/lock")
        blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
        found += [f"{b.split()[0]} in {lock.name} has no hash" for b in blocks if "==" in b and "--hash=" not in b]
    return found


if __name__ == "__main__":
    sys.exit("\n".join(faults()) or 0)
