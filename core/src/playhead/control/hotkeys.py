"""What a person does: keys of the game, and hotkeys, which are meant for playhead and filtered out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from playhead.adapters import passes_on
from playhead.events import HOTKEY, Event, Origin
from playhead.input import Input

PAUSE, RESUME, STOP = "pause", "resume", "stop"


@passes_on(Input)
class HotkeyFilter(Input):
    """An input around an input. A hotkey comes out once, when it is pressed, as an event of the device HOTKEY.

    `hotkeys` maps what is meant (pause, resume, mark, drop, stop) to the code of a key.
    """

    def __init__(self, keys: Input, hotkeys: Mapping[str, str]) -> None:
        self.inner = keys
        self._meanings = {code: meaning for meaning, code in hotkeys.items()}
        self._held: dict[str, Event] = {}
        self._begins = False

    def begin(self) -> None:
        """Have the next `listen` tell again of every press that still lasts: a recording starts there."""
        self._begins = True

    def listen(self) -> list[Event]:
        """Return what the person did since the last call, hotkeys told apart."""
        told = list(self._held.values()) if self._begins else []
        self._begins = False
        for event in self.inner.listen():
            if event.code in self._meanings:
                if event.value:
                    told.append(replace(event, code=self._meanings[event.code], device=HOTKEY))
                continue
            self._held.pop(event.code, None)
            if event.value and event.origin is Origin.HUMAN and not event.is_motion:
                self._held[event.code] = event
            told.append(event)
        return told
