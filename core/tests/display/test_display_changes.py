"""A screen that changes its size, or goes away, on a display of its own: nobody else's may shrink."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from playhead.capture.desktop import Box, open_desktop
from playhead.capture.grab import Grabber
from playhead.errors import NoWindow
from playhead.testing.display import VirtualDisplay, XPerson, eventually

BOX = Box(left=700, top=600, width=400, height=300)


class Screen:
    """The size of an X screen, to be changed."""

    def __init__(self, name: str) -> None:
        from Xlib import display
        from Xlib.ext import randr

        self._display = display.Display(name)
        self._root = self._display.screen().root
        self._rotation = randr.Rotate_0

    def resize(self, width: int, height: int) -> None:
        """Turn the one output off and change the size of what lies behind it."""
        told: Any = self._root.xrandr_get_screen_resources()
        for crtc in told.crtcs:
            self._display.xrandr_set_crtc_config(crtc, told.config_timestamp, 0, 0, 0, self._rotation, [])
        self._root.xrandr_set_screen_size(width, height, width, height)
        self._display.sync()

    def close(self) -> None:
        self._display.close()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, x_server: VirtualDisplay) -> Iterator[Screen]:
    own = VirtualDisplay.start()
    monkeypatch.setenv("DISPLAY", own.name)
    opened = Screen(own.name)
    yield opened
    opened.close()
    own.stop()


@pytest.fixture
def grabber() -> Iterator[Grabber]:
    opened = Grabber()
    yield opened
    opened.close()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_screen_that_shrinks_and_grows_is_grabbed_on(screen: Screen, grabber: Grabber) -> None:
    with XPerson(os.environ["DISPLAY"]) as person:
        person.open_window("red", left=700, top=600, width=400, height=300).paint((255, 0, 0))
        eventually("it is red all over", lambda: red_part(grabber) == (300, 400))
        screen.resize(1000, 800)
        eventually("what is left of it is red, the rest black", lambda: red_part(grabber) == (200, 300))
        assert grabber.rebuilt >= 1
        screen.resize(1280, 1024)
        person.open_window("larger", left=0, top=0, width=1200, height=1000).paint((255, 0, 0))
        eventually("all of it is red again", lambda: red_part(grabber) == (300, 400))


def red_part(grabber: Grabber) -> tuple[int, int] | None:
    """Return height and width of what is red from the upper left; None when nothing was grabbed."""
    picture_HWC = grabber.grab(BOX)
    if picture_HWC is None:
        return None
    assert picture_HWC.shape == (300, 400, 4)
    red_HW = picture_HWC[:, :, 2] == 255
    return int(red_HW[:, 0].sum()), int(red_HW[0].sum())


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_display_that_goes_away_is_said(monkeypatch: pytest.MonkeyPatch, x_server: VirtualDisplay) -> None:
    own = VirtualDisplay.start()
    monkeypatch.setenv("DISPLAY", own.name)
    with XPerson(own.name) as person:
        handle = person.open_window("seen", left=0, top=0).handle
        desktop = open_desktop()
        assert desktop.box(handle) is not None
    own.stop()
    assert desktop.box(handle) is None
    assert not desktop.is_focused(handle)
    with pytest.raises(NoWindow, match="The X display went away"):
        desktop.windows()
    desktop.close()
