"""history.jsonl of a run: a line for each thing that a validation measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from playhead.decoding import decode_json, encode_json, plain
from playhead.errors import Damaged
from playhead.models.run_file import THEN

MOST_LINES = 100_000
Json = dict[str, Any]


def read_history(data: bytes, where: str) -> list[Json]:
    """Return the lines of a history. Raises Damaged for lines that are none, and for too many."""
    lines = data.splitlines()
    if len(lines) > MOST_LINES:
        raise Damaged(f"{where} has {len(lines):,} lines, at most {MOST_LINES:,} are read.")
    told = [decode_json(line, HistoryLine, where=where, then=THEN) for line in lines]
    return [_known_only(msgspec.to_builtins(line)) for line in told]


_Number = float | None | msgspec.UnsetType
_Numbers = dict[str, float | None] | msgspec.UnsetType


class _HeadLine(msgspec.Struct):
    loss: _Number = msgspec.UNSET
    accuracy: _Number = msgspec.UNSET
    change_f1: _Number = msgspec.UNSET
    change_share: _Number = msgspec.UNSET
    f1: _Numbers = msgspec.UNSET
    mean_error: _Numbers = msgspec.UNSET
    repeat_last: _Numbers = msgspec.UNSET
    majority: _Numbers = msgspec.UNSET


class HistoryLine(msgspec.Struct):
    """A line of history.jsonl as far as anybody reads it: what a validation measured."""

    step: Annotated[int, msgspec.Meta(ge=0)]
    train_loss: _Number = msgspec.UNSET
    loss: _Number = msgspec.UNSET
    windows: int | msgspec.UnsetType = msgspec.UNSET
    change_f1: _Number = msgspec.UNSET
    accuracy: _Number = msgspec.UNSET
    heads: dict[str, _HeadLine] | msgspec.UnsetType = msgspec.UNSET


def _known_only(value: Any) -> Any:
    """Leave out numbers that were none."""
    if isinstance(value, dict):
        return {name: _known_only(inner) for name, inner in value.items() if inner is not None}
    return value


def history_bytes(history: Sequence[Mapping[str, Any]]) -> bytes:
    """Return what history.jsonl holds; a number that is none is null."""
    return b"".join(encode_json(plain(line)) + b"\n" for line in history)
