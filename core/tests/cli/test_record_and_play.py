"""`record` and `play` on CartPole, an environment nobody here wrote, taught by a package on the path."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from playhead import cli
from playhead.containers.video import VideoFile
from playhead.errors import PlayheadError
from playhead.events import PLAYED, Origin
from playhead.game import Game
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import Recording, open_recording
from playhead.training.recipe import Recipe

CART = '''
"""CartPole: push the cart, keep the pole up."""

from playhead.game import Device, Frame, Game, Scenario, World
from playhead.hookspecs import hookimpl
from playhead.labels import Choice, Keys


class Still:
    """Does nothing."""

    def __init__(self, env):
        pass

    def decide(self):
        return {}


class Upright:
    """Pushes towards the side to which the pole falls."""

    def __init__(self, env):
        self._env = env

    def decide(self):
        _, _, angle, turning = self._env.unwrapped.state
        return {"right": float(angle + turning > 0), "left": float(angle + turning <= 0)}


CART = Game(
    name="cart",
    title="CartPole",
    devices={
        "screen": Device(capture="no_such_capture", input="no_such_input"),
        "world": Device(
            capture="environment",
            input="environment",
            options={"environment": "CartPole-v1", "codes": ["left", "right"]},
        ),
    },
    frame=Frame(width=48, height=32, rate_hz=25),
    labels={"push": Choice("left", "right")},
    controls={"left": "left", "right": "right"},
    world=World(
        environment="CartPole-v1",
        policies={"upright": Upright, "still": Still},
        expert="upright",
        scenarios={"regular": Scenario(), "late": Scenario(padding_s=0.4)},
    ),
)


@hookimpl
def playhead_games():
    return [CART]
'''


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the cart's package where this process and its workers find it; return a home folder."""
    site = tmp_path / "site"
    info = site / "cart_game-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "cart_game.py").write_text(CART)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cart-game\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[playhead]\ncart = cart_game\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PLAYHEAD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def recordings(home: Path) -> list[Recording]:
    folders = sorted((home / "recordings" / "cart").iterdir(), key=lambda folder: int(folder.name.split("-")[-1]))
    return [open_recording(folder) for folder in folders]


def cart() -> Game:
    return Plugins.installed().game("cart")


@pytest.fixture
def run(home: Path) -> Run:
    """An untrained network, saved as a run."""
    game = cart()
    recipe = Recipe(length=2, stride_s=0.08, model_options={"channels": [4, 4, 4, 4], "features": 8, "hidden": 8})
    saved = Run(
        path=home / "runs" / "cart" / "default" / "first", game=game.to_json(), recipe_name="default",
        recipe=recipe, network=NetworkPart(schema=game.schema, frame=game.frame, rate_hz=25),
    )  # fmt: skip
    return saved.save(build(model_spec(saved.game, saved.schema, saved.frame, saved.recipe)))


