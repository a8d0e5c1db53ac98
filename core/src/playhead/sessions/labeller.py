"""A run that labels one recording after another, each by a layer beside it; a film and a page of what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from playhead.containers.files import write_new
from playhead.containers.film_writer import FilmWriter
from playhead.containers.shots import IsUnlike
from playhead.data.looks import KnownLooks
from playhead.data.source import Source
from playhead.errors import BadValue, Damaged, Mismatch, NotFound, NothingToTrain
from playhead.evaluation.labelled_by import answers_of, check_labels
from playhead.evaluation.labelled_page import labelled_page
from playhead.evaluation.pictures import with_keys
from playhead.labels import Keys, describe
from playhead.models import EngineSpec
from playhead.models.predictor import Predictor
from playhead.models.run import Run
from playhead.models.run_file import LOOKS_FILE
from playhead.models.weights import read_tensors
from playhead.sessions.place import AnyRun, Place
from playhead.storage.layer_writer import write_layer
from playhead.storage.layers import checked_layer_name
from playhead.storage.reader import Recording

OF_ONE = (BadValue, Damaged, Mismatch, NotFound, NothingToTrain)  # what is wrong with one, and not with all


@dataclass(frozen=True, kw_only=True)
class LabelledRecording:
    """What became of one recording, or of a video that gave none: `why` says what is wrong, "" for nothing.

    `labelled` and `sure` count frames; `skipped` those of the video that are in no recording, by reason, where it
    was read now; `agreement` says by head how answers agree with what was recorded there. `place` is its folder.
    """

    name: str
    frames: int = 0
    labelled: int = 0
    sure: int = 0
    was_there: bool = False
    why: str = ""
    skipped: dict[str, int] = field(default_factory=dict)
    agreement: dict[str, dict[str, float]] = field(default_factory=dict)
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


class Labeller:
    """A run that labels one recording after another."""

    def __init__(self, place: Place, run: Run, layer: str, confidence: float, engine: EngineSpec) -> None:
        self.place, self.run, self.layer, self.confidence, self.engine = place, run, layer, confidence, engine
        self._notes = f"Of a confidence of {confidence:g} or more."

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor.of(self.run, self.place.plugins, self.engine)

    @cached_property
    def is_unlike(self) -> IsUnlike | None:
        """What says of a picture that it looks like none that the run learned from; None for a run of before."""
        if LOOKS_FILE not in self.run.files:
            self.place.say(
                f"Run {self.run.name} does not remember what its pictures look like, so none are skipped as "
                "unlike them. One that is trained anew does."
            )
            return None
        where = f"Of run {self.run.name} {self.run.path / LOOKS_FILE}"
        return KnownLooks.from_tensors(read_tensors(self.run.read(LOOKS_FILE), where=where)).is_unlike

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
        return cls(place, run, named_layer, confidence, engine)

    def label(self, recording: Recording) -> LabelledRecording:
        """Write the layer of a recording, and say what it holds; one that this run made before stays."""
        try:
            done = self._already(recording) or self._label(recording)
            return replace(done, place=str(recording.path))
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
            recording, self.layer, dict(self.run.schema.items()), answers.rows(self.confidence),
            run=self.run.name, command="playhead label", notes=self._notes,
        )  # fmt: skip
        sure = min(int(answers.is_sure(name, self.confidence).sum()) for name in self.run.schema)
        return LabelledRecording(
            name=recording.name, frames=recording.length, labelled=len(answers.frame_M), sure=sure,
            agreement=agreement,
        )  # fmt: skip


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
