"""A window on the desktop through SDL: shows pictures, tells of keys. The only file that knows pygame-ce."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from playhead.clock import NS_PER_S, Clock
from playhead.errors import DeviceFailed, not_found
from playhead.events import MOTIONS, MOUSE_WHEEL, MOUSE_X, MOUSE_Y
from playhead.names import visible
from playhead.showing.stamp import FrameArray

if TYPE_CHECKING:
    import pygame

LEAVE = "esc"
# Codes whose SDL names are not the code itself.
SDL_NAMES = {"shift": "left shift", "ctrl": "left ctrl", "alt": "left alt", "enter": "return", "esc": "escape"}
DESKTOPS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_VIDEO_DRIVER")  # how Linux names one
# SDL's numbers of a mouse's buttons.
BUTTONS = {1: "mouse_left", 2: "mouse_middle", 3: "mouse_right", 6: "mouse_back", 7: "mouse_forward"}
UNSEEN_DRIVERS = ("dummy", "offscreen")


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What happened to the window: a key's or button's code and 1 or 0, a motion's and how far it went, the focus
    with 1 or 0, or that it is to close."""

    kind: Literal["key", "move", "focus", "close"]
    code: str = ""
    value: float = 0.0


class Window:
    """A window that stretches every picture over the whole of itself, as games do.

    Made before anything else that may use SDL, and opened once the size is known. For codes of a mouse's motion it
    holds and hides the pointer while it has the focus.
    Raises:  DeviceFailed when no window can be shown, NotFound for codes that no key has.
    """

    def __init__(self, title: str, codes: Sequence[str]) -> None:
        os.environ.setdefault(
            "SDL_WINDOWS_DPI_AWARENESS", "permonitorv2"
        )  # a pixel asked for is one of the screen
        self._sdl = _load()
        if sys.platform == "linux" and not any(map(os.environ.get, DESKTOPS)):
            raise _no_window("no display")  # SDL would look for one in vain, and say on stderr what it lacks
        try:
            self._sdl.display.init()
        except self._sdl.error as error:
            raise _no_window(str(error)) from error
        self._moved = frozenset(codes) & frozenset(MOTIONS)
        self._buttons = {number: code for number, code in BUTTONS.items() if code in codes}
        self._keys = _keys(self._sdl, [code for code in codes if code not in {*MOTIONS, *BUTTONS.values()}])
        driver = self._sdl.display.get_driver()
        if driver in UNSEEN_DRIVERS:  # what SDL falls back to without a desktop, or was told to take
            asked = os.environ.get("SDL_VIDEODRIVER") == driver
            raise _no_window(
                f"SDL_VIDEODRIVER={driver} shows windows to nobody, unset it" if asked else "no display"
            )
        self._leaves = LEAVE not in codes
        self._title = title

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return self._sdl.display.get_surface() is not None

    def open(self, width: int, height: int, corner: tuple[int, int] | None = None) -> None:
        """Open the window. Units: pixels of the desktop; without a corner the system puts it somewhere."""
        if corner is not None:
            os.environ["SDL_VIDEO_WINDOW_POS"] = f"{corner[0]},{corner[1]}"
        self._sdl.display.set_caption(visible(self._title))
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", RuntimeWarning
            )  # a size that the desktop does not allow is stretched to
            self._sdl.display.set_mode((width, height), self._sdl.RESIZABLE)
        if self._moved:
            self._sdl.mouse.set_visible(False)
            self._sdl.event.set_grab(True)
        self._sdl.key.stop_text_input()  # no input method in between: keys are keys

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the inside, in pixels."""
        width, height = self._sdl.display.get_surface().get_size()
        return width, height

    @property
    def handle(self) -> int:
        """The number by which the desktop knows the window; 0 where it has none."""
        return int(self._sdl.display.get_wm_info().get("window", 0))

    def show(self, frame_HWC: FrameArray) -> None:
        """Show a picture; on return it is on the screen.

        Shapes:  frame_HWC (H, W, 3) uint8 RGB of any size.
        """
        size = self.size
        if frame_HWC.shape[1::-1] != size:
            frame_HWC = _stretched(frame_HWC, size)
        picture = self._sdl.image.frombuffer(np.ascontiguousarray(frame_HWC), size, "RGB")
        self._sdl.display.get_surface().blit(picture, (0, 0))
        self._sdl.display.flip()

    def happenings(self, clock: Clock, until_ns: int) -> Iterator[Happening]:
        """Yield what happens, as it happens, until a time of the clock."""
        while True:
            left_ms = (until_ns - clock.now_ns()) * 1000 // NS_PER_S
            event = self._sdl.event.wait(left_ms) if left_ms > 0 else self._sdl.event.poll()
            if event.type == self._sdl.NOEVENT and left_ms <= 0:
                clock.sleep_until(until_ns)  # the rest of a millisecond
                return
            happening = self._happening(event)
            if happening is not None:
                yield happening
            yield from self._moves(event)

    def _moves(self, event: pygame.Event) -> Iterator[Happening]:
        """Yield how a mouse moved: right, up and away from the hand."""
        ways: dict[str, float] = {}
        if event.type == self._sdl.MOUSEMOTION:
            ways = {MOUSE_X: float(event.rel[0]), MOUSE_Y: -float(event.rel[1])}
        elif event.type == self._sdl.MOUSEWHEEL:
            ways = {MOUSE_WHEEL: float(event.y)}
        for code, way in ways.items():
            if way and code in self._moved:
                yield Happening(kind="move", code=code, value=way)

    def _happening(self, event: pygame.Event) -> Happening | None:
        sdl = self._sdl
        if event.type == sdl.QUIT or (event.type == sdl.KEYDOWN and event.key == sdl.K_ESCAPE and self._leaves):
            return Happening(kind="close")
        if event.type in (sdl.WINDOWFOCUSGAINED, sdl.WINDOWFOCUSLOST):
            return Happening(kind="focus", value=float(event.type == sdl.WINDOWFOCUSGAINED))
        if event.type in (sdl.KEYDOWN, sdl.KEYUP) and event.key in self._keys:
            return Happening(kind="key", code=self._keys[event.key], value=float(event.type == sdl.KEYDOWN))
        pressed = event.type == sdl.MOUSEBUTTONDOWN
        if (pressed or event.type == sdl.MOUSEBUTTONUP) and event.button in self._buttons:
            return Happening(kind="key", code=self._buttons[event.button], value=float(pressed))
        return None

    @property
    def is_focused(self) -> bool:
        """Whether keys go to it."""
        return bool(self._sdl.key.get_focused())

    def held(self) -> list[str]:
        """Return the codes of the keys that are down now, as far as the window was told."""
        down = self._sdl.key.get_pressed()
        clicked = dict(zip(BUTTONS, self._sdl.mouse.get_pressed(len(BUTTONS)), strict=True))
        told = [code for key, code in self._keys.items() if down[key]]
        return told + [code for number, code in self._buttons.items() if clicked[number]]

    def close(self) -> None:
        """Close the window. May be called twice."""
        self._sdl.display.quit()


def _no_window(why: str) -> DeviceFailed:
    return DeviceFailed(
        f"No window can be opened: {why}. It needs a desktop; where there is none, "
        "start one in memory: Xvfb :9 -screen 0 1280x1024x24 & export DISPLAY=:9"
    )


def _load() -> Any:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it greets on stdout, which belongs to results
    try:
        import pygame
    except ImportError as error:
        raise DeviceFailed(
            'A window needs the package pygame-ce, which is not installed. Type: pip install "playhead[window]"'
        ) from error
    return pygame


def _keys(sdl: Any, codes: Sequence[str]) -> Mapping[int, str]:
    """Return SDL's number of each key -> its code. Raises: NotFound for what no keyboard has."""
    keys: dict[int, str] = {}
    for code in codes:
        try:
            keys[sdl.key.key_code(SDL_NAMES.get(code, code))] = code
        except ValueError as error:
            known = [*SDL_NAMES, *"abcdefghijklmnopqrstuvwxyz0123456789", "left", "right", "up", "down", "space"]
            raise not_found(
                "key of the keyboard", code, known, then=f"Give it one, as in --key {code}=up."
            ) from error
    return keys


def _stretched(frame_HWC: FrameArray, size: tuple[int, int]) -> FrameArray:
    larger = size[0] >= frame_HWC.shape[1]
    way = cv2.INTER_NEAREST if larger else cv2.INTER_AREA
    stretched: Any = cv2.resize(frame_HWC, size, interpolation=way)
    fitted_HWC: FrameArray = stretched
    return fitted_HWC
