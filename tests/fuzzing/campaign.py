"""Makes numbered inputs, lets commands meet them, and says what was done wrong. A seed always makes the same."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from fuzzing import checkpoints, databases, datasets, hdf5, homes, pairs, recordings, runs, videos, zips
from fuzzing.judge import OTHER, SORTS, Fault, cause, judged
from fuzzing.process import Limits, Outcome, run, warm
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import Seeds

Maker = Callable[[Random, Sandbox, Seeds], tuple[str, list[tuple[str, ...]]]]
KINDS: dict[str, Maker] = {
    "recordings": recordings.make,
    "runs": runs.make,
    "homes": homes.make,
    "checkpoints": checkpoints.make,
    "hdf5": hdf5.make,
    "sqlite": databases.make,
    "zip": zips.make,
    "pictures": datasets.make,
    "pairs": pairs.make,
    "video": videos.make,
}
# Of which kind the inputs are, in turn.
TURNS = (
    "recordings",
    "runs",
    "hdf5",
    "sqlite",
    "zip",
    "video",
    "recordings",
    "runs",
    "pictures",
    "homes",
    "recordings",
    "checkpoints",
    "pairs",
)
FOR_REAL = 23  # every so manieth input is tried in processes started as a person does


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one input."""

    number: int
    kind: str
    what: str
    seconds: float
    faults: tuple[Fault, ...]

    def lines(self) -> Iterator[str]:
        """Say what was wrong, with what, in which command."""
        for fault in self.faults:
            yield f"{self.kind} {self.number}: {self.what[:200]!a}"
            yield f"    playhead {fault.command[:200]!a}"
            yield f"    {fault.sort}: {fault.what[:300]}"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """Inputs to be tried: by which seed, in which folder, whether those with faults stay there."""

    seed: int
    folder: Path
    jobs: int = 1
    keeps: bool = False
    tells: bool = False  # all that the commands say
    limits: Limits = field(default_factory=Limits)

    def run(self, numbers: Sequence[int]) -> list[Verdict]:
        """Try all these inputs, `jobs` at a time."""
        clear(self.folder / "seeds")
        (self.folder / "seeds").mkdir()
        os.environ["MPLCONFIGDIR"] = str(self.folder / "seeds" / "matplotlib")  # its list of fonts takes seconds
        warm()
        seeds = Seeds(self.folder / "seeds").make()
        pids = []
        for job in range(self.jobs):
            pid = os.fork()
            if not pid:
                os._exit(self._work(numbers[job :: self.jobs], seeds, self.folder / f"verdicts-{job}"))
            pids.append(pid)
        ended = [os.waitpid(pid, 0)[1] for pid in pids]
        if any(ended):
            raise SystemExit("A worker of the fuzz test itself failed.")
        told = [json.loads(line) for job in range(self.jobs) for line in self._lines(job)]
        verdicts = [Verdict(**{**one, "faults": tuple(Fault(**fault) for fault in one["faults"])}) for one in told]
        return sorted(verdicts, key=lambda verdict: verdict.number)

    def _lines(self, job: int) -> list[str]:
        return (self.folder / f"verdicts-{job}").read_text().splitlines()

    def _work(self, numbers: Sequence[int], seeds: Seeds, verdicts: Path) -> int:
        try:
            with verdicts.open("w") as told:
                for number in numbers:
                    box = Sandbox(self.folder / f"{kind_of(number)}-{number}")
                    verdict = self._try(number, box, seeds)
                    print(json.dumps(asdict(verdict)), file=told, flush=True)
                    for line in verdict.lines():
                        print(line, flush=True)
                    if not (self.keeps and verdict.faults):
                        clear(box.place)
            return 0
        except BaseException:
            traceback.print_exc()
            return 1

    def _try(self, number: int, box: Sandbox, seeds: Seeds) -> Verdict:
        """Make one input, run its commands and judge."""
        began = time.monotonic()
        kind = kind_of(number)
        try:
            what, commands = KINDS[kind](Random(f"{self.seed}/{number}"), box, seeds)
        except (
            MemoryError,
            OSError,
        ) as error:  # harmed twice: what is gone, or a terabyte by now, is harmed no more
            what, commands = f"could not be made: {type(error).__name__}", []
            print(f"{kind} {number} {what}", flush=True)
        box.lay()
        faults = []
        for args in commands:
            for_real = number % FOR_REAL == FOR_REAL - 1
            outcome = run(args, box.place, box.environment, self.limits, for_real=for_real)
            faults += judged(outcome)
            command = " ".join(args)
            faults += [Fault(sort=OTHER, what=told, command=command) for told in box.broken_promises(outcome)]
            if self.tells:
                print(_told(what, outcome), flush=True)
        faults += [Fault(sort=OTHER, what=touched) for touched in box.touched()]
        seconds = time.monotonic() - began
        return Verdict(number=number, kind=kind, what=what, seconds=seconds, faults=tuple(faults))


