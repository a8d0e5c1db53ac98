"""A virtual X display, a scripted person at its keyboard and windows to point at: what display tests stand on.

A test takes the fixture `xvfb`, runs once on a bare display and once under openbox, and finds DISPLAY set. Import
the fixtures in a conftest.py: `from playhead.testing.display import person, x_server, xvfb`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from playhead.testing.person import XPerson
from playhead.testing.waiting import WAIT_S, eventually
from playhead.testing.windows import AnyWindow, XWindow

__all__ = [
    "WAIT_S", "AnyWindow", "VirtualDisplay", "XPerson", "XWindow", "eventually", "person", "run_on", "x_server",
    "xvfb",
]  # fmt: skip

REQUIRED = "PLAYHEAD_DISPLAY_TESTS"  # set by .ci/run: then a missing Xvfb fails instead of skipping
SIZE = (1280, 1024)
# What would send a program elsewhere than to the X display it is given.
ELSEWHERE = ("WAYLAND_DISPLAY", "XAUTHORITY", "SDL_VIDEODRIVER", "SDL_VIDEO_DRIVER")


@dataclass(kw_only=True)
class VirtualDisplay:
    """An Xvfb of its own, with a window manager or bare. `name` is what DISPLAY must say."""

    name: str
    window_manager: str
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def start(cls, window_manager: str = "", *options: str) -> VirtualDisplay:
        """Start Xvfb with its own options on a number that is free, and the window manager on it."""
        reading, writing = os.pipe()
        screen = f"{SIZE[0]}x{SIZE[1]}x24"
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp", "-noreset",
             *options],
            pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()  # empty when Xvfb dies
        display = cls(name=f":{number}", window_manager=window_manager, _processes=[server])
        assert number, "Xvfb did not start; run it by hand to see why."
        if window_manager:
            display._manage()
        return display

    def _manage(self) -> None:
        managing = subprocess.Popen(
            [self.window_manager], env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._processes.append(managing)
        with XPerson(self.name) as person:
            eventually(f"{self.window_manager} manages {self.name}", person.is_managed)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment in which a program shows itself here."""
        return {**{name: value for name, value in os.environ.items() if name not in ELSEWHERE},
                "DISPLAY": self.name, **more}  # fmt: skip

    def stop(self) -> None:
        """End the window manager and the server."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(timeout=WAIT_S)


def _missing(window_manager: str) -> str:
    """Say what this machine lacks for a display test; empty when nothing."""
    programs = [name for name in ("Xvfb", window_manager) if name and not shutil.which(name)]
    try:
        import Xlib  # noqa: F401
    except ImportError:
        programs.append("python-xlib")
    return f"{' and '.join(programs)} is not installed" if programs else ""


@pytest.fixture(scope="session", params=["bare", "openbox"])
def x_server(request: pytest.FixtureRequest) -> Iterator[VirtualDisplay]:
    """One virtual display for all tests of a session; parametrise indirectly with "bare" or "openbox" for one."""
    window_manager = "" if request.param == "bare" else str(request.param)
    missing = _missing(window_manager)
    if missing and os.environ.get(REQUIRED):
        pytest.fail(f"{missing}, and {REQUIRED} asks for display tests.")
    if missing:
        pytest.skip(f"{missing}; apt-get install xvfb openbox")
    display = VirtualDisplay.start(window_manager)
    yield display
    display.stop()


@pytest.fixture
def xvfb(x_server: VirtualDisplay, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualDisplay]:
    """A virtual display that DISPLAY names, with no key pressed and the pointer in the lower right corner."""
    monkeypatch.setenv("DISPLAY", x_server.name)
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    with XPerson(x_server.name) as person:
        person.release_all()
        person.point_at(SIZE[0] - 1, SIZE[1] - 1)
        yield x_server


@pytest.fixture
def person(xvfb: VirtualDisplay) -> Iterator[XPerson]:
    """Somebody at the keyboard of the virtual display; their windows are closed and keys released afterwards."""
    with XPerson(xvfb.name) as somebody:
        yield somebody


def run_on(display: VirtualDisplay, command: list[str], **environment: str) -> subprocess.Popen[str]:
    """Start a program that shows itself on a display; its output can be read from it."""
    told: Mapping[str, str] = display.environment(PYTHONUNBUFFERED="1", **environment)
    return subprocess.Popen(command, env=dict(told), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
