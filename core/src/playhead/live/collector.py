"""A collector: an expert drives, drive after drive, and what balances the outputs is sent in sets.

    device --frames, keys--> drive in memory --windows of the recipe--> balancer --set--> whoever takes them

Drives differ in seed, scenario and action noise: by those that brought about most of what is wished for.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from playhead.data.relabelled import relabelled
from playhead.data.windows import WindowIndex
from playhead.devices import merged
from playhead.game import Scenario
from playhead.home import Home
from playhead.live.balancing import UNKNOWN, Balancer, Closed
from playhead.live.drives import MemoryDrive
from playhead.live.samples import Cutter, Sample, SampleSet, window_spec
from playhead.live.settings import Live
from playhead.sessions.episodes import EpisodeJob, record_episode

Taker = Callable[[SampleSet], object]
TRIED_ANEW = 0.25  # share of the drives whose kind is drawn at random, so that a kind can prove itself again
KEPT = 0.9  # of what a kind of drive has brought about counts so much after each further one


@dataclass(frozen=True)
class Kind:
    """A kind of drive: its scenario, and whether wrong keys are pressed now and then."""

    scenario: str
    has_noise: bool


class Kinds:
    """Chooses what to drive by what it brought about of what is wished for."""

    def __init__(self, scenarios: list[str], *, may_disturb: bool, seed: int) -> None:
        noises = (True, False) if may_disturb else (False,)
        self._found = {Kind(scenario, noise): 1.0 for scenario in scenarios for noise in noises}
        self._random = random.Random(seed)

    def choose(self) -> Kind:
        """Return the kind of the next drive."""
        kinds = list(self._found)
        if self._random.random() < TRIED_ANEW:
            return self._random.choice(kinds)
        return self._random.choices(kinds, [self._found[kind] for kind in kinds])[0]

    def brought(self, kind: Kind, wished: int, seconds: float) -> None:
        """Hear how many samples that were wished for a drive brought about, in which time."""
        new = wished / max(seconds, 1e-6)
        self._found[kind] = max(0.05, KEPT * self._found[kind] + (1 - KEPT) * new)


@dataclass(kw_only=True)
class CollectorStatus:
    """How a collector gets on: plain numbers for whoever looks."""

    drives: int = 0
    frames: int = 0
    samples: int = 0
    sets: int = 0
    started_s: float = field(default_factory=time.monotonic)
    said: str = ""
    picture: bytes = b""


class Collector:
    """Drives and sends; `number` tells it from others of the same live run, whose seeds it never drives."""

    def __init__(
        self, live: Live, number: int, *, driver: str = "", home: Home | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.live, self.number, self._stop = live, number, stop
        self._driver = driver or (live.world.expert if live.world else "human") or "human"
        self._home = home or Home.find()
        self.status = CollectorStatus()
        settings = live.settings
        self._balancer: Balancer[Sample] = Balancer(
            outputs=live.outputs, strategy=live.strategy, depth=settings.depth, patience=settings.patience
        )
        self._held_out: Balancer[Sample] = Balancer(
            outputs=live.outputs, strategy=live.strategy, depth=settings.depth, patience=settings.patience
        )
        self._id = f"{number}-{uuid.uuid4().hex[:12]}"
        self._made = 0
        scenarios = list(live.world.scenarios) if live.world else [""]
        self._kinds = Kinds(scenarios, may_disturb=self._driver != "human", seed=number)
        self._wished: set[tuple[str, tuple[int, ...]]] = set()

    def run(self, take: Taker, first_drive: int = 0) -> None:
        """Drive and send until somebody stops it."""
        drive = first_drive
        while not self._stop():
            for one in self.sets_of(drive):
                take(one)
                self.status.sets += 1
                self.status.samples += len(one.samples)
            drive += 1

    def sets_of(self, drive: int) -> Iterator[SampleSet]:
        """Make one drive and yield the sets that are closed by it."""
        kind, is_held_out = self._kinds.choose(), self._is_held_out()
        balancer = self._held_out if is_held_out else self._balancer
        started_s = time.monotonic()
        recorded = self.drive(drive, kind)
        wished = 0
        for piece in recorded:
            for closed, brought in self._closed(piece, balancer):
                wished += brought
                if closed is not None:
                    self._wished = set(closed.wished)
                    yield self._set(piece, closed, balancer, is_held_out=is_held_out)
        rest = balancer.close() if is_held_out and recorded else None
        if rest is not None:  # the first validation is waited for
            yield self._set(recorded[-1], rest, balancer, is_held_out=True)
        self._kinds.brought(kind, wished, time.monotonic() - started_s)
        self.status.drives += 1

    def _closed(
        self, piece: MemoryDrive, balancer: Balancer[Sample]
    ) -> Iterator[tuple[Closed[Sample] | None, bool]]:
        """Offer all windows of a drive; yield what is closed, and whether each was wished for."""
        live = self.live
        source = relabelled(piece, live.schema, live.game.conversions)
        index = WindowIndex.of([source], live.schema, window_spec(live.spec))
        cutter = Cutter(piece, index)
        bins_OB = [
            np.where(index.known[one.head], one.of(index.labels[one.head], live.schema[one.head]), UNKNOWN)
            for one in live.outputs
        ]
        for row in range(len(index)):
            bins = [int(bin_B[row]) for bin_B in bins_OB]
            places = live.strategy.places(live.outputs, bins)
            yield balancer.offer(bins, partial(cutter.cut, row)), any(place in self._wished for place in places)

    def _set(
        self, piece: MemoryDrive, closed: Closed[Sample], balancer: Balancer[Sample], *, is_held_out: bool
    ) -> SampleSet:
        self._made += 1
        samples = [
            replace(one.sample, buffer=one.place[0], bin=balancer.said(one.place)[:64]) for one in closed.samples
        ]
        return SampleSet(
            name=f"{self._id}-{self._made}",
            header=piece.header,
            samples=samples,
            is_held_out=is_held_out,
            alone=self.live.strategy.alone,
            seen={name: dict(counts) for name, counts in balancer.seen.items()},
            sent={name: dict(counts) for name, counts in balancer.sent.items()},
            wished=[balancer.said(place)[:64] for place in closed.wished],
        )

    def _is_held_out(self) -> bool:
        """Whether the next drive validates and is never learned from: the first one, and so many later."""
        return self.status.drives % self.live.settings.held_out_every == 0

    def drive(self, drive: int, kind: Kind) -> list[MemoryDrive]:
        """Make a drive of the kind and return what was seen: one piece, of a person who pauses several."""
        made: list[MemoryDrive] = []

        def new(header: Any) -> MemoryDrive:
            made.append(MemoryDrive(header))
            return made[-1]

        settings = self.live.settings
        job = EpisodeJob(
            game=settings.game,
            device=settings.device,
            home=self._home,
            driver=self._driver,
            options=self._options(drive, kind),
            has_action_noise=kind.has_noise,
            scenario=kind.scenario,
            seconds_s=settings.drive_s,
            seed=self.seed(drive),
            padding_s=self._scenario(kind).padding_s,
            sink=new,
        )
        record_episode(job, self._counted, self._stop, load_plugins=lambda: self.live.plugins)
        return made

    def _options(self, drive: int, kind: Kind) -> Mapping[str, Any]:
        options: dict[str, Any] = {"seed": self.seed(drive)} if self.live.world else {}
        reset = {**self._varied(drive), **self._scenario(kind).options}
        return merged(self.live.device_options, options, {"reset": reset} if reset else {})

    def _varied(self, drive: int) -> dict[str, Any]:
        """Draw how this drive differs from others of its kind, by its seed."""
        drawn, varied = random.Random(self.seed(drive)), self.live.game.live.varied if self.live.world else {}
        return {name: drawn.choice(values) for name, values in varied.items()}

    def _scenario(self, kind: Kind) -> Scenario:
        scenarios = self.live.world.scenarios if self.live.world else {}
        return scenarios.get(kind.scenario, Scenario())

    def seed(self, drive: int) -> int:
        """Return the seed of a drive, which no other collector drives."""
        return 1_000_000 * (self.number + 1) + drive

    def _counted(self, frames: int) -> None:
        self.status.frames += frames
