from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from doubles import mixed_heads, small_game
from torch import nn

from playhead.errors import BadValue, NotFound
from playhead.game import Frame
from playhead.inputs import Input
from playhead.labels import Choice, LabelSchema
from playhead.models import ModelSpec, conv_stack
from playhead.models.attribution import heat_maps
from playhead.models.conv_lstm import OPTIONS, build, frames_seen, seen_together
from playhead.models.encoders import folded
from playhead.models.network import count_parameters
from playhead.models.predictor import Predictor
from playhead.models.views import views_of
from playhead.regions import Region

GAME = small_game()
SPEC = ModelSpec(schema=GAME.schema, frame=GAME.frame, regions=GAME.regions, length=3)


def frames(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (*shape, *GAME.frame.shape), dtype=np.uint8)


def logits(network: Any, pictures: Any, **beside: Any) -> Any:
    """Ask a network about whole frames (B, T, H, W, C): its preparation first, then pure tensors."""
    prepared = Predictor(network, network.spec.schema).prepare({"frames": pictures, **beside})
    return network({name: torch.as_tensor(value) for name, value in prepared.items()})["drive"]


def test_the_scene_is_made_smaller_by_averaging_and_regions_stay_as_they_are() -> None:
    frame = Frame(width=240, height=180, rate_hz=10)
    regions = {"minimap": Region(x=3, y=144, width=47, height=33)}
    scene, minimap = views_of(frame, regions, 4800)
    assert (scene.width, scene.height, minimap.width, minimap.height) == (80, 60, 47, 33)
    picture = np.random.default_rng(0).integers(0, 256, (2, 180, 240, 3), dtype=np.uint8)
    blocks = picture.reshape(2, 60, 3, 80, 3, 3).mean((2, 4))
    np.testing.assert_allclose(scene.cut(picture), blocks, atol=0.51)
    np.testing.assert_array_equal(minimap.cut(picture), picture[:, 144:177, 3:50])
    assert cv2.resize(picture[0], (80, 60), interpolation=cv2.INTER_AREA).shape == scene.cut(picture)[0].shape


def test_a_small_frame_is_not_made_larger_and_grey_keeps_its_channel() -> None:
    (scene,) = views_of(Frame(width=32, height=24, rate_hz=10, colour="grey"), {}, 4800)
    assert scene.cut(np.zeros((2, 24, 32, 1), np.uint8)).shape == (2, 24, 32, 1)
    (half,) = views_of(Frame(width=32, height=24, rate_hz=10, colour="grey"), {}, 192)
    assert half.cut(np.zeros((2, 24, 32, 1), np.uint8)).shape == (2, 12, 16, 1)


def test_a_predictor_prepares_frames_as_the_loader_does() -> None:
    network = build(SPEC).eval()
    pictures = frames(2, 3)
    views = {name: torch.from_numpy(view).view(2, 3, *view.shape[1:])
             for name, view in network.prepare(pictures.reshape(6, *GAME.frame.shape)).items()}  # fmt: skip
    assert set(views) == {"scene", "map"}
    with torch.inference_mode():
        whole = network(views)["drive"]
        torch.testing.assert_close(whole, logits(network, pictures))
    predictions = Predictor(network, GAME.schema).predict_batch({"frames": pictures})["drive"]
    np.testing.assert_allclose(predictions, whole.sigmoid().numpy(), atol=1e-6)
    one = Predictor(network, GAME.schema).decide({"frames": pictures[1]})["drive"]
    np.testing.assert_allclose(one, predictions[1], atol=1e-5)


