"""A short clip of a rollout, with the keys that were held drawn on every frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from playhead.clock import NS_PER_S
from playhead.control.loop import Tick, motion_codes
from playhead.devices import rate_of
from playhead.evaluation.closed_loop import Rollout, rollout
from playhead.evaluation.pictures import FrameArray, encode_clip, with_keys
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.events import Event
from playhead.game import Game
from playhead.plugins import Plugins

CLIP_S = 20.0
CLIP_HZ = 10.0  # more frames a second make the page larger and the drive no clearer


class Filming:
    """Watches a rollout and draws on its frames, thinned out, for what share of the time each key was held.

    They are kept in `frames`, or go to `take`, each with the nanoseconds since the first.
    """

    def __init__(
        self, game: Game, *, rate_hz: float, seconds_s: float = CLIP_S, most_hz: float = CLIP_HZ,
        take: Callable[[FrameArray, int], object] | None = None,
    ) -> None:  # fmt: skip
        self._names = {code: name for name, code in game.controls.items()}
        self._every = max(1, round(rate_hz / most_hz))
        self.rate_hz = rate_hz / self._every
        self._left = seconds_s * self.rate_hz
        self._take = take or (lambda frame_HWC, time_ns: self.frames.append(frame_HWC))
        self._first_ns = 0
        self._held = dict.fromkeys(self._names, 0.0)
        self._full_per_s = motion_codes(game)
        self._ticks = 0
        self._waiting: tuple[FrameArray, int] | None = None
        self._events: list[Event] = []
        self.frames: list[FrameArray] = []

    def saw(self, tick: Tick) -> None:
        """Keep a frame; the keys held until the next one are drawn when that one comes."""
        self._events += tick.events
        if self._ticks % self._every == 0 and self._left >= 0.5:
            self._draw_waiting(tick.captured.time_ns)
            # Copied: a capture may draw its next picture into the same memory.
            self._waiting = tick.captured.frame_HWC.copy(), tick.captured.time_ns
        self._ticks += 1

    def ended(self, events: Sequence[Event]) -> None:
        """Nothing more to draw: the last frame has no time in which keys could have been held."""

    def _draw_waiting(self, now_ns: int) -> None:
        if self._waiting is None:
            self._first_ns = now_ns
            return
        frame_HWC, since_ns = self._waiting
        shares = self._held_shares(since_ns, now_ns)
        drawn_HWC = with_keys(frame_HWC, {self._names[code]: share for code, share in shares.items()})
        self._take(drawn_HWC, since_ns - self._first_ns)
        self._left -= 1

    def _held_shares(self, start_ns: int, end_ns: int) -> dict[str, float]:
        """Return the share of a stretch of time that each code was held, and forget the events before its end."""
        held_ns = dict.fromkeys(self._held, 0.0)
        since_ns = dict.fromkeys(self._held, start_ns)
        for event in [event for event in self._events if event.code in self._held and event.time_ns < end_ns]:
            if event.is_motion:
                held_ns[event.code] += event.value / self._full_per_s[event.code] * NS_PER_S
                continue
            at_ns = max(event.time_ns, start_ns)
            held_ns[event.code] += self._held[event.code] * (at_ns - since_ns[event.code])
            since_ns[event.code], self._held[event.code] = at_ns, event.value
        self._events = [event for event in self._events if event.time_ns >= end_ns]
        for code, value in self._held.items():
            held_ns[code] += value * (end_ns - since_ns[code])
        return {code: held / max(end_ns - start_ns, 1) for code, held in held_ns.items()}


def typical_seed(table: ScoreTable, driver: str) -> int:
    """Return the seed on which a driver did about as well as on half of the others: a fair clip shows that one."""
    measure = next(iter(table.shown_names()), "")
    values_S = table.values(driver, measure)
    known = np.flatnonzero(~np.isnan(values_S))
    if len(known) == 0:
        return table.seeds[0]
    middle = known[np.argsort(values_S[known], kind="stable")[(len(known) - 1) // 2]]
    return table.seeds[int(middle)]


def film(job: Rollout, plugins: Plugins, *, seconds_s: float = CLIP_S) -> tuple[bytes, Episode]:
    """Drive an episode once more, filming its start; returns the clip and how the episode went."""
    game = plugins.game(job.config.game)
    rate_hz = rate_of(job.config.options, game, job.config.device)
    filming = Filming(game, rate_hz=rate_hz, seconds_s=seconds_s)
    episode = rollout(job, plugins, watchers=[filming])
    return encode_clip(filming.frames, filming.rate_hz), episode
