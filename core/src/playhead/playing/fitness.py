"""Whether a run is fit to play here and now: it decides as often, and on pictures as new, as in its training."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence

from playhead.clock import NS_PER_S
from playhead.control.loop import Tick
from playhead.control.timing import SectionTimes
from playhead.events import Event
from playhead.names import quoted

OVER_NS = 3 * NS_PER_S  # one hiccup is no reason to say anything
EVERY_NS = NS_PER_S // 2
LEAST_SHARE = 0.9  # of the decisions a second
SECTIONS = ("look", "decide", "act", "watch")


class Fitness:
    """A watcher of the loop that says once when decisions are too rare, and once when they come too late.

    `now` says in a few words what is wrong at present, `said` in whole sentences what was, in this session.
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
    ) -> None:
        self._game, self._run, self._say = game, run, say
        self._asked_hz, self._latency_ms = asked_hz, 1000 * latency_s
        self._most_ms = 1000 * (latency_s + 1 / rate_hz)
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
        slow = f"For {share:.0f} % of the time run {self._run} was too slow here to drive as well as it can."
        return " ".join([slow, *self.said.values()])

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
        age_ms = statistics.median(age_ns for _, age_ns in self._ages) / 1e6 if self._ages else 0.0
        wrong: dict[str, tuple[float, str]] = {}  # how bad it is, what it is
        if reached_hz < LEAST_SHARE * self._asked_hz:
            what = f"decides {reached_hz:.1f} times a second instead of {self._asked_hz:g}"
            wrong["rate"] = -reached_hz, what
        if age_ms > self._most_ms:
            wrong["age"] = (
                age_ms,
                f"decides on pictures {age_ms:.0f} ms old, {self._latency_ms:.0f} ms were trained",
            )
        self.now = ", ".join(what for _, what in wrong.values())
        self._judged += 1
        self._unfit += bool(wrong)
        for kind, (how_bad, what) in wrong.items():
            is_new = kind not in self.said
            if is_new or how_bad > self._worst[kind]:
                self._worst[kind] = how_bad
                self.said[kind] = self._sentence(kind, what, reached_hz, times)
            if is_new:
                self._say(f"Warning: {self.said[kind]}")

    def _sentence(self, kind: str, what: str, reached_hz: float, times: SectionTimes) -> str:
        recent = times.summary(last=max(1, round(3 * reached_hz)))
        where = ", ".join(f"{name} {recent[name]['p50_ms']:.1f}" for name in SECTIONS if name in recent)
        kept_hz = max(1, int(LEAST_SHARE * reached_hz))
        what_to_do = {
            "rate": f"train a smaller network, or play at a rate that is kept: --rate {kept_hz}",
            "age": "train a smaller network, or for this delay: "
            f"playhead train {quoted(self._game)} --latency auto",
        }[kind]
        return (
            f"Run {self._run} {what}, and drives badly. Where the time goes, in ms: {where}. "
            f"Close other programs, {what_to_do}."
        )
