"""A run that only looks: it answers every frame and presses nothing. For games without controls.

look -> answer -> (heat, when there is time for it) -> draw, show, record -> wait
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from playhead.capture import CapturedFrame, FrameArray
from playhead.clock import NS_PER_S, Clock, SystemClock
from playhead.control.drivers import Annotation
from playhead.control.loop import Tick
from playhead.control.timing import LoopReport, summary_of
from playhead.events import Event
from playhead.game import Game
from playhead.labels import Axes, Choice, Head, LabelSchema
from playhead.models import DEFAULT_ENGINE, EngineSpec
from playhead.models.attribution import heat_maps
from playhead.models.run import Run
from playhead.playing.asking import Asked, Asking, history_of, open_asked
from playhead.playing.history import History
from playhead.playing.overlay import Canvas
from playhead.plugins import Plugins

BUDGET = 0.8  # of an interval that a tick may take with the heat; the rest is for what comes unforeseen
FORGETS = 0.97  # is left of that with every frame it is not tried, so that one slow time is soon forgotten
SLOWER = 1.3  # the heat is expected to take so much longer than it usually did


class Observer(Asking):
    """A driver that answers and never presses. `predictions` is what it said last, `level_HW` where it looked.

    Units:  later_s is what the rest of a tick takes after the answer; whoever draws sets it.
    """

    def __init__(
        self, asked: Asked, windows: History, run: Run, *, rate_hz: float, with_heat: bool = True
    ) -> None:
        super().__init__(asked, run)
        self._windows = windows  # whole ones, of which the heat is
        self._run = run
        self._period_s = 1 / rate_hz
        self._heat_s = 0.0
        self.annotator = self
        self._heat_head = _first_choice(run.schema) if with_heat else ""
        self.later_s = 0.0
        self.level_HW: FrameArray | None = None
        self.heat_of = ""
        self.heats = 0
        self.said: dict[str, Counter[str]] = {name: Counter() for name in run.schema}

    @classmethod
    def of(
        cls, run: Run, plugins: Plugins, game: Game, *, rate_hz: float, with_heat: bool = True,
        engine: EngineSpec = DEFAULT_ENGINE,
    ) -> Observer:  # fmt: skip
        """Make an observer of a run. Its rate is the device's where a window is one frame: that has no rate.

        Raises:  Mismatch when the run does not fit the game or the device, and says what to do.
        """
        run.check_plays(game, run.rate_hz if run.spec.is_one_frame else rate_hz)
        asked = open_asked(run, plugins, engine, rate_hz=rate_hz)
        observer = cls(asked, history_of(run, rate_hz), run, rate_hz=rate_hz, with_heat=with_heat)
        observer.warm_heat()
        return observer

    @property
    def schema(self) -> LabelSchema:
        """The heads it answers, in the run's order."""
        return self._run.schema

    @property
    def run_name(self) -> str:
        """How the user calls the run."""
        return self._run.name

    @property
    def has_heat(self) -> bool:
        """Whether it says where it looks."""
        return bool(self._heat_head)

    @property
    def heat_ms(self) -> float:
        """How long saying so takes."""
        return 1000 * self._heat_s / SLOWER

    def warm_heat(self) -> None:
        """Learn how long the heat takes; the first time takes much longer than the next ones."""
        if not self.has_heat:
            return
        black = np.zeros(self._run.frame.shape, dtype=np.uint8)
        self._windows.add(CapturedFrame(frame_HWC=black, time_ns=0, number=0))
        for _ in range(2):
            self._attribute(0)
        self._windows.clear()
        self.level_HW, self.heats = None, 0

    def decide(self, captured: CapturedFrame) -> None:
        """Answer the newest frame, and say where it looked when the frame rate leaves time for it."""
        self._began_s = time.perf_counter()
        super().decide(captured)

    def answered(self, captured: CapturedFrame) -> None:
        """Count the answer, and say where it looked."""
        for name, head in self.schema.items():
            self.said[name][_answer_name(head, self.predictions[name])] += 1
        if self.has_heat:
            self._windows.add(captured)
            spent_s = time.perf_counter() - self._began_s
            if spent_s + self._heat_s + self.later_s <= BUDGET * self._period_s:
                self._attribute(int(np.argmax(self.predictions[self._heat_head])))
            else:
                self._heat_s *= FORGETS

    def _attribute(self, output: int) -> None:
        began_s = time.perf_counter()
        inputs = {name: np.asarray(values)[None] for name, values in self._windows.window().items()}
        heat_HW = heat_maps(self.predictor, self._run.spec, inputs, self._heat_head, output)[0]
        self.level_HW = (heat_HW * 255).astype(np.uint8)
        self.heat_of = self.schema[self._heat_head].names[output]
        self.heats += 1
        self._heat_s = SLOWER * (time.perf_counter() - began_s)

    @property
    def columns(self) -> Mapping[str, str]:
        """What a recording keeps beside the predictions: how likely each class was."""
        return {
            f"{name}_{one}": "float32"
            for name, head in self.schema.items()
            if isinstance(head, Choice)
            for one in head.names
        }

    def annotation(self) -> Annotation:
        """Return the predictions as labels, and how likely each class was."""
        likely = {
            f"{name}_{one}": float(value)
            for name, head in self.schema.items()
            if isinstance(head, Choice)
            for one, value in zip(head.names, self.predictions[name], strict=True)
        }
        labels = {name: as_label(head, self.predictions[name]) for name, head in self.schema.items()}
        return Annotation(labels=labels, columns=likely)


