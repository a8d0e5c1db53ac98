from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from doubles import bright_side_drives, small_game

from playhead.data.assembly import Assembly
from playhead.data.augment import Augmenter
from playhead.data.cache import ViewCache
from playhead.data.loader import Loader
from playhead.data.sampling import draw_rows, rows_in_order
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.errors import Damaged
from playhead.inputs import Input
from playhead.training.batches import later as training_later
from playhead.training.recipe import Recipe

GAME = small_game()


@pytest.fixture
def index() -> WindowIndex:
    made = [bright_side_drives(GAME, seed=seed, count=40) for seed in range(3)]
    return WindowIndex.of(made, GAME.schema, WindowSpec(length=3, stride_s=0.2))


def small(name: str, frames_NHWC: Any) -> dict[str, Any]:
    return {"scene": frames_NHWC[:, ::2, ::2], "whole": frames_NHWC}


def test_a_batch_holds_the_frames_and_labels_of_its_windows(index: WindowIndex) -> None:
    rows = np.array([5, 40, 90])
    batch = Assembly(index=index)(0, rows)
    assert batch["frames"].shape == (3, 3, 24, 32, 3)
    for place, row in enumerate(rows):
        frames_THWC = index.recordings[index.recording_N[row]].frames_THWC  # type: ignore[attr-defined]
        np.testing.assert_array_equal(batch["frames"][place], frames_THWC[index.frames_NT[row]])
    np.testing.assert_array_equal(batch["labels"]["drive"][:, 0], index.labels["drive"][rows])
    assert batch["mask"]["drive"].tolist() == [[True]] * 3
    assert batch["labels"]["drive"].dtype == torch.float32
    assert batch["rows"].tolist() == rows.tolist()


def test_batches_are_the_same_with_any_number_of_threads(index: WindowIndex) -> None:
    def batches(workers: int) -> list[Any]:
        weight_N = np.full(len(index), 1 / len(index))
        augmenter = Augmenter.of({"flip": 0.5, "colour": 0.5, "zoom": 0.3, "cutout": 0.3}, GAME.schema, GAME.frame,
                                 GAME.regions)  # fmt: skip
        assembly = Assembly(index=index, prepare=small, augmenter=augmenter, seed=3)
        loader = Loader(
            assemble=assembly, rows=lambda: draw_rows(weight_N, 8, 12, seed=3), steps=12, workers=workers
        )
        return list(loader)

    one, four = batches(1), batches(4)
    assert len(one) == 12
    for a, b in zip(one, four, strict=True):
        assert torch.equal(a["scene"], b["scene"])
        assert torch.equal(a["whole"], b["whole"])
        assert torch.equal(a["labels"]["drive"], b["labels"]["drive"])


def test_a_range_of_delays_draws_the_moment_of_each_label_by_seed_and_number(index: WindowIndex) -> None:
    recipe = Recipe(latency_s=0.1, latency_range_s=0.2)
    assert recipe.latencies_s == pytest.approx([0, 0.075, 0.15, 0.225, 0.3]), "never before the frame"
    later = training_later(index, recipe)
    rows = np.arange(min(64, len(index)))
    drawn = Assembly(index=index, later=later, seed=3)(0, rows)
    by_moment = torch.stack([Assembly(index=one)(0, rows)["labels"]["drive"] for one in later])
    is_of_KB = (by_moment == drawn["labels"]["drive"]).flatten(2).all(2)
    assert is_of_KB.any(0).all()
    assert (~is_of_KB).any(1).all(), "no moment has them all"
    again = Assembly(index=index, later=later, seed=3)
    assert torch.equal(again(0, rows)["labels"]["drive"], drawn["labels"]["drive"])
    assert not torch.equal(again(1, rows)["labels"]["drive"], drawn["labels"]["drive"])
    assert training_later(index, Recipe(latency_s=0.1)) == []


def test_what_was_handed_out_is_not_written_again(index: WindowIndex) -> None:
    assembly = Assembly(index=index, prepare=small)
    batches = list(Loader(assemble=assembly, rows=rows_in_order(24, 8), workers=1))
    again = [assembly(number, rows) for number, rows in enumerate(rows_in_order(24, 8))]
    for a, b in zip(batches, again, strict=True):
        assert torch.equal(a["whole"], b["whole"])


def test_at_most_a_few_batches_wait(index: WindowIndex) -> None:
    loaded: list[int] = []

    assembly = Assembly(index=index)

    def counting(number: int, rows: Any) -> Any:
        loaded.append(number)
        return assembly(number, rows)

    batches = iter(Loader(assemble=counting, rows=rows_in_order(100, 2), workers=2, ahead=2))
    next(batches)
    assert len(loaded) <= 1 + 2 + 2 + 1
    batches.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


