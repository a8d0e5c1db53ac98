"""The keys that are meant for playhead and not for the game."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from playhead.errors import BadValue, not_found
from playhead.input.codes import key_of


@dataclass(frozen=True, kw_only=True)
class Hotkeys:
    """Which key means what. `resume` gives control back to the network, or goes on after a pause."""

    pause: str = "f9"
    stop: str = "f10"
    mark: str = "f7"
    drop: str = "f4"
    resume: str = "f8"

    @classmethod
    def of(cls, options: Mapping[str, Any], controls: Collection[str] = ()) -> Hotkeys:
        """Return the hotkeys of a device: the usual ones, overlaid with its option `hotkeys`.

        Raises:  NotFound for an unknown hotkey or key, BadValue for a key that means two things.
        """
        asked = options.get("hotkeys") or {}
        known = [field.name for field in fields(cls)]
        if not isinstance(asked, Mapping):
            raise BadValue(f"The option hotkeys={asked} is no mapping. Give one as hotkeys.{known[0]}=f6.")
        for name in asked:
            if name not in known:
                raise not_found("hotkey", name, known)
        hotkeys = cls(**{name: str(code) for name, code in asked.items()})
        hotkeys._check(controls)
        return hotkeys

    @property
    def codes(self) -> dict[str, str]:
        """Meaning -> key."""
        return asdict(self)

    def _check(self, controls: Collection[str]) -> None:
        taken = dict.fromkeys(controls, "the game itself")
        for meaning, code in self.codes.items():
            key_of(code)
            if code in taken:
                raise BadValue(
                    f"The hotkey {meaning} is the key {code}, which {taken[code]} needs. "
                    f"Choose another with hotkeys.{meaning}=f6."
                )
            taken[code] = f"the hotkey {meaning}"
