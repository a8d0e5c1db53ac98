"""Pictures as the page shows them, with what is said below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Example:
    """A picture with what was true and what was answered: rows of (name, true, answered).

    `place` says where it is found again, `details` are (name, value) of whatever else is known of it.
    """

    picture: bytes
    caption: str
    rows: Sequence[tuple[str, float, float]] = ()
    place: str = ""
    details: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """One picture, and beside it how much each place of it speaks for each class: (class, stated, picture)."""

    picture: bytes
    caption: str
    true: str
    heats: Sequence[tuple[str, float, bytes]]
