"""Does the game use our hotkeys too? Each is pressed in its window, and must leave the picture as it was.

    look, look -> press -> look: for good where the last is far further from the first two than they are apart

Shape legend: N pictures, F features of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from playhead.capture import Capture
from playhead.clock import NS_PER_S, Clock
from playhead.doctor.finding import Finding, left_out
from playhead.errors import DeviceFailed
from playhead.input.keys import SystemKeyboard, open_system_keyboard

NAME = "hotkeys"
FOCUS_S = 10.0  # somebody has to go to the game's window first
LOOK_S = 1.5  # before and after each press
SETTLE_S = 1.0  # a menu fades in, a camera swings round
HELD_S = 0.1
LOOK_HZ = 10
GRID = (16, 12)  # cells across and down
FLOOR = 4.0  # of 255: less is no change, however still the game stands
FACTOR = 3.0  # times as far as the picture is from itself

Looks = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A game's picture, and the clock by which it is looked at."""

    capture: Capture
    clock: Clock

    def wait_for_focus(self) -> bool:
        """Wait until the keys that are pressed go to the game; no, where nobody gives it the focus."""
        window, until_ns = self.capture.window, self.clock.now_ns() + round(FOCUS_S * NS_PER_S)
        while window is not None and not window.is_focused():
            if self.clock.now_ns() > until_ns:
                return False
            self.wait(0.2)
        return window is not None

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep_until(self.clock.now_ns() + round(seconds * NS_PER_S))

    def look(self) -> Looks:
        """Look for a while. Shape (N, F). Raises DeviceFailed when the source ends."""
        rows = []
        for _ in range(round(LOOK_S * LOOK_HZ)):
            captured = self.capture.look()
            if captured is None:
                raise DeviceFailed(f"The game ended: {self.capture.ending or 'a hotkey may have closed it'}.")
            small = cv2.resize(captured.frame_HWC, GRID, interpolation=cv2.INTER_AREA)
            rows.append(small.astype(np.float32).reshape(-1))
            self.wait(1 / LOOK_HZ)
        return np.stack(rows)


def check_hotkeys(
    watched: Watched, codes: Mapping[str, str], *,
    open_keyboard: Callable[[], SystemKeyboard] = open_system_keyboard,
) -> Finding:  # fmt: skip
    """Press each hotkey, meaning -> key, in the game's window, and say which change the picture for good."""
    if not watched.wait_for_focus():
        return left_out(NAME, f"the game's window did not get the focus within {FOCUS_S:g} s")
    keyboard = open_keyboard()
    try:
        used = [code for code in codes.values() if _changes(watched, keyboard, code)]
    finally:
        keyboard.close()
    if not used:
        says = f"{', '.join(codes.values())} were pressed and changed nothing for good"
        return Finding(name=NAME, status="ok", says=says, is_needed=False)
    return Finding(
        name=NAME, status="not ok", says=f"the game uses {', '.join(used)} too: its picture changed for good",
        then=f"Choose others: {_advice(codes, used)}. Or take those keys from the game, in its own settings.",
        is_needed=False,
    )  # fmt: skip


def _changes(watched: Watched, keyboard: SystemKeyboard, code: str) -> bool:
    earlier, before = watched.look(), watched.look()
    if not watched.wait_for_focus():
        raise DeviceFailed("The game's window lost the focus. Leave it in front, and type this again.")
    number = keyboard.numbers(code)[0]
    try:
        keyboard.send(number, True)
        watched.wait(HELD_S)
    finally:
        keyboard.send(number, False)
    watched.wait(SETTLE_S)
    return _apart(np.concatenate([earlier, before]), watched.look()) > max(FLOOR, FACTOR * _apart(earlier, before))


def _apart(before: Looks, after: Looks) -> float:
    """Return how far pictures, at the median, are from the nearest of those before."""
    return float(np.median([np.abs(before - one).mean(1).min() for one in after]))


def _advice(codes: Mapping[str, str], used: Collection[str]) -> str:
    return ", ".join(f"hotkeys.{meaning}=KEY for {code}" for meaning, code in codes.items() if code in used)
