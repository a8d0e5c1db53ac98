"""Videos and recordings are labelled by a run that sees what comes; what cannot be is said, the rest goes on."""

from __future__ import annotations

import errno
import re
import shutil
import wave
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest import mock

import brightside
import numpy as np
import pytest
from doubles import bright_side_drives, small_game
from foreign import save_film

import playhead
from playhead.cli import run as command_line
from playhead.containers.film_writer import FilmWriter
from playhead.containers.video import VideoFile
from playhead.errors import BadValue, Mismatch, NotFound, StorageFull
from playhead.events import Origin
from playhead.inputs import Input, spaced
from playhead.labels import Keys
from playhead.models.run import Run
from playhead.plugins import Plugins
from playhead.storage.reader import open_recording
from playhead.storage.schema import RecordingHeader
from playhead.storage.writer import RecordingWriter
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

GAME = replace(small_game(), regions={})
label = partial(playhead.label, skip="none")  # its lessons change at once, as films do at cuts
IDM = Recipe(
    steps=120, eval_every=120, batch_size=8, warmup_steps=2, lr=5e-3, workers=1, positions="every",
    inputs={"frames": Input("frames", spaced(-0.7, 0.8, 0.1))},
    model_options={"channels": [8, 8], "features": 16, "hidden": 16},
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An inverse dynamics model that knows the bright side."""
    lessons = [bright_side_drives(GAME, seed=seed) for seed in range(4)]
    out = tmp_path_factory.mktemp("runs") / "toy/idm/one"
    return train(
        TrainingJob(game=GAME, recipe=IDM, recordings=lessons, out=out, plugins=Plugins(), recipe_name="idm")
    )


def film(file: Path, *, seed: int = 9, size: tuple[int, int] = (64, 48), rate_hz: float = 20) -> np.ndarray:
    """Write a lesson as a video, each picture twice at twice the rate, and return its labels."""
    lesson = bright_side_drives(GAME, seed=seed)
    with FilmWriter(file, size, rate_hz) as writer:
        for number, picture_HWC in enumerate(np.repeat(lesson.frames_THWC, 2, 0)):
            larger_HWC = picture_HWC.repeat(2, 0).repeat(2, 1)
            writer.add(round(number * 1e9 / rate_hz), larger_HWC)
    return np.asarray(lesson.labels["drive"])


def test_every_frame_of_a_video_is_labelled_and_a_second_time_nothing_is_done(run: Run, tmp_path: Path) -> None:
    truth_TA = film(tmp_path / "play.mp4")
    filmed = tmp_path / "labelled.mp4"
    (done,) = label(GAME, [tmp_path / "play.mp4"], run=run, home=tmp_path, plugins=Plugins(), video=filmed)
    assert (done.why, done.frames, done.labelled) == ("", 60, 60)
    recording = open_recording(tmp_path / "recordings/toy" / done.name)
    layer = recording.layers["idm"]
    assert (np.asarray(recording.label_origin) == int(Origin.NONE)).all()
    assert (layer.origins["drive"] == int(Origin.MODEL)).all()
    assert layer.probabilities["drive"].shape == (60, 4)
    assert layer.header.run == run.name
    assert (layer.labels["drive"] == truth_TA).mean() > 0.9
    shown = VideoFile(filmed)
    assert sum(1 for _ in shown.frames()) == 60
    shown.close()
    (again,) = label(GAME, [tmp_path / "play.mp4"], run=run, home=tmp_path, plugins=Plugins())
    assert (again.was_there, again.why) == (True, "")


def test_what_another_crop_replaces_is_said_and_kept(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "play.mp4")
    asked = {"run": run, "home": tmp_path, "plugins": Plugins(), "progress": True}
    (first,) = playhead.label(GAME, [tmp_path / "play.mp4"], **asked)
    assert "made anew" not in capsys.readouterr().err
    (other,) = playhead.label(GAME, [tmp_path / "play.mp4"], **asked, crop="0,0,32,24")
    said = capsys.readouterr().err
    assert (other.name, other.why) == (first.name, "")
    (kept,) = (tmp_path / "recordings/toy/.replaced").glob("*/old")
    assert f"with another --crop; what it was, with its labels, is kept in {kept}." in said.replace("\n", " ")
    assert "idm" in open_recording(kept).layers


def test_what_of_a_video_shows_nothing_to_label_is_skipped_counted_and_listed(run: Run, tmp_path: Path) -> None:
    lesson = bright_side_drives(GAME, seed=9, count=100)
    with FilmWriter(tmp_path / "play.mp4", (32, 24), 10) as writer:
        for number, picture_HWC in enumerate(lesson.frames_THWC):
            shown_HWC = picture_HWC if number < 50 else np.zeros_like(picture_HWC)
            writer.add(number * 100_000_000, np.full_like(shown_HWC, (0, 0, 250)) if number >= 80 else shown_HWC)
    (done,) = playhead.label(
        GAME, [tmp_path / "play.mp4"], run=run, home=tmp_path, plugins=Plugins(), skip="dark,unlike"
    )
    assert done.why == ""
    assert done.skipped == {"dark": 30, "unlike": 20}
    assert (done.frames, done.labelled) == (50, 50)
    listed = (tmp_path / f"recordings/toy/{done.name}.left-out.txt").read_text()
    assert "0:05.000 to 0:07.900, 30 pictures: it is dark" in listed
    assert "20 pictures: it looks unlike what the run was trained on" in listed
    with pytest.raises(NotFound, match='reason to skip a part of a video is called "dar"'):
        playhead.label(GAME, [tmp_path / "play.mp4"], run=run, home=tmp_path, plugins=Plugins(), skip="dar")


def test_several_processes_answer_in_the_order_asked(tmp_path: Path) -> None:
    game = brightside.GAME
    wide, high = game.needed_frame.width, game.needed_frame.height
    lessons = [bright_side_drives(game, seed=seed) for seed in range(2)]
    recipe = replace(IDM, steps=2, eval_every=2)
    plugins, out = brightside.load_plugins(), tmp_path / f"runs/{game.name}/idm/one"
    train(TrainingJob(
        game=game, recipe=recipe, recordings=lessons, out=out, plugins=plugins, recipe_name="idm"
    ))  # fmt: skip
    for number in range(3):
        with FilmWriter(tmp_path / f"{number}.mp4", (wide, high), 10) as writer:
            for at, picture_HWC in enumerate(bright_side_drives(game, seed=number, count=30 + number).frames_THWC):
                writer.add(at * 100_000_000, picture_HWC)
    videos = [tmp_path / name for name in ("2.mp4", "none.mp4", "0.mp4", "1.mp4")]
    done = label(game.name, videos, home=tmp_path, plugins=brightside.load_plugins, workers=2)
    assert [one.frames for one in done] == [32, 0, 30, 31]
    assert "is no file" in done[1].why
    assert all(open_recording(Path(one.place)).layers["idm"] for one in done if not one.why)


def test_unsure_frames_are_of_nobody_and_can_be_learned_without(run: Run, tmp_path: Path) -> None:
    film(tmp_path / "play.mp4")
    there = {"run": run, "home": tmp_path, "plugins": Plugins()}
    (done,) = label(GAME, [tmp_path / "play.mp4"], **there)
    folder = tmp_path / "recordings/toy" / done.name
    likely_TK = open_recording(folder).layers["idm"].probabilities["drive"].astype(np.float64)
    middle = float(np.median(np.maximum(likely_TK, 1 - likely_TK).min(1)))
    (done,) = label(GAME, [tmp_path / "play.mp4"], **there, confidence=middle, layer="sure")
    assert 0 < done.sure < done.labelled
    layer = open_recording(folder).layers["sure"]
    assert int((layer.origins["drive"] == int(Origin.MODEL)).sum()) == done.sure


def test_a_bad_file_is_said_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    film(tmp_path / "good.mp4")
    (tmp_path / "text.mp4").write_text("no video at all")
    short = [*bright_side_drives(GAME, seed=3, count=5).frames_THWC]
    with FilmWriter(tmp_path / "short.mp4", (32, 24), 10) as writer:
        for number, picture_HWC in enumerate(short):
            writer.add(number * 100_000_000, picture_HWC)
    videos = [tmp_path / name for name in ("text.mp4", "none.mp4", "short.mp4", "good.mp4")]
    text, none, brief, good = label(GAME, videos, run=run, home=tmp_path, plugins=Plugins())
    assert "cannot be read as a video" in text.why
    assert "is no file" in none.why
    assert "too short to label" in brief.why
    assert not good.why


def test_odd_videos_are_labelled_or_a_sentence_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    frames = list(bright_side_drives(GAME, seed=4).frames_THWC)
    uneven = save_film(
        tmp_path / "uneven.mp4", frames, times=[n / 10 + 0.03 * (n % 2) for n in range(len(frames))]
    )
    torn = save_film(tmp_path / "torn.mkv", [np.tile(one, (2, 2, 1)) for one in frames])
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size * 3 // 5])
    upright = save_film(tmp_path / "upright.mp4", [one.transpose(1, 0, 2).copy() for one in frames])
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(32_000))
    (tmp_path / "text.mp4").write_bytes(b"no video at all" * 99)
    videos = [uneven, torn, upright, tmp_path / "sound.wav", tmp_path / "text.mp4"]
    by_time, to_its_end, squeezed, heard, none = label(GAME, videos, run=run, home=tmp_path, plugins=Plugins())
    assert (by_time.why, by_time.labelled) == ("", by_time.frames)
    assert 16 <= to_its_end.labelled < 60
    assert re.search("24x32, which toy with its 32x24 would squeeze.*--crop", squeezed.why)
    assert "no pictures in it, only audio" in heard.why
    assert "cannot be read as a video" in none.why


def test_what_is_wrong_with_one_ends_nothing(run: Run, tmp_path: Path) -> None:
    film(tmp_path / "good.mp4")
    film(tmp_path / "other.mp4", seed=8)
    there = {"run": run, "home": tmp_path, "plugins": Plugins()}
    for name in ("torn", "linked", "whole"):
        write_drive(tmp_path / "recordings/toy" / name, seed=12 + len(name))
    (tmp_path / "recordings/toy/torn/frames/c/0/0/0/0").write_bytes(b"no chunk")
    (tmp_path / "recordings/toy/linked/layers").symlink_to(tmp_path)
    torn, linked, whole = label(GAME, recordings=["torn", "linked", "whole"], **there)
    assert "is truncated" in torn.why
    assert "no plain folder" in linked.why
    assert not whole.why
    odd = ["n" * 300 + ".mp4", "a\0b.mp4"]
    *refused, good = label(GAME, [*odd, tmp_path / "good.mp4"], **there)
    assert all("is no file. Name a video." in one.why for one in refused)
    assert not good.why
    (beyond,) = label(GAME, [tmp_path / "other.mp4"], **there, crop="0,0,9999,9")
    assert "lies outside the video of 64x48" in beyond.why


def test_another_confidence_is_no_layer_that_is_there(run: Run, tmp_path: Path) -> None:
    film(tmp_path / "play.mp4")
    there = {"run": run, "home": tmp_path, "plugins": Plugins()}
    label(GAME, [tmp_path / "play.mp4"], **there)
    (surer,) = label(GAME, [tmp_path / "play.mp4"], **there, confidence=0.9)
    assert "layer idm of another --confidence (Of a confidence of 0 or more.) Name another" in surer.why


def test_a_film_that_the_disk_did_not_take_to_its_end_is_none(tmp_path: Path) -> None:
    refused = OSError(errno.ENOSPC, "No space left on device")
    writer = FilmWriter(tmp_path / "film.mp4", (64, 48), 10)
    writer.add(0, np.zeros((48, 64, 3), np.uint8))
    writer._out = mock.Mock(wraps=writer._out, mux=mock.Mock(side_effect=refused))
    with pytest.raises(StorageFull, match=r"while .*film\.mp4 was written"):
        writer.__exit__(None, None, None)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("option", ["video", "page"])
def test_a_file_that_is_there_is_refused_before_anything_is_labelled(
    run: Run, tmp_path: Path, option: str
) -> None:
    film(tmp_path / "play.mp4")
    (tmp_path / "mine").write_text("mine")
    for file, said in ((tmp_path / "mine", "is there already"), (tmp_path / "no/mine", "There is no folder")):
        with pytest.raises(BadValue, match=said):
            label(GAME, [tmp_path / "play.mp4"], run=run, home=tmp_path, plugins=Plugins(), **{option: file})
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "recordings").exists()


def test_black_borders_are_cut_and_a_page_shows_what_was_said(run: Run, tmp_path: Path) -> None:
    lesson = bright_side_drives(GAME, seed=9)
    with FilmWriter(tmp_path / "wide.mp4", (64, 40), 10) as writer:
        for number, picture_HWC in enumerate(lesson.frames_THWC):
            wide_HWC = np.zeros((40, 64, 3), np.uint8)
            wide_HWC[8:32, 16:48] = picture_HWC
            writer.add(number * 100_000_000, wide_HWC)
    page = tmp_path / "labelled.html"
    (done,) = label(
        GAME, [tmp_path / "wide.mp4"], run=run, home=tmp_path, plugins=Plugins(), crop="auto", page=page
    )
    assert done.why == ""
    recording = open_recording(tmp_path / "recordings/toy" / done.name)
    right_TK = recording.layers["idm"].labels["drive"] == lesson.labels["drive"][: done.frames]
    assert right_TK.mean() > 0.9
    shown = page.read_text(encoding="utf-8")
    assert shown.count("<img") == 48
    assert "<svg" in shown


def write_drive(folder: Path, *, seed: int) -> None:
    """Record a drive that a person has labelled."""
    lesson = bright_side_drives(GAME, seed=seed)
    header = replace(RecordingHeader.of(GAME, device="screen", driver="human", rate_hz=10), label_device="")
    with RecordingWriter(folder, header) as writer:
        for number, picture_HWC in enumerate(lesson.frames_THWC):
            labels = {"drive": lesson.labels["drive"][number]}
            writer.append(picture_HWC, number * 100_000_000, labels, Origin.HUMAN)


def test_agreement_is_told_where_somebody_has_labelled(run: Run, tmp_path: Path) -> None:
    write_drive(tmp_path / "recordings/toy/mine", seed=11)
    (done,) = label(GAME, recordings=["mine"], run=run, home=tmp_path, plugins=Plugins())
    assert done.agreement["drive"]["exact_match"] > 0.8
    assert done.agreement["drive"]["event_f1"] > 0.8


def test_a_run_of_other_keys_or_nothing_to_label_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match=r"is of toy, not of another"):
        label(replace(GAME, name="another"), ["x.mp4"], run=run, home=tmp_path, plugins=Plugins())
    other = replace(GAME, labels={"drive": Keys("d", "s", "a", "w")})
    with pytest.raises(Mismatch, match=r"answers drive: keys w, a, s, d, but toy has drive: keys d, s, a, w"):
        label(other, ["x.mp4"], run=run, home=tmp_path, plugins=Plugins())
    with pytest.raises(BadValue, match="nothing to label"):
        label(GAME, run=run, home=tmp_path, plugins=Plugins())
    with pytest.raises(BadValue, match="no probability"):
        label(GAME, ["x.mp4"], run=run, home=tmp_path, plugins=Plugins(), confidence=2)


def test_the_command_says_what_became_of_each(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins = Plugins().with_game(GAME)
    monkeypatch.setattr(Plugins, "installed", mock.Mock(return_value=plugins))
    shutil.copytree(run.path, tmp_path / "runs/toy/idm/one")
    film(tmp_path / "play.mp4")
    home = ("--home", str(tmp_path), "--skip", "none")
    assert command_line(["label", "toy", str(tmp_path / "play.mp4"), *home]) == 0
    assert "play-001: 60 of 60 frames" in capsys.readouterr().out
    assert command_line(["label", "toy", str(tmp_path / "play.mp4"), str(tmp_path / "no.mp4"), *home]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("already there")
    assert "no.mp4 is no file. Name a video." in told.out
    assert "1 of 2 could not be labelled" in told.err
