"""What is cut out of a drive and written as a recording answers as the drive itself does, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from live.lessons import RATE_HZ, SPEC, drive, index_of, sample_set, samples

from playhead.data.assembly import Assembly
from playhead.data.windows import WindowSpec
from playhead.inputs import Input
from playhead.live.samples import write_set
from playhead.storage.check import check_recording
from playhead.storage.reader import open_recording
from playhead.storage.sources import FolderSource

PLAIN = WindowSpec(length=3, stride_s=0.2)
LATE = WindowSpec(length=2, stride_s=0.1, latency_s=0.2)
LONG = WindowSpec(inputs={"frames": Input("frames", (0.0,)), "past": Input("actions", (-2.0, -1.0, -0.1))})


@pytest.mark.parametrize("spec", [SPEC, PLAIN, LATE, LONG], ids=["shares", "plain", "late", "long"])
def test_a_set_answers_as_its_drive_does(tmp_path: Path, spec: WindowSpec) -> None:
    one = sample_set()
    taken = drive()
    cut = samples(taken, spec)
    write_set(tmp_path / "set", type(one)(name="a", header=taken.header, samples=cut), {})
    recording = open_recording(tmp_path / "set")
    before, behind = index_of(taken, spec), index_of(recording, spec)
    moments = recording.columns["moment"][behind.frame_N]
    assert moments.tolist() == list(range(1, len(cut) + 1)), "each sample can be learned from once, in its order"
    rows = np.arange(1, len(before))  # what was held before the first frame of a drive nobody knows
    wanted, found = Assembly(index=before)(0, rows), Assembly(index=behind)(0, rows)
    assert len(rows) > 20
    for name in wanted.keys() - {"rows"}:
        for part in wanted[name] if isinstance(wanted[name], dict) else [""]:
            ours, theirs = (batch[name][part] if part else batch[name] for batch in (wanted, found))
            # The state before the first frame of a strip is not known where nothing looks so far back.
            assert name == "previous" or np.array_equal(ours.numpy(), theirs.numpy(), equal_nan=True), (name, part)


def test_frames_that_nothing_looks_at_are_black_and_keep_their_numbers() -> None:
    (first, *_) = samples(drive())
    seen = [bool(picture) for picture in first.pictures]
    assert first.moment == 4
    assert seen == [False, False, True, True, True, False, False]
    assert first.telemetry["speed"].tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_a_set_is_a_recording_like_any_other(tmp_path: Path) -> None:
    write_set(tmp_path / "set", sample_set(), {"live": "one"})
    assert list(check_recording(FolderSource(tmp_path / "set"))) == []
    recording = open_recording(tmp_path / "set")
    assert recording.header.tags == {"live": "one"}
    assert recording.header.rate_hz == RATE_HZ
    assert set(recording.columns["drive"][1:]) == {1}
