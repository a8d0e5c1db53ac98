"""The player: drives with the newest weights where nobody drove before, episode after episode.

run of the trainer -> policy -> device
weights --hash right?--> wait for the end of an episode or a way out (or for nothing: `always`) --> put in
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.control.drivers import Driver
from playhead.control.loop import Tick
from playhead.control.rate import Rate
from playhead.dead_zones import DeadZone, through
from playhead.devices import merged, open_device
from playhead.errors import BadValue, Damaged, Mismatch, NotFound
from playhead.events import Event
from playhead.labels import Axes, LabelSchema
from playhead.live.convcam import tiled
from playhead.live.settings import Live
from playhead.live.weights import Weights
from playhead.models.run import Run
from playhead.playing.policy import RunPolicy
from playhead.playing.session import play
from playhead.playing.stuck import StuckSettings, Unsticking
from playhead.storage.pictures import JpegPicture

Swap = Literal["episode", "always"]
SHOWN_HZ = 10.0  # pictures a second for whoever watches
LOOK_S = 0.5
KEPT_DRIVES = 100
FIRST_SEED = 0  # collectors begin at a million
QUALITY = 80  # of the pictures that are shown


@dataclass(kw_only=True)
class PlayerStatus:
    """How the player gets on: plain numbers, and the pictures that are shown of it."""

    weights_of: int = 0
    swaps: int = 0
    refused: int = 0
    fps: float = 0.0
    pps: float = 0.0
    frames: int = 0
    answers: Mapping[str, list[float]] = field(default_factory=dict)
    played: Mapping[str, list[float]] = field(default_factory=dict)  # what dead zones make of some answers
    held: Mapping[str, float] = field(default_factory=dict)
    drives: list[Mapping[str, float]] = field(default_factory=list)
    stuck: Counter[str] = field(default_factory=Counter)  # calls, by each way to measure how far it came
    pictures: dict[str, bytes] = field(default_factory=dict)
    started_s: float = 0.0


class Player:
    """Plays one live run. `offer` may be called by another thread."""

    def __init__(
        self, live: Live, folder: Path, *, swap: Swap = "episode", way: str = "path",
        say: Callable[[str], object] = lambda said: None, stop: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.live, self.folder, self.swap = live, folder, swap
        self.status = PlayerStatus()
        self._say, self._stop = say, stop
        self._offered: Weights | None = None
        self._lock = threading.Lock()
        self._policy: RunPolicy | None = None
        self._way = way
        self.way_out: Unsticking | None = None

    def offer(self, weights: Weights) -> None:
        """Take newer weights; they wait until they may be put in."""
        with self._lock:
            if self._offered is None or weights.batch >= self._offered.batch:
                self._offered = weights

    def run(self, first: int = 0) -> None:
        """Drive episode after episode until somebody stops it."""
        number = first
        while not self._stop():
            run = self._opened_run()
            if run is None:
                time.sleep(LOOK_S)
                continue
            self.drive(run, FIRST_SEED + number)
            number += 1

    def _opened_run(self) -> Run | None:
        """Return the trainer's run; None as long as there is none, or just while it is being written."""
        try:
            return Run.open(self.folder)
        except (Damaged, NotFound):
            return None

    def drive(self, run: Run, seed: int) -> Mapping[str, float]:
        """Drive one episode and return what the world measured."""
        live = self.live
        with open_device(live.plugins, live.game, live.settings.device, options=self._options(seed)) as device:
            try:
                policy = RunPolicy.of(
                    run, live.plugins, live.game, rate_hz=device.session.rate_hz,
                    awaited=device.capture.telemetry_names,
                )  # fmt: skip
            except (Damaged, FileNotFoundError):  # the trainer is just writing it
                return {}
            self._policy, self.status.weights_of = policy, int(run.metrics.get("steps", 0))
            self.put_in()
            summary = play(
                device, self._driver(policy, seed), watchers=[PlayerView(self)], stop=self._stop, seed=seed
            )
        self.status.stuck.update(self.way_out.calls if self.way_out is not None else {})
        measures = {**summary.measures, "seed": seed, "batch": self.status.weights_of}
        self.status.drives = [*self.status.drives, measures][-KEPT_DRIVES:]
        return measures

    def _driver(self, policy: RunPolicy, seed: int) -> Driver:
        """Return who drives: the network, and where the game's keys say how, the way out of standing."""
        game = self.live.game
        own = {**game.live.stuck, "way": self._way} if self.live.world else {}
        self.way_out = None
        with suppress(BadValue):
            settings = StuckSettings.parse({**game.stuck, **own})
            self.way_out = Unsticking(policy, game, settings=settings, seed=seed)
        return self.way_out or policy

    def _options(self, seed: int) -> dict[str, Any]:
        """Return options for a drive in a town where nobody collects."""
        world = self.live.world
        unseen = {"seed": seed, "reset": dict(world.test_options)} if world else {}
        watched = self.live.game.live.watched if world else {}
        return merged(self.live.device_options, unseen, watched)

    def put_in(self) -> None:
        """Put newer weights in, if there are any; such as are not what was sent are refused, and said."""
        with self._lock:
            weights, self._offered = self._offered, None
        if weights is None or self._policy is None or weights.batch < self.status.weights_of:
            return
        try:
            self._policy.swap(weights.tensors())
        except (Damaged, Mismatch) as error:
            self.status.refused += 1
            self._say(f"The player goes on with the weights it has: {error}")
            return
        self.status.swaps += 1
        self.status.weights_of = weights.batch

    @property
    def policy(self) -> RunPolicy | None:
        """The network that drives, if one does."""
        return self._policy