def as_label(head: Head, answer_O: npt.NDArray[np.floating]) -> npt.NDArray[np.generic]:
    """Return an answer as a label row of the head (columns,)."""
    if isinstance(head, Choice):
        return np.array([answer_O.argmax()], dtype=head.dtype)
    if not isinstance(head, Axes):
        return np.asarray(answer_O >= 0.5, dtype=head.dtype)
    if head.deltas:
        return np.zeros(len(head.names), dtype=head.dtype)  # a change of what nobody holds
    return np.asarray(np.clip(answer_O, -1, 1), dtype=head.dtype)


def _first_choice(schema: LabelSchema) -> str:
    return next((name for name, head in schema.items() if isinstance(head, Choice)), "")


def _answer_name(head: Head, answer_O: npt.NDArray[np.floating]) -> str:
    if isinstance(head, Choice):
        return head.names[int(answer_O.argmax())]
    if isinstance(head, Axes):
        return "axes"
    return "+".join(name for name, value in zip(head.names, answer_O, strict=True) if value >= 0.5) or "none"


class Screen(Protocol):
    """Where pictures are shown (showing/window.py)."""

    def show(self, frame_HWC: FrameArray) -> None:
        """Show a picture; on return it is on the screen."""
        ...


class LiveView:
    """A watcher of the loop that draws every tick and shows it.

    On a device whose clock never waits it holds each picture for its interval, so that eyes can follow.
    """

    def __init__(
        self, observer: Observer, screen: Screen, canvas: Canvas, clock: Clock, *, rate_hz: float
    ) -> None:
        self._observer = observer
        self._screen = screen
        self._canvas = canvas
        self._eyes = None if isinstance(clock, SystemClock) else SystemClock()
        self._period_ns = round(NS_PER_S / rate_hz)
        self._due_ns = 0
        self.overhead_ns = array("q")

    def saw(self, tick: Tick) -> None:
        """Draw and show a tick."""
        began_ns = time.perf_counter_ns()
        observer = self._observer
        caption = f"Grad-CAM: {observer.heat_of}" if observer.level_HW is not None else "Grad-CAM: no time for it"
        picture_HW3 = self._canvas.draw(tick.captured.frame_HWC, observer.predictions, observer.level_HW, caption)
        self._screen.show(picture_HW3)
        took_ns = time.perf_counter_ns() - began_ns
        self.overhead_ns.append(took_ns)
        observer.later_s = took_ns / NS_PER_S
        if self._eyes is not None:
            self._due_ns = max(self._due_ns + self._period_ns, self._eyes.now_ns())
            self._eyes.sleep_until(self._due_ns)

    def ended(self, events: Sequence[Event]) -> None:
        """The last picture stays until the window is closed."""


@dataclass(frozen=True, kw_only=True)
class ObservationSummary:
    """What came of observing.

    `share` is how often each answer was given, by head; `overhead` what drawing and showing took (milliseconds);
    `heats` how many frames were also felt; `recordings` what was recorded; `fitness` whether it kept up.
    """

    run: str
    report: LoopReport
    share: Mapping[str, Mapping[str, float]]
    heats: int = 0
    overhead: Mapping[str, float] = field(default_factory=dict)
    recordings: Sequence[str] = ()
    fitness: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, observer: Observer, report: LoopReport, view: LiveView | None) -> ObservationSummary:
        """Sum up what an observer saw."""
        return cls(
            run=observer.run_name,
            report=report,
            share={name: _shares(counts) for name, counts in observer.said.items()},
            heats=observer.heats,
            overhead=summary_of(view.overhead_ns) if view is not None and view.overhead_ns else {},
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "run": self.run,
            "frames": self.report.captured,
            "rates_hz": {name: rate for name, rate in self.report.rates_hz().items() if name != "acted"},
            "share": {name: dict(shares) for name, shares in self.share.items()},
            "heats": self.heats,
            "overhead": dict(self.overhead),
            "recordings": list(self.recordings),
            "loop": self.report.to_json(),
            "fitness": dict(self.fitness),
        }


def _shares(counts: Counter[str]) -> dict[str, float]:
    whole = max(1, counts.total())
    return {name: count / whole for name, count in counts.most_common()}
