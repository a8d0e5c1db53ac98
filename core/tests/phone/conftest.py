"""A phone that is not there, behind an adb server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playhead.testing.adb import AdbServer
from playhead.testing.phone import FakePhone


@pytest.fixture
def far() -> FakePhone:
    return FakePhone()


@pytest.fixture
def server(far: FakePhone) -> Iterator[AdbServer]:
    with AdbServer(far) as server:
        yield server
