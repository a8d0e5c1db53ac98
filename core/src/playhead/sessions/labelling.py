"""Labelling: videos become recordings, and a run says of every frame what was pressed, as a layer beside them.

videos -> recordings without labels -> windows slid over them -> a layer of origin model, with all probabilities
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playhead.containers.borders import inside_borders
from playhead.containers.files import check_new, write_new
from playhead.containers.film_writer import FilmWriter
from playhead.data.source import Source
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, NothingToTrain
from playhead.evaluation.labelled_by import answers_of, check_labels
from playhead.evaluation.labelled_page import labelled_page
from playhead.evaluation.pictures import with_keys
from playhead.game import Game
from playhead.labels import Keys, describe
from playhead.models import EngineSpec
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.progress import Progress
from playhead.sessions.choosing import AnyRecordings, find_named, open_found
from playhead.sessions.place import AnyHome, AnyPlugins, AnyRun, Place
from playhead.storage.importers.bare_films import bare_film, bare_settings
from playhead.storage.importing import Importable, import_all
from playhead.storage.layer_writer import write_layer
from playhead.storage.layers import checked_layer_name
from playhead.storage.reader import Recording, open_recording
from playhead.threads import one_thread_each

OF_ONE = (BadValue, Damaged, Mismatch, NotFound, NothingToTrain)  # what is wrong with one, and not with all


@dataclass(frozen=True, kw_only=True)
class LabelledRecording:
    """What became of one recording, or of a video that gave none: `why` says what is wrong, "" for nothing.

    `labelled` and `sure` count frames; `agreement` says by head how answers agree with what was recorded there.
    """

    name: str
    frames: int = 0
    labelled: int = 0
    sure: int = 0
    was_there: bool = False
    why: str = ""
    agreement: dict[str, dict[str, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


def label(
    game: str | Game, videos: Sequence[str | Path] = (), *, run: AnyRun = "", recordings: AnyRecordings = (),
    layer: str = "", confidence: float = 0.0, crop: str = "",
    video: str | Path | None = None, page: str | Path | None = None,
    device: str = "auto", engine: str = "torch",
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None,
) -> list[LabelledRecording]:  # fmt: skip
    """Label videos and recordings with a run, as `playhead label` does, and say what became of each.

    `layer` is what the labels are called beside each recording, by itself the run's recipe. Frames of which the
    run is less sure than `confidence` are of nobody. What is labelled already stays. `crop` is
    left,top,width,height, or auto: what lies in black borders. `video` and `page` are files for the first
    recording with what was said drawn on it. Of files that cannot be used it is said why, and others go on.
    Raises:  PlayheadError where nothing can be labelled at all: no such run, or one of another game; BadValue
             where `video` or `page` is there already.
    """
    place = Place.of(game, home, plugins, progress)
    for file in (video, page):
        if file is not None:
            check_new(Path(file))
    labeller = Labeller.of(place, run, layer, confidence, EngineSpec(name=engine, device=device))
    done = []
    with one_thread_each():
        for one in _to_label(place, labeller.run, videos, recordings, crop):
            done.append(one if isinstance(one, LabelledRecording) else labeller.label(one))
            if isinstance(one, Recording) and not done[-1].why:
                labeller.show(one, video, page)
                video = page = None
    return done


class Labeller:
    """A run that labels one recording after another."""

    def __init__(self, place: Place, run: Run, layer: str, confidence: float, predictor: Predictor) -> None:
        self.place, self.run, self.layer = place, run, layer
        self._confidence, self._predictor = confidence, predictor
        self._notes = f"Of a confidence of {confidence:g} or more."

    @classmethod
    def of(cls, place: Place, named: AnyRun, layer: str, confidence: float, engine: EngineSpec) -> Labeller:
        """Open a run to label with. Raises Mismatch for one of another game, of other keys or another order."""
        if not 0 <= confidence <= 1:
            raise BadValue(f"--confidence {confidence:g} is no probability from 0 to 1. Try --confidence 0.8.")
        game = place.game
        run = place.runs.labeller(str(named)) if isinstance(named, (str, Path)) else named
        if run.game["name"] != game.name:
            raise Mismatch(
                f"Run {run.name} is of {run.game['name']}, not of {game.name}. Name another with --run."
            )
        check_labels(run)
        for name, head in run.schema.items():
            if game.learnable.get(name) != head:
                raise Mismatch(
                    f"Run {run.name} answers {describe(run.schema)}, but {game.name} has "
                    f"{describe(game.learnable)}. Train one anew, or name another with --run."
                )
        place.say(f"Run {run.name} labels.")
        named_layer = checked_layer_name(layer or run.recipe_name)
        return cls(place, run, named_layer, confidence, Predictor.of(run, place.plugins, engine))

    def label(self, recording: Recording) -> LabelledRecording:
        """Write the layer of a recording, and say what it holds; one that this run made before stays."""
        try:
            return self._already(recording) or self._label(recording)
        except OF_ONE as problem:
            return LabelledRecording(name=recording.name, why=str(problem))

    def _already(self, recording: Recording) -> LabelledRecording | None:
        """Say that there is a layer of that name, and whether another one was asked for."""
        if self.layer not in recording.layers:
            return None
        header = recording.layers[self.layer].header
        why = ""
        if header.run != self.run.name:
            why = f"It has a layer {self.layer} by {header.run or 'somebody else'}. Name another: --layer NAME."
        elif header.notes != self._notes:
            why = (
                f"It has a layer {self.layer} of another --confidence ({header.notes}) Name another: --layer NAME."
            )
        return LabelledRecording(name=recording.name, frames=recording.length, was_there=True, why=why)

    def show(self, recording: Recording, video: str | Path | None, page: str | Path | None) -> None:
        """Film a labelled recording, and write its page, where that is wanted."""
        if video is not None:
            with self.place.progress.part(f"film {recording.name}", recording.length) as advance:
                film_layer(recording, self.layer, Path(video), advance)
        if page is not None:
            write_new(Path(page), labelled_page(recording, recording.layers[self.layer]).encode())

    def _label(self, recording: Recording) -> LabelledRecording:
        with self.place.progress.part(f"label {recording.name}", None) as advance:
            answers = answers_of(self._predictor, self.run, recording, advance)
        agreement = answers.agreement(recording)
        write_layer(
            recording, self.layer, dict(self.run.schema.items()), answers.rows(self._confidence),
            run=self.run.name, command="playhead label", notes=self._notes,
        )  # fmt: skip
        sure = min(int(answers.is_sure(name, self._confidence).sum()) for name in self.run.schema)
        return LabelledRecording(
            name=recording.name, frames=recording.length, labelled=len(answers.frame_M), sure=sure,
            agreement=agreement,
        )  # fmt: skip


def _to_label(
    place: Place, run: Run, videos: Sequence[str | Path], recordings: AnyRecordings, crop: str
) -> Iterator[Recording | LabelledRecording]:
    """Yield recordings that are named, then those that each video becomes; what cannot be is said."""
    if not videos and not recordings:
        raise BadValue("There is nothing to label. Name videos, or recordings with --recordings NAME.")
    for one in find_named(place, recordings, ()):
        yield from _or_why(one.name, (open_found(place, found) for found in [one]))
    for video in map(Path, videos):
        yield from _or_why(video.name, _made_of(place, run, video, crop))


def _or_why(
    name: str, made: Iterator[Recording | LabelledRecording]
) -> Iterator[Recording | LabelledRecording]:  # fmt: skip
    """Yield what is made, and what ends it early as what is wrong with it."""
    try:
        yield from made
    except OF_ONE as problem:
        yield LabelledRecording(name=name, why=str(problem))


def _made_of(place: Place, run: Run, video: Path, crop: str) -> Iterator[Recording | LabelledRecording]:
    """Yield the recordings that a video becomes, and of its parts that become none, why."""
    parent = place.home.recordings(place.game.name)
    for made in import_all(_parts(place, run, video, crop), parent, skip_damaged=True):
        if made.kept_in is not None:
            place.say(
                f"{made.name} is made anew, for {video.name} was imported otherwise before, as with another "
                f"--crop; what it was, with its labels, is kept in {made.kept_in}."
            )
        if made.outcome in ("imported", "imported anew", "already there"):
            yield open_recording(parent / made.name)
        else:
            yield LabelledRecording(name=made.name, why=made.reason)


def _parts(place: Place, run: Run, video: Path, crop: str) -> Sequence[Importable]:
    """Return what a video becomes. Raises NotFound without one, as `bare_film`, and BadValue for a crop."""
    if not _is_file(video):
        raise NotFound(f"{video} is no file. Name a video.")
    if crop == "auto":
        inside = inside_borders(video)
        crop = f"{inside.x},{inside.y},{inside.width},{inside.height}"
        place.say(f"{video.name} is cut to {crop}, inside its borders.")
    return bare_film(place.game, video, bare_settings(place.game, run.rate_hz, crop))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, or one that no system has
        return False


def film_layer(
    recording: Source, layer: str, file: Path, advance: Callable[[int], object] = lambda count: None
) -> None:  # fmt: skip
    """Write a video of a recording with what a layer says of each frame drawn on it. Raises as FilmWriter."""
    assert isinstance(recording, Recording)
    told, frame = recording.layers[layer], recording.header.frame
    keys = [(head.names, told.probabilities[name]) for name, head in told.schema.items() if isinstance(head, Keys)]
    times = recording.frame_time_ns
    with FilmWriter(file, (frame.width, frame.height), recording.header.rate_hz) as film:
        for number in range(recording.length):
            held = {
                key: float(share)
                for names, likely_TO in keys
                for key, share in zip(names, likely_TO[number], strict=True)
            }
            film.add(int(times[number] - times[0]), with_keys(recording.read_frames([number])[0], held))
            advance(1)
