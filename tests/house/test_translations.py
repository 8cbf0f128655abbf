"""Spanish is whole: every string has its translation with the same placeholders, in words as kind as the English."""

import os
import re
from pathlib import Path

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext

from frontend import translations
from script import translations as gathered

# as in script/check_copy.py: person-first, no blame, no alarm
REFUSED = re.compile(
    r"\b(adict\w*|drogadict\w*|toxic[oó]man\w*|usuari\w*|fracas\w*|fall(?:o|a|ó|aste|ado|ó)\b|abus\w*|limpi[oa]s?|suci[oa]s?"
    r"|reca[ií]d\w*|incumpl\w*|cumplimiento|racha\w*|desde cero|te perdiste)\b",
    re.IGNORECASE,
)
FORMAL = re.compile(r"\b(usted|ustedes|su cuenta|introduzca|haga clic|pulse|debe usted)\b", re.IGNORECASE)


@pytest.mark.parametrize("language", gathered.LANGUAGES)
def test_every_string_is_translated_with_its_own_placeholders(language):
    faults = gathered.faults(language)
    assert not faults, "run script/translate and fill in what it lists:\n" + "\n".join(faults)


def test_spanish_says_tu_and_blames_nobody():
    found = [
        (entry.msgid, form)
        for entry in gathered.read("es")
        for form in [entry.msgstr, *entry.msgstr_plural.values()]
        if REFUSED.search(form) or FORMAL.search(form) or "!" in form
    ]
    assert not found


def test_strings_of_python_are_found():
    source = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext
a = _("One " "whole")
b = gettext_lazy("Two")
c = ngettext("%(n)d day", "%(n)d days", n)
d = pgettext("a verb", "Lift")
e = translation.gettext("Three")
f = _(unknown) + other("Not this")
"""
    assert set(gathered.in_python(source)) == {
        ("One whole", "", ""),
        ("Two", "", ""),
        ("%(n)d day", "%(n)d days", ""),
        ("Lift", "", "a verb"),
        ("Three", "", ""),
    }


def test_strings_of_templates_are_found_as_django_asks_for_them():
    source = """{% load i18n %}{% translate "It's 100% ours" %}{% translate 'Up' context "place" %}
{% blocktranslate with a=b %}Hello {{ a }}, don't{% endblocktranslate %}
{% blocktranslate count n=x trimmed %}
  {{ n }} day
{% plural %}
  {{ n }} days
{% endblocktranslate %}{{ x|default:_("none") }} {# translate "not this" #}"""
    assert set(gathered.in_template(source)) == {
        ("It's 100%% ours", "", ""),
        ("Up", "", "place"),
        ("Hello %(a)s, don't", "", ""),
        ("%(n)s day", "%(n)s days", ""),
        ("none", "", ""),
    }


def test_other_placeholders_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(gathered, "LOCALE", tmp_path)
    monkeypatch.setattr(
        gathered, "strings", lambda: {gathered.String("Hi %(me)s"): {"a.py"}, gathered.String("Hm"): {"a.py"}}
    )
    file = gathered.merged("es")
    file[0].msgstr = "Hola %(su)s"
    path = gathered.po_path("es")
    path.parent.mkdir(parents=True)
    file.save(str(path))
    assert gathered.faults("es") == ["other placeholders: 'Hi %(me)s' -> 'Hola %(su)s'", "not translated: 'Hm'"]


def test_translations_are_made_into_the_data_folder_once_and_anew_when_they_changed(tmp_path, settings, monkeypatch):
    settings.DATA_DIR, source = tmp_path / "data", tmp_path / "locale" / "es" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    monkeypatch.setattr(translations, "SOURCES", tmp_path / "locale")
    made = settings.DATA_DIR / "locale" / "es" / "LC_MESSAGES" / "django.mo"

    def write(word, age):
        file = polib.POFile()
        file.append(polib.POEntry(msgid="Porch", msgstr=word))
        file.save(str(source))
        os.utime(source, (age, age))
        translations.compile_all()
        return polib.mofile(str(made))[0].msgstr

    assert write("Porche", 1_700_000_000) == "Porche"
    before = made.stat().st_ino
    translations.compile_all()
    assert made.stat().st_ino == before  # nothing to do
    assert write("Portal", 1_600_000_000) == "Portal"  # an older file counts too: another version was put in place
    assert [file.name for file in made.parent.iterdir()] == ["django.mo"]


def test_without_a_writable_folder_pages_stay_english(tmp_path, settings, caplog):
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")
    translations.compile_all()
    assert "pages are English" in caplog.text


@pytest.mark.django_db
def test_a_page_is_spanish_for_whom_it_should_be(client):
    assert Path(translations.SOURCES / "es" / "LC_MESSAGES" / "django.po").exists()
    with translation.override("es"):
        assert gettext("I need someone") == "Necesito a alguien"
    client.cookies["django_language"] = "es"
    page = client.get("/join/").content.decode()
    assert "Salida rápida" in page
    assert "Quick exit" not in page
