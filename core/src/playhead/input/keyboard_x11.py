"""The keys of an X server: XTEST presses; raw events of XInput2 tell what was pressed, wherever the focus is.

A mouse's buttons are keys; how it moves lies in mouse_x11.py.

Raw events hold no autorepeat and name the device they come from. They carry the server's own time in milliseconds,
so they may be read whenever the loop comes round.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

from playhead.capture.x11 import Refused, open_display, unless_interrupted
from playhead.errors import DeviceFailed
from playhead.input.codes import BUTTON, key_of
from playhead.input.devices_x11 import devices, keys_down, numbers_in
from playhead.input.keys import HeardKey, Held

T = TypeVar("T")

NS_PER_MS = 1_000_000
WRAPS_MS = 1 << 32  # the server's time starts again after 49.7 days
ROUND_TRIPS = 20  # 0.1 ms each, so that some fall beside the turn of a millisecond
RAW_EVENT = struct.Struct("=HIIHHI")  # device, time, keycode, source device, valuators, flags


class X11Keyboard:
    """Two connections to one X server: keys go out on one and are heard on the other."""

    _more_events = 0
    echo_s = 1.0  # a busy server may take that long; only keys from XTEST can be echoes, so no person is mistaken

    def __init__(self, name: str = "", now_ns: Callable[[], int] = time.perf_counter_ns, *, hears: bool = True):
        from Xlib import X, error

        self._x = X
        self._gone = (error.ConnectionClosedError, OSError)
        self._now_ns = now_ns
        self._name = name or os.environ.get("DISPLAY", "")
        self._hears = hears
        self._out: Any = None
        self._in: Any = None
        self._has_changed = self._is_up = self._is_gone = False
        try:
            self._asked(self._connect)
            self._repeating = self._asked(self._repeating_now)
        except BaseException:
            self.close()
            raise
        self._is_up = True

    def _connect(self) -> None:
        self._devices: dict[int, bool] | None = None
        self._xtest_devices: set[int] = set()
        self._pressed_on: set[int] = set()
        self._last_ns = 0
        self._out = _connected(self._name)
        _check_extensions(self._out, self._name)
        if self._hears:
            self._in = _connected(self._name)
            self._listen(self._in)

    def numbers(self, code: str) -> tuple[int, ...]:
        """Return the keycodes of a key.

        Raises:  NotFound for an unknown name, DeviceFailed for a key that the present layout lacks.
        """
        from Xlib import XK

        if key_of(code).is_button:
            return key_of(code).scan_codes
        keysyms = [XK.string_to_keysym(name) for name in key_of(code).keysyms]
        keycodes = tuple(self._out.keysym_to_keycode(keysym) for keysym in keysyms)
        if not keycodes[0]:
            raise DeviceFailed(
                f'The keyboard layout of the X display {self._name} has no key "{code}". '
                "Choose one that has: setxkbmap us."
            )
        return tuple(keycode for keycode in keycodes if keycode)

    def send(self, number: int, is_press: bool) -> None:
        """Press a key or let go of it through XTEST. Raises DeviceFailed when the display has gone.

        While we hold a key it does not repeat: the server would type it into whatever takes the focus meanwhile.
        """
        self.send_all([(number, is_press)])

    def send_all(self, changes: Sequence[tuple[int, bool]]) -> None:
        """Press and let go in one message: whoever sends two is stopped between them while the server runs."""
        self._asked(lambda: self._send(changes))

    def _send(self, changes: Sequence[tuple[int, bool]]) -> None:
        for number, is_press in changes:
            if number & BUTTON:
                kind = self._x.ButtonPress if is_press else self._x.ButtonRelease
                self._out.xtest_fake_input(kind, number & ~BUTTON)
            elif is_press:
                self._repeat(number, self._x.AutoRepeatModeOff)
                self._out.xtest_fake_input(self._x.KeyPress, number)
            else:
                self._out.xtest_fake_input(self._x.KeyRelease, number)
                self._repeat(number, self._x.AutoRepeatModeOn)
        self._out.flush()

    def _repeat(self, number: int, mode: int) -> None:
        if number in self._repeating:  # shift and the like never repeat; nor what a person has switched off
            self._out.change_keyboard_control(key=number, auto_repeat_mode=mode)

    def heard(self) -> list[HeardKey]:
        """Return what was pressed and released. Raises DeviceFailed when display or keyboard have gone."""
        keys: list[HeardKey] = []

        def read() -> None:
            while self._in is not None and self._in.pending_events():
                keys.extend(self._read(self._in.next_event()))

        self._asked(read)
        return keys

    def has_changed(self) -> bool:
        """Whether the layout, the keyboards that are plugged in, or the connection became others."""
        has_changed, self._has_changed = self._has_changed, False
        return has_changed

    def held(self) -> set[int]:
        """Return the keycodes that the server takes for pressed."""
        return numbers_in(self._asked(lambda: self._out.query_keymap()))

    def held_apart(self, sent: Collection[int]) -> Held:
        """Return what is pressed, told apart by device: only keys of XTEST can be ours."""
        pressed = self._asked(self._pressed)
        return Held(own=pressed[True] & set(sent), others=pressed[False] | (pressed[True] - set(sent)))

    def _pressed(self) -> dict[bool, set[int]]:
        """Return the keycodes that are down, on XTEST's keyboards and on all others."""
        pressed: dict[bool, set[int]] = {True: set(), False: set()}
        if self._devices is None:
            self._devices = devices(self._out)
        for device, is_xtest in self._devices.items():
            pressed[is_xtest] |= keys_down(self._out, device)
        return pressed

    def _repeating_now(self) -> set[int]:
        return numbers_in(self._out.get_keyboard_control().auto_repeats)

    def repeating(self) -> set[int]:
        """Return the keycodes that the server repeated when this was opened."""
        return set(self._repeating)

    def let_repeat(self, numbers: Collection[int]) -> None:
        """Have keys repeat again."""

        def repeat() -> None:
            for number in numbers:
                self._out.change_keyboard_control(key=number, auto_repeat_mode=self._x.AutoRepeatModeOn)
            self._out.sync()

        self._asked(repeat)

    def close(self) -> None:
        """Close both connections; what was sent has arrived then."""
        self._is_up = False
        for display in (self._out, self._in):
            if display is not None:
                try:
                    display.sync()
                    display.close()
                except self._gone:
                    display.display.socket.close()
        self._out = self._in = None

    def _asked(self, question: Callable[[], T]) -> T:
        """Return the server's answer. When only the connection was lost, connect anew and ask or send again.

        What was pressed meanwhile was not heard: `has_changed` tells, and whoever hears that asks what is held.
        Raises:  DeviceFailed, saying what happened, when there is no server any more.
        """
        for is_last in (False, True):
            try:
                if self._is_gone:
                    raise ConnectionError("no answer")
                return unless_interrupted(question, self._out, self._in)
            except DeviceFailed:  # an OSError too, and said already
                raise
            except self._gone as error:
                if is_last or not self._is_up or not self._came_back():
                    raise DeviceFailed(
                        f"The X display {self._name} went away ({error}). What was recorded is kept. "
                        "Log in again or restart the display, then start this command again."
                    ) from error
        raise AssertionError("the second time returns or raises")

    def _came_back(self) -> bool:
        self.close()
        try:
            self._connect()
        except (DeviceFailed, *self._gone):
            self.close()
            self._is_gone = True
            return False
        self._is_up = self._has_changed = True
        return True

    def _listen(self, display: Any) -> None:
        """Ask for raw keys, also those that a game has grabbed (from version 2.1 on), and for lost keyboards."""
        from Xlib.ext import xinput

        opcode = display.display.get_extension_major(xinput.extname)
        asked = xinput.XIQueryVersion(display=display.display, opcode=opcode, major_version=2, minor_version=2)
        if (asked.major_version, asked.minor_version) < (2, 1):
            raise DeviceFailed(f"The X display {self._name} has no XInput 2.1, so nobody can be heard on it.")
        self._raw = {
            xinput.RawKeyPress: (0, True), xinput.RawKeyRelease: (0, False),
            xinput.RawButtonPress: (BUTTON, True), xinput.RawButtonRelease: (BUTTON, False),
        }  # fmt: skip
        keys = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
        buttons = xinput.RawButtonPressMask | xinput.RawButtonReleaseMask
        self._opcode, self._hierarchy, self._lost = opcode, xinput.HierarchyChanged, xinput.SlaveRemoved
        self._offset_ns = self._server_clock(display)
        display.screen().root.xinput_select_events([
            (xinput.AllMasterDevices, keys | buttons | self._more_events),
            (xinput.AllDevices, xinput.HierarchyChangedMask),
        ])  # fmt: skip
        display.sync()  # from now on they come: what is pressed next must not be missed
        # Those of now: what we press comes from one of them, and what is plugged in later is somebody's.
        self._devices = devices(self._out)
        self._xtest_devices = {device for device, is_xtest in self._devices.items() if is_xtest}

    def _server_clock(self, display: Any) -> int:
        """Return how far our clock is ahead of the server's, by changing a property and being told when that was.

        Each round trip says that the server's millisecond lay between asking and answer; all together leave less
        than one, of which the middle is taken.
        Units:  nanoseconds, half a millisecond added, for the server counts whole ones.
        """
        window = display.screen().root.create_window(
            0, 0, 1, 1, 0, 0, self._x.InputOnly, self._x.CopyFromParent, event_mask=self._x.PropertyChangeMask
        )
        atom = display.intern_atom("PLAYHEAD_CLOCK")
        least, most = [], []
        for _ in range(ROUND_TRIPS):
            asked_ns = self._now_ns()
            window.change_property(atom, atom, 8, b"")
            server_ns = int(display.next_event().time) * NS_PER_MS
            least.append(asked_ns - server_ns - NS_PER_MS)
            most.append(self._now_ns() - server_ns)
        window.destroy()
        return (max(least) + min(most)) // 2 + NS_PER_MS // 2

    def _time_ns(self, server_ms: int) -> int:
        """Return the time of an event on our clock; never later than now, and in the order of events.

        Of those in one millisecond of the server each is a nanosecond after the one before.
        """
        self._last_ns = max(self._last_ns + 1, self._when_ns(server_ms))
        return self._last_ns

    def _when_ns(self, server_ms: int) -> int:
        now_ns = self._now_ns()
        present_ms = (now_ns - self._offset_ns) // NS_PER_MS
        age_ms = (present_ms - server_ms) % WRAPS_MS
        if age_ms > WRAPS_MS // 2:  # the server's millisecond has begun before ours
            return now_ns
        return min(now_ns, (present_ms - age_ms) * NS_PER_MS + self._offset_ns)

    def _read(self, event: Any) -> Iterator[HeardKey]:
        if event.type == self._x.MappingNotify:
            self._out.refresh_keyboard_mapping(event)
            self._has_changed = True
        if getattr(event, "extension", None) != self._opcode:
            return
        if event.evtype == self._hierarchy:
            self._check_lost(event.data)
            self._devices = None
            self._has_changed = True
        elif event.evtype in self._raw:
            _, server_ms, number, source, _, _ = RAW_EVENT.unpack_from(event.data)
            button, is_press = self._raw[event.evtype]
            is_own_kind = source in self._xtest_devices
            if not is_own_kind:
                self._pressed_on.add(source)
            yield HeardKey(
                time_ns=self._time_ns(server_ms), number=button | number, is_press=is_press,
                may_be_own=is_own_kind,
            )  # fmt: skip

    def _check_lost(self, changed: Any) -> None:
        """Raise DeviceFailed when what a person used was unplugged; other devices come and go."""
        lost = {one.deviceid for one in changed.info if one.flags & self._lost}
        if lost & self._pressed_on:
            self._pressed_on -= lost
            raise DeviceFailed(
                "The keyboard or mouse was unplugged, so nobody could take over. Everything is released and what "
                "was recorded is kept. Plug it in and start this command again."
            )


def _connected(name: str) -> Any:
    if not name:
        raise DeviceFailed(
            "There is no X display (DISPLAY is not set), so no key can be pressed. Start this from a desktop "
            "session, or leave the keyboard out: --on world."
        )
    try:
        return open_display(name)
    except Refused as refused:
        raise DeviceFailed(
            f"The X display {name} cannot be used for keys: {refused}. Is it running, and are you its user?"
        ) from refused


def _check_extensions(display: Any, name: str) -> None:
    for extension, purpose in (("XTEST", "pressed"), ("XInputExtension", "heard")):
        if not display.has_extension(extension):
            raise DeviceFailed(
                f"The X display {name} has no extension {extension}, so no key can be {purpose} on it. "
                "Start the server with it, or use another display."
            )
