"""What Box2D's old wrapper says on import, and nothing else, is not held against us."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for name in ("SwigPyPacked", "SwigPyObject", "swigvarlink"):
        config.addinivalue_line(
            "filterwarnings", f"ignore:builtin type {name} has no __module__ attribute:DeprecationWarning"
        )
