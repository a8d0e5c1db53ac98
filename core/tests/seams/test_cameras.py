"""A device with two cameras: recorded, learned from, evaluated, played, killed, repaired, trimmed, copied."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import zarr
import zarr.storage

from playhead import cli
from playhead.capture import CapturedFrame
from playhead.capture.environment import EnvironmentCapture
from playhead.control.loop import Tick
from playhead.devices import open_device
from playhead.errors import BadValue, Damaged, DeviceFailed, Mismatch
from playhead.events import Origin
from playhead.game import Device, Frame, Game
from playhead.labels import Keys, LabelSchema
from playhead.plugins import Plugins
from playhead.recording.recorder import Recorder
from playhead.recording.session import RecordingRequest, record
from playhead.storage.blocks import LastBlocks
from playhead.storage.check import check_recording
from playhead.storage.idle import Idle
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.reader import Recording, open_recording
from playhead.storage.remote import StoreSource
from playhead.storage.repair import repair_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.seals import seal
from playhead.storage.trim import trim_recording
from playhead.storage.writer import RecordingWriter

TRUCK = '''
"""A truck of a test's own: what comes from the left is seen in front, what comes from the right behind."""

import random
from dataclasses import replace

import numpy as np

from playhead.capabilities import Capabilities, Episodic, provides
from playhead.capture import Capture, CapturedFrame
from playhead.game import Device, Frame, Game, Measure, Scenario, World
from playhead.hookspecs import hookimpl
from playhead.input import Input as Buttons
from playhead.inputs import Input
from playhead.labels import Keys, LabelSchema
from playhead.training.recipe import Recipe

HZ = 20
FRAME = Frame(width=32, height=24, rate_hz=HZ, colour="grey")


class Truck(Episodic):
    step_hz = HZ

    def __init__(self):
        self.steps, self.held = 0, set()
        self.reset(seed=0)

    def reset(self, *, seed=None, options=None):
        self.random = random.Random(seed)
        self.age, self.reward, self.episode_return = 0, 0.0, 0.0
        self.terminated = self.truncated = False
        self.side = self.random.choice("lr")

    def now_ns(self):
        return round(self.steps * 1e9 / HZ)

    def sleep_until(self, time_ns):
        while self.now_ns() < time_ns - 1000 and not self.truncated:
            self.steps, self.age = self.steps + 1, self.age + 1
            if self.age % 5 == 0:
                self.side = self.random.choice("lr")
            self.reward = float(self.held == {self.side})
            self.episode_return += self.reward
            self.truncated = self.age >= 60


class Cameras(Capture):
    def __init__(self, truck):
        self._truck, self._looks = truck, 0

    @property
    def episodes(self):
        return self._truck

    @property
    def cameras(self):
        return {"rear": replace(FRAME, width=16, height=12, codec="lossless")}

    def look(self):
        truck = self._truck
        if truck.truncated:
            return None
        self._looks += 1
        front = np.full(FRAME.shape, 200 if truck.side == "l" else 20, np.uint8)
        rear = np.full((12, 16, 1), 200 if truck.side == "r" else truck.age, np.uint8)
        return CapturedFrame(frame_HWC=front, time_ns=truck.now_ns(), number=self._looks, cameras={"rear": rear})

    def close(self):
        pass


class Pedals(Buttons):
    hears = False

    def __init__(self, truck):
        self._truck = truck

    def send(self, code, value):
        (self._truck.held.add if value else self._truck.held.discard)(code)

    def release_all(self):
        self._truck.held.clear()

    def close(self):
        self.release_all()


def truck_of(session):
    def make():
        truck = Truck()
        truck.reset(seed=session.options.get("seed"))
        session.clock = truck
        return truck

    return session.share("truck", make)


@provides(Capabilities(lockstep=True, episodes=True))
def open_cameras(session):
    return Cameras(truck_of(session))


class Watchful:
    def __init__(self, truck):
        self._truck = truck

    def decide(self):
        return {self._truck.side: 1.0}


RECIPE = Recipe(
    inputs={"frames": Input("frames", (-0.1, 0.0)), "behind": Input("cameras/rear", (-0.2, 0.0))},
    batch_size=8, steps=2, warmup_steps=1, eval_every=1, val_share=0.5, workers=1,
    model_options={"channels": [4, 4], "features": 8, "hidden": 8},
)
GAME = Game(
    name="truck",
    title="Truck",
    devices={"yard": Device(capture="cameras", input="pedals")},
    frame=FRAME,
    labels={"push": Keys("l", "r")},
    controls={"l": "l", "r": "r"},
    recipes={"default": RECIPE},
    world=World(
        policies={"watchful": Watchful}, expert="watchful", scenarios={"regular": Scenario()},
        measures=(Measure(name="return", title="return"),),
    ),
)


