"""Inputs by name, each with its own times: made, learned from, evaluated and played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from doubles import MemoryRecording, events_of, mixed_heads, recording, small_game

from playhead.capture import CapturedFrame
from playhead.data.assembly import Assembly
from playhead.data.augment import Augmenter
from playhead.data.cameras import Camera
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import BadValue, Mismatch, NotFound
from playhead.evaluation.evaluate import evaluate
from playhead.evaluation.job import EvaluationJob
from playhead.events import TEACHER
from playhead.inputs import Input, spaced
from playhead.models.run import Run
from playhead.playing.history import History
from playhead.playing.policy import RunPolicy
from playhead.plugins import Plugins
from playhead.regions import Region
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe, with_settings
from playhead.training.supervised import train

MS = 1_000_000
GAME = replace(small_game(), regions={})
SMALL = {"channels": [4, 4], "features": 8, "hidden": 8}
QUICK = Recipe(steps=2, eval_every=2, batch_size=8, warmup_steps=0, workers=1, val_share=0.5, model_options=SMALL)

BESIDE_THE_PAST = {
    "now": Input("frames"),
    "keys": Input("actions", spaced(-6.0, -0.1, 0.1)),
    "speed": Input("speed", spaced(-5.9, 0.0, 0.1)),
}
AROUND = {"frames": Input("frames", spaced(-3.2, 3.2, 0.1))}


def drive(number: int, count: int = 80, **more: Any) -> MemoryRecording:
    """A drive with a key pressed and let go of every few frames, by events at the times of the frames."""
    rng = np.random.default_rng(number)
    held_T4 = np.repeat(rng.integers(0, 2, (count // 4, 4)), 4, 0).astype(np.uint8)
    steps = np.diff(held_T4.astype(int), axis=0, prepend=np.zeros((1, 4), int))
    rows = [(t * 100 * MS, "wasd"[k], float(steps[t, k] > 0)) for t, k in zip(*np.nonzero(steps), strict=True)]
    speed_T = np.arange(count, dtype=np.float32)
    return recording(
        GAME,
        {"drive": held_T4},
        name=f"drive-{number}",
        events=events_of(rows),
        telemetry={"speed": speed_T},
        **more,
    )


def learned(recipe: Recipe, folder: Path, recordings: list[MemoryRecording]) -> Run:
    return train(
        TrainingJob(game=GAME, recipe=recipe, recordings=recordings, out=folder / "toy/r/one", plugins=Plugins())
    )


def judged(run: Run, recordings: list[MemoryRecording]) -> dict[str, Any]:
    job = EvaluationJob(game=GAME, run=run, plugins=Plugins(), recordings=recordings, only_held_out=False)
    return {result.name: result.to_json() for result in evaluate(job).heads}


def seen(number: int) -> CapturedFrame:
    frame_HWC = np.full(GAME.frame.shape, number, np.uint8)
    return CapturedFrame(frame_HWC=frame_HWC, time_ns=number * 100 * MS, number=number, telemetry={"speed": 1.0})


@pytest.mark.parametrize(
    "inputs",
    [
        BESIDE_THE_PAST,
        {"speed": Input("speed", (-0.2, -0.1, 0.0)), "keys": Input("actions", (-0.1,))},  # no frames at all
        {"close": Input("frames", (-0.1, 0.0)), "long ago": Input("frames", (-2.0, -1.0))},  # one camera twice
    ],
    ids=["a frame beside sixty steps of the past", "numbers alone", "one camera twice"],
)
@pytest.mark.parametrize("model", ["conv_lstm", "conv_stack"])
def test_inputs_with_times_of_their_own_from_recording_to_playing(
    inputs: Mapping[str, Input], model: str, tmp_path: Path
) -> None:
    recordings = [drive(number) for number in range(2)]
    recipe = replace(QUICK, inputs=inputs, model=model)
    if model == "conv_stack" and "long ago" in inputs:
        with pytest.raises(BadValue, match="one input of pictures"):
            learned(recipe, tmp_path, recordings)
        return
    run = Run.open(learned(recipe, tmp_path, recordings).path)
    assert run.recipe.inputs == inputs, "told as it was asked for"
    assert judged(run, recordings)["drive"]["windows"] > 0
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    for number in range(5):
        assert set(policy.decide(seen(number))) == set("wasd")


def test_who_sees_the_future_labels_and_never_plays(tmp_path: Path) -> None:
    recordings = [drive(number, 100) for number in range(2)]
    run = learned(replace(QUICK, inputs=AROUND), tmp_path, recordings)
    assert judged(run, recordings)["drive"]["windows"] == 2 * (100 - 64)
    with pytest.raises(BadValue, match=r"looks into the future: its input frames reaches to \+3\.2 s"):
        RunPolicy.of(run, Plugins(), GAME, rate_hz=10)


def index_of(*recordings: MemoryRecording, **spec: Any) -> WindowIndex:
    return WindowIndex.of(recordings, recordings[0].header.schema, WindowSpec(**spec))


def test_each_input_is_picked_at_its_own_times() -> None:
    made = drive(1)
    index = index_of(made, inputs=BESIDE_THE_PAST)
    batch = Assembly(index=index)(0, np.array([0, 7]))
    assert batch["now"].shape == (2, 1, *GAME.frame.shape)
    np.testing.assert_array_equal(batch["now"][:, 0], made.frames_THWC[[60, 67]])
    assert batch["speed"][1].tolist() == list(range(8, 68))
    held_T4 = made.labels["drive"]
    np.testing.assert_array_equal(batch["keys"][1], held_T4[6:66])  # of frames 7 to 66, before their own presses
    assert batch["labels"]["drive"][1, 0].tolist() == held_T4[67].tolist()


def test_past_actions_are_what_reached_the_game_and_not_the_labels_of_a_teacher() -> None:
    taught = np.concatenate([drive(1).events, events_of([(100 * MS, "d", 1.0)], TEACHER)])
    made = recording(
        GAME, {"drive": np.zeros((60, 4), np.uint8)}, events=taught, label_device=TEACHER,
    )  # fmt: skip
    index = index_of(made, inputs={"keys": Input("actions", (-0.1,))})
    numbers_NT4 = index.numbers("keys", np.arange(len(index)))
    np.testing.assert_array_equal(numbers_NT4[5:, 0], drive(1).labels["drive"][index.frame_N[5:] - 2])


def test_past_actions_nearer_to_the_moment_than_to_the_frame_before_hold_the_answer() -> None:
    made = recording(small_game(), {"drive": np.eye(4, dtype=np.uint8)})
    for late in (-1e-9, -0.04, -0.05):
        with pytest.raises(BadValue, match="holds the answer"):
            index_of(made, inputs={"past": Input("actions", (late,))})
    assert len(index_of(made, inputs={"past": Input("actions", (-0.06,))}))


def test_classes_are_a_column_each_and_axes_as_they_are() -> None:
    game = small_game(mixed_heads())
    labels = {
        "drive": np.eye(4, dtype=np.uint8), "gear": np.array([[0], [0], [2], [1]], np.uint16),
        "wheel": np.full((4, 2), [0.5, -1], np.float32), "nudge": np.zeros((4, 1), np.float32),
    }  # fmt: skip
    index = index_of(recording(game, labels), inputs={"past": Input("actions", (-0.1,))})
    assert index.frame_N[-1] == 3
    assert index.numbers("past", np.array([len(index) - 1]))[0, 0].tolist() == [0, 1, 0, 0, 1, 0, 0, 0.5, -1, 0]


def test_playing_tells_past_actions_as_training_does() -> None:
    made = drive(3)
    inputs = {"keys": Input("actions", (-0.3, -0.2, -0.1))}
    index = index_of(made, inputs=inputs)
    controls = {name: name for name in "wasd"}
    history = History(inputs, rate_hz=10, schema=GAME.schema, controls=controls)
    held_T4, told = made.labels["drive"], {}
    for number in range(made.length):
        before = {} if number == 0 else dict(zip("wasd", held_T4[number - 1].tolist(), strict=True))
        history.add(seen(number), {code: float(value) for code, value in before.items() if value})
        told[number] = history.window()["keys"]
    for row in range(1, len(index)):
        np.testing.assert_array_equal(index.numbers("keys", np.array([row]))[0], told[index.frame_N[row]])


def test_what_went_out_is_the_past_of_the_next_decision(tmp_path: Path) -> None:
    recipe = replace(QUICK, inputs={"frames": Input("frames"), "keys": Input("actions", (-0.1,))},
                     controller={"threshold": 0.0})  # fmt: skip
    run = learned(recipe, tmp_path, [drive(number) for number in range(2)])
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    windows: list[npt.NDArray[Any]] = []
    decide = policy.predictor.decide
    policy.predictor.decide = lambda inputs: windows.append(inputs["keys"]) or decide(inputs)  # type: ignore
    policy.reset({"s": 1.0})
    actions = [policy.decide(seen(number)) for number in range(4)]
    assert windows[0][0].tolist() == [0, 0, 1, 0], "a key of the person who drove before"
    assert windows[1][0].tolist() == [0, 0, 1, 0], "a frame ago"
    assert windows[3][0].tolist() == [float(actions[1].get(key, 0.0) >= 1) for key in "wasd"]


@pytest.mark.parametrize(
    ("settings", "is_refused"),
    [
        ({"inputs.past": "actions@-1,0"}, True),
        ({"inputs.past": "actions@-1:-0.1:0.1"}, False),
        ({"inputs.past.source": "actions", "inputs.past.offsets_s": "[-1.0,-0.5]"}, False),
        ({"inputs.past": "actions@0", "latency_s": "0.1"}, False),
        ({"inputs.past": "actions@0,0.05", "latency_s": "0.1"}, True),
        ({"inputs.past": "actions@-0.5", "positions": "-1,0"}, True),
        ({"inputs.past": "actions@-1.5", "positions": "-1,0"}, False),
        ({"inputs.past": "actions@-0.1", "length": "8", "positions": "every"}, True),
    ],
)
def test_past_actions_that_hold_the_answer_are_refused_when_the_recipe_is_resolved(
    settings: dict[str, str], is_refused: bool
) -> None:
    if is_refused:
        with pytest.raises(BadValue, match=r"past holds the answer.*end before"):
            with_settings(Recipe(), settings)
    else:
        assert with_settings(Recipe(), settings).named_inputs["past"].source == "actions"


@pytest.mark.parametrize(
    ("text", "offsets"),
    [("frames", (0.0,)), ("frames@-0.5,0", (-0.5, 0.0)), ("speed@-0.3:0:0.1", (-0.3, -0.2, -0.1, 0.0))],
)
def test_an_input_can_be_typed(text: str, offsets: tuple[float, ...]) -> None:
    recipe = with_settings(Recipe(), {"inputs.more": text, "inputs.frames": "null"})
    assert recipe.inputs == {"more": Input(text.partition("@")[0], offsets)}
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"inputs.x": "frames@1,0"}, BadValue, "do not rise"),
        ({"inputs.x": "frames@soon"}, BadValue, "are no offsets"),
        ({"inputs.x": "frames@-1:0:0"}, BadValue, "FIRST:LAST:STEP"),
        ({"inputs.x": "5"}, BadValue, "is no input"),
        ({"inputs.x.offset": "5"}, NotFound, 'Did you mean "offsets_s"'),
        ({"inputs": "{}"}, BadValue, "needs some input"),
        ({f"inputs.x{one}": "speed" for one in range(100)}, BadValue, "There are 101 inputs, and 100 can be"),
        (
            {f"inputs.x{one}": "frames@-9:0:0.01" for one in range(5)},
            BadValue,
            "pictures at once, and 4,000 can be",
        ),
        ({"positions": "later"}, BadValue, "are no offsets"),
    ],
)
def test_what_is_no_input_is_said(settings: dict[str, str], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        with_settings(Recipe(), settings)


def test_names_alone_stay_what_they_were() -> None:
    named = Recipe(inputs=("frames", "speed"), length=3, stride_s=0.25).named_inputs
    assert named == {name: Input(name, (-0.5, -0.25, 0.0)) for name in ("frames", "speed")}


def test_a_source_that_is_not_there_is_said() -> None:
    for inputs, sentence in (
        ({"rear": Input("cameras/rear")}, 'no camera "rear"'),
        ({"height": Input("height")}, 'no telemetry "height".*It has: speed'),
        ({"gear": Input("columns/gear")}, 'no column of numbers "gear"'),
    ):
        with pytest.raises(Mismatch, match=sentence):
            Assembly(index=index_of(drive(1), inputs=inputs))
    with pytest.raises(BadValue, match="no device tells while playing"):
        History({"gear": Input("columns/gear")}, rate_hz=10)


@dataclass
class TwoCameras(MemoryRecording):
    """A drive with a small camera behind, whose pictures are as bright as their number."""

    @property
    def cameras(self) -> Mapping[str, Camera]:
        return {"rear": Camera((6, 8, 3), lambda number, frame_HWC: frame_HWC.fill(number))}


def test_a_further_camera_has_pictures_and_times_of_its_own(tmp_path: Path) -> None:
    inputs = {"frames": Input("frames", (-0.1, 0.0)), "behind": Input("cameras/rear", (-0.4, -0.2, 0.0))}
    recordings: list[MemoryRecording] = [TwoCameras(**vars(drive(number))) for number in range(2)]
    flip = Augmenter.of({"flip": 1.0}, GAME.schema, GAME.frame, {"map": Region(x=2, y=14, width=8, height=6)})
    batch = Assembly(index=index_of(*recordings, inputs=inputs), augmenter=flip)(0, np.array([0, 3]))
    assert batch["behind"].shape == (2, 3, 6, 8, 3)
    assert batch["behind"][:, :, 0, 0, 0].tolist() == [[0, 0, 0], [0, 1, 3]]
    run = learned(replace(QUICK, inputs=inputs, augment={"flip": 0.5}), tmp_path, recordings)
    assert judged(run, recordings)["drive"]["windows"] == 2 * 80
    policy = RunPolicy.of(run, Plugins(), GAME, rate_hz=10)
    assert policy.decide(replace(seen(0), cameras={"rear": np.zeros((6, 8, 3), np.uint8)})) is not None
    with pytest.raises(Mismatch, match='wants the camera "rear", this device has frames'):
        policy.decide(seen(1))


def test_a_column_is_an_input() -> None:
    made = drive(1, columns={"lap": np.arange(80)})
    index = index_of(made, inputs={"lap": Input("columns/lap", (-0.2, 0.1))})
    assert index.numbers("lap", np.array([0]))[0].tolist() == [index.frame_N[0] - 2, index.frame_N[0] + 1]


def test_the_past_is_mirrored_with_the_picture() -> None:
    index = index_of(drive(1), inputs={"frames": Input(), "keys": Input("actions", (-0.2, -0.1))})
    augmenter = Augmenter.of({"flip": 1.0}, GAME.schema, GAME.frame, {})
    rows = np.arange(20)
    plain, flipped = Assembly(index=index)(0, rows), Assembly(index=index, augmenter=augmenter)(0, rows)
    assert flipped["frames"].equal(plain["frames"].flip(3))
    assert flipped["keys"].equal(plain["keys"][..., [0, 3, 2, 1]])
    assert flipped["labels"]["drive"].equal(plain["labels"]["drive"][..., [0, 3, 2, 1]])


def test_a_window_of_many_frames_takes_no_more_memory_than_one_of_few() -> None:
    count = 50_000
    made = recording(
        GAME, {"drive": np.zeros((count, 4), np.uint8)}, frames_THWC=np.zeros((1, *GAME.frame.shape), np.uint8),
        times_ns=np.arange(count) * 100 * MS,
    )  # fmt: skip
    index = index_of(made, inputs={"frames": Input("frames", spaced(-3.2, 3.1, 0.1))})
    assert len(index) > count - 70
    held = [index.place_N, index.recording_N, index.frame_N, *index.table.labels.values()]
    assert sum(values.nbytes for values in held) < 50 * count
    assert index.places("frames", np.array([5])).shape == (1, 64)
