"""One screen for whoever sits beside the network: who drives, how fast, how old, what it wants, what is pressed.

The loop only hands over numbers, ten times a second; drawing is done by the thread that shows it.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from playhead.clock import NS_PER_S
from playhead.control.authority import ControlAuthority, Who
from playhead.control.loop import Tick
from playhead.control.rate import Rate
from playhead.events import PLAYED, Event, Origin
from playhead.game import Game
from playhead.labels import Axes, Head
from playhead.names import visible
from playhead.playing.controllers import Predictions

NEWS_NS = NS_PER_S // 10
BAR_WIDTH = 32  # characters: with names and numbers it fits into 80 columns
BANNERS: dict[Who, tuple[str, str]] = {
    "model": ("THE NETWORK DRIVES", "black on green"),
    "human": ("YOU DRIVE", "black on yellow"),
    "paused": ("PAUSED", "white on blue"),
    "unfocused": ("NOT IN FOCUS", "white on red"),
    "minimised": ("MINIMISED", "white on red"),
    "closed": ("WINDOW CLOSED", "white on red"),
}
WATCHED = ("THE NETWORK WATCHES", "black on cyan")


@dataclass(frozen=True, kw_only=True)
class News:
    """What there is to show at one moment. Units: rates a second, age_ms milliseconds, elapsed_s seconds."""

    elapsed_s: float = 0.0
    rates: dict[str, float] = field(default_factory=dict)
    age_ms: float = 0.0
    late: int = 0
    dropped: int = 0
    predictions: Predictions = field(default_factory=dict)
    held: dict[str, Origin] = field(default_factory=dict)


class PlayerConsole:
    """A watcher of the loop. `screen()` may be asked by another thread.

    `predictions` are what the network said last, head -> (outputs,). With `only_watches` nothing is ever pressed.
    `unfit` says what makes the run drive badly at present; `guarded` which share of its decisions a guard changed.
    """

    def __init__(
        self, game: Game, title: str, *, rate_hz: float, predictions: Callable[[], Predictions],
        authority: ControlAuthority | None, only_watches: bool = False, unfit: Callable[[], str] = lambda: "",
        guarded: Callable[[], float | None] = lambda: None,
    ) -> None:  # fmt: skip
        self._game = game
        self._title = title
        self._asked_hz = rate_hz
        self._predictions = predictions
        self._authority = authority
        self._only_watches = only_watches
        self._unfit, self._guarded = unfit, guarded
        self._rates = {name: Rate() for name in ("captured", "predicted", "acted")[: 2 if only_watches else 3]}
        self._ages_ns: deque[int] = deque(maxlen=max(1, round(rate_hz)))
        self._held: dict[str, Origin] = {}
        self._seen_ns: int | None = None
        self._pictures = 0
        self._begin_ns: int | None = None
        self._told_ns = 0
        self._recording = ""
        self.news = News()

    def is_recorded_as(self, name: str) -> None:
        """Show what the recording is called."""
        self._recording = name

    def saw(self, tick: Tick) -> None:
        """Take a tick; ten times a second make news of it."""
        now_ns = tick.captured.time_ns + tick.age_ns
        if self._begin_ns is None:
            self._begin_ns, self._told_ns = now_ns, now_ns - NEWS_NS
        self._pictures += tick.captured.time_ns != self._seen_ns
        self._seen_ns = tick.captured.time_ns
        self._ages_ns.append(tick.age_ns)
        totals = (self._pictures, tick.report.decided, tick.report.acted)
        for rate, total in zip(self._rates.values(), totals, strict=False):
            rate.add(now_ns, total)
        self._follow(tick.events)
        if now_ns - self._told_ns >= NEWS_NS:
            self._told_ns = now_ns
            self.news = self._newest(tick, (now_ns - self._begin_ns) / NS_PER_S)

    def ended(self, events: Sequence[Event]) -> None:
        """Everything was let go of. The next loop counts from 0 again."""
        self._held.clear()
        self._rates = {name: Rate() for name in self._rates}
        self._pictures = 0

    def _newest(self, tick: Tick, elapsed_s: float) -> News:
        return News(
            elapsed_s=elapsed_s,
            rates={name: rate.per_s for name, rate in self._rates.items()},
            age_ms=statistics.median(self._ages_ns) / 1e6,
            late=tick.report.late,
            dropped=tick.report.dropped,
            predictions=dict(self._predictions()),
            held=dict(self._held),
        )

    def _follow(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.device == PLAYED:
                self._held.pop(event.code, None)
                if event.value and not event.is_motion:
                    self._held[event.code] = event.origin

    def screen(self) -> RenderableType:
        """Return everything as it is now."""
        news, unfit = self.news, self._unfit()
        does = "Sees" if self._only_watches else "Drives"
        warned = [Text(f"{does} badly: {unfit}", style="bold red")] if unfit else []
        return Panel(
            Group(self._banner(), Text(), self._numbers(news), *warned, Text(), *self._heads(news)),
            title=Text(visible(self._title)),
            width=80,
        )

    def _banner(self) -> RenderableType:
        who: Who = self._authority.who if self._authority is not None else "model"
        text, style = WATCHED if self._only_watches else BANNERS[who]
        row = Table.grid(expand=True)
        row.add_column()
        row.add_column(justify="right")
        row.add_row(Text(f" {text} ", style=f"bold {style}"), Text(self._hint(who), style="dim"))
        return row

    def _hint(self, who: Who) -> str:
        keys = self._authority.keys if self._authority is not None else {}
        if not keys and who == "model":
            return "Ctrl-C stops"
        if who == "model":
            return f"any key of the game takes over, {keys['pause']} pauses, {keys['stop']} stops"
        if who in ("human", "paused"):
            goes_on = "gives control back" if who == "human" else "goes on"
            return f"{keys['resume']} {goes_on}, {keys['stop']} stops"
        return "nothing is pressed until the window has the focus"

    def _numbers(self, news: News) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        rates = [f"{name} [bold]{news.rates.get(name, 0.0):.1f}[/]/s" for name in self._rates]
        table.add_row(*rates, f"of {self._asked_hz:g}/s asked")
        minutes, seconds = divmod(int(news.elapsed_s), 60)
        recorded = f"recording {self._recording}" if self._recording else "not recorded"
        table.add_row(
            f"frame age [bold]{news.age_ms:.1f}[/] ms", f"{news.late} late, {news.dropped} dropped",
            f"{minutes}:{seconds:02d}", Text(visible(recorded)),
        )  # fmt: skip
        if (guarded := self._guarded()) is not None:
            table.add_row(f"guard changed [bold]{100 * guarded:.1f}[/] %")
        return table

    def _heads(self, news: News) -> Iterator[RenderableType]:
        for name, answer in news.predictions.items():
            head = self._game.learnable.head(name)
            table = Table.grid(padding=(0, 1))
            table.add_column(width=14, no_wrap=True)
            for label, value, bar in _bars(head, np.asarray(answer, dtype=np.float64)):
                table.add_row(Text(visible(label)), bar, f"{value:5.2f}", self._press(news, label))
            yield Text(visible(name), style="dim")
            yield table

    def _press(self, news: News, label: str) -> Text:
        origin = news.held.get(self._game.controls.get(label, ""))
        if origin is None:
            return Text()
        is_human = origin is Origin.HUMAN
        return Text("■ you" if is_human else "■ pressed", style="bold magenta" if is_human else "bold green")


def _bars(head: Head, answer: np.ndarray) -> Iterator[tuple[str, float, Bar]]:
    """Yield label, value and bar of each thing a head answers; an axis goes out from its centre."""
    if not isinstance(head, Axes):
        for label, value in zip(head.names, answer.tolist(), strict=True):
            yield label, value, _bar(1.0, 0.0, min(1.0, max(0.0, value)))
        return
    values = answer
    if head.deltas:
        chosen = answer.reshape(len(head.names), len(head.deltas)).argmax(1)
        values = np.array(head.deltas)[chosen]
    reach = max(map(abs, head.deltas)) if head.deltas else 1.0
    for label, value in zip(head.names, values.tolist(), strict=True):
        share = min(1.0, max(-1.0, value / reach))
        yield label, value, _bar(2.0, 1 + min(0.0, share), 1 + max(0.0, share))


def _bar(size: float, begin: float, end: float) -> Bar:
    return Bar(size, begin, end, width=BAR_WIDTH, color="blue", bgcolor="bright_black")
