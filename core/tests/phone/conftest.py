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


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer's own shell says of phones does not count."""
    for name in ("ANDROID_ADB_SERVER_HOST", "ANDROID_ADB_SERVER_PORT", "ANDROID_SERIAL"):
        monkeypatch.delenv(name, raising=False)
