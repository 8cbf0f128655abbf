"""Gathers every string marked for translation and brings the .po files up to them. Called by script/translate.

Python files are read with ast, templates through Django's own templatize; no system tool. Kept: every translation
whose string is still there. Dropped: what is gone. New strings stand in the file with an empty msgstr, and are listed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "frontend" / "locale"
LANGUAGES = ("es",)
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
SINGLE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}
TEXT = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
CALL = re.compile(rf"\b(npgettext|ngettext|pgettext|gettext|_)\(\s*({TEXT}(?:\s*,\s*{TEXT})*)", re.DOTALL)
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]*\}|%[sd]")


class String(NamedTuple):
    """One string of the product; `plural` is empty for most."""

    text: str
    plural: str = ""
    context: str = ""


def in_python(source: str) -> Iterator[String]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in SINGLE and len(texts) == 1:
            yield String(texts[0])
        elif name in PLURAL and len(texts) == 2:
            yield String(texts[0], plural=texts[1])
        elif name in IN_CONTEXT and len(texts) == 2:
            yield String(texts[1], context=texts[0])


def in_template(source: str) -> Iterator[String]:
    for call in CALL.finditer(templatize(source)):
        texts = ast.literal_eval(f"({call[2]},)")
        match call[1]:
            case "ngettext":
                yield String(texts[0], plural=texts[1])
            case "npgettext":
                yield String(texts[1], plural=texts[2], context=texts[0])
            case "pgettext":
                yield String(texts[1], context=texts[0])
            case _:
                yield String(texts[0])


def strings() -> dict[String, set[str]]:
    """Every string with the files it stands in."""
    found: dict[String, set[str]] = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*")):
            place = file.relative_to(ROOT)
            if file.suffix == ".py" and "migrations" not in place.parts:
                texts = in_python(file.read_text())
            elif file.suffix in {".html", ".txt"} and "templates" in place.parts and "dev" not in place.parts:
                texts = in_template(file.read_text())
            else:
                continue
            for text in texts:
                if text.text:
                    found.setdefault(text, set()).add(str(place))
    return found


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> polib.POFile:
    path = po_path(language)
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Project-Id-Version": "Porchlight",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return fresh


def key_of(entry: polib.POEntry) -> String:
    return String(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def merged(language: str) -> polib.POFile:
    """The .po of a language with exactly the product's strings, sorted; translations are kept."""
    old = read(language)
    kept = {key_of(entry): entry for entry in old if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = old.metadata
    for text, places in sorted(strings().items()):
        entry = kept.get(text) or polib.POEntry(
            msgid=text.text,
            msgid_plural=text.plural,
            msgctxt=text.context or None,
            **({"msgstr_plural": {0: "", 1: ""}} if text.plural else {"msgstr": ""}),
        )
        entry.occurrences = [(place, "") for place in sorted(places)]
        entry.flags = ["python-format"] if "%(" in text.text else []
        fresh.append(entry)
    return fresh


def faults(language: str) -> list[str]:
    """What keeps a language from being whole: missing, gone, untranslated, other placeholders than the original."""
    wanted, here = set(strings()), {key_of(entry): entry for entry in read(language) if not entry.obsolete}
    found = [f"not in the file: {text.text!r}" for text in sorted(wanted - set(here))]
    found += [f"no longer used: {text.text!r}" for text in sorted(set(here) - wanted)]
    for key, entry in here.items():
        forms = list(entry.msgstr_plural.values()) if key.plural else [entry.msgstr]
        if not all(forms) or "fuzzy" in entry.flags:
            found.append(f"not translated: {key.text!r}")
        allowed = {*marks(key.text), *marks(key.plural)}
        for form in filter(None, forms):
            needed = set(marks(key.text)) & set(marks(key.plural)) if key.plural else allowed
            if not needed <= set(marks(form)) <= allowed:
                found.append(f"other placeholders: {key.text!r} -> {form!r}")
    return found


def marks(text: str) -> list[str]:
    return PLACEHOLDER.findall(text.replace("%%", ""))


def main() -> int:
    wrong = 0
    for language in LANGUAGES:
        if "--check" not in sys.argv:
            po_path(language).parent.mkdir(parents=True, exist_ok=True)
            merged(language).save(str(po_path(language)))
        found = faults(language)
        total = len(read(language))
        print(f"{language}: {total} strings, {len(found)} to look at in {po_path(language).relative_to(ROOT)}")
        print("\n".join(f"  {fault}" for fault in found))
        wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
