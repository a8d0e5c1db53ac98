"""Every test in this folder needs a display, and gets one of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.testing.display import person, x_server, xvfb

__all__ = ["person", "x_server", "xvfb"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.display)
