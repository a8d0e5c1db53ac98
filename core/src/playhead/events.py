"""What a person, a network or a script did, one press, release, axis move or tap at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Origin(IntEnum):
    """Who did something. Stored as a number; NONE marks a frame that nobody labelled."""

    NONE = 0
    HUMAN = 1
    MODEL = 2
    SCRIPT = 3


PLAYED = "played"  # device name of events that really reached the game
TEACHER = "teacher"  # device name of events a teacher would have sent while somebody else drove
HOTKEY = "hotkey"  # device name of hotkeys, whose code is what they mean: pause, resume, mark, drop, stop
MARK = "mark"
# Codes that are no state but a way: a mouse's. Right, up and away from the hand are positive.
MOTIONS = MOUSE_X, MOUSE_Y, MOUSE_WHEEL = "mouse_x", "mouse_y", "mouse_wheel"
DROP, DROPPED_S = "drop", 10.0  # the hotkey by which a person says that the seconds before it teach nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened on one control.

    Units:  time_ns monotonic nanoseconds; value 1 pressed, 0 released, an axis in [-1, 1], or of a motion how far
    it went, in counts of the mouse and notches of its wheel.
    `device` is PLAYED for what reached the game, TEACHER for what a teacher would have done, and HOTKEY for
    what a person told playhead.
    """

    time_ns: int
    code: str
    value: float
    origin: Origin
    device: str = PLAYED

    @property
    def is_motion(self) -> bool:
        """Whether it says how far something moved, and not what is held from now on."""
        return self.code in MOTIONS
