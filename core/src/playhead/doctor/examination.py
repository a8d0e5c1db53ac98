"""All checks in their order. What cannot be looked at because something before it failed is left out, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playhead.capture import Capture
from playhead.devices import DeviceSession
from playhead.doctor.changes import NAME as CHANGES
from playhead.doctor.changes import check_changes
from playhead.doctor.disk import NAME as DISK
from playhead.doctor.disk import check_disk
from playhead.doctor.display import NAME as DISPLAY
from playhead.doctor.display import check_display
from playhead.doctor.finding import Finding, attempt, failed, left_out
from playhead.doctor.geometry import NAME as GEOMETRY
from playhead.doctor.geometry import check_geometry
from playhead.doctor.hotkeys import NAME as HOTKEYS
from playhead.doctor.hotkeys import Watched, check_hotkeys
from playhead.doctor.keys import NAME as KEYS
from playhead.doctor.keys import check_keys
from playhead.doctor.rate import NAME as CAPTURE
from playhead.doctor.rate import check_rate
from playhead.doctor.watching import watch
from playhead.doctor.window import NAME as WINDOW
from playhead.doctor.window import check_window
from playhead.errors import PlayheadError
from playhead.game import Game
from playhead.home import Home
from playhead.input.hotkeys import Hotkeys
from playhead.input.keyboard import mapped_controls
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.plugins import Plugins

CHAIN, GPU = "chain", "gpu"  # as in chain.py and gpu.py, which need torch


@dataclass(kw_only=True)
class Machine:
    """This machine without any game: desktop, keyboard, disk, GPU."""

    home: Home

    def findings(self) -> Iterator[Finding]:
        """Yield what is found, as it is found."""
        display = attempt(DISPLAY, lambda: check_display(is_needed=False), is_needed=False)
        yield display
        if display.status == "ok":
            yield attempt(KEYS, lambda: check_keys((), is_needed=False), is_needed=False)
        else:
            yield left_out(KEYS, "there is no display")
        yield attempt(DISK, lambda: check_disk(self.home.path, None, 0.0))
        yield _gpu()


@dataclass(kw_only=True)
class Patient:
    """A game on one of its devices. With `presses_hotkeys` the game is asked whether it uses them too.
    `sections_ms` is what the chain took, once it was measured.

    Units:  seconds of looking for each of two measurements.
    """

    home: Home
    plugins: Plugins
    game: Game
    device: str
    options: Mapping[str, Any] = field(default_factory=dict)
    run_name: str = ""
    engine: EngineSpec = DEFAULT_ENGINE
    seconds: float = 2.0
    presses_hotkeys: bool = False
    sections_ms: Mapping[str, float] | None = None

    def findings(self) -> Iterator[Finding]:
        """Yield what is found, as it is found; what was opened is closed at the end."""
        session = DeviceSession.of(self.plugins, self.game, self.device, self.options)
        try:
            yield from self._findings(session)
        finally:
            session.close()

    def _findings(self, session: DeviceSession) -> Iterator[Finding]:
        is_shown = session.capabilities.has_window
        needs_display = is_shown or session.capabilities.has_keyboard
        display = attempt(DISPLAY, lambda: check_display(is_needed=needs_display), is_needed=needs_display)
        yield (
            display
            if display.status == "ok" or needs_display
            else left_out(DISPLAY, f"{display.says}; {self.device} needs none")
        )
        if is_shown:
            window = attempt(WINDOW, lambda: check_window(session))
            yield window
            has_window = window.status == "ok"
            yield (
                attempt(GEOMETRY, lambda: check_geometry(session))
                if has_window
                else left_out(GEOMETRY, "there is no window")
            )
        else:
            has_window = True
            yield left_out(WINDOW, f"the device {self.device} is no window: {self._kind(session)}")
        keys = self._keys(session, display)
        yield from self._seen(session, keys) if has_window else self._unseen(keys)
        frame, rate_hz = self.game.needed_frame, session.rate_hz
        yield attempt(DISK, lambda: check_disk(self.home.path, frame, rate_hz))
        yield _gpu()

    def _kind(self, session: DeviceSession) -> str:
        is_world = session.capabilities.episodes
        return "a world in memory" if is_world else f"its pictures come from {session.device.capture}"

    def _keys(self, session: DeviceSession, display: Finding) -> Finding:
        if not session.capabilities.has_keyboard:
            return left_out(KEYS, f"the device {self.device} has no keyboard: {self._kind(session)}")
        if not self.game.controls:
            return left_out(KEYS, f"{self.game.name} has no controls, so nothing is pressed")
        if display.status != "ok":
            return left_out(KEYS, "there is no display")
        return attempt(KEYS, lambda: check_keys(_keys_of(session)))

    def _unseen(self, keys: Finding) -> Iterator[Finding]:
        yield left_out(CAPTURE, "there is no window")
        yield left_out(CHANGES, "there is no window")
        yield keys
        yield left_out(CHAIN, "there is no window")

    def _seen(self, session: DeviceSession, keys: Finding) -> Iterator[Finding]:
        """Yield what looking tells, the keys, and the chain that begins with a look."""
        try:
            capture: Capture = self.plugins.get("capture", session.device.capture)(session)
            session.on_close(capture.close)
            sample = watch(session, capture, self.seconds)
        except PlayheadError as error:
            yield failed(CAPTURE, error)
            yield left_out(CHANGES, "nothing was seen")
            yield keys
            yield left_out(CHAIN, "nothing was seen")
            return
        yield check_rate(sample, session.rate_hz, waits=session.capabilities.lockstep)
        yield check_changes(sample, session.rate_hz, waits=session.capabilities.lockstep)
        yield keys
        if self.presses_hotkeys:
            yield attempt(HOTKEYS, lambda: self._hotkeys(session, capture, keys), is_needed=False)
        yield attempt(CHAIN, lambda: self._chain(session, capture, keys))

    def _hotkeys(self, session: DeviceSession, capture: Capture, keys: Finding) -> Finding:
        if capture.window is None or keys.status != "ok":
            return left_out(HOTKEYS, "there is no window of a game, or no keyboard")
        controls = list(mapped_controls(session).values())
        codes = Hotkeys.of(session.options, controls).codes
        return check_hotkeys(Watched(capture=capture, clock=session.clock), codes)

    def _chain(self, session: DeviceSession, capture: Capture, keys: Finding) -> Finding:
        from playhead.doctor.chain import Brain, check_chain, measure_chain

        brain = Brain.of(self.home, self.plugins, session, self.run_name, self.engine)
        pressed = None
        if session.capabilities.episodes:
            pressed = self.plugins.get("input", session.device.input)(session)
        chain = measure_chain(
            session, capture, brain, seconds=self.seconds, key_ms=keys.value or 0.0, pressed=pressed
        )
        self.sections_ms = chain.sections_ms
        return check_chain(chain, brain.rate_hz)


def _keys_of(session: DeviceSession) -> list[str]:
    """Return every key that must exist: the game's and the hotkeys."""
    controls = list(mapped_controls(session).values())
    return [*controls, *Hotkeys.of(session.options, controls).codes.values()]


def _gpu() -> Finding:
    from playhead.doctor.gpu import check_gpu  # torch, which takes a second to import

    return check_gpu()
