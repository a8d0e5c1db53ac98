"""One drive of a world in a window: real keys in, pictures out, on the machine's clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playhead.clock import NS_PER_S
from playhead.errors import DeviceFailed
from playhead.showing.clock import PatientClock
from playhead.showing.held import HeldKeys
from playhead.showing.log import DriveLog, grid_of
from playhead.showing.stamp import FrameArray, draw_stamp
from playhead.showing.window import Window
from playhead.stepping import Stepped


@dataclass(frozen=True, kw_only=True)
class ShownDrive:
    """What came of a drive in a window.

    Units:  seconds of the world, pictures shown meanwhile, lost_s seconds it waited as the window hung.
    """

    seconds: float
    pictures: int
    lost_s: float
    ending: str
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate_hz(self) -> float:
        """Pictures a second."""
        return self.pictures / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {**vars(self), "rate_hz": self.rate_hz, "measures": dict(self.measures)}


@dataclass(kw_only=True)
class Showing:
    """Shows a world that runs on `clock` and holds in it what is held on the keyboard.

    `keys` gives the code of the world for the code of the keyboard. What is held is asked when the drive begins,
    with every change of the focus and after the window hung: the window knows what it was told, `held` asks the
    system. `hint`, if any, says what a policy of the world would press now; it goes into the log only. With
    `waits` the world stands still until a key is pressed or the mouse moves.
    Units:  rate_hz pictures a second at most; seconds of the world.
    """

    world: Stepped
    window: Window
    clock: PatientClock
    keys: Mapping[str, str]
    rate_hz: float = 60.0
    seconds: float = math.inf
    log: DriveLog = field(default_factory=lambda: DriveLog(None))
    is_stamped: bool = False
    waits: bool = False
    hint: Callable[[], Mapping[str, float]] | None = None
    held: HeldKeys | None = None
    stop: Callable[[], bool] = lambda: False
    _pictures: int = 0
    _waited: int = 0  # of the pictures, before the first key
    _down: set[str] = field(default_factory=set)
    _untold: set[str] = field(default_factory=set)  # of these the window will not tell that they are let go
    _lost_ns: int = 0

    def run(self) -> ShownDrive:
        """Show until the drive is over, the time is up, the window is closed or somebody stops it.

        catch up -> picture -> window -> what happens until the next deadline -> catch up -> ...
                                           |
                                         each key is held from its own time on
        """
        world = self.world
        self.clock.keep_up()
        self._ask()  # pressed in the drive before, and not let go since
        ending = self._show()
        world.hold_nothing()
        drive = ShownDrive(
            seconds=world.steps / world.step_hz,
            pictures=self._pictures - self._waited,
            lost_s=self.clock.lost_ns / NS_PER_S,
            ending=ending,
            measures=world.measures(),
        )
        self.log.write("end", drive.to_json())
        return drive

    def _show(self) -> str:
        deadline_ns = self.clock.now_ns()
        while True:
            self._picture()
            if self.world.is_over:
                return "over"
            if self.world.steps >= self.seconds * self.world.step_hz:
                return "time"
            deadline_ns = max(deadline_ns + round(NS_PER_S / self.rate_hz), self.clock.now_ns())
            if self.stop() or not self._live_until(deadline_ns):
                return "closed"

    def _picture(self) -> None:
        world = self.world
        self.clock.keep_up()
        if self.clock.lost_ns != self._lost_ns:
            self._lost_ns = self.clock.lost_ns
            self._ask()
        elif self._untold and self.held is not None:
            self._let_go(self._untold - self.held.ask())
        if self.waits:
            self._waited += 1
        else:
            world.catch_up()
        frame_HWC = picture_of(world)
        if self.is_stamped:
            frame_HWC = frame_HWC.copy()
            draw_stamp(frame_HWC, self._pictures)
        began_ns = self.log.now_ns()
        self.window.show(frame_HWC)
        if self.log.is_on:
            self.log.write("picture", {"began_ns": began_ns, **self._facts(frame_HWC)})
        self._pictures += 1

    def _facts(self, frame_HWC: FrameArray) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "number": self._pictures,
            "step": self.world.steps,
            "grid": grid_of(frame_HWC),
            "telemetry": self.world.telemetry(),
        }
        if self.hint is not None:
            facts["hint"] = sorted(code for code, value in self.hint().items() if value)
        return facts

    def _live_until(self, deadline_ns: int) -> bool:
        """Take what happens until a time; returns False when the window is to close."""
        for happening in self.window.happenings(self.clock, deadline_ns):
            self.clock.keep_up()
            if happening.kind == "close":
                return False
            if happening.kind == "focus":
                self.log.write("focus", {"value": happening.value})
                self._ask()
                continue
            if happening.kind == "move":
                self._move(happening.code, happening.value)
                continue
            self._untold.discard(happening.code)
            self._hold(happening.code, happening.value)
        return True

    def _ask(self) -> None:
        """Hold in the world what is held now, and nothing else; without the focus nothing is meant for it."""
        told = set(self.window.held())
        system = self.held.ask() if self.held is not None and self.window.is_focused else set()
        self._untold = system - told
        self._let_go(self._down - told - system)
        for code in sorted((told | system) - self._down):
            self._hold(code, 1.0)

    def _let_go(self, codes: set[str]) -> None:
        for code in sorted(codes):
            self._untold.discard(code)
            self._hold(code, 0.0)

    def _move(self, code: str, value: float) -> None:
        """Let the world move by what the mouse did."""
        self.log.write("move", {"code": code, "value": value})
        self.waits = False
        self.world.hold(self.keys[code], value)

    def _hold(self, code: str, value: float) -> None:
        """Hold a key of the keyboard in the world from now on, or let it go."""
        if bool(value) == (code in self._down):
            return
        (self._down.add if value else self._down.discard)(code)
        self.log.write("key", {"code": code, "value": value})
        if value or not self.waits:
            self.waits = False
            self.world.hold(self.keys[code], value)


def picture_of(world: Stepped) -> FrameArray:
    """Return what a world shows now.

    Shapes:  returns (H, W, 3) uint8. Raises: DeviceFailed when it shows no picture.
    """
    picture = world.render()
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.shape[2:] != (3,):
        raise DeviceFailed(
            f"The world renders {type(picture).__name__} where a picture (height, width, 3) of uint8 was expected."
        )
    shown_HWC: FrameArray = picture
    return shown_HWC
