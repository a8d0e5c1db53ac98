"""The console with the homebrew game in it; tests that need one are skipped where no core is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playhead.devices import OpenDevice, open_device
from playhead.emulator.finding import find_core
from playhead.errors import NoDevice
from playhead.plugins import Plugins
from playhead_pokemon.game import POKEMON

Opened = Callable[..., OpenDevice]


@pytest.fixture(scope="session")
def has_core() -> None:
    """Skip where no console can be switched on."""
    try:
        find_core("mgba")
    except NoDevice as error:
        pytest.skip(f"no console can be switched on here: {error}")


@pytest.fixture
def opened(has_core: None) -> Opened:
    """Open the console, with an episode's options by name beside those of the device."""

    def open_with(seed: int = 1, device: dict[str, Any] | None = None, **reset: int) -> OpenDevice:
        options = {"seed": seed, "reset": reset, **(device or {})}
        return open_device(Plugins.installed(), POKEMON, "emulator", options=options)

    return open_with
