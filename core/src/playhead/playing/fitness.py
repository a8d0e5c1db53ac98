"""Whether a run is fit to play here and now: it decides as often, and presses as early, as it needs to.

What it needs is what `playhead evaluate --delays --drops` found of this run, else what it was trained for.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playhead.clock import NS_PER_S
from playhead.control.loop import Tick
from playhead.control.timing import SectionTimes
from playhead.events import Event
from playhead.models.tolerance import KEPT, Limit, Tolerance
from playhead.names import quoted

OVER_NS = 3 * NS_PER_S  # one hiccup is no reason to say anything
EVERY_NS = NS_PER_S // 2
LEAST_SHARE = 0.9  # of the decisions a second
SECTIONS = ("look", "decide", "act", "watch")


class Fitness:
    """A watcher of the loop that says once when decisions are too rare, and once when they come too late.

    `now` says in a few words what is wrong at present, `said` in whole sentences what was, in this session.
    `does` says what it then does badly; with `waits` the world stands still while it decides.
    Units:  asked_hz decisions a second here; rate_hz and latency_s those of the run's training.
    """

    def __init__(
        self,
        game: str,
        run: str,
        *,
        asked_hz: float,
        rate_hz: float,
        latency_s: float,
        say: Callable[[str], object],
        tolerance: Tolerance | None = None,
        waits: bool = False,
        does: str = "drives",
    ) -> None:
        self._game, self._run, self._say, self._waits, self._does = game, run, say, waits, does
        self._asked_hz, self._latency_ms = asked_hz, 1000 * latency_s
        self._most_ms, self._least_share = 1000 * (latency_s + 1 / rate_hz), LEAST_SHARE
        self._delay = tolerance.delay_s if tolerance is not None else None
        self._drops = tolerance.drops if tolerance is not None else None
        if self._delay is not None:
            own_ms = 1000 * (latency_s + self._delay.value)
            self._most_ms = own_ms if self._delay.is_reached else max(own_ms, self._most_ms)
        if self._drops is not None:
            own = 1 - self._drops.value
            self._least_share = own if self._drops.is_reached else min(own, LEAST_SHARE)
        self._told_ns = 0
        self.is_driving: Callable[[], bool] = lambda: True
        self.now = ""
        self.said: dict[str, str] = {}  # what is wrong -> the sentence, of when it was worst
        self._worst: dict[str, float] = {}
        self._judged = self._unfit = 0
        self._ticks_ns: deque[int] = deque()
        self._ages: deque[tuple[int, int]] = deque()
        self._seen_ns, self._is_first = -1, True

    @property
    def summary(self) -> str:
        """What is said of the whole session in the end; empty when nothing was wrong."""
        if not self.said:
            return ""
        share = 100 * self._unfit / self._judged
        does = self._does.removesuffix("s")
        slow = f"For {share:.0f} % of the time run {self._run} was too slow here to {does} as well as it can."
        return " ".join([slow, *self.said.values()])

    def to_json(self) -> dict[str, Any]:
        """Return by what it was judged, for which share of the time it was unfit, and what was said."""
        return {
            "most_delay_ms": self._most_ms,
            "least_share": self._least_share,
            "is_measured": {"delay": self._delay is not None, "drops": self._drops is not None},
            "unfit_share": self._unfit / self._judged if self._judged else 0.0,
            "said": list(self.said.values()),
        }

    def saw(self, tick: Tick) -> None:
        """Take a tick; twice a second judge the last three. While somebody else drives nothing counts."""
        now_ns = tick.captured.time_ns + tick.age_ns
        if not self.is_driving():
            self._forget()
            return
        if self._is_first:  # whose decision loads and warms up what the others find ready
            self._is_first = False
            return
        self._ticks_ns.append(now_ns)
        if tick.captured.time_ns != self._seen_ns:  # a source that stands still shows an old picture again
            self._ages.append((now_ns, tick.age_ns))
        self._seen_ns = tick.captured.time_ns
        if now_ns - self._ticks_ns[0] < OVER_NS or now_ns - self._told_ns < EVERY_NS:
            return
        self._told_ns = now_ns
        self._judge(now_ns, tick.times)

    def ended(self, events: Sequence[Event]) -> None:
        """The next loop is judged by itself."""
        self._forget()

    def _forget(self) -> None:
        self._ticks_ns.clear()
        self._ages.clear()
        self._seen_ns, self._is_first, self.now = -1, True, ""

    def _judge(self, now_ns: int, times: SectionTimes) -> None:
        reached_hz = (len(self._ticks_ns) - 1) * NS_PER_S / (now_ns - self._ticks_ns[0])
        while now_ns - self._ticks_ns[0] > OVER_NS:
            self._ticks_ns.popleft()
        while self._ages and now_ns - self._ages[0][0] > OVER_NS:
            self._ages.popleft()
        late_ms = statistics.median(age_ns for _, age_ns in self._ages) / 1e6 if self._ages else 0.0
        recent = times.summary(last=max(1, round(OVER_NS / NS_PER_S * reached_hz)))
        if self._delay is not None and not self._waits:
            late_ms += sum(recent[name]["p50_ms"] for name in ("decide", "act") if name in recent)
        wrong: dict[str, tuple[float, str]] = {}  # how bad it is, what it is
        if reached_hz < self._least_share * self._asked_hz:
            wrong["rate"] = -reached_hz, self._too_rarely(reached_hz)
        if late_ms > self._most_ms:
            wrong["age"] = late_ms, self._too_late(late_ms)
        self.now = ", ".join(what for _, what in wrong.values())
        self._judged += 1
        self._unfit += bool(wrong)
        for kind, (how_bad, what) in wrong.items():
            is_new = kind not in self.said
            if is_new or how_bad > self._worst[kind]:
                self._worst[kind] = how_bad
                self.said[kind] = self._sentence(kind, what, reached_hz, recent)
            if is_new:
                self._say(f"Warning: {self.said[kind]}")

    def _too_rarely(self, reached_hz: float) -> str:
        what = f"decides {reached_hz:.1f} times a second instead of {self._asked_hz:g}"
        if self._drops is None:
            return what
        left_out = max(0.0, 1 - reached_hz / self._asked_hz)
        return f"{what} ({100 * left_out:.0f} % left out, {_kept(self._drops, 100 * self._drops.value, '%')})"

    def _too_late(self, late_ms: float) -> str:
        if self._delay is None:
            return f"decides on pictures {late_ms:.0f} ms old, {self._latency_ms:.0f} ms were trained"
        limit_ms = self._latency_ms + 1000 * self._delay.value
        return f"presses {late_ms:.0f} ms after the picture ({_kept(self._delay, limit_ms, 'ms')})"

    def _sentence(self, kind: str, what: str, reached_hz: float, recent: Mapping[str, Mapping[str, float]]) -> str:
        where = ", ".join(f"{name} {recent[name]['p50_ms']:.1f}" for name in SECTIONS if name in recent)
        kept_hz = max(1, int(LEAST_SHARE * reached_hz))
        what_to_do = {
            "rate": f"train a smaller network, or play at a rate that is kept: --rate {kept_hz}",
            "age": "train a smaller network, or for this delay: "
            f"playhead train {quoted(self._game)} --latency auto",
        }[kind]
        return (
            f"Run {self._run} {what}, and {self._does} badly. Where the time goes, in ms: {where}. "
            f"Close other programs, {what_to_do}."
        )


def _kept(limit: Limit, value: float, unit: str) -> str:
    """Say how far a run was measured to drive well, to go into brackets."""
    if limit.is_reached:
        return f"{KEPT:g} of its score is kept up to {value:.0f} {unit}"
    return f"measured well up to {value:.0f} {unit}"
