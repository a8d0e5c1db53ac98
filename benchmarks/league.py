"""A league of games that nobody here wrote: python benchmarks/league.py [--games enduro pong] [--quick].

For each game: a scripted expert is recorded, one recipe for all games learns from that, and everybody drives new
seeds: the network, the expert, a random driver, one that repeats the keys of a recorded drive, each constant
action, and a plain script (plain_script.py) that learned from the same recordings.

    score = (return - return of random) / (return of the expert - return of random)

with an interval over the seeds driven, all drivers on the same. Every stage is kept in --out, one file each, and
made again only when what was asked for it changes (of a training also playhead's models, training and data, of a
network's drives also how it is played): stop it whenever you like, and give the same command again. `table.md` and
`league.json` hold every game that was asked for in the same way, and are written anew after each, so two commands
may do some games each. --curve adds less recorded time, and as much of it from more or fewer places; --rounds lets
the expert correct what was learned.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import plain_script
from league_drivers import Plain, Repeat, as_held, frames_of, label_rows
from league_stages import Stages
from league_table import CONSTANT, PLAIN, REPEAT, judged, plainly, table

import playhead
from playhead.control.blind import RANDOM
from playhead.control.drivers import Driver
from playhead.devices import open_device
from playhead.errors import PlayheadError
from playhead.evaluation.closed_loop import evaluate_closed_loop
from playhead.evaluation.config import config_of
from playhead.evaluation.policies import EXPERT, NETWORK, EvaluatedPolicy
from playhead.game import Game
from playhead.labels import Axes
from playhead.playing.session import play
from playhead.plugins import Plugins
from playhead.progress import Progress
from playhead.storage.reader import open_recording
from playhead.training import auto
from playhead.training.recipe import Recipe

# Seconds of an episode: what the environments set themselves, a minute where they set none.
LASTS_S = {
    "breakout": 60.0, "enduro": 60.0, "pong": 60.0, "healthgathering": 60.0, "deadlycorridor": 60.0,
    "lunarlander": 20.0, "lunarlander_axes": 20.0, "bipedalwalker": 32.0, "carracing": 20.0,
}  # fmt: skip
MINUTES = {"lunarlander": 48.0, "lunarlander_axes": 48.0}  # recorded of the expert, where it is not 12
DRIVEN_FROM = 10_000  # seeds of the drives that are scored; recordings count theirs from 1
CORRECTED_FROM = 1_000  # seeds of the first round of corrections
SHARES = (1 / 8, 1 / 4, 1 / 2)  # of the recorded time, for the curve
PLACES = (1, 2, 4, 8)  # times as many drives as last a quarter of the time, each so much shorter
LEARNS = "data", "models", "training"  # folders that decide what a training makes of recordings
PLAYS = "control", "playing"  # and what becomes of a network's answers
CALIBRATED = 40  # steps by which it is known how many steps the time allows


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What decides the outcome. Units:  minutes recorded, 0 for the game's; minutes a training may last."""

    minutes: float
    train_minutes: float
    steps: int
    seeds: int
    drives: int
    seconds: float
    recipe: str
    settings: dict[str, Any]
    noise: bool
    rounds: int


