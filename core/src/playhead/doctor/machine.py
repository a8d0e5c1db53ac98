"""The measured delays, kept in the home folder: machine.json, per machine, game and device.

A home may lie on a disk that machines share, or be copied: what was measured on another machine is not taken.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.decoding import convert, read_json
from playhead.errors import Damaged
from playhead.home import Home
from playhead.locks import alone_in
from playhead.storage.disk import replace_json

FILE = "machine.json"
FORMAT_VERSION = 2  # 1 did not say on which machine
Say = Callable[[str], object]
Delays = dict[str, dict[str, dict[str, "Delay"]]]  # machine -> game -> device


@dataclass(frozen=True, kw_only=True)
class Delay:
    """How long it took from look to press. `by` is the command that measured it, `measured` when.

    Units:  delay_s seconds; sections_ms milliseconds.
    """

    delay_s: Annotated[float, Meta(ge=0, lt=60)]
    sections_ms: Mapping[str, float] = field(default_factory=dict)
    by: str = ""
    measured: str = field(default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds"))


def machine_file(home: Home) -> Path:
    """Return where the delays of a home lie."""
    return home.path / FILE


def this_machine() -> str:
    """Return the name by which this machine's delays are kept."""
    return platform.node() or "unnamed"


def known_delays(home: Home, say: Say) -> Delays:
    """Return what was measured anywhere. A damaged file, or one of an older format, is said and counts as none."""
    file = machine_file(home)
    try:
        return _read(file)
    except FileNotFoundError:
        return {}
    except Damaged as error:
        say(f"Warning: {error} It is left aside. Measure again: playhead doctor GAME.")
        return {}


class _MachinesJson(msgspec.Struct):
    format_version: int
    machines: dict[str, dict[str, dict[str, Delay]]]


def _read(file: Path) -> Delays:
    raw = read_json(file, dict[str, Any])
    version = raw.get("format_version")
    if version != FORMAT_VERSION:
        raise Damaged(f"{file} has format_version {version!r}, this playhead reads {FORMAT_VERSION}.")
    return convert(raw, _MachinesJson, where=str(file)).machines


def delay_of(home: Home, game: str, device: str, say: Say) -> Delay | None:
    """Return what was measured on this machine for a game on a device; None when nothing was."""
    return known_delays(home, say).get(this_machine(), {}).get(game, {}).get(device)


def delays_elsewhere(home: Home, game: str, device: str) -> dict[str, Delay]:
    """Return what other machines measured for a game on a device, by their names."""
    known = known_delays(home, lambda text: None)
    return {
        machine: games[game][device]
        for machine, games in known.items()
        if machine != this_machine() and device in games.get(game, {})
    }


def remember(home: Home, game: str, device: str, delay: Delay, say: Say) -> None:
    """Put this machine's delay in the place of its last one; readers see the old file or the new.

    A full disk is only said.
    """
    file = machine_file(home)
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        with alone_in(home.path):  # what another command measures just now is kept, too
            delays = known_delays(home, say)
            delays.setdefault(this_machine(), {}).setdefault(game, {})[device] = delay
            rows = {
                machine: {
                    name: {where: asdict(one) for where, one in devices.items()}
                    for name, devices in sorted(games.items())
                }
                for machine, games in sorted(delays.items())
            }
            scratch = file.with_name(f".{FILE}-{os.getpid()}.part")
            replace_json(file, {"format_version": FORMAT_VERSION, "machines": rows}, scratch)
    except OSError as error:
        say(f"Warning: the measured delay could not be kept in {file}: {error}.")