def test_a_frame_that_cannot_be_read_is_an_error_and_not_a_hang(index: WindowIndex) -> None:
    def fail(number: int, out_HWC: Any) -> None:
        raise Damaged(f"Frame {number} cannot be decoded.")

    index.recordings[1].read_frame_into = fail  # type: ignore[method-assign]
    with pytest.raises(Damaged, match="Frame"):
        list(Loader(assemble=Assembly(index=index), rows=rows_in_order(len(index), 8)))


@pytest.mark.parametrize("capacity", [0, 3_000, 10**8])
def test_a_cache_of_any_size_changes_nothing_but_the_decoding(index: WindowIndex, capacity: int) -> None:
    def batches(cache: ViewCache | None) -> list[Any]:
        weight_N = np.full(len(index), 1 / len(index))
        augmenter = Augmenter.of({"flip": 0.3}, GAME.schema, GAME.frame, GAME.regions)
        caches = {} if cache is None else {"frames": cache}
        assembly = Assembly(index=index, prepare=small, caches=caches, augmenter=augmenter)
        return list(
            Loader(assemble=assembly, rows=lambda: draw_rows(weight_N, 8, 40, seed=3), steps=40, workers=3)
        )

    cache = ViewCache(120, capacity)
    for a, b in zip(batches(None), batches(cache), strict=True):
        assert torch.equal(a["scene"], b["scene"])
        assert torch.equal(a["whole"], b["whole"])
        assert torch.equal(a["labels"]["drive"], b["labels"]["drive"])
    kept = cache.has(np.arange(120)).sum()
    assert kept == capacity // (12 * 16 * 3 + 24 * 32 * 3) or 100 < kept <= 120


def test_a_cached_frame_is_not_decoded_again(index: WindowIndex) -> None:
    assembly = Assembly(index=index, prepare=small, caches={"frames": ViewCache(120, 10**8)})
    loader = Loader(assemble=assembly, rows=rows_in_order(len(index), 8))
    first = list(loader)
    for recording in index.recordings:
        recording.read_frame_into = None  # type: ignore[assignment,method-assign]
    for a, b in zip(first, loader, strict=True):
        assert torch.equal(a["whole"], b["whole"])


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("is_cached", [False, True])
def test_a_frame_that_two_inputs_look_at_is_decoded_once(share: float, is_cached: bool) -> None:
    made = [bright_side_drives(GAME, seed=seed, count=40) for seed in range(3)]
    inputs = {"now": Input("frames", (-0.2, 0.0)), "was": Input("frames", (-0.4, -0.2))}
    index = WindowIndex.of(made, GAME.schema, WindowSpec(inputs=inputs))
    decoded: list[tuple[int, int]] = []
    for number, recording in enumerate(index.recordings):
        plain = recording.read_frame_into

        def read(frame: int, out_HWC: Any, number: int = number, plain: Any = plain) -> None:
            decoded.append((number, frame))
            plain(frame, out_HWC)

        recording.read_frame_into = read  # type: ignore[method-assign]
    caches = {name: ViewCache(120, 10**8) for name in inputs} if is_cached else {}
    augmenter = Augmenter.of({"flip": share}, GAME.schema, GAME.frame, {}) if share else None
    assembly = Assembly(index=index, prepare=small, caches=caches, augmenter=augmenter)
    batch = assembly(0, np.array([5]))
    assert len(decoded) == len(set(decoded)) == 3
    for name, one in inputs.items():
        frames_THWC = index.recordings[0].frames_THWC[index.places(name, np.array([5]))[0]]  # type: ignore[attr-defined]
        shown = batch[f"{name}/whole"][0].numpy()
        assert any(np.array_equal(shown, frames) for frames in (frames_THWC, frames_THWC[:, :, ::-1])), one


def test_views_are_changed_without_decoding_and_the_cache_stays_as_it_was(index: WindowIndex) -> None:
    def half(name: str, frames_NHWC: Any) -> dict[str, Any]:
        return {"scene": frames_NHWC[:, ::2, ::2]}

    augmenter = Augmenter.of({"flip": 0.5, "colour": 0.5}, GAME.schema, GAME.frame, {})
    rows = rows_in_order(len(index), 8)
    caches = {"frames": ViewCache(120, 10**8)}
    plain = Loader(assemble=Assembly(index=index, prepare=half, caches=caches), rows=rows)
    before = list(plain)
    for one in index.recordings:
        one.read_frame_into = None  # type: ignore[assignment,method-assign]
    changing = Loader(
        assemble=Assembly(index=index, prepare=half, caches=caches, augmenter=augmenter, augment_views=True),
        rows=rows,
    )
    once, twice = list(changing), list(changing)
    assert all(torch.equal(a["scene"], b["scene"]) for a, b in zip(once, twice, strict=True))
    same = [torch.equal(x, y) for a, b in zip(before, once, strict=True)
            for x, y in zip(a["scene"], b["scene"], strict=True)]  # fmt: skip
    assert any(same)
    assert not all(same)
    assert all(torch.equal(a["scene"], b["scene"]) for a, b in zip(before, plain, strict=True))