@hookimpl
def playhead_games():
    return [GAME]


@hookimpl
def playhead_captures():
    return {"cameras": "truck_game:open_cameras"}


@hookimpl
def playhead_inputs():
    return {"pedals": lambda session: Pedals(truck_of(session))}
'''
FRAME = Frame(width=32, height=24, rate_hz=20)
REAR = Frame(width=16, height=12, rate_hz=20, colour="grey", codec="lossless")
FRAMES = 260  # two shards
Changed = Callable[[Path], None]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command prints as JSON."""
    assert cli.run([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_two_cameras_are_recorded_learned_from_evaluated_and_played(
    installed: Callable[[str, str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = installed("truck", TRUCK)
    made = told(capsys, "record", "truck", "--episodes", "2", "--seconds", "2", "--workers", "1")
    recording = open_recording(Path(made[0]["path"]))
    assert recording.length == 40
    rear = recording.cameras["rear"]
    rear_HWC = np.empty(rear.shape, np.uint8)
    for number in range(40):
        rear.read_into(number, rear_HWC)
        front = int(recording.read_frames(number)[0, 0, 0, 0])
        assert int(rear_HWC[0, 0, 0]) == (number if front > 100 else 200), "both of one moment"
    assert cli.run(["data", "check", "truck", "--every-frame"]) == 0
    capsys.readouterr()
    assert cli.run(["data", "info", made[0]["name"]]) == 0
    assert "camera rear      16x12 grey, lossless" in capsys.readouterr().out

    push = recording.labels["push"]
    again = LayerRows(labels={"push": push}, origins={"push": np.full(len(push), 3)}, probabilities={})
    write_layer(recording, "again", {"push": Keys("l", "r")}, [again])
    other = open_recording(Path(made[1]["path"]))
    again = LayerRows(labels={"push": other.labels["push"]}, origins={"push": np.full(40, 3)}, probabilities={})
    write_layer(other, "again", {"push": Keys("l", "r")}, [again])
    assert cli.run(["train", "truck", "--layer", "again"]) == 0
    assert cli.run(["train", "truck"]) == 0
    assert cli.run(["evaluate", "truck", "--episodes", "1", "--seconds", "1", "--workers", "1"]) == 0
    capsys.readouterr()
    (played,) = told(capsys, "play", "truck", "--seconds", "1", "--record")
    assert played["loop"]["late"] == 0
    newest = max((home / "recordings" / "truck").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert open_recording(newest).cameras["rear"].length == open_recording(newest).length

    away = (tmp_path / "away").as_uri()
    assert cli.run(["data", "copy", made[0]["name"], away]) == 0
    copied = open_recording(f"{away}/{recording.name}")
    assert all_pictures(copied) == all_pictures(recording)


def header(**more: Any) -> RecordingHeader:
    told: dict[str, Any] = {"cameras": {"rear": REAR, "left": replace(FRAME, quality=60)}, **more}
    return RecordingHeader(
        game={"name": "truck", "controls": {"l": "l"}}, schema=LabelSchema.of({"push": Keys("l", "r")}),
        frame=FRAME, rate_hz=20, device="yard", driver="expert", **told,
    )  # fmt: skip


def made(folder: Path, frames: int = FRAMES) -> Path:
    """Write a recording with two further cameras, whose pictures differ."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (24, 320, 3), dtype=np.uint8)
    with RecordingWriter(folder, header()) as writer:
        for number in range(frames):
            at = number % 280
            rear = noise[:12, at : at + 16, :1].copy()
            cameras = {"rear": rear, "left": noise[:, at + 5 : at + 37]}
            front = noise[:, at : at + 32]
            labels = {"push": [number // 50 % 2, 0]}
            writer.append(front, number * 50_000_000, labels, Origin.SCRIPT, cameras=cameras)
            rear[:] = 0  # it was copied
    return folder


def all_pictures(recording: Recording) -> dict[str, list[bytes]]:
    """Return all pictures as they are stored, by camera."""
    cameras = {"": recording, **recording.cameras}
    return {name: [one.read_encoded(number) for number in range(one.length)] for name, one in cameras.items()}


def harm(folder: Path) -> list[str]:
    return [str(problem) for problem in check_recording(folder, every_frame=True) if not problem.is_note]


def test_cameras_are_plain_arrays_that_old_readers_pass_over(tmp_path: Path) -> None:
    folder = made(tmp_path / "r", 30)
    assert check_recording(folder, every_frame=True) == []
    group: Any = zarr.open_group(str(folder), mode="r")
    rear_HWC = np.empty(REAR.shape, np.uint8)
    open_recording(folder).cameras["rear"].read_into(29, rear_HWC)
    assert np.array_equal(group["cameras/rear"][29], rear_HWC)
    assert rear_HWC.any(), "as it was when it was handed over"
    assert group["cameras/left"].shape == (30, 24, 32, 3)
    assert open_recording(folder).header == RecordingHeader.from_json(header_json(folder), where="it")
    told = header(cameras={}).to_json()
    assert "cameras" not in told, "what has none is written as it always was"


def header_json(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "zarr.json").read_text())["attributes"]["playhead"]
    return found


def test_a_camera_has_a_picture_with_every_frame(tmp_path: Path) -> None:
    shown = np.zeros(FRAME.shape, np.uint8)
    with RecordingWriter(tmp_path / "r", header()) as writer:
        with pytest.raises(Mismatch, match="wants a picture of the camera left with every frame"):
            writer.append(shown, 0, cameras={"rear": np.zeros(REAR.shape, np.uint8)})
        with pytest.raises(
            Mismatch, match=r"holds frames of cameras/rear of \(12, 16, 1\) uint8, not \(24, 32, 3\)"
        ):
            writer.append(shown, 0, cameras={"rear": shown, "left": shown})
        with pytest.raises(LookupError, match='Did you mean "rear"'):
            writer.append(shown, 0, cameras={"rera": shown, "left": shown})
        with pytest.raises(BadValue, match="hand its frames over one by one"):
            writer.append_many([], np.zeros(0, np.int64), {}, np.zeros(0, np.uint8), {})


@pytest.mark.parametrize("name", ["", "..", "a/b", ".live", "con", "x" * 201, "a\\b", "zarr.json/c"])
def test_the_name_of_a_camera_is_one_component_of_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadValue, match="cannot name a camera"):
        header(cameras={name: REAR})
    folder = made(tmp_path / "r", 3)
    document = json.loads((folder / "zarr.json").read_text())
    document["attributes"]["playhead"]["cameras"] = {name: vars(REAR)}
    (folder / "zarr.json").write_text(json.dumps(seal(document)))
    with pytest.raises(Damaged):
        open_recording(folder)


@pytest.mark.parametrize(("field", "value"), [("width", 10**9), ("width", "16"), ("codec", "raw")])
def test_what_is_declared_of_a_camera_is_decoded_strictly(tmp_path: Path, field: str, value: Any) -> None:
    folder = made(tmp_path / "r", 3)
    document = json.loads((folder / "zarr.json").read_text())
    document["attributes"]["playhead"]["cameras"]["rear"][field] = value
    (folder / "zarr.json").write_text(json.dumps(seal(document)))
    with pytest.raises(Damaged):
        open_recording(folder)
    assert harm(folder)


def test_changed_bits_of_cameras_are_found_and_turned_back(tmp_path: Path) -> None:
    folder = made(tmp_path / "r")
    truth = all_pictures(open_recording(folder))
    parts = ("cameras/rear/c/1/0/0/0", "cameras/left/c/0/0/0/0", "cameras/left/zarr.json",
             "checksums/cameras/rear/zarr.json", "cameras/zarr.json", "zarr.json")  # fmt: skip
    rng = random.Random(0)
    for part in parts:
        data = bytearray((folder / part).read_bytes())
        at = rng.randrange(len(data))
        data[at] ^= 4
        (folder / part).write_bytes(data)
        assert any(one.file.startswith(part.split("/c/")[0].removesuffix("/zarr.json"))
                   for one in check_recording(folder)), part  # fmt: skip
    repair = repair_recording(folder)
    assert (repair.lost, repair.unlabelled, repair.cameras_lost) == ([], 0, [])
    assert all_pictures(open_recording(folder)) == truth
    assert check_recording(folder) == []


def cut_short(folder: Path) -> None:
    shard = folder / "cameras/rear/c/1/0/0/0"
    shard.write_bytes(shard.read_bytes()[:-10])


def without_index(folder: Path) -> None:
    with (folder / "cameras/left/c/0/0/0/0").open("r+b") as shard:
        shard.write(b"x" * 4_004)


def without_shard(folder: Path) -> None:
    (folder / "cameras/rear/c/1/0/0/0").unlink()


def declared_elsewise(folder: Path) -> None:
    (folder / "cameras/left/zarr.json").unlink()


@pytest.mark.parametrize(
    ("change", "lost"),
    [(cut_short, [259]), (without_index, []), (without_shard, list(range(250, 260))), (declared_elsewise, [])],
)
def test_damage_of_a_camera_is_named_and_repaired(tmp_path: Path, change: Changed, lost: list[int]) -> None:
    folder = made(tmp_path / "r")
    truth = all_pictures(open_recording(folder))
    change(folder)
    assert any(one.startswith("cameras/") for one in harm(folder))
    with pytest.raises(Damaged, match=r"Repair it with|does not exist"):
        open_recording(folder).check_rows()
    assert open_recording(folder).read_encoded(0) == truth[""][0], "the main pictures are there"
    assert repair_recording(folder).lost == lost
    kept = {name: [one for n, one in enumerate(pictures) if n not in lost] for name, pictures in truth.items()}
    assert all_pictures(open_recording(folder)) == kept
    assert check_recording(folder, every_frame=True) == []


def test_a_camera_of_which_nothing_is_left_is_left_out(tmp_path: Path) -> None:
    folder = made(tmp_path / "r", 20)
    truth = all_pictures(open_recording(folder))
    (folder / "cameras/rear/c/0/0/0/0").unlink()
    for place in ("0/0/0", "0/0", "0"):
        (folder / "cameras/rear/c" / place).rmdir()
    repair = repair_recording(folder)
    assert (repair.cameras_lost, repair.lost, repair.is_less) == (["rear"], [], True)
    kept = open_recording(folder)
    assert all_pictures(kept) == {name: truth[name] for name in ("", "left")}
    assert check_recording(folder, every_frame=True) == []


def test_trimming_keeps_what_the_cameras_showed(tmp_path: Path) -> None:
    folder = made(tmp_path / "r", 200)
    truth = all_pictures(open_recording(folder))
    trim = trim_recording(folder, Idle(at_least_s=0.5, by="keys", keep_s=0.1))
    assert 0 < trim.frames_after < 200
    for piece in trim.pieces:
        assert piece.path is not None
        first = round(piece.begin_s * 20)
        shown = all_pictures(open_recording(piece.path))
        assert shown == {name: pictures[first : first + piece.frames] for name, pictures in truth.items()}


RECORDING = """
import sys, time
from pathlib import Path
import numpy as np
from playhead.events import Origin
from playhead.game import Frame
from playhead.labels import Keys, LabelSchema
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

frame = Frame(width=32, height=24, rate_hz=200)
header = RecordingHeader(
    game={"name": "truck"}, schema=LabelSchema.of({"push": Keys("l", "r")}), frame=frame, rate_hz=200,
    device="yard", driver="script", cameras={"rear": frame, "left": frame},
)
noise = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
writer, progress = RecordingWriter(Path(sys.argv[1]), header, sync_s=0.1), open(sys.argv[2], "wb", buffering=0)
for number in range(100_000):
    shown = np.roll(noise, number, axis=1)
    cameras = {"rear": shown, "left": shown[::-1]}
    writer.append(shown, number * 5_000_000, {"push": [number % 2, 1]}, Origin.SCRIPT, cameras=cameras)
    progress.write(b".")
    time.sleep(0.002)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("least", [40, 300])
def test_a_recording_of_two_cameras_that_was_killed_is_valid_and_repaired(tmp_path: Path, least: int) -> None:
    folder, progress = tmp_path / "r", tmp_path / "progress"
    process = subprocess.Popen([sys.executable, "-c", RECORDING, str(folder), str(progress)])
    deadline = time.monotonic() + 60
    while not (progress.exists() and progress.stat().st_size >= least and shown_frames(folder)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert harm(folder) == []
    killed = open_recording(folder)
    pictures = all_pictures(killed)
    assert len(pictures[""]) == len(pictures["rear"]) == len(pictures["left"]) > 0
    assert pictures[""] == pictures["rear"]
    assert len(set(pictures["left"])) == len(set(pictures["rear"]))
    truth, left = pictures["rear"], folder / "cameras/left/c/0/0/0/0"
    left.write_bytes(b"x" * 4_004 + left.read_bytes()[4_004:])
    repair_recording(folder)
    assert all_pictures(open_recording(folder))["rear"][: len(truth)] == truth
    assert check_recording(folder, every_frame=True) == []


def shown_frames(folder: Path) -> int:
    try:
        return open_recording(folder).length
    except (LookupError, Damaged):
        return 0


class Surround(gymnasium.Env[Any, Any]):
    """Shows what is behind in its observation, and a map in its info."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012
    action_space = gymnasium.spaces.MultiBinary(2)
    observation_space = gymnasium.spaces.Dict()

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode, self.steps = render_mode, 0

    def told(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"back": np.full((5, 7, 3), self.steps, np.uint8)}, {"map": np.full((4, 4), self.steps, np.uint8)}

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        self.steps = 0
        return self.told()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        observation, info = self.told()
        return observation, 0.0, False, False, info

    def render(self) -> Any:
        return np.zeros((6, 8, 3), np.uint8)


gymnasium.register("playhead-test/Surround-v0", Surround)


def yard(**options: Any) -> Game:
    told = {"environment": "playhead-test/Surround-v0", "codes": ["l", "r"], **options}
    return Game(
        name="yard", title="Yard",
        devices={"world": Device(capture="environment", input="environment", options=told)},
        frame=Frame(width=8, height=6, rate_hz=20, quality=90), labels={"push": Keys("l", "r")},
        controls={"l": "l", "r": "r"},
    )  # fmt: skip


def test_an_environment_shows_further_cameras_by_an_option() -> None:
    game = yard(cameras={"rear": "back", "map": "map"})
    with open_device(Plugins.installed(), game, "world") as device:
        assert device.capture.cameras == {
            "rear": replace(game.needed_frame, width=7, height=5),
            "map": replace(game.needed_frame, width=4, height=4, colour="grey"),
        }
        device.clock.sleep_until(100_000_000)
        seen = device.capture.look()
        assert seen is not None
        assert {name: (one.shape, int(one[0, 0, 0])) for name, one in seen.cameras.items()} == {
            "rear": ((5, 7, 3), 2), "map": ((4, 4, 1), 2),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("cameras", "error", "sentence"),
    [
        ("rear", BadValue, "is no mapping of names"),
        ({"rear": "bakc"}, DeviceFailed, "NoneType for the camera"),
    ],
)
def test_a_camera_that_an_environment_lacks_is_said(cameras: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence), open_device(Plugins.installed(), yard(cameras=cameras), "world"):
        pass


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.cameras: list[Any] = []

    def append(self, *row: Any, cameras: Any = None) -> None:
        self.cameras.append(cameras)

    def add_events(self, events: Any) -> None:
        pass


def test_a_camera_that_nobody_named_is_said_once_and_left_out() -> None:
    kept, said = Kept(), list[str]()
    game = yard()
    recorder = Recorder(kept, game, label_origin=lambda taken_ns: Origin.SCRIPT, cameras=["rear"], say=said.append)
    shown = np.zeros(game.needed_frame.shape, np.uint8)
    for number, names in enumerate((["rear"], ["rear", "map"], ["rear", "map"])):
        seen = CapturedFrame(frame_HWC=shown, time_ns=number, number=number, cameras=dict.fromkeys(names, shown))
        recorder.saw(Tick(captured=seen, events=(), dropped=0))
    recorder.ended(())
    assert [list(cameras) for cameras in kept.cameras] == [["rear"]] * 3
    assert len(said) == 1
    assert "the camera map was not named" in said[0]


class Idling:
    """Presses nothing."""

    origin = Origin.SCRIPT

    def decide(self, captured: CapturedFrame) -> dict[str, float]:
        return {}


@pytest.mark.parametrize("named", [True, False])
def test_what_declares_nothing_is_recorded_with_the_cameras_of_its_first_frame(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not named:
        monkeypatch.setattr(EnvironmentCapture, "cameras", None)
    request = RecordingRequest(driver=Idling(), driver_name="idling", duration_s=0.5)  # type: ignore[arg-type]
    with open_device(Plugins.installed(), yard(cameras={"rear": "back"}), "world") as device:
        summary = record(device, lambda: tmp_path / "r", request)
    assert summary.recording is not None
    recording = open_recording(tmp_path / "r")
    assert recording.header.cameras == {"rear": replace(recording.header.frame, width=7, height=5)}
    rear_HWC = np.empty((5, 7, 3), np.uint8)
    recording.cameras["rear"].read_into(9, rear_HWC)
    assert (recording.length, int(rear_HWC[0, 0, 0])) == (10, 9)


def test_cameras_are_read_from_a_store(tmp_path: Path) -> None:
    folder = made(tmp_path / "r")
    truth = all_pictures(open_recording(folder))
    source = StoreSource(zarr.storage.LocalStore(tmp_path), "store://tests", blocks=LastBlocks(8)).inside("r")
    assert all_pictures(Recording(source, "r")) == truth
    assert check_recording(source) == []
    (folder / "cameras/rear/c/0/0/0/0").unlink()
    assert any(one.file == "cameras/rear/c/0/0/0/0" for one in check_recording(source.keeping(None)))