class Contest:
    """One game of the league."""

    def __init__(self, game: Game, plugins: Plugins, asked: Asked, out: Path, workers: int) -> None:
        self.game, self.plugins, self.asked, self.workers = game, plugins, asked, workers
        self.stages = Stages(out / game.name)
        self.lasts_s = min(asked.seconds or LASTS_S.get(game.name, 60.0), LASTS_S.get(game.name, 60.0))
        self.seeds = range(DRIVEN_FROM, DRIVEN_FROM + asked.drives)
        self.minutes = asked.minutes or MINUTES.get(game.name, 12.0)

    # -- recording

    def record(self) -> list[Path]:
        """Record the expert until the time is reached."""
        asked = {"minutes": self.minutes, "seconds": self.lasts_s, "noise": self.asked.noise}
        made = self.stages.make(
            "record", asked, partial(self._record, self.stages.folder.resolve() / "home", **asked)
        )
        return [Path(path) for path in made["recordings"]]

    def _record(
        self, home: Path, minutes: float, seconds: float, noise: bool, drives: int = 0, first: int = 1,
        by: Mapping[str, Any] = MappingProxyType({"driver": EXPERT}),
    ) -> dict[str, Any]:  # fmt: skip
        """Record drives that last so long together, or so many of them, on seeds from the first on."""
        shutil.rmtree(home, ignore_errors=True)
        paths: list[str] = []
        frames, wanted = 0, round(minutes * 60 * self.rate_hz)
        while len(paths) < drives if drives else frames < wanted:
            more = drives or max(1, min(20, round((wanted - frames) / (seconds * self.rate_hz))))
            recorded = playhead.record(
                self.game.name, **by, episodes=more, seconds=seconds, seed=first + len(paths),
                action_noise=noise, workers=self.workers, home=home,
            )  # fmt: skip
            frames += recorded.frames
            paths += [str(one.recording.path) for one in recorded.segments if one.recording is not None]
        return {"drives": len(paths), "minutes": round(frames / self.rate_hz / 60, 2), "recordings": paths}

    def corrections(self, number: int, run: Path) -> list[Path]:
        """Record the expert's corrections of a network that drives, a quarter of the time of all recordings."""
        asked: dict[str, Any] = {"minutes": self.minutes / 4, "seconds": self.lasts_s, "noise": False}
        by = {"run": run, "teacher": EXPERT, "beta": 0.3}
        record = partial(
            self._record, self.stages.folder.resolve() / f"round-{number}", **asked, first=CORRECTED_FROM * number,
            by=by,
        )  # fmt: skip
        made = self.stages.make(
            f"round-{number}", {**asked, "run": str(run), "learns": digest_of(*LEARNS)}, record
        )
        return [Path(path) for path in made["recordings"]]

    @property
    def rate_hz(self) -> float:
        return self.game.rate_hz("world")

    # -- training

    def train(self, name: str, recordings: Sequence[Path], seed: int) -> dict[str, Any]:
        """Train the one recipe on recordings; return the run's folder and what it took."""
        asked = {
            "recipe": self.asked.recipe, "settings": self.asked.settings, "steps": self.asked.steps, "seed": seed,
            "minutes": self.asked.train_minutes, "recordings": [str(path) for path in recordings],
            "learns": digest_of(*LEARNS),
        }  # fmt: skip
        made: dict[str, Any] = self.stages.make(name, asked, partial(self._train, name, recordings, seed))
        return made

    def _train(self, name: str, recordings: Sequence[Path], seed: int) -> dict[str, Any]:
        settings = {**self.asked.settings, "seed": Recipe().seed + seed}
        steps = self.asked.steps or int(settings.pop("steps", self._usual_steps(recordings)))
        home = self.stages.folder.resolve() / "trained" / name
        shutil.rmtree(home, ignore_errors=True)
        learn = partial(
            playhead.train, self.game.name, recipe=self.asked.recipe, recordings=list(recordings), home=home
        )
        if self.asked.train_minutes:
            times_s: list[float] = []
            learn(settings=settings, steps=CALIBRATED, on_step=lambda *_: times_s.append(time.perf_counter()))
            step_s = (times_s[-1] - times_s[len(times_s) // 2]) / (len(times_s) - 1 - len(times_s) // 2)
            steps = min(steps, max(1, int(self.asked.train_minutes * 60 / step_s)))
            shutil.rmtree(home)
        began_s = time.perf_counter()
        run = learn(settings=settings, steps=steps, progress=Told(self.game.name))
        return {"run": str(run.path), "steps": steps, "seconds": round(time.perf_counter() - began_s, 1)}

    def _usual_steps(self, recordings: Sequence[Path]) -> int:
        named = self.asked.recipe
        if named == auto.NAME:
            return auto.recipe_for(self.game, [open_recording(path) for path in recordings])[0].steps
        return self.game.recipes[named].steps

    # -- driving

    def drive(
        self, name: str, driver: EvaluatedPolicy | Callable[[int], Driver], asked: Any = None
    ) -> list[float]:
        """Return the returns of a driver on all seeds."""
        asked = {"seeds": [self.seeds.start, self.seeds.stop], "seconds": self.lasts_s, "driver": asked}
        returns: list[float] = self.stages.make(f"drive-{name}", asked, partial(self._drive, driver))
        return returns

    def _drive(self, driver: EvaluatedPolicy | Callable[[int], Driver]) -> list[float]:
        config = config_of(self.game, seconds_s=self.lasts_s)
        if isinstance(driver, EvaluatedPolicy):
            table = evaluate_closed_loop(
                self.game, self.plugins, [driver], self.seeds, config, workers=self.workers
            )
            return [episode.measures["return"] for episode in table.episodes]
        returns = []
        for seed in self.seeds:
            with open_device(
                self.plugins, self.game, config.device, options={**config.options, "seed": seed}
            ) as device:
                returns.append(play(device, driver(seed), duration_s=self.lasts_s).measures["return"])
        return returns

    def constants(self, recordings: Sequence[Path]) -> Iterator[tuple[str, dict[str, float]]]:
        """Yield what may be held all the time: nothing, each control alone, and what is held most often."""
        yield "nothing", {}
        axes = {name for head in self.game.labels.values() if isinstance(head, Axes) for name in head.names}
        for label, code in self.game.controls.items():
            yield label, {code: 1.0}
            if label in axes:
                yield f"-{label}", {code: -1.0}
        rows_NA = np.concatenate([label_rows(open_recording(path)) for path in recordings])
        states, counts = np.unique(np.round(rows_NA), axis=0, return_counts=True)
        usual = as_held(self.game, states[counts.argmax()])
        if len(usual) > 1:
            yield "+".join(usual), usual

    def run(self, *, curve: bool) -> dict[str, Any]:
        """Play the whole contest and return its outcome as plain data."""
        recordings = self.record()
        known = [str(path) for path in recordings]
        driven = {
            EXPERT: self.drive(EXPERT, EvaluatedPolicy(name=EXPERT, kind="scripted", scripted=EXPERT)),
            RANDOM: self.drive(RANDOM, EvaluatedPolicy(name=RANDOM, kind="random")),
            REPEAT: self.drive(
                REPEAT,
                lambda seed: Repeat(self.game, open_recording(recordings[seed % len(recordings)])),
                known,
            ),
        }
        for name, held in self.constants(recordings):
            policy = EvaluatedPolicy(name=name, kind="constant", held=held)
            driven[CONSTANT + name] = self.drive(CONSTANT + name, policy, held)
        trained, networks, plain = [], [], []
        for seed in range(self.asked.seeds):
            trained.append(self.train(f"train-{seed}", recordings, seed))
            networks.append(self._network(f"network-{seed}", trained[-1]))
            plain.append(self.drive(f"plain-{seed}", self._plainly(recordings, seed), [known, seed]))
        driven[NETWORK], driven[PLAIN] = (np.mean(those, 0).tolist() for those in (networks, plain))
        outcome = {
            "game": self.game.name, "minutes": round(_minutes(recordings), 2), "drives": len(recordings),
            "trained": trained, "returns": driven, "networks": networks, "seeds": list(self.seeds),
        }  # fmt: skip
        outcome["rounds"] = self._rounds(recordings, Path(trained[0]["run"]))
        return {**outcome, "curve": self._curve(recordings)} if curve else outcome

    def _rounds(self, recordings: Sequence[Path], run: Path) -> list[dict[str, Any]]:
        """Return the returns after each round of corrections, each learned from scratch from all there is."""
        rounds: list[dict[str, Any]] = []
        known = list(recordings)
        for number in range(1, self.asked.rounds + 1):
            known += self.corrections(number, run)
            trained = self.train(f"train-round-{number}", known, 0)
            run = Path(trained["run"])
            returns = self._network(f"network-round-{number}", trained)
            rounds.append({"minutes": round(_minutes(known), 2), "trained": trained, "returns": returns})
        return rounds

    def _network(self, name: str, trained: dict[str, Any]) -> list[float]:
        policy = EvaluatedPolicy(name=NETWORK, kind="run", run=Path(trained["run"]))
        return self.drive(name, policy, {**trained, "plays": digest_of(*PLAYS)})

    def _plainly(self, recordings: Sequence[Path], seed: int) -> Callable[[int], Driver]:
        """Return what makes the plain script's driver, which learns when it is first asked for one."""

        @lru_cache
        def learned() -> Callable[[np.ndarray], np.ndarray]:
            labels_NA = np.concatenate([label_rows(open_recording(path)) for path in recordings])
            frames = (frame for path in recordings for frame in frames_of(open_recording(path)))
            steps = {"steps": self.asked.steps} if self.asked.steps else {}
            return plain_script.learn(frames, labels_NA, seed=seed, **steps)

        return lambda drive: Plain(self.game, learned())

    def _curve(self, recordings: Sequence[Path]) -> list[dict[str, Any]]:
        """Learn from less, and from as much recorded in fewer and in more places."""
        points = []
        for count in sorted({max(2, round(share * len(recordings))) for share in SHARES} - {len(recordings)}):
            some = recordings[:count]
            points.append(("minutes", f"{_minutes(some):.2g} minutes", some))
        fewest = max(2, int(self.minutes * 60 / 4 / self.lasts_s))
        for more in PLACES:
            asked: dict[str, Any] = {
                "drives": fewest * more,
                "seconds": self.lasts_s / more,
                "noise": self.asked.noise,
            }
            name = f"places-{fewest * more}"
            home = self.stages.folder.resolve() / name
            made = self.stages.make(name, asked, partial(self._record, home, 0.0, **asked))
            points.append(("places", f"{fewest * more} places", [Path(path) for path in made["recordings"]]))
        outcomes = []
        for kind, title, some in points:
            name = title.replace(" ", "-")
            returns = self._network(f"network-{name}", self.train(f"train-{name}", some, 0))
            told = {"kind": kind, "title": title, "minutes": round(_minutes(some), 2), "drives": len(some)}
            outcomes.append({**told, "returns": returns})
        return outcomes


class Told(Progress):
    """Prints what is said in a training, and how far it is."""

    EVERY_S = 30.0

    def __init__(self, name: str) -> None:
        self._name, self._next_s = name, 0.0

    def note(self, sentence: str) -> None:
        print(f"[{self._name}]   {sentence}", flush=True)

    def step(self, step: int, steps: int, loss: float) -> None:
        if time.perf_counter() > self._next_s:
            self.note(f"step {step:,} of {steps:,}, loss {loss:.3f}")
            self._next_s = time.perf_counter() + self.EVERY_S


@lru_cache
def digest_of(*parts: str) -> str:
    """Return a digest of the code in these folders of playhead."""
    core = Path(playhead.__file__).parent
    files = sorted(file for part in parts for file in (core / part).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _minutes(recordings: Sequence[Path]) -> float:
    return sum(open_recording(path).duration_s for path in recordings) / 60


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=list(LASTS_S), help="names (default: all)")
    parser.add_argument("--out", type=Path, default=Path("league"), help="folder of all stages (default: league)")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="recorded of the expert (default: 12, lander 48)"
    )
    parser.add_argument("--train-minutes", type=float, default=10.0, help="a training lasts at most (default 10)")
    parser.add_argument("--steps", type=int, default=0, help="of a training (default: the recipe's, in that time)")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each game (default 1)")
    parser.add_argument("--drives", type=int, default=20, help="seeds that everybody drives (default 20)")
    parser.add_argument("--seconds", type=float, default=0.0, help="a drive lasts at most (default: the game's)")
    parser.add_argument("--recipe", default="auto", help="by name (default: auto, whatever the game states)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the recipe")
    parser.add_argument("--no-noise", action="store_true", help="record without action noise")
    parser.add_argument("--workers", type=int, default=1, help="processes that record and drive (default 1)")
    parser.add_argument(
        "--rounds", type=int, default=0, help="of corrections by the expert after that (default 0)"
    )
    parser.add_argument("--curve", action="store_true", help="also learn from less, and from other places")
    parser.add_argument("--quick", action="store_true", help="a few steps of everything, to see that it runs")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.minutes, asked.train_minutes, asked.steps, asked.drives, asked.seconds = 0.15, 0.0, 4, 3, 4.5
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    given = parsed(arguments)
    asked = Asked(
        minutes=given.minutes, train_minutes=given.train_minutes, steps=given.steps, seeds=given.seeds,
        drives=given.drives, seconds=given.seconds, recipe=given.recipe, noise=not given.no_noise,
        rounds=given.rounds, settings=dict(text.split("=", 1) for text in given.set),
    )  # fmt: skip
    plugins, failed = Plugins.installed(), []
    for name in given.games:
        try:
            outcome = Contest(plugins.game(name), plugins, asked, given.out, given.workers).run(curve=given.curve)
            told = {"asked": asdict(asked), "outcome": outcome}
            (given.out / name / "outcome.json").write_text(json.dumps(told), encoding="utf-8")
            written(given.out, asdict(asked))
        except Exception as error:  # of whatever kind: nobody looks, and the others go on
            failed.append(f"{name}: {error}")
            print(f"[{name}] {error if isinstance(error, PlayheadError) else traceback.format_exc()}", flush=True)
    judgements = written(given.out, asdict(asked))
    if judgements:
        print("\n" + table(judgements), end="")
    if failed:
        raise SystemExit("\n".join(failed))


def written(out: Path, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Write table and numbers of all games that were asked for in this way, and return them."""
    known = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(out.glob("*/outcome.json"))]
    judgements = [judged(one["outcome"]) for one in known if one["asked"] == asked]
    if judgements:
        (out / "table.md").write_text(table(judgements), encoding="utf-8")
        told = {"asked": asked, "games": plainly(judgements)}
        (out / "league.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    return judgements


if __name__ == "__main__":
    main()
