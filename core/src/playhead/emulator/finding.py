"""Where core libraries lie, in an installed wheel, the system's folders or RetroArch's, and the one of a name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from playhead.errors import NoDevice

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
WHEELS = ("stable_retro", "retro")  # packages that bring cores, in a folder of that name
HOW_TO_GET = (
    "Install one (Debian: apt-get install libretro-mgba; any system: pip install stable-retro, or RetroArch's "
    "downloader), or name its file with --core."
)


def folders() -> Iterator[Path]:
    """Yield every folder in which cores lie on some system, the nearest first."""
    for package in WHEELS:
        found = find_spec(package)
        if found is not None and found.origin:
            yield Path(found.origin).parent / "cores"
    home = Path.home()
    for root in ("/usr/lib", "/usr/local/lib", "/usr/lib64", "/opt/homebrew/lib"):
        yield Path(root) / "libretro"
        yield from sorted(Path(root).glob("*-linux-gnu*/libretro"))
    yield home / ".config/retroarch/cores"
    yield home / ".var/app/org.libretro.RetroArch/config/retroarch/cores"
    yield home / "Library/Application Support/RetroArch/cores"
    for variable in ("APPDATA", "PROGRAMFILES"):
        if folder := os.environ.get(variable):
            yield Path(folder) / "RetroArch/cores"
    yield Path("C:/RetroArch-Win64/cores")


def find_core(name: str) -> Path:
    """Return the library of a core: `name` is a file, or a core's name as "mgba".

    Raises:  NoDevice saying where one is to be had.
    """
    file = Path(name).expanduser()
    if file.suffix == SUFFIX or len(file.parts) > 1:
        if not file.is_file():
            raise NoDevice(f"there is no core library {file}", HOW_TO_GET)
        return file
    for folder in folders():
        candidate = folder / f"{name}_libretro{SUFFIX}"
        if candidate.is_file():
            return candidate
    raise NoDevice(f"the libretro core {name} is not installed", HOW_TO_GET)
