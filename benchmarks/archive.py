"""What archiving recordings saves, costs and takes: python benchmarks/archive.py RECORDING ...

Each recording is copied, archived, read in order and at random, and converted back; where it lies nothing changes.
Make some with: playhead record gta5 --on world --episodes 4 --seconds 25. With --codecs a hundred pictures of each
are encoded by what else PyAV brings, too.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from playhead.containers.h264 import KEPT_BYTES, USUAL_CRF, streams
from playhead.events import Origin
from playhead.storage.archiving import archive_recording, unarchive_recording
from playhead.storage.reader import Recording, open_recording

# encoder, decoder, pixels, options: all near the same size
CODECS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("libx264", "h264", "yuv444p", {"crf": "26", "preset": "medium", "tune": "psnr"}),
    ("libx264", "h264", "yuv444p", {"crf": "22", "preset": "medium"}),
    ("libx264", "h264", "yuv420p", {"crf": "25", "preset": "medium", "tune": "psnr"}),
    ("libx265", "hevc", "yuv444p", {"crf": "23", "preset": "medium", "x265-params": "log-level=none"}),
    ("libsvtav1", "libdav1d", "yuv420p", {"crf": "32", "preset": "6"}),
    ("libvpx-vp9", "vp9", "yuv444p", {"crf": "38", "b": "0", "cpu-used": "2", "deadline": "good"}),
    ("libx264rgb", "h264", "rgb24", {"qp": "0", "preset": "medium"}),
)


def pictures_kib(folder: Path) -> float:
    """Return the KiB of all pictures, their indices included."""
    return sum(file.stat().st_size for file in (folder / "frames" / "c").rglob("*") if file.is_file()) / 1024


def rates(recording: Recording, seed: int) -> dict[str, float]:
    """Return pictures read a second of processor time: in order, at random, and in random windows of 3.

    At random only the chunk read last is kept, as in a recording far longer than what is kept.
    """
    rng, length = np.random.default_rng(seed), recording.length
    windows = (rng.integers(0, length - 10, 100)[:, None] + [0, 5, 10]).ravel()
    told = {}
    for name, wanted in (("in order", np.arange(length)), ("at random", rng.integers(0, length, 300)),
                         ("windows of 3", windows)):  # fmt: skip
        anew = open_recording(recording.path)  # nothing of it decoded yet
        streams.most_bytes = 0 if name != "in order" else KEPT_BYTES
        start = time.process_time()
        anew.read_frames(wanted)
        told[name] = round(len(wanted) / (time.process_time() - start))
    return told


def same_rest(one: Recording, other: Recording) -> bool:
    """Whether all that is no picture is the same."""
    return (
        np.array_equal(one.frame_time_ns, other.frame_time_ns)
        and np.array_equal(one.events, other.events)
        and all(np.array_equal(one.labels[name], other.labels[name]) for name in one.labels)
        and all(np.array_equal(one.telemetry[n], other.telemetry[n], equal_nan=True) for n in one.telemetry)
        and np.array_equal(one.label_origin == Origin.NONE, other.label_origin == Origin.NONE)
    )


def psnr_db(one: Recording, other: Recording) -> float:
    """Return the mean PSNR of one recording's pictures against the other's."""
    found = [
        np.square(one.read_frames([n]).astype(float) - other.read_frames([n])).mean() for n in range(one.length)
    ]
    return float(np.mean([10 * np.log10(255**2 / max(value, 1e-9)) for value in found]))


def measure(folder: Path, place: Path, crf: int) -> dict[str, Any]:
    """Archive a copy of a recording and convert it back; return what there is to say."""
    copy = Path(shutil.copytree(folder, place / folder.name))
    before = open_recording(folder)
    told: dict[str, Any] = {"recording": folder.name, "frames": before.length}
    told["KiB a frame"] = [round(pictures_kib(copy) / before.length, 2)]
    told["read/s of processor time"] = {"as recorded": rates(before, 0)}
    start = time.process_time()
    archive_recording(copy, crf=crf)
    told["archived frames/s of processor time"] = round(before.length / (time.process_time() - start))
    archived = open_recording(copy)
    told["KiB a frame"].append(round(pictures_kib(copy) / before.length, 2))
    told["read/s of processor time"]["archived"] = rates(archived, 0)
    told["PSNR dB"] = [round(psnr_db(archived, before), 2)]
    told["all else the same"] = same_rest(before, archived)
    start = time.process_time()
    unarchive_recording(copy)
    told["unarchived frames/s of processor time"] = round(before.length / (time.process_time() - start))
    told["KiB a frame"].append(round(pictures_kib(copy) / before.length, 2))
    told["PSNR dB"].append(round(psnr_db(open_recording(copy), before), 2))
    return told


def encoded(frames_NHWC: np.ndarray, encoder: str, pixels: str, options: dict[str, str]) -> list[bytes]:
    import av

    coder: Any = av.CodecContext.create(encoder, "w")
    coder.height, coder.width = frames_NHWC.shape[1:3]
    coder.pix_fmt, coder.gop_size = pixels, len(frames_NHWC)
    coder.framerate, coder.time_base = Fraction(25), Fraction(1, 25)
    coder.options = options
    packets = []
    for number, frame_HWC in enumerate(frames_NHWC):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24").reformat(format=pixels)
        frame.pts = number
        packets += coder.encode(frame)
    return [bytes(one) for one in [*packets, *coder.encode(None)]]


def compare(
    frames_NHWC: np.ndarray, group: int, encoder: str, decoder: str, pixels: str, options: dict[str, str]
) -> dict[str, Any]:
    """Encode pictures, so many at a time; return size, loss and processor time."""
    import av

    size, apart, spent_s = 0, [], 0.0
    for first in range(0, len(frames_NHWC), group):
        part_NHWC = frames_NHWC[first : first + group]
        begin = time.process_time()
        packets = encoded(part_NHWC, encoder, pixels, options)
        spent_s += time.process_time() - begin
        size += sum(map(len, packets))
        coder: Any = av.CodecContext.create(decoder, "r")
        shown = [frame for data in packets for frame in coder.decode(av.Packet(data))] + list(coder.decode(None))
        found_NHWC = np.stack([frame.to_ndarray(format="rgb24") for frame in shown])
        apart += np.square(found_NHWC.astype(float) - part_NHWC).mean((1, 2, 3)).tolist()
    return {
        "encoder": encoder,
        "pixels": pixels,
        "options": options,
        "KiB a frame": round(size / len(frames_NHWC) / 1024, 2),
        "PSNR dB": round(float(np.mean([10 * np.log10(255**2 / max(one, 1e-9)) for one in apart])), 2),
        "encoded frames/s of processor time": round(len(frames_NHWC) / spent_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", nargs="+", type=Path, metavar="RECORDING", help="folders of recordings")
    parser.add_argument("--crf", type=int, default=USUAL_CRF)
    parser.add_argument("--codecs", action="store_true", help="compare what PyAV encodes with")
    parser.add_argument("--group", type=int, default=25, help="pictures of a stream, where codecs are compared")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for folder in options.recordings:
            print(json.dumps(measure(folder, Path(place), options.crf)), flush=True)
    if options.codecs:
        frames_NHWC = np.concatenate([open_recording(one).read_frames(range(100)) for one in options.recordings])
        for codec in CODECS:
            print(json.dumps(compare(frames_NHWC, options.group, *codec)), flush=True)


if __name__ == "__main__":
    main()
