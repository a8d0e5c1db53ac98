"""The tiny console's core and ROM, and its game opened as a device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_console import COMPILER, ROM, TINY, build_core

from playhead.devices import OpenDevice, open_device
from playhead.plugins import Plugins


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compile a variant of the core; skipped where there is no compiler."""
    if COMPILER is None:
        pytest.skip("no C compiler (cc) is installed here")
    folder = tmp_path_factory.mktemp("cores")
    return lambda name="tiny", **macros: build_core(folder, name, **macros)


@pytest.fixture
def core(build: Callable[..., Path]) -> Path:
    return build()


@pytest.fixture
def rom(tmp_path: Path) -> Path:
    file = tmp_path / "game.tiny"
    file.write_bytes(ROM)
    return file


@pytest.fixture
def opened(core: Path, rom: Path) -> Callable[..., OpenDevice]:
    """Open the tiny console as a device, with options over those of its game."""

    def open_with(**options: Any) -> OpenDevice:
        given = {"core": str(core), "rom": str(rom), **options}
        return open_device(Plugins.installed(), TINY, "emulator", options=given)

    return open_with
