"""Labelling: videos become recordings, and a run says of every frame what was pressed, as a layer beside them.

videos -> recordings without labels -> windows slid over them -> a layer of origin model, with all probabilities
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from playhead.containers.borders import inside_borders
from playhead.containers.files import check_new
from playhead.containers.shots import REASONS, UNLIKE, Skipping, reasons_of
from playhead.errors import BadValue, NotFound, PlayheadError
from playhead.game import Game
from playhead.home import Home
from playhead.models import EngineSpec
from playhead.plugins import Plugins
from playhead.progress import Advance, OnProgress, Progress
from playhead.sessions.choosing import AnyRecordings, find_named, open_found
from playhead.sessions.labeller import OF_ONE, LabelledRecording, Labeller
from playhead.sessions.place import AnyHome, AnyPlugins, AnyRun, Place
from playhead.storage.importers.bare_films import BareFilm, bare_settings, pause_ns_of
from playhead.storage.importing import Importable, import_all
from playhead.storage.reader import Recording, open_recording
from playhead.threads import one_thread_each
from playhead.workers import run_jobs


@dataclass(frozen=True, kw_only=True)
class LabellingJob:
    """One video, or a recording, and how it is labelled: all that another process needs. `number` is its turn."""

    number: int
    game: str
    home: Home
    run: str
    layer: str
    confidence: float
    engine: EngineSpec
    crop: str
    skip: tuple[str, ...]
    video: Path | None = None
    found: Any = None

    @property
    def name(self) -> str:
        """What it is called where something is wrong with it."""
        return str(self.found.name) if self.video is None else self.video.name


def label(
    game: str | Game, videos: Sequence[str | Path] = (), *, run: AnyRun = "", recordings: AnyRecordings = (),
    layer: str = "", confidence: float = 0.0, crop: str = "", skip: str = ",".join(REASONS),
    video: str | Path | None = None, page: str | Path | None = None,
    device: str = "auto", engine: str = "torch", workers: int | None = None,
    home: AnyHome = None, plugins: AnyPlugins = None, progress: Progress | bool | None = None,
) -> list[LabelledRecording]:  # fmt: skip
    """Label videos and recordings with a run, as `playhead label` does, and say what became of each, in order.

    `layer` is what the labels are called beside each recording, by itself the run's recipe. Frames of which the
    run is less sure than `confidence` are of nobody. What is labelled already stays. `crop` is
    left,top,width,height, or auto: what lies in black borders. `skip` says what of videos is left out
    (containers/shots.py). `video` and `page` are files for the first recording with what was said drawn on it.
    So many `workers` label a video or a recording each. Of files that cannot be used it is said why, and others
    go on.
    Raises:  PlayheadError where nothing can be labelled at all: no such run, or one of another game; BadValue
             where `video` or `page` is there already.
    """
    place = Place.of(game, home, plugins, progress)
    for file in (video, page):
        if file is not None:
            check_new(Path(file))
    labeller = Labeller.of(place, run, layer, confidence, EngineSpec(name=engine, device=device))
    jobs = list(
        _jobs(labeller, find_named(place, recordings, ()), list(map(Path, videos)), crop, reasons_of(skip))
    )
    if not jobs:
        raise BadValue("There is nothing to label. Name videos, or recordings with --recordings NAME.")
    done = _labelled(place, labeller, jobs, workers)
    first = next((one for one in done if not one.why), None)
    if first is not None and (video is not None or page is not None):
        labeller.show(open_recording(Path(first.place)), video, page)
    return done


def _jobs(
    labeller: Labeller, found: Sequence[Any], videos: Sequence[Path], crop: str, skip: tuple[str, ...]
) -> Iterator[LabellingJob]:
    """Yield a job for every recording, then for every video."""
    place = labeller.place
    one = LabellingJob(
        number=0, game=place.game.name, home=place.home, run=str(labeller.run.path), layer=labeller.layer,
        confidence=labeller.confidence, engine=labeller.engine, crop=crop, skip=skip,
    )  # fmt: skip
    for number, recording in enumerate(found):
        yield replace(one, number=number, found=recording)
    for number, video in enumerate(videos, len(found)):
        yield replace(one, number=number, video=video)


def _labelled(
    place: Place, labeller: Labeller, jobs: Sequence[LabellingJob], workers: int | None
) -> list[LabelledRecording]:
    """Label all, each in as many processes as there may be, and return what became of them in their order."""
    is_here = any(isinstance(job.found, Recording) for job in jobs)
    count = min(
        place.workers(workers, why_here="Its recordings are in this process" if is_here else ""), len(jobs)
    )
    work = partial(label_one, load_plugins=place.load_plugins or (lambda: place.plugins))
    if count == 1:
        work = partial(label_one, load_plugins=lambda: place.plugins, labeller=labeller)
    made: dict[int, list[LabelledRecording]] = {}

    def died(job: LabellingJob, error: PlayheadError) -> None:
        made[job.number] = [LabelledRecording(name=job.name, why=str(error))]

    bar = place.progress.part("label", None) if count > 1 else nullcontext(lambda count: None)
    with bar as advance:
        for number, done in run_jobs(
            work, jobs, workers=count, progress=advance, name_of=lambda job: job.name, failed=died
        ):  # fmt: skip
            made[number] = done
    return [one for job in jobs for one in made.get(job.number, [])]


def label_one(
    job: LabellingJob, advance: Advance, stop: Callable[[], bool], *,
    load_plugins: Callable[[], Plugins], labeller: Labeller | None = None,
) -> tuple[int, list[LabelledRecording]]:  # fmt: skip
    """Do a job by a labeller that is there, or, in another process, by one of its own; say what became of it."""
    if labeller is None:
        labeller = _labeller_of(job, load_plugins)
        labeller.place = replace(labeller.place, progress=_Counted(advance))
    with one_thread_each():
        return job.number, list(_what_became(job, labeller))


@functools.lru_cache(maxsize=1)
def _opened(
    game: str, home: Home, load: Callable[[], Plugins]
) -> Place:  # a worker loads once for all of its jobs
    return Place.of(game, home, load, False)


def _labeller_of(job: LabellingJob, load_plugins: Callable[[], Plugins]) -> Labeller:
    place = _opened(job.game, job.home, load_plugins)
    return Labeller(place, place.runs.labeller(job.run), job.layer, job.confidence, job.engine)


class _Counted(Progress):
    """Hands on to the first process what is done, whatever it is a part of."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    def part(self, title: str, total: int | None) -> AbstractContextManager[Advance]:
        """Hand on its steps."""
        return nullcontext(self._advance)