class PlayerView:
    """A watcher that keeps what there is to be seen of a player, a few times a second."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._rates = Rate(), Rate()
        self._next_s = 0.0
        self._recoveries = 0

    def saw(self, tick: Tick) -> None:
        """Take a tick; with `always` newer weights go in behind it."""
        player, now_s = self._player, time.monotonic()
        status, policy = player.status, player.policy
        status.frames += 1
        now_ns = int(now_s * NS_PER_S)
        for rate, count in zip(self._rates, (tick.report.captured, tick.report.decided), strict=True):
            rate.add(now_ns, count)
        status.fps, status.pps = (rate.per_s for rate in self._rates)
        recoveries = player.way_out.recoveries if player.way_out is not None else 0
        if player.swap == "always" or recoveries > self._recoveries:
            player.put_in()
        self._recoveries = recoveries
        if policy is None or now_s < self._next_s:
            return
        self._next_s = now_s + 1 / SHOWN_HZ
        status.answers = {name: [round(float(one), 4) for one in row] for name, row in policy.predictions.items()}
        status.played = zoned(policy.zones, player.live.schema, status.answers)
        for event in tick.events:
            status.held = {**status.held, event.code: event.value}
        status.pictures["hood"] = shown(tick.captured.frame_HWC)
        for name, picture_HWC in tick.captured.cameras.items():
            status.pictures[name] = shown(picture_HWC)
        if (layer := tiled(policy.predictor)) is not None:
            status.pictures["convcam"] = shown(layer)

    def ended(self, events: Sequence[Event]) -> None:
        """The episode is over: nothing is held."""
        self._player.status.held = {}


def zoned(
    zones: Mapping[str, DeadZone], schema: LabelSchema, answers: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    """Return what dead zones make of answers that are values of axes."""
    axes = {name: head for name, head in schema.items() if isinstance(head, Axes) and not head.deltas}
    return {
        name: [through(zones, axis, value) for axis, value in zip(head.names, answers[name], strict=True)]
        for name, head in axes.items()
        if name in answers and zones.keys() & {*head.names}
    }


def shown(picture_HWC: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG for whoever watches."""
    if picture_HWC.shape[2] == 3:
        return JpegPicture(quality=QUALITY, colour="rgb", subsampling="420").encode(picture_HWC)
    return JpegPicture(quality=QUALITY, colour="grey", subsampling="grey").encode(picture_HWC)
