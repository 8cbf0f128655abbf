"""Translations lie in frontend/locale as .po files; what gettext reads (.mo) is made into the data folder at start.

No system tool, nothing generated in the tree: a bare machine needs Python only. Where the data folder cannot be
written, pages are English.
"""

import logging
import os
import tempfile
from pathlib import Path

from django.conf import settings

log = logging.getLogger("porchlight.translations")

SOURCES = Path(__file__).resolve().parent / "locale"


def compile_all() -> None:
    """Make each .mo that is missing or of another age than its .po. Safe when several processes do it at once."""
    for source in sorted(SOURCES.glob("*/LC_MESSAGES/django.po")):
        target = Path(settings.DATA_DIR) / "locale" / source.relative_to(SOURCES).with_suffix(".mo")
        try:
            _compile(source, target)
        except OSError as error:
            log.warning("translations could not be written (%s): pages are English", error)


def _compile(source: Path, target: Path) -> None:
    age = int(source.stat().st_mtime)
    if target.exists() and int(target.stat().st_mtime) == age:
        return
    import polib  # noqa: PLC0415  (needed once)

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        part.write(polib.pofile(str(source)).to_binary())
    os.utime(part.name, (age, age))
    Path(part.name).chmod(0o644)
    Path(part.name).replace(target)  # readers see no file or the whole file
