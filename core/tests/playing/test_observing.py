"""A run that only looks: it answers, draws, records what it says, and presses nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapes
from click.testing import CliRunner
from shapes import GAME, SHAPE, load_plugins, pictures

from playhead.capture import Capture, CapturedFrame, FrameArray
from playhead.cli.context import Desk
from playhead.cli.play import play as play_command
from playhead.clock import NS_PER_S, FakeClock
from playhead.control.loop import Tick
from playhead.control.timing import LoopReport
from playhead.devices import DeviceSession, OpenDevice
from playhead.errors import DeviceFailed, Mismatch
from playhead.events import Origin
from playhead.game import Device
from playhead.input.none import DryRun
from playhead.labels import Axes, Choice, Keys, LabelSchema
from playhead.models.run import Run
from playhead.playing.observing import LiveView, ObservationSummary, Observer, as_label
from playhead.playing.overlay import Canvas, bar_rows, with_heat
from playhead.playing.session import play
from playhead.sessions.observing import ClosableScreen
from playhead.storage.reader import open_recording
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

RECIPE = Recipe(
    model="conv_stack", model_options={"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}, length=1, steps=80,
    eval_every=80, batch_size=16, warmup_steps=2, lr=5e-3,
)  # fmt: skip
FRAMES = 30


class Shown(Capture):
    """A capture of shapes, and a screen that keeps what is shown."""

    def __init__(self, clock: FakeClock, frames: int = FRAMES) -> None:
        self._clock, self._left = clock, frames
        self._pictures = pictures(count=frames, seed=20).frames_THWC
        self.pictures: list[FrameArray] = []

    def look(self) -> CapturedFrame | None:
        if not self._left:
            return None
        self._left -= 1
        number = len(self._pictures) - self._left - 1
        return CapturedFrame(frame_HWC=self._pictures[number], time_ns=self._clock.now_ns(), number=number)

    def close(self) -> None:
        """Nothing to close."""

    def show(self, frame_HWC: FrameArray) -> None:
        self.pictures.append(frame_HWC.copy())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("home")
    lessons = [pictures(name=f"p{seed}", seed=seed) for seed in range(2)]
    out = home / "runs" / "shapes" / "default" / "1"
    return train(TrainingJob(game=GAME, recipe=RECIPE, recordings=lessons, out=out, plugins=load_plugins()))


@pytest.fixture
def device() -> OpenDevice:
    clock = FakeClock(start_ns=NS_PER_S)
    session = DeviceSession(game=GAME, name="memory", device=GAME.device("memory"), clock=clock)
    return OpenDevice(session=session, capture=Shown(clock), input=DryRun(clock))


def test_it_answers_every_frame_and_presses_nothing(run: Run, device: OpenDevice) -> None:
    observer = Observer.of(run, load_plugins(), GAME, rate_hz=10, with_heat=False)
    report = play(device, observer).report
    assert (report.captured, report.decided, report.acted) == (FRAMES, FRAMES, 0)
    assert isinstance(device.input, DryRun)
    assert not device.input.sent
    summary = ObservationSummary.of(observer, report, None)
    assert sum(summary.share["shape"].values()) == pytest.approx(1)
    assert set(summary.share["shape"]) <= set(SHAPE.names)
    assert json.loads(json.dumps(summary.to_json()))["frames"] == FRAMES


def test_the_order_of_labels_is_the_runs(run: Run) -> None:
    other = replace(GAME, labels={"shape": Choice("disc", "square", "cross")})
    with pytest.raises(Mismatch, match="disc, square, cross"):
        Observer.of(run, load_plugins(), other, rate_hz=10)


def test_a_window_of_one_frame_watches_at_any_rate(run: Run) -> None:
    assert Observer.of(run, load_plugins(), GAME, rate_hz=60, with_heat=False).predictions == {}


def test_heat_is_felt_when_there_is_time_and_not_otherwise(run: Run) -> None:
    observer = Observer.of(run, load_plugins(), GAME, rate_hz=0.01)
    captured = CapturedFrame(frame_HWC=pictures(count=1).frames_THWC[0], time_ns=0, number=0)
    observer.decide(captured)
    assert observer.heats == 1
    assert observer.level_HW is not None
    assert observer.level_HW.shape == (shapes.HEIGHT, shapes.WIDTH)
    assert observer.heat_of == SHAPE.names[int(observer.predictions["shape"].argmax())]
    observer.later_s = 1000.0  # drawing takes all the time there is
    observer.decide(captured)
    assert observer.heats == 1
    assert observer.heat_ms > 0


def test_a_heat_that_took_long_once_is_tried_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Observer.of(run, load_plugins(), GAME, rate_hz=0.1)
    monkeypatch.setattr(observer, "_heat_s", 9.0)
    captured = CapturedFrame(frame_HWC=pictures(count=1).frames_THWC[0], time_ns=0, number=0)
    tried = 0
    while not observer.heats:
        observer.decide(captured)
        tried += 1
    assert 2 <= tried <= 60


def test_the_view_shows_every_tick_with_bars_and_heat_beside(run: Run, device: OpenDevice) -> None:
    observer = Observer.of(run, load_plugins(), GAME, rate_hz=1)
    shown = device.capture
    assert isinstance(shown, Shown)
    canvas = Canvas(shapes.HEIGHT, shapes.WIDTH, observer.schema, has_heat=True)
    view = LiveView(observer, shown, canvas, device.clock, rate_hz=1000)
    report = play(device, observer, watchers=[view]).report
    assert len(shown.pictures) == len(view.overhead_ns) == FRAMES
    assert shown.pictures[0].shape == (canvas.size[1], canvas.size[0], 3)
    assert not np.array_equal(shown.pictures[0], shown.pictures[-1])
    summary = ObservationSummary.of(observer, report, view)
    assert summary.heats == FRAMES
    assert 0 < summary.overhead["p50_ms"] <= summary.overhead["p99_ms"]


def test_bars_are_as_long_as_answers_are_likely() -> None:
    schema = LabelSchema.of({"shape": SHAPE})
    canvas = Canvas(150, 400, schema, has_heat=False)
    frame = np.zeros((150, 400, 3), np.uint8)
    lengths = []
    for likely in (0.0, 0.5, 1.0):
        answer = np.array([likely, 0.0, 1e-6], np.float32)
        drawn = canvas.draw(frame, {"shape": answer}, None, "").copy()
        lengths.append(int((drawn[:60] == (80, 190, 120)).all(2).any(0).sum()))
    assert lengths[0] < lengths[1] < lengths[2]
    assert lengths[2] == pytest.approx(2 * lengths[1], abs=2)


def test_heat_is_laid_where_it_is() -> None:
    grey = np.full((10, 20, 3), 100, np.uint8)
    heat = np.zeros((10, 20))
    heat[:, 10:] = 1.0
    shown = with_heat(grey, heat)
    assert np.abs(shown[:, :10].astype(int) - 100).max() <= 1
    assert (shown[:, 10:] != 100).any()
    assert with_heat(grey[:, :, :1], heat).shape == (10, 20, 3)


def test_all_kinds_of_heads_have_bars_and_labels() -> None:
    keys, axes = Keys("w", "a"), Axes("steer")
    assert bar_rows(keys, np.array([0.9, 0.1])) == [("w", 0.9), ("a", 0.1)]
    assert bar_rows(axes, np.array([-1.0])) == [("steer", 0.0)]
    assert len(bar_rows(Axes("steer", deltas=(-0.1, 0.1)), np.array([0.2, 0.8]))) == 2
    assert as_label(keys, np.array([0.9, 0.1])).tolist() == [1, 0]
    assert as_label(SHAPE, np.array([0.1, 0.2, 0.7])).tolist() == [2]
    assert as_label(axes, np.array([-3.0])).tolist() == [-1.0]


def test_a_lockstep_source_is_held_for_the_eyes(run: Run) -> None:
    import time

    observer = Observer.of(run, load_plugins(), GAME, rate_hz=10, with_heat=False)
    clock = FakeClock()
    shown = Shown(clock)
    canvas = Canvas(shapes.HEIGHT, shapes.WIDTH, observer.schema, has_heat=False)
    view = LiveView(observer, shown, canvas, clock, rate_hz=50)
    captured = CapturedFrame(frame_HWC=pictures(count=1).frames_THWC[0], time_ns=0, number=0)
    observer.decide(captured)
    began_s = time.perf_counter()
    for _ in range(6):
        view.saw(Tick(captured=captured, events=(), dropped=0, report=LoopReport()))
    assert time.perf_counter() - began_s >= 5 / 50


class TestCommand:
    @pytest.fixture
    def desk(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        home = run.path.parents[3]
        monkeypatch.setattr(Desk, "plugins", property(lambda desk: _with_capture()))
        monkeypatch.setenv("PLAYHEAD_HOME", str(home))
        return ["--home", str(home)]

    def test_it_watches_in_the_terminal_and_sums_up(self, desk: list[str]) -> None:
        done = CliRunner().invoke(play_command, ["shapes", "--terminal", "--seconds", "2", *desk])
        assert done.exit_code == 0, done.output
        assert "watches and presses nothing" in done.stderr
        assert "20 frames" in done.stdout
        assert "captured 10.0/s" in done.stdout

    def test_it_records_what_it_says_with_the_model_as_origin(self, desk: list[str]) -> None:
        done = CliRunner().invoke(play_command, ["shapes", "--terminal", "--record", "--json", *desk])
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert told["frames"] == FRAMES - 1  # the first look says what the source tells, before it begins
        recording = open_recording(Path(desk[1]) / "recordings" / "shapes" / told["recordings"][0])
        assert set(recording.label_origin.tolist()) == {int(Origin.MODEL)}
        likely = np.stack([recording.columns[f"shape_{name}"] for name in SHAPE.names], 1)
        assert likely.sum(1) == pytest.approx(np.ones(len(likely)), abs=1e-4)
        assert np.array_equal(likely.argmax(1), recording.labels["shape"][:, 0])
        names, counts = np.unique(np.array(SHAPE.names)[recording.labels["shape"][:, 0]], return_counts=True)
        shares = dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))
        assert shares == pytest.approx(told["share"]["shape"], abs=0.05)  # the last frame may be counted once more

    def test_without_a_desktop_it_says_so_and_goes_on(
        self, desk: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_window(title: str, codes: list[str]) -> None:
            raise DeviceFailed("No window can be opened: no display.")

        monkeypatch.setattr("playhead.showing.window.Window", no_window)
        done = CliRunner().invoke(play_command, ["shapes", "--seconds", "1", *desk])
        assert done.exit_code == 0, done.output
        assert "Shown in the terminal. No window can be opened" in done.stderr

    @pytest.mark.parametrize("option", [["--episodes", "2"], ["--unstick"], ["--latency", "0.1"]])
    def test_what_is_for_playing_is_refused(self, desk: list[str], option: list[str]) -> None:
        done = CliRunner().invoke(play_command, ["shapes", *option, *desk])
        assert done.exit_code != 0
        assert "only watched" in str(done.exception)

    def test_closing_the_window_ends_normally(self) -> None:
        import threading

        from playhead.showing.window import Happening

        class Closed:
            shown = 0

            def happenings(self, clock: object, until_ns: int) -> list[Happening]:
                return [Happening(kind="close")]

            def show(self, frame_HWC: FrameArray) -> None:
                self.shown += 1

        stop, window = threading.Event(), Closed()
        ClosableScreen(window, stop).show(np.zeros((2, 2, 3), np.uint8))  # type: ignore[arg-type]
        assert stop.is_set()
        assert window.shown == 1


def _with_capture():
    from types import SimpleNamespace

    from playhead.hookspecs import hookimpl
    from playhead.plugins import Plugins

    def open_capture(session: DeviceSession) -> Shown:
        session.clock = FakeClock()
        return Shown(session.clock)

    game = replace(GAME, devices={"memory": Device(capture="shapes", input="none")})
    module = SimpleNamespace(
        playhead_games=hookimpl(lambda: [game]), playhead_captures=hookimpl(lambda: {"shapes": open_capture})
    )
    return Plugins([("shapes", module)], strict=True)
