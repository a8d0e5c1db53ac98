"""The folder in which one input lies, with canaries beside it that nobody may touch."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.hostile import LEAKED
from fuzzing.process import Outcome

CANARY_CODE = """
import os
with open(os.environ["FUZZ_CANARY"], "a") as told:
    told.write("imported\\n")
def run(*args, **options):
    with open(os.environ["FUZZ_CANARY"], "a") as told:
        told.write("called\\n")
"""
_LONG_AGO_NS = 10**18

State = dict[str, tuple[int, str]]


@dataclass
class Sandbox:
    """One input: `home`, `given` (files to import or play), `outside` (canaries), `healthy` (must stay as it is).

    `promises`: how a command begins, and what it says on stdout whatever was harmed; "": that it ends well.
    `may_read`: following a link that somebody put into their own home is no fault, one in a file to import is.
    """

    place: Path
    healthy: list[Path] = field(default_factory=list)
    promises: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    may_read: bool = True

    def __post_init__(self) -> None:
        self.home, self.given, self.outside = (self.place / name for name in ("home", "given", "outside"))
        self.code = self.place / "code"
        for folder in (self.home, self.given, self.outside, self.code, self.place / "cwd"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.code / "fuzz_canary.py").write_text(CANARY_CODE)
        (self.outside / "secret.txt").write_text(f"{LEAKED} secret\n" * 400)
        self.ran = self.place / "ran"

    @property
    def environment(self) -> dict[str, str]:
        """What commands see of the environment beside what it holds already."""
        return {
            "PLAYHEAD_HOME": str(self.home),
            "PYTHONPATH": str(self.code),
            "FUZZ_CANARY": str(self.ran),
            "HOME": str(self.place / "cwd"),
        }

    def canary(self, name: str, source: Path) -> Path:
        """Put a file of the right kind outside, for an input to point at."""
        file = self.outside / name
        shutil.copyfile(source, file)
        return file

    def lay(self) -> None:
        """Note how everything is that must stay."""
        self._outside = _state([self.outside])
        self._healthy = _state(self.healthy)
        for file in _files([self.outside]):
            os.utime(file, ns=(_LONG_AGO_NS, file.stat().st_mtime_ns))

    def broken_promises(self, outcome: Outcome) -> list[str]:
        """Say what a command did not do for the healthy, because of the harmed."""
        told = []
        for begins, said in self.promises:
            if outcome.killed or outcome.args[: len(begins)] != begins:
                continue
            if said not in outcome.out:
                told.append(f"{' '.join(begins)} does not tell of the healthy {said}")
            if not said and outcome.code:
                told.append(f"{' '.join(begins)} of the healthy ends with {outcome.code}: {outcome.err[-200:]!r}")
        return told

    def touched(self) -> list[str]:
        """Say what was done that must not be: changes and reading outside, changes to healthy things, code run."""
        told = []
        read = [file.name for file in _files([self.outside]) if file.stat().st_atime_ns != _LONG_AGO_NS]
        if not self.may_read:
            told += [f"outside file {name} was read" for name in read]
        told += [f"outside file {name}" for name in _differences(self._outside, _state([self.outside]), new=True)]
        told += [f"healthy file {name}" for name in _differences(self._healthy, _state(self.healthy), new=False)]
        if self.ran.exists():
            told.append(f"code run: {self.ran.read_text().split()[-1]}")
        return told


def _files(folders: Iterable[Path]) -> list[Path]:
    return [file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]


def _state(folders: Iterable[Path]) -> State:
    return {
        str(file): (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in _files(folders)
    }


def _differences(before: State, after: State, *, new: bool) -> list[str]:
    told = [f"{name} is gone" for name in before if name not in after]
    told += [f"{name} was changed" for name in before if name in after and after[name] != before[name]]
    return told + [f"{name} was written" for name in after if new and name not in before]
