"""A mouse's motions by the codes of a game, heard and sent. Knows focus, sensitivity and manners, and no keys.

Where a game does not hide and hold the pointer, its window ends: nothing is moved beyond its edge, and nothing is
clicked or moved while the pointer is over anything else, and what a person does out there is not heard.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from playhead.errors import BadValue, not_found
from playhead.events import MOTIONS, MOUSE_WHEEL, MOUSE_X, MOUSE_Y, Event, Origin
from playhead.guarded import warn_on_stderr
from playhead.input.mice import SystemMouse
from playhead.quantities import number

MOST_SENSITIVITY = 1000.0
# Counts and notches that are sent in one go; what is beyond is lost. X11 takes 16 bits; a notch is two clicks.
MOST_AT_ONCE = {MOUSE_X: 32_767, MOUSE_Y: 32_767, MOUSE_WHEEL: 100}


class Target(Protocol):
    """The window that motions are meant for."""

    @property
    def handle(self) -> int:
        """The system's number for it."""
        ...

    @property
    def title(self) -> str:
        """What stands in its title bar."""
        ...

    def is_focused(self) -> bool:
        """Whether keys pressed now go to it."""
        ...


@dataclass(frozen=True, kw_only=True)
class MouseOptions:
    """What a device says of its mouse, by its option `mouse`.

    `sensitivity` is what the game multiplies counts by: labels hold the product, what is sent is divided by it.
    With `is_accelerated` pixels are heard, as the pointer goes, and not what the mouse counts.
    """

    sensitivity: float = 1.0
    is_accelerated: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> MouseOptions:
        """Read the option of a device. Raises NotFound for an unknown part, BadValue for what it cannot be."""
        asked = options.get("mouse") or {}
        if not isinstance(asked, Mapping):
            raise BadValue(f"The option mouse={asked!r:.60} is no mapping. Give a part as mouse.sensitivity=2.")
        for name in asked:
            if name not in ("sensitivity", "accelerated"):
                raise not_found("part of the option mouse", str(name), ("accelerated", "sensitivity"))
        is_accelerated = asked.get("accelerated", False)
        if not isinstance(is_accelerated, bool):
            raise BadValue(f"The option mouse.accelerated={is_accelerated!r:.60} is neither true nor false.")
        sensitivity = number(
            asked.get("sensitivity", 1.0), "mouse.sensitivity", least=1 / MOST_SENSITIVITY, most=MOST_SENSITIVITY
        )
        return cls(sensitivity=sensitivity, is_accelerated=is_accelerated)


class Mouse:
    """The motions of a game, `codes` code -> motion.

    The game takes a count for `sensitivity` of one: events hold what it makes of them.
    """

    def __init__(
        self, system: SystemMouse, codes: Mapping[str, str], *, options: MouseOptions, window: Target | None = None
    ) -> None:
        self._system = system
        self._window = window
        self._motions = dict(codes)
        self._codes = {motion: code for code, motion in codes.items()}
        self._options = options
        self._owed = dict.fromkeys(MOTIONS, 0.0)  # of each motion: what whole counts did not come to
        self._is_warned = False

    @property
    def codes(self) -> Collection[str]:
        """What it moves."""
        return self._motions.keys()

    @property
    def settings(self) -> dict[str, Any]:
        """What a recording should say of it."""
        told = {"sensitivity": self._options.sensitivity, "accelerated": self._options.is_accelerated}
        place = self._place() if self._window is not None else None
        return {**told, **self._system.settings(), **({"began_at": list(place)} if place else {})}

    def _place(self) -> tuple[int, int] | None:
        return self._system.place(self._window.handle) if self._window is not None else None

    def is_inside(self) -> bool:
        """Whether the pointer is over the window, so that what is clicked or moved arrives there; say when not."""
        if self._window is None or self._place() is not None:
            return True
        self._warn()
        return False

    def _warn(self) -> None:
        """Say once that the pointer is elsewhere."""
        assert self._window is not None
        if not self._is_warned:
            self._is_warned = True
            warn_on_stderr(
                f'Warning: the mouse is outside "{self._window.title}", where it is neither heard nor moved. '
                "Bring it back over the window."
            )

    def _has_focus(self) -> bool:
        return self._window is None or self._window.is_focused()

    def heard(self) -> list[Event]:
        """Return what a person moved up to the last time that keys were heard, if it was meant for the game."""
        moved = [one for one in self._system.moved() if one.motion in self._codes]
        if not moved or not self._has_focus() or not self.is_inside():
            return []
        return [
            Event(
                time_ns=one.time_ns, code=self._codes[one.motion], value=self._made_of(one.motion, one.way),
                origin=Origin.HUMAN,
            )
            for one in moved
        ]  # fmt: skip

    def _made_of(self, motion: str, way: float) -> float:
        return way if motion == MOUSE_WHEEL else way * self._options.sensitivity

    def go(self, ways: Mapping[str, float]) -> bool:
        """Move so far, by code, in whole counts: what is left over is moved with the next that is.

        Says whether that was allowed.
        Raises:  DeviceFailed when the display has gone.
        """
        for code, way in ways.items():
            motion = self._motions[code]
            self._owed[motion] += way / self._made_of(motion, 1.0)
        right, up, notches = (self._whole(motion) for motion in (MOUSE_X, MOUSE_Y, MOUSE_WHEEL))
        inside = self._inside(right, up) if right or up or notches else (0, 0)
        if inside is None:
            self.forget()
            return False
        if inside != (0, 0):
            self._system.move(*inside)
        if notches:
            self._system.roll(notches)
        return True

    def _inside(self, right: int, up: int) -> tuple[int, int] | None:
        """Return how much of a move arrives in the window, None where nothing does."""
        if self._window is None:
            return right, up
        if not self._has_focus():
            return None
        inside = self._system.kept_inside(self._window.handle, right, up)
        if inside is None:
            self._warn()
        return inside

    def _whole(self, motion: str) -> int:
        most = MOST_AT_ONCE[motion]
        owed = min(most, max(-most, self._owed[motion]))
        whole = round(owed)
        self._owed[motion] = owed - whole
        return whole

    def begin_at(self, place: tuple[int, int]) -> None:
        """Put the pointer where a recording began, if the window has the focus."""
        if self._window is not None and self._has_focus():
            self._system.point(self._window.handle, *place)

    def forget(self) -> None:
        """Owe nothing."""
        self._owed = dict.fromkeys(MOTIONS, 0.0)
