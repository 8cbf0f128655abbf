"""How dates read in Spanish."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import formats, translation

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("frontend", "own", "cravings", "support", "chat", "meetings", "groups", "circle", "delivery", "people")
NAMED = re.compile(r"""\|date:["']([^"']+)["']|date_format\([^"\n]*"([^"]+)"\)""")
CHRISTMAS = datetime(2026, 12, 25, 19, 0)


def forms():
    """Every form of a date that a template or a text names."""
    files = [path for room in ROOMS for end in ("html", "txt", "py") for path in (ROOT / room).rglob(f"*.{end}")]
    return {one or two for path in files for one, two in NAMED.findall(path.read_text())}


def test_in_spanish_a_day_and_its_month_have_de_between_them_and_are_written_small():
    wrong = {}
    with translation.override("es"):
        for form in forms():
            said = formats.date_format(CHRISTMAS, form)
            if re.search(r"25 dic\w{4}|diciembre 2026|[A-Z][a-z]", said):
                wrong[form] = said
    assert not wrong
    assert len(forms()) > 10, "the forms are found at all"


@pytest.mark.parametrize(
    ("form", "spanish", "english"),
    [
        ("j F Y", "25 de diciembre de 2026", "25 December 2026"),
        ("l, j F, H:i", "viernes, 25 de diciembre, 19:00", "Friday, 25 December, 19:00"),
        ("DATE_FORMAT", "25 de diciembre de 2026", "25 December 2026"),
        ("D j M", "vie 25 dic", "Fri 25 Dec"),
    ],
)
def test_each_language_says_it_in_its_own_way(form, spanish, english):
    with translation.override("es"):
        assert formats.date_format(CHRISTMAS, form) == spanish
    with translation.override("en"):
        assert formats.date_format(CHRISTMAS, form) == english