def summaries(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    code = cli.run([*args, "--json"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return json.loads(shown.out)


def test_the_expert_is_recorded_in_episodes_of_their_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["record", "cart", "--episodes", "2", "--seconds", "2", "--workers", "1", "--seed", "4"]) == 0
    shown = capsys.readouterr()
    assert "2 recordings, 100 frames" in shown.out
    assert "Device world (the stand-in world): screen is passed over" in shown.err
    assert str(home) in shown.err
    made = recordings(home)
    assert [recording.header.seed for recording in made] == [4, 5]
    assert {recording.header.driver for recording in made} == {"expert"}
    assert all(len(recording.frame_time_ns) == 50 for recording in made)
    assert set(made[0].labels["push"][:, 0].tolist()) == {0, 1}


def test_drives_that_are_all_cut_short_are_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "All 2 drives were ended by --seconds 2, none at its own end"
    asked = "record", "cart", "--episodes", "2", "--seconds", "2", "--workers", "1"
    assert cli.run([*asked]) == 0
    assert said in capsys.readouterr().err
    assert cli.run([*asked, "--driver", "still"]) == 0  # the pole falls, which ends an episode
    assert said not in capsys.readouterr().err


def test_seeds_go_on_where_the_last_recordings_ended(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        summaries(capsys, "record", "cart", "--seconds", "0.4")
    assert [recording.header.seed for recording in recordings(home)] == [1, 2]


def test_several_processes_record_what_one_does(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["record", "cart", "--episodes", "3", "--seconds", "1", "--seed", "7", "--disturb"]
    summaries(capsys, *asked, "--workers", "1")
    summaries(capsys, *asked, "--workers", "2")
    made = recordings(home)
    one, two = (
        sorted(made[part], key=lambda recording: recording.header.seed or 0) for part in (slice(3), slice(3, 6))
    )
    for alone, beside in zip(one, two, strict=True):
        assert alone.header.seed == beside.header.seed
        assert (alone.read_frames(range(5)) == beside.read_frames(range(5))).all()
        assert (alone.labels["push"] == beside.labels["push"]).all()


def test_an_error_in_a_worker_is_a_sentence_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["record", "cart", "--episodes", "2", "--workers", "2", "--rate", "500"]
    assert cli.run(asked) == 1
    error = capsys.readouterr().err
    assert "Error: cart asks for 500 frames a second" in error
    assert "Traceback" not in error


def test_a_padded_scenario_says_how_many_frames_are_padding(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summaries(capsys, "record", "cart", "--seconds", "1", "--scenario", "late", "--notes", "a try")
    (made,) = recordings(home)
    assert (made.header.padding_frames, made.header.scenario, made.header.notes) == (10, "late", "a try")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["record", "crat"], 'Did you mean "cart"'),
        (["record", "cart", "--driver", "uprigth"], 'Did you mean "upright"'),
        (["record", "cart", "--on", "wrold"], 'Did you mean "world"'),
        (["record", "cart", "--scenario", "regluar"], 'Did you mean "regular"'),
        (["record", "cart", "--driver", "human"], "--driver expert"),
        (["record", "cart", "--on", "screen"], "no_such_capture"),
        (["record", "cart", "--set", "arguments"], "name=value"),
        (["record", "cart", "--set", "argumnets.x=1"], 'Did you mean "arguments"'),
        (["record", "cart", "--beta", "2", "--teacher", "expert"], "between 0 and 1"),
        (["record", "cart", "--run", "x", "--driver", "expert"], "--run"),
        (["record", "cart", "--seconds", "-1"], "negative"),
        (["record", "cart", "--driver", "run"], "playhead train cart"),
        (["play", "cart"], "playhead train cart"),
        (["play", "cart", "--run", "x"], '"x"'),
    ],
)
def test_wrong_words_are_said(home: Path, capsys: pytest.CaptureFixture[str], asked: list[str], says: str) -> None:
    assert cli.run(asked) == 1
    assert says in capsys.readouterr().err
    assert not (home / "recordings" / "cart").exists(), "nothing half-made may be left"


def test_a_run_plays_and_its_measures_are_printed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["play", "cart", "--episodes", "2", "--seconds", "5"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("return ") == 2
    assert "captured 25.0/s  decided 25.0/s  acted 25.0/s" in shown.out
    assert "Run cart/default/first (the newest here)" in shown.err
    made = summaries(capsys, "play", "cart", "--seed", "3")
    assert made[0]["seed"] == 3
    assert made[0]["measures"]["length_s"] > 0.1
    assert made[0]["loop"]["ending"] == "episode"


def test_playing_is_the_same_by_seed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = (summaries(capsys, "play", "cart", "--seed", "3")[0]["measures"] for _ in range(2))
    assert first == again


def test_a_dry_run_presses_nothing_and_says_what_it_would_have(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["play", "cart", "--dry-run", "--seconds", "0.4"]) == 0
    assert "Dry run, would have pressed: " in capsys.readouterr().err


def test_a_play_session_is_recorded_with_the_network_as_origin(
    home: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    summaries(capsys, "play", "cart", "--record", "--seconds", "0.4", "--latency", "0.02")
    (made,) = recordings(home)
    assert set(made.label_origin.tolist()) == {Origin.MODEL}
    assert made.header.driver == "run cart/default/first"
    assert made.header.label_device == PLAYED


def test_playing_is_filmed(home: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    film = home.parent / "drive.mp4"
    made = summaries(capsys, "play", "cart", "--episodes", "2", "--seconds", "0.4", "--video", str(film))
    assert len(made) == 2
    for number, one in enumerate(made, 1):
        with closing(VideoFile(film.with_name(f"drive-{number}.mp4"))) as video:
            shown = [(time_ns, video.upright(frame)) for time_ns, frame in video.frames()]
        known = range(
            one["loop"]["captured"] - 1
        )  # what is held until the next frame is known of all but the last
        assert [time_ns for time_ns, _ in shown] == [pytest.approx(40e6 * n, abs=1e5) for n in known]
        assert {picture_HWC.shape for _, picture_HWC in shown} == {(32, 48, 3)}
    assert not film.exists()
    assert cli.run(["play", "cart", "--episodes", "2", "--video", str(film)]) == 1
    assert "drive-1.mp4 is there already" in capsys.readouterr().err


def test_a_clip_is_a_webp(home: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    clip = home.parent / "drive.webp"
    assert cli.run(["play", "cart", "--seconds", "0.4", "--video", str(clip)]) == 0
    assert f"Video: {clip}" in capsys.readouterr().err
    ok, animation = cv2.imdecodeanimation(np.frombuffer(clip.read_bytes(), np.uint8))
    assert ok
    assert len(animation.frames) > 1


@pytest.mark.parametrize(("name", "says"), [("drive.avi", "is no .mp4"), ("none/drive.mp4", "no folder")])
def test_a_film_that_cannot_be_is_said_before_anything_is_played(
    home: Path, run: Run, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    assert cli.run(["play", "cart", "--video", str(home.parent / name)]) == 1
    assert says in capsys.readouterr().err


def test_a_run_is_taught(home: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    summaries(capsys, "record", "cart", "--run", "first", "--teacher", "expert", "--seconds", "0.4")
    (made,) = recordings(home)
    assert set(made.label_origin.tolist()) == {Origin.SCRIPT}
    assert made.header.label_device == "teacher"
    assert made.header.driver == "run cart/default/first"


def test_a_world_in_real_time_goes_on_by_itself(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.perf_counter()
    (made,) = summaries(capsys, "play", "cart", "--real-time", "--seconds", "0.3")
    assert time.perf_counter() - started > 0.3 or made["loop"]["ending"] == "episode"
    assert made["loop"]["elapsed_s"] > 0.1
    assert made["measures"]["length_s"] <= made["loop"]["elapsed_s"] + 0.02


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("controller.treshold=0.4", 'Did you mean "threshold"'),
        ("controller=3", "controller.threshold=0.4"),
        ("rate_hz=12.5", "--rate 25"),
        ("reset=3", "reset.NAME=VALUE"),
    ],
)
def test_what_a_run_cannot_play_with_is_said(
    run: Run, capsys: pytest.CaptureFixture[str], settings: str, says: str
) -> None:
    assert cli.run(["play", "cart", "--set", settings]) == 1
    assert says in capsys.readouterr().err


VALLEY = ["environment=MountainCar-v0", "arguments.max_episode_steps=1000000", "real_time=true"]


def with_frames(home: Path) -> int:
    """Return how many recordings have frames on the disk: a stop before the first frame leaves no recording."""
    going = 0
    for folder in home.glob("recordings/cart/*"):
        with suppress(PlayheadError):
            going += len(open_recording(folder)) > 0
    return going


def begun(
    home: Path, is_going: Callable[[], bool], *asked: str, terminal: int | None = None
) -> subprocess.Popen[str]:
    """Run a command in a valley that nothing leaves, in real time, and return once it is going.

    In a session of its own, of which `terminal` becomes the terminal.
    """
    words = [*asked, *(word for option in VALLEY for word in ("--set", option))]
    script = home.parent / "command.py"
    script.write_text(f"import sys\nfrom playhead import cli\nsys.exit(cli.run({words}))\n")
    (home.parent / "site" / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if any('spawn_main' in word for word in sys.orig_argv):  # a worker process that begins\n"
        f"    open({str(home.parent / 'beginning')!r}, 'w').close()\n"
        "    time.sleep(1.5)\n"
    )
    pipe = subprocess.PIPE if terminal is None else None
    child = subprocess.Popen(
        [sys.executable, str(script)], stdout=pipe, stderr=pipe, text=True, start_new_session=terminal is None,
        preexec_fn=None if terminal is None else lambda: os.login_tty(terminal),
    )  # fmt: skip
    deadline = time.monotonic() + 180
    while not is_going() and child.poll() is None:
        assert time.monotonic() < deadline, "it did not begin"
        time.sleep(0.05)
    time.sleep(0.5)
    return child


def interrupted(
    home: Path, is_going: Callable[[], bool], *asked: str, by: signal.Signals = signal.SIGINT
) -> tuple[str, str]:
    """Run a command as `begun` does, and press Ctrl-C once it is going, or end it by another signal."""
    child = begun(home, is_going, *asked)
    os.killpg(child.pid, by)  # as terminals and services do: to every process
    out, error = child.communicate(timeout=60)
    assert child.returncode == 0, error
    assert "Traceback" not in error
    check_nobody_is_left(child.pid)
    return out, error


def check_nobody_is_left(group: int) -> None:
    """Wait until the last process of a group has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("processes were left behind")


# Both ways of ending it by signal reach every process: a service manager's and that of a terminal that closes.
@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process is a POSIX matter")
@pytest.mark.parametrize(
    ("workers", "by"),
    [(1, signal.SIGINT), (2, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGTERM), (2, signal.SIGHUP)],
)
def test_signals_end_recording_with_everything_kept(home: Path, workers: int, by: signal.Signals) -> None:
    def is_going() -> bool:
        return with_frames(home) == workers

    words = ("record", "cart", "--episodes", "2", "--workers", str(workers), "--driver", "still")
    out, _ = interrupted(home, is_going, *words, by=by)
    assert out.count("ended by you") == workers
    made = recordings(home)
    assert len(made) == workers
    assert all(recording.is_complete and len(recording.frame_time_ns) > 0 for recording in made)


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process is a POSIX matter")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_signals_while_workers_begin_are_no_error(home: Path, by: signal.Signals) -> None:
    def is_beginning() -> bool:
        return (home.parent / "beginning").exists()

    words = ("record", "cart", "--episodes", "2", "--workers", "2", "--driver", "still")
    interrupted(home, is_beginning, *words, by=by)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_terminal_that_closes_leaves_recordings_closed_and_nobody_behind(home: Path) -> None:
    near, far = os.openpty()
    words = ("record", "cart", "--episodes", "2", "--workers", "2", "--driver", "still")
    child = begun(home, lambda: with_frames(home) == 2, *words, terminal=far)
    os.close(far)
    os.close(near)  # the system tells every process in it, and nothing can be said to anybody any more
    child.wait(timeout=60)
    check_nobody_is_left(child.pid)
    assert [recording.is_complete for recording in recordings(home)] == [True, True]


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process is a POSIX matter")
def test_ctrl_c_ends_playing_normally(home: Path, run: Run) -> None:
    out, error = interrupted(home, lambda: with_frames(home) == 1, "play", "cart", "--record")
    assert "captured" in out
    assert "Recorded" in error
    (made,) = recordings(home)
    assert made.events["value"][-1] == 0, "the last thing that happened is a release"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_workers_end_their_recordings_when_the_command_is_killed(home: Path) -> None:
    def complete() -> list[bool]:
        return [recording.is_complete for recording in recordings(home)]

    asked = ("record", "cart", "--episodes", "2", "--workers", "2", "--driver", "still")
    child = begun(home, lambda: with_frames(home) == 2, *asked)
    assert complete() == [False, False]
    child.kill()
    child.communicate(timeout=60)  # returns once nobody holds its output: the workers have ended too
    assert complete() == [True, True]
