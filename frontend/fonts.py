"""The type people read: Atkinson Hyperlegible, from a dependency, cut to Latin and packed as woff2.

Two files a weight: the letters of western Europe, and the further ones, which a browser fetches when a page has one.

Made once into the data folder, about half a second, the first time static files are listed. Where that folder
cannot be written the site keeps the device's own face.
"""

import logging
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

log = logging.getLogger("porchlight.fonts")

PACKAGE = "fontpkg-atkinson-hyperlegible"
# as unicode-range has it in css/porchlight.css
WESTERN = [*range(0x20, 0x100), *range(0x2010, 0x2030), 0x20AC, 0x2122, 0x2190, 0x2192, 0x2212]
FURTHER = [*range(0x100, 0x250), *range(0x2000, 0x2010), *range(0x2030, 0x2070)]
FILES = {
    f"atkinson-{weight.lower()}-{part}.woff2": (weight, letters)
    for weight in ("Regular", "Bold")
    for part, letters in (("western", WESTERN), ("further", FURTHER))
}
FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "tnum"]


class FontFinder(BaseFinder):
    """Serves /static/fonts/atkinson-{regular,bold}-{western,further}.woff2."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.root = Path(settings.DATA_DIR) / "static-built" / f"atkinson-{version(PACKAGE)}"
        self.storage = FileSystemStorage(location=str(self.root))

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file's place on disk; an empty list when it is not ours (Django's convention)."""
        name = path.removeprefix("fonts/")
        if not path.startswith("fonts/") or name not in FILES or not self._ready():
            return []
        found = str(self.root / path)
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        if self._ready():
            for name in FILES:
                yield f"fonts/{name}", self.storage

    def _ready(self) -> bool:
        """Make what is missing; False when it cannot be written."""
        try:
            build(self.root / "fonts")
        except OSError as error:
            log.warning("the type could not be written (%s): pages use the device's own", error)
            return False
        return True


def build(folder: Path) -> None:
    """Write each missing file into `folder`. Safe when several processes do it at once."""
    missing = {name: what for name, what in FILES.items() if not (folder / name).exists()}
    if not missing:
        return
    import fontpkg_atkinson_hyperlegible  # noqa: PLC0415  (heavy, and needed once)

    source = Path(fontpkg_atkinson_hyperlegible.__file__).parent / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (weight, letters) in missing.items():
        _pack(source / f"AtkinsonHyperlegible-{weight}.ttf", letters, folder / name)


def _pack(source: Path, letters: list[int], target: Path) -> None:
    from fontTools import subset  # noqa: PLC0415

    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = FEATURES
    font = subset.load_font(str(source), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=letters)
    cut.subset(font)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        subset.save_font(font, part, options)
    Path(part.name).chmod(0o644)
    Path(part.name).replace(target)  # readers see no file or the whole file
