"""Do keys really arrive? A harmless one is pressed and must be heard by our own input."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Collection

from playhead.doctor.finding import Finding
from playhead.input.keys import SystemKeyboard, open_system_keyboard

NAME = "keys"
HARMLESS = ("shift", "ctrl")  # alone they type nothing and open nothing, in a game or elsewhere
TIMES = 3  # five presses of shift would ask a Windows user about sticky keys
PATIENCE_S = 0.5
ASK_AGAIN_S = 0.0001
NS_PER_MS = 1e6


def check_keys(
    codes: Collection[str], *, is_needed: bool = True,
    open_keyboard: Callable[[], SystemKeyboard] = open_system_keyboard,
) -> Finding:  # fmt: skip
    """Press a key that types nothing, hear it, let go of it. `codes` are the keys that must exist.

    Raises:  DeviceFailed where there is no keyboard or the layout lacks a key, NotFound for an unknown one.
    """
    keyboard = open_keyboard()
    try:
        for code in codes:
            keyboard.numbers(code)
        return _pressed(keyboard, codes, is_needed)
    finally:
        keyboard.close()


def _pressed(keyboard: SystemKeyboard, codes: Collection[str], is_needed: bool) -> Finding:
    held = keyboard.held()
    free = [code for code in HARMLESS if not held & set(keyboard.numbers(code))]
    free.sort(key=lambda code: code in codes)  # rather one that means nothing in the game
    if not free:
        says, then = f"{' and '.join(HARMLESS)} are held down", "Let go of them and try again."
        return Finding(name=NAME, status="not ok", says=says, then=then, is_needed=is_needed)
    delays_ms = [_press_and_hear(keyboard, free[0]) for _ in range(TIMES)]
    heard_ms = [delay_ms for delay_ms in delays_ms if delay_ms is not None]
    if len(heard_ms) < TIMES:
        says = f"{free[0]} was pressed {TIMES} times and heard {len(heard_ms)} times"
        return Finding(name=NAME, status="not ok", says=says, then=_advice(), is_needed=is_needed)
    delay_ms = statistics.median(heard_ms)
    exist = f"; all {len(codes)} keys of the game exist" if codes else ""
    says = f"{free[0]} pressed and heard after {delay_ms:.1f} ms{exist}"
    return Finding(name=NAME, status="ok", says=says, value=delay_ms, unit="ms", is_needed=is_needed)


def _press_and_hear(keyboard: SystemKeyboard, code: str) -> float | None:
    """Return after how many milliseconds a press was heard; None when it was not."""
    number = keyboard.numbers(code)[0]
    keyboard.heard()
    began_ns = time.perf_counter_ns()
    try:
        keyboard.send(number, True)
        return _heard_after_ms(keyboard, number, True, began_ns)
    finally:
        released_ns = time.perf_counter_ns()
        keyboard.send(number, False)
        _heard_after_ms(keyboard, number, False, released_ns)


def _heard_after_ms(keyboard: SystemKeyboard, number: int, is_press: bool, began_ns: int) -> float | None:
    while (passed_ns := time.perf_counter_ns() - began_ns) < PATIENCE_S * 1e9:
        if any(key.number == number and key.is_press == is_press for key in keyboard.heard()):
            return (time.perf_counter_ns() - began_ns) / NS_PER_MS
        time.sleep(ASK_AGAIN_S if passed_ns < 20 * NS_PER_MS else 0.01)
    return None


def _advice() -> str:
    if sys.platform == "win32":
        return "Start playhead and the game with the same rights: both as administrator, or neither."
    return "Close what holds the keyboard: a lock screen, an open menu, a remote desktop. Or log in to X11."
