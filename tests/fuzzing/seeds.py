"""Small and healthy things from which the inputs are made: a home, an HDF5 file, a data set, a video."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from fuzzing import sealing
from fuzzing.process import Limits, run, start
from playhead.events import Event, Origin
from playhead.game import Frame, Game
from playhead.plugins import Plugins
from playhead.storage.layer_writer import LayerRows, write_layer
from playhead.storage.pictures import JpegPicture
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter

GAME = "carracing"  # the smallest frames of all
WATCHED = "sideswipe"
FRAMES = 40
LAYER = "again"  # of the victim with everything
FIRST, VICTIM, LAST, TORN = (f"2026-11-2{number}-1" for number in range(4))
INTERRUPTED = "2026-11-24-1"
_SMALL = "batch_size=2 workers=1 warmup_steps=1 allow_empty=true cache_mb=20 eval_every=1 feature_windows=8"
TRAINING = ("--steps", "2", "--device", "cpu", *(part for text in _SMALL.split() for part in ("--set", text)))


def picture(number: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return a smooth picture that differs from the others."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.stack([(x * (c + 1) + y + number * 7) % 256 for c in range(shape[2])], axis=2).astype(np.uint8)


def record(folder: Path, game: Game, *, codec: str = "jpeg", further: bool = False, first: int = 0) -> Path:
    """Write a recording; with further arrays, if asked: telemetry and columns of all kinds."""
    header = replace(
        RecordingHeader.of(game, device="world", driver="expert", rate_hz=10),
        frame=replace(game.frame, codec=codec) if codec != "jpeg" else game.frame,
        telemetry=("speed",) if further else (),
        columns={"town": "S12", "number": "int64", "share": "float32"} if further else {},
        legends={"number": [{"id": 1, "name": "one"}]} if further else {},
        seed=7,
        scenario="regular",
        notes="Made for a test.",
    )
    with RecordingWriter(folder, header) as writer:
        for number in range(FRAMES):
            time_ns = 1_000 + number * 100_000_000
            labels = {
                name: np.array([number // 5 % 2] * head.columns, head.dtype) for name, head in game.schema.heads
            }
            told = {"telemetry": {"speed": float(number)}} if further else {}
            columns = {"columns": {"town": f"t{number % 3}", "number": 1, "share": 0.5}} if further else {}
            writer.append(
                picture(first + number, header.frame.shape), time_ns, labels, Origin.SCRIPT, **told, **columns
            )
            if number % 5 == 0:
                code = next(iter(game.controls.values()), "w")
                writer.add_events([Event(time_ns=time_ns, code=code, value=1.0, origin=Origin.SCRIPT)])
    if further:
        label_again(folder, game)
    return folder


def label_again(folder: Path, game: Game) -> None:
    """Give a recording a layer with every kind of array."""
    labels = {name: np.zeros((FRAMES, head.columns), head.dtype) for name, head in game.schema.heads}
    rows = LayerRows(
        labels=labels,
        origins=dict.fromkeys(labels, Origin.SCRIPT),
        probabilities={name: np.full((FRAMES, head.outputs), 0.5) for name, head in game.schema.heads},
    )
    write_layer(open_recording(folder), LAYER, game.labels, [rows], run="a/b/c")


class Seeds:
    """Everything healthy, in one folder, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.hdf5, self.video, self.data_set = folder / "drive.h5", folder / "clip.mp4", folder / "dataset"
        games = Plugins.installed().games
        self.game, self.watched, self.gta5 = games[GAME], games[WATCHED], games["gta5"]

    def make(self) -> Seeds:
        """Write all of it."""
        recordings = self.home / "recordings" / GAME
        for place, name in enumerate((FIRST, LAST, TORN)):
            record(recordings / name, self.game, first=60 * (1 + place))
        for name, options in {"jpeg": {}, "lossless": {"codec": "lossless"}, "further": {"further": True}}.items():
            record(self.folder / "victims" / name, self.game, **options)  # type: ignore[arg-type]
        self._train()
        shard = recordings / TORN / "frames/c/0/0/0/0"
        with shard.open("r+b") as opened:
            opened.truncate(shard.stat().st_size - 500)
        self._write_hdf5()
        self._write_data_set()
        write_video(self.video)
        return self

    def _train(self) -> None:
        runs = self.home / "runs" / GAME / "default"
        place = self.folder / "training"
        place.mkdir()
        environment = {"PLAYHEAD_HOME": str(self.home), "PYTHONPATH": str(place)}
        made = run(("train", GAME, *TRAINING, "--name", FIRST), place, environment, Limits())
        assert made.code == 0, made.err
        self._interrupt(place, environment)
        for name in (VICTIM, LAST):
            shutil.copytree(runs / FIRST, runs / name)

    def _interrupt(self, place: Path, environment: dict[str, str]) -> None:
        """Kill a training that has written checkpoints."""
        options = (
            "--steps",
            "200",
            "--checkpoint",
            "0",
            "--name",
            INTERRUPTED,
            "--recordings",
            FIRST,
            "--recordings",
            LAST,
        )
        pid = start(("train", GAME, *TRAINING, *options), place, environment)
        folder = self.home / "runs" / GAME / "default" / INTERRUPTED
        while len(list((folder / "checkpoint").glob("*.json"))) < 2:
            time.sleep(0.01)
            assert not os.waitpid(pid, os.WNOHANG)[0], "the training ended before it could be interrupted"
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for file in (folder / "checkpoint").glob("*.json"):  # what is resumed is done after a few steps
            document = json.loads(file.read_text(encoding="utf-8"))
            document["asked"]["recipe"]["steps"] = document["learning"]["step"] + 2
            sealing.seal_run(document)
            file.write_text(json.dumps(document), encoding="utf-8")
        folder.rename(self.folder / "interrupted")

    def _write_hdf5(self) -> None:
        with h5py.File(self.hdf5, "w") as file:
            frames = [picture(number, self.gta5.frame.shape) for number in range(6)]
            file.create_dataset("images", data=np.stack(frames), chunks=(2, *self.gta5.frame.shape), compression=4)
            file["labels"] = np.eye(7)[[0, 1, 2, 0, 3, 6]]

    def _write_data_set(self) -> None:
        self.data_set.mkdir()
        for number in range(6):
            (self.data_set / f"{uuid_of(number)}.jpg").write_bytes(jpeg(number))
        write_database(self.data_set / "dataset.db")


