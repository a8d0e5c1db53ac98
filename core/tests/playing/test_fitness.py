"""A run that decides too rarely, or on pictures too old, is said to drive badly: once, with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from playhead.capture import Capture, CapturedFrame
from playhead.clock import NS_PER_S, FakeClock
from playhead.control.drivers import Driver
from playhead.control.loop import Loop, Pace
from playhead.devices import DeviceSession, OpenDevice
from playhead.game import Game
from playhead.input.none import DryRun
from playhead.models.tolerance import Point, Tolerance
from playhead.playing.fitness import Fitness

RATE_HZ = 20.0


@dataclass
class Slow(Capture, Driver):
    """Pictures of an age, and decisions that take a time. Units: milliseconds; `after_s` when that begins."""

    clock: FakeClock
    age_ms: float = 0.0
    takes_ms: float = 0.0
    after_s: float = 0.0
    until_s: float = 1e9
    stands_still: bool = False
    looked: int = field(default=0, init=False)

    def look(self) -> CapturedFrame:
        self.looked += 1
        now_ns = self.clock.now_ns()
        time_ns = 10 * NS_PER_S if self.stands_still else now_ns - round(1e6 * self.age_ms * self._is_slow())
        return CapturedFrame(frame_HWC=np.zeros((2, 2, 3), np.uint8), time_ns=time_ns, number=self.looked)

    def decide(self, captured: CapturedFrame) -> Mapping[str, float]:
        if self._is_slow():
            self.clock.sleep_until(self.clock.now_ns() + round(1e6 * self.takes_ms))
        return {}

    def close(self) -> None:
        """Nothing is held."""

    def _is_slow(self) -> bool:
        return self.after_s <= self.clock.now_ns() / NS_PER_S - 10 < self.until_s


def played(
    game: Game, seconds: float, *, tolerance: Tolerance | None = None, **slow: float
) -> tuple[Fitness, list[str]]:
    said: list[str] = []
    fitness = Fitness(
        "toy", "toy-1", asked_hz=RATE_HZ, rate_hz=RATE_HZ, latency_s=0.03, say=said.append, tolerance=tolerance
    )
    play(game, fitness, seconds, **slow)
    return fitness, said


def play(game: Game, fitness: Fitness, seconds: float, **slow: float) -> None:
    clock = FakeClock(10 * NS_PER_S)
    source = Slow(clock, **slow)  # type: ignore[arg-type]
    name = next(iter(game.devices))
    session = DeviceSession(game=game, name=name, device=game.device(name), clock=clock)
    device = OpenDevice(session=session, capture=source, input=DryRun(clock))
    pace = Pace(rate_hz=RATE_HZ, duration_s=seconds)
    Loop(device=device, driver=source, pace=pace, watchers=[fitness]).run()


@pytest.mark.parametrize(
    "slow", [{}, {"age_ms": 75}, {"takes_ms": 49}, {"takes_ms": 54}, {"stands_still": True}], ids=str
)
def test_what_is_fit_is_not_spoken_of(game: Game, slow: dict[str, float]) -> None:
    fitness, said = played(game, 20, **slow)
    assert (said, fitness.now, fitness.summary) == ([], "", "")


def test_too_few_decisions_are_said_once_and_again_at_the_end(game: Game) -> None:
    fitness, said = played(game, 30, takes_ms=80)
    (sentence,) = said
    assert sentence.startswith("Warning: Run toy-1 decides 12.5 times a second instead of 20, and drives badly.")
    assert "Where the time goes, in ms: look 0." in sentence
    assert sentence.endswith(
        "Close other programs, train a smaller network, or play at a rate that is kept: --rate 11."
    )
    assert fitness.summary.startswith("For 100 % of the time run toy-1 was too slow here")
    assert fitness.summary.endswith(sentence.removeprefix("Warning: "))


def test_pictures_that_are_too_old_are_said_with_how_to_train_for_them(game: Game) -> None:
    _, said = played(game, 10, age_ms=85)
    (sentence,) = said
    assert "decides on pictures 85 ms old, 30 ms were trained, and drives badly." in sentence
    assert sentence.endswith("playhead train toy --latency auto.")


def tolerant(*points: tuple[float, float, float]) -> Tolerance:
    """A run that scores this at (delay_s, drops, score)."""
    made = [Point(delay_s=delay_s, drops=drops, score=score) for delay_s, drops, score in points]
    return Tolerance(weights="", measure="score", drives=8, points=made)


def test_a_run_that_was_measured_is_judged_by_its_own_limits(game: Game) -> None:
    hardy = tolerant((0, 0, 1.0), (0.1, 0, 1.0), (0.2, 0, 0.6), (0, 0.4, 0.9), (0, 0.6, 0.7))
    assert played(game, 20, tolerance=hardy, age_ms=170)[1] == []
    assert played(game, 20, tolerance=hardy, takes_ms=80)[1] == []
    (late,) = played(game, 20, tolerance=hardy, age_ms=185)[1]
    assert "presses 185 ms after the picture (0.8 of its score is kept up to 180 ms), and drives badly." in late
    (rare,) = played(game, 20, tolerance=hardy, takes_ms=120)[1]
    assert "decides 8.3 times a second instead of 20 (58 % left out, 0.8 of its score is kept up to 50 %)" in rare
    delicate = tolerant((0, 0, 1.0), (0.01, 0, 0.6), (0, 0.05, 0.6))
    assert "(0.8 of its score is kept up to 35 ms)" in played(game, 20, tolerance=delicate, age_ms=40)[1][0]
    (rare,) = played(game, 20, tolerance=delicate, takes_ms=53)[1]
    assert "6 % left out, 0.8 of its score is kept up to 2 %)" in rare


def test_what_was_measured_well_lets_it_go_further_and_never_less_far(game: Game) -> None:
    well = tolerant((0, 0, 1.0), (0.01, 0, 0.9), (0, 0.2, 0.9))
    assert played(game, 20, tolerance=well, age_ms=75)[1] == []
    assert "(measured well up to 40 ms)" in played(game, 20, tolerance=well, age_ms=85)[1][0]
    assert played(game, 20, tolerance=well, takes_ms=60)[1] == []
    fitness, _ = played(game, 20, tolerance=well, takes_ms=80)
    told = fitness.to_json()
    assert (told["most_delay_ms"], told["least_share"], told["unfit_share"]) == (pytest.approx(80), 0.8, 1.0)
    assert told["said"] == list(fitness.said.values())


def test_a_hiccup_is_forgiven_and_what_ended_is_no_longer_shown(game: Game) -> None:
    assert played(game, 20, takes_ms=200, after_s=9, until_s=9.15)[1] == []
    fitness, said = played(game, 40, takes_ms=80, after_s=10, until_s=20)
    assert len(said) == 1
    assert fitness.now == ""
    assert fitness.summary.startswith("For 29 %")  # 10 s of 37 judged, and until three seconds forget them
    assert " decides 17.5 times" in said[0]
    assert " decides 12.5 times" in fitness.summary


def test_nothing_counts_while_somebody_else_drives_and_each_drive_is_judged_by_itself(game: Game) -> None:
    said: list[str] = []
    fitness = Fitness("toy", "toy-1", asked_hz=RATE_HZ, rate_hz=RATE_HZ, latency_s=0, say=said.append)
    fitness.is_driving = lambda: False
    play(game, fitness, 20, takes_ms=200)
    fitness.is_driving = lambda: True
    play(game, fitness, 2, takes_ms=200)
    play(game, fitness, 2, takes_ms=200)
    assert said == []
    play(game, fitness, 10, takes_ms=200)
    play(game, fitness, 10, takes_ms=200)
    assert len(said) == 1
