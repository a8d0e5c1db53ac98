"""What is left of a live run: its diary, the curve of its validations, what its balancing saw and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playhead.decoding import encode_json, read_json
from playhead.errors import Damaged, NotFound, not_found
from playhead.home import Home
from playhead.live.diary import Entry, read_diary
from playhead.live.settings import FILE, read_settings
from playhead.models.run_file import write_whole
from playhead.models.run_history import read_history
from playhead.names import checked_name, command, visible

BALANCE_FILE = "balance.json"
_Counts = Annotated[list[Annotated[int, Meta(ge=0)]], Meta(max_length=65_536)]
BARS = "▁▂▃▄▅▆▇█"


class _Table(msgspec.Struct):
    bins: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=65_536)]
    seen: _Counts
    sent: _Counts


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A live run as it was."""

    name: str
    diary: Sequence[Entry]
    history: Sequence[Mapping[str, Any]]

    def lines(self) -> list[str]:
        """Say it in lines: the diary, then the loss of each validation as a curve of blocks."""
        told = [f"{one.utc[:19]}  {one.part:<12} {one.said}" for one in self.diary]
        losses = [float(one["loss"]) for one in self.history if "loss" in one]
        if losses:
            low, top = min(losses), max(losses)
            last = losses[-60:]
            bars = "".join(BARS[round((one - low) / max(top - low, 1e-9) * (len(BARS) - 1))] for one in last)
            told.append(f"validation loss {losses[0]:.4f} to {losses[-1]:.4f}, lowest {low:.4f}: {bars}")
        return told

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        diary = [msgspec.to_builtins(one) for one in self.diary]
        return {"name": self.name, "diary": diary, "validations": [dict(one) for one in self.history]}


def find_live(home: Home, named: str) -> Path:
    """Return the folder of a live run, GAME/NAME, or of the last one of a game. Raises NotFound."""
    game, _, name = named.partition("/")
    parent = home.path / "live" / checked_name(game, "the game")
    known = sorted(
        (one for one in parent.glob("*") if (one / FILE).is_file()),
        key=lambda one: (one / FILE).stat().st_mtime_ns,
    )
    if not known:
        raise NotFound(f"There is no live run of {game} in {parent}. Begin one: {command('live', game)}.")
    if not name:
        return known[-1]
    found = {one.name: one for one in known}
    if name not in found:
        raise not_found(f"live run of {game}", name, found)
    return found[name]


def replayed(home: Home, named: str) -> Replayed:
    """Read what is left of a live run. Raises NotFound, Damaged."""
    folder = find_live(home, named)
    settings = read_settings(folder)
    history = home.runs(settings.game, settings.recipe_name) / settings.name / "history.jsonl"
    told = read_history(history.read_bytes(), str(history)) if history.is_file() else []
    return Replayed(name=f"{settings.game}/{settings.name}", diary=read_diary(folder), history=told)


def keep_balance(folder: Path, tables: Mapping[str, Any]) -> None:
    """Keep what the balancing saw and sent."""
    write_whole(folder / BALANCE_FILE, encode_json(tables))


def balanced(home: Home, named: str) -> dict[str, Any]:
    """Read what the balancing of a live run saw and sent. Raises NotFound, Damaged."""
    folder = find_live(home, named)
    try:
        tables = read_json(folder / BALANCE_FILE, dict[str, _Table])
    except FileNotFoundError:
        raise NotFound(f"{folder.name} has not balanced anything yet.") from None
    for name, one in tables.items():
        if not len(one.bins) == len(one.seen) == len(one.sent):
            raise Damaged(
                f"{folder / BALANCE_FILE} has {len(one.bins)} bins of {visible(name)[:80]}, and other "
                "numbers of them. Delete it: the live run writes it anew."
            )
    return {name: msgspec.to_builtins(one) for name, one in tables.items()}
