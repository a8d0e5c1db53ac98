"""Films what is played: each episode becomes a file, with the keys on its pictures, encoded beside the loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from types import TracebackType

from playhead.containers.film_writer import FilmWriter
from playhead.containers.video import needed_av
from playhead.control.loop import Tick
from playhead.errors import BadValue
from playhead.evaluation.clip import Filming
from playhead.evaluation.pictures import FrameArray, encode_clip
from playhead.events import Event
from playhead.game import Game
from playhead.storage.disk import saying_what_failed

FILM, CLIP = ".mp4", ".webp"
MOST_HZ = 60.0  # pictures a second of a film
WAITING = 64  # pictures that may wait to be encoded


def film_of(file: Path, episode: int, episodes: int) -> Path:
    """Return where an episode is filmed: FILE, of several FILE-1, FILE-2. Raises BadValue where it cannot be."""
    if file.suffix not in (FILM, CLIP):
        raise BadValue(f"--video {file} is no {FILM} and no {CLIP}. Name one, as --video drive{FILM}.")
    if file.suffix == FILM:
        needed_av()
    place = file if episodes == 1 else file.with_name(f"{file.stem}-{episode + 1}{file.suffix}")
    if place.exists():
        raise BadValue(f"{place} is there already. Name another, or delete it.")
    if not place.parent.is_dir():
        raise BadValue(f"There is no folder {place.parent} for {place.name}. Make it, or name another file.")
    return place


class EpisodeFilm:
    """A watcher that films an episode, and a context manager around it.

    `waits`: the world stands still until a picture is taken. Else one that comes too soon is left out of the film,
    and counted in `left_out`. A clip (.webp) shows the first CLIP_S seconds.
    """

    def __init__(self, file: Path, game: Game, *, rate_hz: float, waits: bool) -> None:
        self._file, self._waits, self.left_out = file, waits, 0
        self._pictures: Queue[tuple[FrameArray, int] | None] = Queue(WAITING)
        self._failed: BaseException | None = None
        is_clip = file.suffix == CLIP
        self._filming = (
            Filming(game, rate_hz=rate_hz)
            if is_clip
            else Filming(game, rate_hz=rate_hz, seconds_s=float("inf"), most_hz=MOST_HZ, take=self._put)
        )
        self._thread = None if is_clip else Thread(target=self._write, name="film", daemon=True)

    def saw(self, tick: Tick) -> None:
        """Take a frame."""
        self._filming.saw(tick)

    def ended(self, events: Sequence[Event]) -> None:
        """Nothing more comes."""
        self._filming.ended(events)

    def __enter__(self) -> EpisodeFilm:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is None:
            with saying_what_failed(self._file.parent, "The clip is not kept."):
                if self._filming.frames:
                    self._file.write_bytes(encode_clip(self._filming.frames, self._filming.rate_hz))
            return
        self._pictures.put(None)
        self._thread.join()
        if self._failed is not None and error is None:
            raise self._failed

    def _put(self, drawn_HWC: FrameArray, time_ns: int) -> None:
        try:
            self._pictures.put((drawn_HWC, time_ns), block=self._waits)
        except Full:
            self.left_out += 1

    def _write(self) -> None:
        """Encode pictures until none comes any more; once it has failed they are only taken away."""
        try:
            self._encode()
        except BaseException as error:
            self._failed = error
            while self._pictures.get() is not None:
                pass

    def _encode(self) -> None:
        if (first := self._pictures.get()) is None:
            return
        height, width = first[0].shape[:2]
        with FilmWriter(self._file, (width, height), self._filming.rate_hz) as film:
            film.add(first[1], first[0])
            while (picture := self._pictures.get()) is not None:
                film.add(picture[1], picture[0])
