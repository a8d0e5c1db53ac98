"""Installs what a tox environment asks for, beside what the core declares, installed once for all of them.

    python .ci/install.py PIP-ARGUMENTS...      (tox calls it as install_command)

torch and what comes with it are 1.2 GB and 45 s an environment. Every package that gets them here declares the
core, so they lie in one folder under .tox, which the others name in a .pth file. pip counts what lies there as
installed, and puts everything else into the environment itself.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Install the packages named on the command line."""
    purelib = Path(sysconfig.get_path("purelib"))
    (purelib / "libraries.pth").write_text(f"{site_packages(libraries())}\n", encoding="utf-8")
    sys.exit(subprocess.call([sys.executable, "-I", "-m", "pip", "install", *sys.argv[1:]]))


def libraries() -> Path:
    """Return the environment that holds what the core declares; make it unless it is there."""
    declared = b"".join((ROOT / name).read_bytes() for name in ("core/pyproject.toml", "constraints.txt"))
    digest = hashlib.sha256(declared + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / ".tox" / f"libraries-{digest}"
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="libraries-") as began:
            install(Path(began) / "whole")
            with suppress(OSError):  # another tox was faster
                (Path(began) / "whole").rename(folder)
    return folder


def install(folder: Path) -> None:
    """Make an environment of what the core declares, and nothing of the core itself."""
    venv.create(folder, with_pip=True)
    pip = [folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"), "-I", "-m", "pip"]
    subprocess.check_call([*pip, "install", "-q", "-c", ROOT / "constraints.txt", ROOT / "core"])
    subprocess.check_call([*pip, "uninstall", "-q", "-y", "playhead"])


def site_packages(folder: Path) -> str:
    """Return where an environment keeps its packages."""
    return sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})


if __name__ == "__main__":
    main()
