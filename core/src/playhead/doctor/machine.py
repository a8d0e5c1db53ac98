"""The delays measured on this machine, kept in the home folder: machine.json, per game and device."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from playhead.home import Home
from playhead.storage.disk import replace_json

FILE = "machine.json"
FORMAT_VERSION = 1
Say = Callable[[str], object]
Delays = dict[str, dict[str, "Delay"]]


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How long it took from look to press. `by` is the command that measured it, `measured` when.

    Units:  delay_s seconds; sections_ms milliseconds.
    """

    delay_s: float
    sections_ms: Mapping[str, float] = field(default_factory=dict)
    by: str = ""
    measured: str = field(default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds"))


def machine_file(home: Home) -> Path:
    """Return where the delays of a home lie."""
    return home.path / FILE


def known_delays(home: Home, say: Say) -> Delays:
    """Return what was measured, game -> device -> delay. A damaged file is said and counts as none."""
    file = machine_file(home)
    try:
        return _parsed(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"Warning: {file} cannot be read ({error!r}) and is left aside. Measure again: playhead doctor GAME.")
        return {}


def _parsed(data: Any) -> Delays:
    if data["format_version"] != FORMAT_VERSION:
        raise ValueError(f"format_version {data['format_version']}, this playhead reads {FORMAT_VERSION}")
    return {
        game: {device: _delay(row) for device, row in devices.items()} for game, devices in data["delays"].items()
    }


def _delay(row: Mapping[str, Any]) -> Delay:
    delay = Delay(**row)
    if (
        isinstance(delay.delay_s, bool)
        or not isinstance(delay.delay_s, (int, float))
        or not 0 <= delay.delay_s < 60
    ):
        raise ValueError(f"a delay of {delay.delay_s!r} s")
    return delay


def delay_of(home: Home, game: str, device: str, say: Say) -> Delay | None:
    """Return what was measured for a game on a device; None when nothing was."""
    return known_delays(home, say).get(game, {}).get(device)


def remember(home: Home, game: str, device: str, delay: Delay, say: Say) -> None:
    """Put a delay in the place of the last one; readers see the old file or the new. A full disk is only said."""
    delays = known_delays(home, say)
    delays.setdefault(game, {})[device] = delay
    rows = {
        name: {where: asdict(one) for where, one in devices.items()} for name, devices in sorted(delays.items())
    }
    file = machine_file(home)
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        scratch = file.with_name(f".{FILE}-{os.getpid()}.part")
        replace_json(file, {"format_version": FORMAT_VERSION, "delays": rows}, scratch)
    except OSError as error:
        say(f"Warning: the measured delay could not be kept in {file}: {error}.")