@pytest.mark.parametrize("build", [build, conv_stack.build])
def test_the_order_of_the_frames_matters(build: Any) -> None:
    network, pictures = build(SPEC).eval(), frames(1, 3)
    assert not torch.allclose(logits(network, pictures), logits(network, pictures[:, ::-1].copy()))


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (build, {"channels": [8]}),
        (conv_stack.build, {"channels": [8]}),
        (conv_stack.build, {"channels": [8], "keypoints": 4}),
        (conv_stack.build, {"channels": [8, 8], "keypoints": 4, "looks": 8}),
    ],
)
def test_where_it_looks_is_known_of_every_encoder(build: Any, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build(replace(SPEC, options=options)).eval()
    heat_BHW = heat_maps(Predictor(network, GAME.schema), SPEC, {"frames": frames(2, 3)}, "drive", 1)
    assert heat_BHW.shape == (2, *GAME.frame.shape[:2])
    assert (heat_BHW.max((1, 2)) > 0.3).all()
    assert (heat_BHW.std((1, 2)) > 0.01).all()


def test_a_game_without_regions_sees_the_scene_alone() -> None:
    network = build(replace(SPEC, regions={}))
    assert set(network.prepare(frames(2))) == {"scene"}
    assert set(build(replace(SPEC, options={"regions": []})).prepare(frames(2))) == {"scene"}


def test_a_classifier_of_single_pictures() -> None:
    schema = LabelSchema.of({"car": Choice("octane", "werewolf", "breakout")})
    network = build(replace(SPEC, schema=schema, length=1, options={"reader": "stack"}))
    predictions = Predictor(network, schema).predict_batch({"frames": frames(4, 1)})["car"]
    np.testing.assert_allclose(predictions.sum(1), 1, atol=1e-6)


def test_the_default_is_small_and_its_size_is_known() -> None:
    frame = Frame(width=240, height=180, rate_hz=10)
    minimap = Region(x=3, y=144, width=47, height=33)
    spec = ModelSpec(schema=GAME.schema, frame=frame, regions={"minimap": minimap}, length=3)
    assert 200_000 < count_parameters(build(spec)) < 400_000
    assert 200_000 < count_parameters(conv_stack.build(spec)) < 400_000


def test_keypoints_of_folded_pictures_are_refused() -> None:
    with pytest.raises(BadValue, match=r"model\.fold=1"):
        conv_stack.build(replace(SPEC, options={"keypoints": 4, "fold": 2}))


def test_keypoints_also_answer_alone_while_they_learn() -> None:
    torch.manual_seed(0)
    options = {"channels": [8, 8], "keypoints": 4, "features": 8}
    network = conv_stack.build(replace(SPEC, options={**options, "points_alone": True}))
    nn.init.normal_(network.heads.get_parameter("layers.drive.weight"))
    views = {name: torch.from_numpy(view)[None] for name, view in network.prepare(frames(3)).items()}
    both, alone = (one["drive"] for one in network.answers_to_learn(views))
    torch.testing.assert_close(both, network(views)["drive"])
    for encoder in network.encoders.values():
        nn.init.constant_(encoder.get_parameter("features.bias"), 5.0)
    after = [one["drive"] for one in network.answers_to_learn(views)]
    assert not torch.allclose(after[0], both)
    torch.testing.assert_close(after[1], alone)
    assert len(conv_stack.build(replace(SPEC, options=options)).answers_to_learn(views)) == 1
    with pytest.raises(BadValue, match=r"model\.keypoints=16"):
        conv_stack.build(replace(SPEC, options={"points_alone": True}))


def test_strides_are_of_the_convolutions_in_their_order() -> None:
    options = {"channels": (4, 4, 4), "strides": (4, 1), "features": 8}
    convolutions = [m for m in build(replace(SPEC, options=options)).modules() if isinstance(m, torch.nn.Conv2d)]
    assert [one.stride[0] for one in convolutions[:3]] == [4, 1, 2]
    assert [one.kernel_size[0] for one in convolutions[:3]] == [7, 1, 3]
    fewer = replace(SPEC, options={**options, "channels": (4,)})
    assert sum(isinstance(m, torch.nn.Conv2d) for m in build(fewer).encoders["scene"].modules()) == 1
    with pytest.raises(BadValue, match="a stride is 1 or more"):
        build(replace(SPEC, options={**options, "strides": (4, 0)}))


def test_answers_by_kind_of_head() -> None:
    schema = LabelSchema.of(mixed_heads())
    network = build(replace(SPEC, schema=schema))
    with torch.no_grad():
        network.heads.layers["wheel"].bias.fill_(50)
    predictions = Predictor(network, schema).decide({"frames": frames(3)})
    assert predictions["wheel"].tolist() == [1, 1]
    assert predictions["nudge"].sum() == pytest.approx(1)
    assert (predictions["drive"] > 0).all()


@pytest.mark.parametrize("build", [build, conv_stack.build])
def test_telemetry_is_an_input_like_any_other(build: Any) -> None:
    network = build(replace(SPEC, inputs=("frames", "speed"))).eval()
    slow, fast = (logits(network, frames(1, 3), speed=np.full((1, 3), v, np.float32)) for v in (0.0, 30.0))
    assert not torch.allclose(slow, fast)


def test_parts_of_the_frame_can_be_seen_at_full_resolution() -> None:
    network = build(replace(SPEC, options={"crops": {"ahead": [8, 6, 16, 10]}}))
    assert network.prepare(frames(2))["ahead"].tolist() == frames(2)[:, 6:16, 8:24].tolist()
    with pytest.raises(BadValue, match="lies outside the 32x24 frame"):
        build(replace(SPEC, options={"crops": {"ahead": [20, 6, 16, 10]}}))
    with pytest.raises(BadValue, match="x, y, width and height"):
        build(replace(SPEC, options={"crops": {"ahead": [8, 6, 16]}}))


def test_unknown_options_are_named() -> None:
    with pytest.raises(NotFound, match='Did you mean "channels"'):
        build(replace(SPEC, options={"chanels": [8]}))
    with pytest.raises(NotFound, match="region"):
        build(replace(SPEC, options={"regions": ["minimap"]}))
    with pytest.raises(NotFound, match="reader"):
        build(replace(SPEC, options={"reader": "gru"}))


def test_folding_keeps_every_pixel() -> None:
    pictures = torch.arange(2 * 3 * 5 * 1).view(2, 3, 5, 1)
    squares = folded(pictures, 2)
    assert squares.shape == (2, 2, 3, 4)
    assert squares[0, 0, 0].tolist() == [0, 1, 5, 6]
    assert squares[0, 1, 2].tolist() == [14, 14, 14, 14]
    assert folded(pictures, 1) is pictures
    assert logits(build(replace(SPEC, options={"fold": 2, "channels": [8, 8]})), frames(1, 3)).shape == (1, 4)


def test_each_frame_is_seen_with_others_and_beyond_the_ends_stand_the_frames_there() -> None:
    assert seen_together({**OPTIONS, "frames_each": 1}) == (0,)
    assert seen_together({**OPTIONS, "frames_each": 3}) == (-2, -1, 0)
    offsets = seen_together({**OPTIONS, "frames_before": [2], "frames_after": [1]})
    seen_PT = frames_seen(offsets, 4, torch.device("cpu"))
    assert seen_PT.tolist() == [[0, 0, 0, 1], [0, 1, 2, 3], [1, 2, 3, 3]]
    for wrong in ([0], [65], ["a"]):
        with pytest.raises(BadValue, match="A frame is seen with those 1 to 64 frames from it"):
            build(replace(SPEC, options={"frames_after": wrong}))


def over_time(*, ahead: int) -> Any:
    """Return a network that answers at each of eight frames, the last ones `ahead` of the moment of its window."""
    offsets_s = tuple((ahead + n - 7) / 10 for n in range(8))
    options = {"time_blocks": 3, "frames_before": [1], "channels": [4], "features": 8, "hidden": 8}
    inputs = {"frames": Input("frames", offsets_s)}
    return build(replace(SPEC, options=options, inputs=inputs, positions_s=offsets_s)).eval()


def test_convolutions_over_time_see_what_comes_only_where_the_window_does() -> None:
    pictures = frames(1, 8)
    changed = pictures.copy()
    changed[:, 5:] = 255 - changed[:, 5:]
    for ahead, first in ((0, 5), (4, 0)):
        torch.manual_seed(1)
        network = over_time(ahead=ahead)
        differs = (logits(network, pictures) != logits(network, changed)).flatten(2).any(2)[0]
        assert int(differs.float().argmax()) == first


def test_what_a_state_cannot_carry_is_refused() -> None:
    for wrong in ({"time_blocks": 2}, {"frames_after": [1]}):
        with pytest.raises(BadValue, match="nothing is known of what comes"):
            build(replace(SPEC, options={**wrong, "stateful": True}))
    with pytest.raises(BadValue, match="needs the reader lstm"):
        build(replace(SPEC, options={"time_blocks": 2, "reader": "stack"}))
    with pytest.raises(BadValue, match="it is 8 at most"):
        build(replace(SPEC, options={"time_blocks": 10**6}))