TABLES = """
CREATE TABLE models(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE hats(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE wheels(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE skins(id INT UNIQUE, name TEXT, color TEXT, model INT, PRIMARY KEY(name, color, model));
"""
DATA = """
CREATE TABLE data(uuid TEXT NOT NULL UNIQUE PRIMARY KEY, model INT NOT NULL, team INT NOT NULL,
    primary_color REAL NOT NULL, secondary_color REAL NOT NULL, hat INT NOT NULL, skin INT NOT NULL,
    wheel INT NOT NULL, x_rotation INT NOT NULL, y_rotation INT NOT NULL);
"""
COLUMNS = (
    "uuid",
    "model",
    "team",
    "primary_color",
    "secondary_color",
    "hat",
    "skin",
    "wheel",
    "x_rotation",
    "y_rotation",
)


def uuid_of(number: int) -> str:
    """Return the name of a picture."""
    return f"{number:08x}-ada0-11ec-9621-0242ac130002"


def row_of(number: int) -> tuple[object, ...]:
    """Return what is said of a picture."""
    return uuid_of(number), number % 4, number % 2, 0.5, 0.0, number % 23, 1, 4, number % 10, 0


def jpeg(number: int, width: int = 400, height: int = 150) -> bytes:
    """Return a picture as a JPEG file."""
    shape = (height, width, 3)
    return JpegPicture(quality=75, colour="rgb", subsampling="420").encode(picture(number, shape))


def write_database(file: Path, *, tables: str = TABLES + DATA, rows: int = 6) -> Path:
    """Write a database of a data set."""
    database = sqlite3.connect(file)
    database.executescript(tables)
    marks = ",".join("?" * len(COLUMNS))
    if rows:
        database.executemany(f"INSERT INTO data VALUES({marks})", [row_of(number) for number in range(rows)])
    database.commit()
    database.close()
    return file


def write_video(
    file: Path,
    *,
    count: int = 8,
    codec: str = "mpeg4",
    size: tuple[int, int] = (96, 64),
    container: str | None = None,
) -> Path:
    """Write a video of a second or so."""
    import av

    with av.open(str(file), "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, (size[1], size[0], 3)), format="rgb24")
            opened.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        opened.mux(stream.encode(None))
    return file


__all__ = ["Frame", "Seeds", "record"]
