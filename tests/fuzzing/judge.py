"""Decides whether a command did well with what it was given: said in a sentence what is wrong, or worked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fuzzing.hostile import FAKE_ROW, LEAKED
from fuzzing.process import Outcome

GIGABYTE = 2**30
MOST_SAID = 50_000  # characters on one line of stderr

TRACEBACK, NET, HANG, MEMORY, OTHER = "traceback", "net", "hang", "over 1 GB", "other"
SORTS = (TRACEBACK, NET, HANG, MEMORY, OTHER)

_NET = re.compile(r"^.*The traceback (?:is in (\S+);|could not be written).*$", re.MULTILINE)
# All control characters but the end of a line, those of C1, and those that turn the direction of a text.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FRAME = re.compile(r'File "[^"]*/((?:playhead|site-packages/)[^"]*)", line (\d+), in (\S+)')


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that a command did wrong: of which sort, and where or how, the same for all of one cause."""

    sort: str
    what: str
    command: str = ""


def judged(outcome: Outcome) -> list[Fault]:
    """Return what a command did wrong by itself."""
    command = " ".join(outcome.args)
    found = list(_ended(outcome)) + list(_spoken(outcome))
    return [Fault(sort=sort, what=what, command=command) for sort, what in found]


def _ended(outcome: Outcome) -> list[tuple[str, str]]:
    if outcome.killed:
        sort = MEMORY if "memory" in outcome.killed else HANG
        return [(sort, f"{outcome.killed} ({' '.join(outcome.args[:2])})")]
    found = []
    if outcome.growth > GIGABYTE:
        found.append((MEMORY, f"it grew by {outcome.growth / GIGABYTE:.1f} GB ({' '.join(outcome.args[:2])})"))
    said = outcome.err + outcome.out
    if "Traceback (most recent call last)" in said:
        found.append((TRACEBACK, _signature(said)))
    elif net := _NET.search(outcome.err):
        found.append((NET, _in_file(net[1]) or net[0][:300]))
    elif outcome.code not in (0, 1, 2):
        found.append((OTHER, f"exit code {outcome.code}"))
    elif outcome.code and not re.search(r"^(Error|Usage): .*\w", outcome.err, re.MULTILINE):
        found.append((OTHER, f"exit code {outcome.code} without a sentence: {outcome.err[-80:]!r}"))
    return found


def _in_file(file: str | None) -> str:
    try:
        return _signature(Path(file or "").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""


def _signature(said: str) -> str:
    """Return the error of a traceback and the innermost place in our code, or else in anybody's."""
    text = said[said.rindex("Traceback (most recent call last)") :]
    frames = _FRAME.findall(text)
    ours = [frame for frame in frames if not frame[0].startswith("site-packages/")] or frames or [("?", "0", "?")]
    error = next((line for line in text.splitlines()[1:] if line and not line.startswith(" ")), "?")
    return f"{ours[-1][0]}:{ours[-1][1]} {ours[-1][2]}: {error[:120]}"


def _spoken(outcome: Outcome) -> list[tuple[str, str]]:
    found = []
    for name, text in (("stdout", outcome.out), ("stderr", outcome.err)):
        if control := _CONTROL.search(text):
            found.append((OTHER, f"control character {control[0]!r} on {name}: {_around(text, control.start())}"))
        if re.search(rf"^{FAKE_ROW}", text, re.MULTILINE):
            found.append((OTHER, f"a faked row on {name}: {_around(text, text.index(FAKE_ROW))}"))
        if LEAKED in text:
            found.append((OTHER, f"content of a file outside on {name}: {_around(text, text.index(LEAKED))}"))
    longest = max((len(line) for line in outcome.err.splitlines()), default=0)
    if longest > MOST_SAID:
        found.append((OTHER, f"a line of {longest:,} characters on stderr"))
    return found


def _around(text: str, place: int) -> str:
    begin = text.rfind("\n", 0, place) + 1
    return ascii(text[begin : begin + 60])


def cause(what: str) -> str:
    """Return what one cause has in common in all its faults: without numbers, names of folders and quotations."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|(?<![:\w])\d[\d.,]*|/tmp/[^\s']*", "…", what)[:160]
