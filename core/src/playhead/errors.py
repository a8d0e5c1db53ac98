"""Every error a user can meet. One tree, free of click; each class is also a builtin where that is natural.

A message says what is wrong with which value, where, and what to type next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PlayheadError(Exception):
    """Anything playhead says to its user instead of a traceback."""


class NotFound(PlayheadError, LookupError):
    """A name that nothing answers to: a game, run, recording, label, model, option."""


class BadValue(PlayheadError, ValueError):
    """A value that cannot be used: out of range, of the wrong kind, contradicting another."""


class Mismatch(PlayheadError, ValueError):
    """Two things that must agree and do not: game, frame size, rate, label order, format version."""


class PluginError(PlayheadError, RuntimeError):
    """A plugin that cannot be loaded, is misspelt or clashes with another."""


class Damaged(PlayheadError, OSError):
    """A file that exists but cannot be read as what it should be."""


class NotANumber(PlayheadError, ArithmeticError):
    """A number that is none (NaN or infinite) where something was learned."""


class Collapsed(PlayheadError, ArithmeticError):
    """A network that answers the same whatever it sees, where something was to be learned."""


class EndedBySignal(PlayheadError):
    """A signal ended what was done; `code` is the exit code that says which."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


class OutOfMemory(PlayheadError, MemoryError):
    """More memory was asked for, of a GPU or of this machine, than there is."""


class NothingToTrain(PlayheadError, ValueError):
    """No recordings, or none long enough, or none with labels."""


class DeviceFailed(PlayheadError, OSError):
    """A window, environment, keyboard or disk that stopped working."""


class NoDevice(DeviceFailed):
    """Something that should be there and is not: `reason` in a few words, `then` what to do."""

    def __init__(self, reason: str, then: str = "") -> None:
        super().__init__(f"{reason[:1].upper()}{reason[1:]}. {then}" if then else reason)
        self.reason, self.then = reason, then


class NoWindow(NoDevice):
    """No window of the game, or not just one, or no desktop."""


class NoPhone(NoDevice):
    """No phone, or not just one, or none that may be used, or nothing that could reach it."""


class StorageFull(DeviceFailed):
    """The disk is full; everything already written is intact."""


def is_of_one(error: BaseException) -> bool:
    """Whether an error may be of one episode alone, so that others are worth a try.

    Not a wrong option, which is wrong for all, nor a device that is not there, nor a full disk.
    """
    return isinstance(error, (DeviceFailed, PluginError)) and not isinstance(error, (NoDevice, StorageFull))


NAMED = 10  # names in a sentence; of more the others are counted


def listed(names: Iterable[str], *, most: int = NAMED, otherwise: str = "none") -> str:
    """Return names as a sentence says them: the first, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more or otherwise


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known names come close to `name`, then list them; of many those that come closest."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=NAMED, cutoff=0.6)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    first = sorted([*close, *(one for one in names if one not in close)][:NAMED]) if len(names) > NAMED else names
    return f"{hint} Known: {listed([*first, *(one for one in names if one not in first)])}."


LISTED = "All settings: playhead plugins --settings."  # for a setting that nobody knows


def not_found(kind: str, name: str, known: Iterable[str], *, then: str = "") -> NotFound:
    """Return the error for an unknown name of `kind`, with the nearest known name and what to type next."""
    sentence = f'No {kind} is called "{name}".{did_you_mean(name, known)}'
    return NotFound(f"{sentence} {then}".rstrip())