def kind_of(number: int) -> str:
    """Return of which kind an input is."""
    return TURNS[number % len(TURNS)]


def _told(what: str, outcome: Outcome) -> str:
    command = " ".join(outcome.args)
    said = f"{outcome.out[-3000:]}{outcome.err[-6000:]}"
    took = f"[{outcome.code}, {outcome.seconds:.2f} s, +{outcome.growth / 2**20:.0f} MB]"
    return f"{what[:300]!a}\n$ playhead {command!a}\n{said}{took}\n"


def clear(place: Path) -> None:
    """Remove a folder, whatever it forbids."""
    for path, _, _ in os.walk(place):
        with suppress(OSError):
            Path(path).chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def working(keep: Path | None) -> Iterator[Path]:
    """Lend a folder, a temporary one unless one is given."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    try:
        yield folder
    finally:
        clear(folder)


def table(verdicts: Sequence[Verdict]) -> str:
    """Say how many inputs of each kind ended how, and every cause once with an input that shows it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    causes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for verdict in verdicts:
        counts[verdict.kind]["inputs"] += 1
        counts[verdict.kind].update({fault.sort for fault in verdict.faults})
        for fault in verdict.faults:
            causes[verdict.kind, fault.sort, cause(fault.what)].append(verdict.number)
    counts["all"] = sum((counts[kind] for kind in sorted(counts)), Counter())
    lines = [f"{'kind':<12}{'inputs':>8}" + "".join(f"{sort:>12}" for sort in SORTS)]
    for kind, count in counts.items():
        lines.append(f"{kind:<12}{count['inputs']:>8}" + "".join(f"{count[sort]:>12}" for sort in SORTS))
    if causes:
        lines += ["", "causes, how often, and the first inputs that show them:"]
    for (kind, sort, what), numbers in sorted(causes.items(), key=lambda item: (item[0][0], -len(item[1]))):
        first = ", ".join(map(str, sorted(set(numbers))[:4]))
        lines.append(f"  {kind} {sort} x{len(numbers)} [{first}] {what}")
    return "\n".join(lines)


def main() -> int:
    """Read what is asked, run, print the table; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=70, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1, help="what decides them")
    parser.add_argument("--kind", choices=list(KINDS), action="append", help="inputs of these kinds alone")
    parser.add_argument("--only", type=int, nargs="*", help="these numbers alone, with all that commands say")
    parser.add_argument("--keep", type=Path, help="keep inputs with faults in this folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="inputs at a time")
    asked = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", SDL_VIDEODRIVER="dummy", PYTHONUTF8="1", MPLBACKEND="agg")
    wanted = (number for number in itertools.count() if kind_of(number) in (asked.kind or KINDS))
    numbers = asked.only or list(itertools.islice(wanted, asked.inputs))
    began = time.monotonic()
    with working(asked.keep) as folder:
        campaign = Campaign(
            seed=asked.seed,
            folder=folder,
            jobs=min(asked.jobs, len(numbers)),
            keeps=asked.keep is not None,
            tells=asked.only is not None,
        )
        verdicts = campaign.run(numbers)
    print(table(verdicts))
    print(f"seed {asked.seed}, {len(verdicts)} inputs in {time.monotonic() - began:.0f} s")
    return 1 if any(verdict.faults for verdict in verdicts) else 0