def _what_became(job: LabellingJob, labeller: Labeller) -> Iterator[LabelledRecording]:
    """Yield what became of a recording, or of each part of a video; what ends it early is wrong with it."""
    try:
        if job.video is None:
            yield labeller.label(open_found(labeller.place, job.found))
        else:
            yield from _of_video(job, job.video, labeller)
    except OF_ONE as problem:
        yield LabelledRecording(name=job.name, why=str(problem))


def _of_video(job: LabellingJob, video: Path, labeller: Labeller) -> Iterator[LabelledRecording]:
    """Yield what became of each recording that a video becomes, and of its parts that become none, why."""
    place = labeller.place
    film = _film(job, video, labeller)
    parent = place.home.recordings(place.game.name)
    with place.progress.part(f"read {video.name}", None) as advance:
        counted = _steps_of(advance)
        for number, made in enumerate(import_all(film.parts(), parent, skip_damaged=True, progress=counted)):
            if made.kept_in is not None:
                place.say(
                    f"{made.name} is made anew, for {video.name} was imported otherwise before, as with another "
                    f"--crop; what it was, with its labels, is kept in {made.kept_in}."
                )
            if made.outcome not in ("imported", "imported anew", "already there"):
                yield LabelledRecording(name=made.name, why=made.reason)
                continue
            skipped = {} if made.outcome == "already there" else film.skipped(number)
            yield replace(labeller.label(open_recording(parent / made.name)), skipped=skipped)


def _steps_of(advance: Advance) -> Callable[[Importable], OnProgress]:
    """Return what hears of pictures read of each part, and hands on how many are new."""

    def of_part(part: Importable) -> OnProgress:
        seen = 0

        def heard(done: int, total: int) -> None:
            nonlocal seen
            if done - seen >= 64 or done == total:
                advance(done - seen)
                seen = done

        return heard

    return of_part


def _film(job: LabellingJob, video: Path, labeller: Labeller) -> BareFilm:
    """Return what a video becomes. Raises NotFound without one, as `BareFilm`, and BadValue for a crop."""
    place, rate_hz, crop = labeller.place, labeller.run.rate_hz, job.crop
    if not _is_file(video):
        raise NotFound(f"{video} is no file. Name a video.")
    if crop == "auto":
        inside = inside_borders(video)
        crop = f"{inside.x},{inside.y},{inside.width},{inside.height}"
        place.say(f"{video.name} is cut to {crop}, inside its borders.")
    skipping = Skipping(
        reasons=job.skip, pause_ns=pause_ns_of(rate_hz),
        is_unlike=labeller.is_unlike if UNLIKE in job.skip else None,
    )  # fmt: skip
    return BareFilm(place.game, video, bare_settings(place.game, rate_hz, crop), skipping)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, or one that no system has
        return False
