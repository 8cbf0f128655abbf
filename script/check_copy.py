"""The copy linter: what people read keeps to the words of docs/words.md (person-first, no blame, no alarm).

Reads template text, gettext strings, the text catalogue and the scripts' visible strings; not code.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    r"addicts?", r"junkies?", r"users?", r"abus\w*", r"clean", r"dirty", r"relapsers?", r"relapsed?", r"fail\w*",
    r"substitution", r"non-?compliant", r"compliance", r"fell off", r"streaks? broken", r"broke your streak",
    r"you missed", r"reset\w*", r"back to zero",
]  # fmt: skip
REFUSED = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>|{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->", re.DOTALL)
QUOTED = re.compile(r"{%\s*(?:translate|trans)\s+(\"[^\"]*\"|'[^']*')")
ATTRIBUTE = re.compile(r"\b(?:title|aria-label|placeholder|alt|content)=\"([^\"{]*)\"")
SCRIPTISH = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)


def template_texts(source: str) -> list[str]:
    """What a reader of this template sees: text, translated strings, labels."""
    seen = QUOTED.findall(source) + ATTRIBUTE.findall(source)
    return [*seen, TAG.sub(" ", SCRIPTISH.sub(" ", source))]


def python_texts(source: str) -> list[str]:
    """The arguments of gettext calls, and every string of a module named catalogue."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
            "_",
            "gettext",
            "gettext_lazy",
            "ngettext",
        }:
            found += [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return found


def catalogue_texts(source: str) -> list[str]:
    return [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def faults() -> list[str]:
    """`file: word in "text"` for every refused word."""
    found = []
    for file in sorted(ROOT.rglob("*")):
        place = file.relative_to(ROOT)
        if place.parts[0] in {".venv", "var", "tests", "bench", "script", ".cache", ".git"} or not file.is_file():
            continue
        if file.suffix in {".html", ".txt"} and "templates" in place.parts:
            texts = template_texts(file.read_text())
        elif "catalogue" in place.name or "catalogue" in place.parts:
            texts = catalogue_texts(file.read_text()) if file.suffix == ".py" else []
        elif file.suffix == ".py":
            texts = python_texts(file.read_text())
        else:
            continue
        for text in texts:
            found += [f'{place}: "{m[0]}" in "{" ".join(text.split())[:80]}"' for m in REFUSED.finditer(text)]
    return found


if __name__ == "__main__":
    sys.exit("\n".join(faults()) or 0)
