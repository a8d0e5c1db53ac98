"""What a person does, told apart: keys of the game, and hotkeys that are meant for playhead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from playhead.clock import Clock
from playhead.errors import BadValue, not_found
from playhead.events import HOTKEY, Event, Origin
from playhead.input import Input

PAUSE, RESUME, MARK, STOP = "pause", "resume", "mark", "stop"
HOTKEYS = {MARK: "f7", RESUME: "f8", PAUSE: "f9", STOP: "f10"}


def hotkeys_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return meaning -> key of a device's options; `hotkeys.pause=f6` changes one. Raises NotFound."""
    changes = options.get("hotkeys", {})
    for meaning in changes:
        if meaning not in HOTKEYS:
            raise not_found("hotkey", meaning, HOTKEYS)
    return HOTKEYS | dict(changes)


class Ears:
    """An input around an input. A hotkey comes out once, when it is pressed, as an event of the device HOTKEY.

    `hotkeys` maps what is meant (pause, resume, mark, stop) to the code of a key.
    Raises:  BadValue when a hotkey is also a control of the game, or two hotkeys are one key.
    """

    def __init__(
        self, keys: Input, clock: Clock, hotkeys: Mapping[str, str], *, controls: Collection[str] = ()
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._meanings = {code: meaning for meaning, code in hotkeys.items()}
        self._held: dict[str, float] = {}
        self._begins = False
        for meaning, code in hotkeys.items():
            if code in controls or self._meanings[code] != meaning:
                other = "the game itself" if code in controls else f"the hotkey {self._meanings[code]}"
                raise BadValue(
                    f"The hotkey {meaning} is the key {code}, which {other} needs. "
                    f"Choose another with --set hotkeys.{meaning}=f6."
                )

    @property
    def held(self) -> dict[str, float]:
        """What the person holds now, by code, hotkeys left out."""
        return dict(self._held)

    def begin(self) -> None:
        """Have the next `listen` begin with a press of everything held by now: a recording starts there."""
        self._begins = True

    def listen(self) -> list[Event]:
        """Return what the person did since the last call, hotkeys told apart."""
        told = self._presses() if self._begins else []
        self._begins = False
        for event in self._keys.listen():
            if event.code in self._meanings:
                if event.value:
                    told.append(replace(event, code=self._meanings[event.code], device=HOTKEY))
                continue
            self._held.pop(event.code, None)
            if event.value and event.origin is Origin.HUMAN:
                self._held[event.code] = event.value
            told.append(event)
        return told

    def _presses(self) -> list[Event]:
        now_ns = self._clock.now_ns()
        return [
            Event(time_ns=now_ns, code=code, value=value, origin=Origin.HUMAN)
            for code, value in self._held.items()
        ]

    def send(self, code: str, value: float) -> None:
        """Pass on."""
        self._keys.send(code, value)

    def release_all(self) -> None:
        """Pass on."""
        self._keys.release_all()

    def close(self) -> None:
        """Pass on."""
        self._keys.close()
