"""A gamepad: sticks, triggers and buttons heard from a person and played through a virtual pad.

How one system does it lies in gamepad_evdev.py (Linux) and gamepad_xinput.py (Windows). A virtual pad disappears
with the process that made it, so it needs no watchdog.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from playhead.capture.desktop import GameWindow
from playhead.clock import Clock
from playhead.dead_zones import DeadZone, dead_zones
from playhead.errors import DeviceFailed, not_found
from playhead.events import Event, Origin
from playhead.input import Input
from playhead.input.hotkeys import Hotkeys
from playhead.input.keyboard import Focus, Keyboard, mapped_controls
from playhead.input.keys import open_system_keyboard
from playhead.input.pads import (
    BOTH_TRIGGERS,
    CONTROLS,
    STICKS,
    TRIGGERS,
    HeardPad,
    Moved,
    PlayedPad,
    open_heard_pad,
    open_played_pad,
    parted,
    usual_zone,
)

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

T = TypeVar("T")
LEAST_CHANGE = 1 / 128  # of a value; a pad reports every tremble a thousand times a second


class Gamepad(Input):
    """A pad by the codes of a game, both ways; hotkeys come from the keyboard if there is one.

    As with the keyboard nothing is moved and nothing is heard while the window is without the focus, but
    everything is let go; `refused` counts what was held back. `hears` is whether a person has a pad.
    """

    def __init__(
        self, clock: Clock, controls: Mapping[str, str], *, heard: HeardPad | None, played: PlayedPad | None,
        why_not: str = "", zones: Mapping[str, DeadZone] | None = None, window: Focus | None = None,
        hotkeys: Keyboard | None = None,
    ) -> None:  # fmt: skip
        for control in controls.values():
            if control not in CONTROLS:
                raise not_found("control of a gamepad", control, CONTROLS)
        self._clock = clock
        self._controls = controls
        self._pad, self._virtual, self._why_not = heard, played, why_not
        self._zones = zones or {}
        self._window = window
        self._hotkeys = hotkeys
        self._positions: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._sent: dict[str, float] = {}
        self._is_asked = True
        self.refused = 0

    @property
    def hears(self) -> bool:
        """Whether somebody can be heard."""
        return self._pad is not None or self._hotkeys is not None

    def listen(self) -> list[Event]:
        """Return what a person moved and which hotkeys they pressed since the last call, in order.

        Raises:  DeviceFailed when the pad was unplugged.
        """
        moved = self._pad.heard() if self._pad is not None else []
        if self._pad is not None and self._is_asked:
            moved += self._pad.stands()
        self._is_asked = False
        events = list(self._meant(moved))
        if self._hotkeys is not None:
            events = sorted([*events, *self._hotkeys.listen()], key=lambda event: event.time_ns)
        if any(self._sent.values()) and not self._has_focus():
            self.release_all()
        return events

    def ask_again(self) -> None:
        """Have the next `listen` compare how everything stands with what it has told."""
        self._is_asked = True
        if self._hotkeys is not None:
            self._hotkeys.ask_again()

    def _meant(self, moved: Collection[Moved]) -> Iterator[Event]:
        is_focused = self._has_focus() if moved else False
        for one in moved:
            self._positions[one.control] = one.position
            for code, control in self._controls.items():
                value = self._value(control)
                told = self._told.get(code, 0.0)
                is_little = abs(value - told) < LEAST_CHANGE and value not in (0.0, 1.0, -1.0)
                if value == told or is_little or (value and not is_focused):
                    continue
                self._told[code] = value
                yield Event(time_ns=one.time_ns, code=code, value=value, origin=Origin.HUMAN)

    def _value(self, control: str) -> float:
        """Return what the game makes of where the pad is now."""
        whole, half = parted(control)
        if whole == BOTH_TRIGGERS:
            position = self._positions.get("right_trigger", 0.0) - self._positions.get("left_trigger", 0.0)
        else:
            position = self._positions.get(whole, 0.0)
        value = self._zone(whole).through(position)
        return max(0.0, half * value) if half else value

    def send(self, code: str, value: float) -> None:
        """Move a control to where the game makes this value of it.

        Raises:  NotFound for a code that is not on this pad, DeviceFailed without a virtual pad.
        """
        if code not in self._controls:
            raise not_found("control of this device", code, self._controls)
        if self._virtual is None:
            raise DeviceFailed(self._why_not)
        if value and not self._has_focus():
            self.refused += 1
            return
        self._sent[code] = value
        whole, _ = parted(self._controls[code])
        position = self._zone(whole).against(self._wanted(whole))
        if whole == BOTH_TRIGGERS:
            self._virtual.send("right_trigger", max(0.0, position))
            self._virtual.send("left_trigger", max(0.0, -position))
        else:
            self._virtual.send(whole, position)

    def _wanted(self, whole: str) -> float:
        """Return what all codes on one control want together: two halves of a stick cancel each other."""
        wanted = 0.0
        for code, control in self._controls.items():
            if parted(control)[0] == whole:
                wanted += (parted(control)[1] or 1) * self._sent.get(code, 0.0)
        return min(1.0, max(-1.0, wanted))

    def _zone(self, whole: str) -> DeadZone:
        return self._zones.get(whole) or usual_zone(whole)

    def _has_focus(self) -> bool:
        return self._window is None or self._window.is_focused()

    def release_all(self) -> None:
        """Centre everything that was moved; a pad that has gone holds nothing."""
        for code in [code for code, value in self._sent.items() if value]:
            with suppress(DeviceFailed):
                self.send(code, 0.0)

    def close(self) -> None:
        """Release everything, unplug the virtual pad, leave the real one."""
        self.release_all()
        for part in (self._virtual, self._pad, self._hotkeys):
            if part is not None:
                part.close()
        self._virtual = self._pad = self._hotkeys = None
        self._sent.clear()


def open_input(session: DeviceSession) -> Gamepad:
    """Open the first pad that is plugged in and a virtual one; one of the two must be there.

    Raises:  NotFound for unknown controls, DeviceFailed where there is no pad of either kind, with what to do.
    """
    controls = mapped_controls(session)
    for control in controls.values():
        if control not in CONTROLS:
            raise not_found(
                "control of a gamepad", control, CONTROLS,
                then=f"Say what it is on a pad: map.{control}=right_trigger.",
            )  # fmt: skip
    axes = (*STICKS, *TRIGGERS, BOTH_TRIGGERS)
    zones = dead_zones(session.options.get("dead_zones") or {}, axes, "axis of a gamepad")
    window = GameWindow.of(session) if session.capabilities.has_window else None
    # First the real one: afterwards Windows would offer us our own virtual pad.
    heard, why_not_heard = _tried(lambda: open_heard_pad(session.clock.now_ns))
    played, why_not_played = _tried(open_played_pad)
    if heard is None and played is None:
        raise DeviceFailed(f"{why_not_heard} {why_not_played}")
    return Gamepad(
        session.clock, controls, heard=heard, played=played, why_not=why_not_played, zones=zones, window=window,
        hotkeys=_hotkeys(session, window),
    )  # fmt: skip


def _tried(opening: Callable[[], T]) -> tuple[T | None, str]:
    try:
        return opening(), ""
    except DeviceFailed as error:
        return None, str(error)


def _hotkeys(session: DeviceSession, window: Focus | None) -> Keyboard | None:
    """Return a keyboard that hears nothing but the hotkeys; none where there is no keyboard."""
    codes = Hotkeys.of(session.options).codes.values()
    system, _ = _tried(lambda: open_system_keyboard(session.clock.now_ns))
    if system is None:
        return None
    return Keyboard(system, session.clock, {code: code for code in codes}, window=window, momentary=codes)
