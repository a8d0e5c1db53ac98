"""What one check says: ok, not ok or left out, a figure with its unit, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from playhead.errors import NoWindow, PlayheadError

Status = Literal["ok", "not ok", "left out"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer of one check. `then` is what to do when it failed; `is_needed`: nothing works without it.

    Units:  value in `unit`; None where nothing was measured.
    """

    name: str
    status: Status
    says: str
    value: float | None = None
    unit: str = ""
    then: str = ""
    is_needed: bool = True

    @property
    def is_fatal(self) -> bool:
        """Whether something that is needed fails."""
        return self.status == "not ok" and self.is_needed

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)


def left_out(name: str, why: str) -> Finding:
    """Return the finding of a check that does not apply here."""
    return Finding(name=name, status="left out", says=why, is_needed=False)


def failed(name: str, error: PlayheadError, *, is_needed: bool = True) -> Finding:
    """Return the finding for an error, whose text says what to do."""
    says, then = (error.reason, error.then) if isinstance(error, NoWindow) else _split(str(error))
    return Finding(name=name, status="not ok", says=says, then=then, is_needed=is_needed)


def attempt(name: str, check: Callable[[], Finding], *, is_needed: bool = True) -> Finding:
    """Run a check; what it raises for users is a finding too."""
    try:
        return check()
    except PlayheadError as error:
        return failed(name, error, is_needed=is_needed)


def _split(text: str) -> tuple[str, str]:
    """Return the first sentence and the rest: what is wrong, and what to do."""
    first, dot, rest = text.partition(". ")
    return (first, rest) if dot else (text.removesuffix("."), "")
