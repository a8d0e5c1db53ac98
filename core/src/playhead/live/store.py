"""Buffers, one an output, on the disk: sets come in as recordings, samples go out at random and never twice.

    set -> recording in the folder -> buffers of samples --as many from each, at random--> batch
                                         ^ at a restart       |
                     folder of recordings, less what `used` says, which is written before a batch is handed out

A buffer that is full lets go of its oldest samples. A recording of which nothing is left is deleted.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playhead.data.assembly import Batch
from playhead.data.windows import WindowSpec
from playhead.errors import BadValue, DeviceFailed, PlayheadError
from playhead.game import Game
from playhead.labels import LabelSchema
from playhead.live.kept_sets import KeptSet, OpenSets, joined, read_set
from playhead.live.ledger import Entry, Ledger
from playhead.live.samples import SampleSet, check_set, write_set
from playhead.live.settings import GO_ON
from playhead.storage.schema import RecordingHeader

TORN = "coming-"  # before the name of a set that is being written
MOST_GONE = 10_000  # names of sets that are kept: a set is sent again for minutes at most
MOST_LINES = 100_000  # that the ledger may grow by
MOST_HELD_OUT = 512  # samples for validations: more change no figure by more than a point or two


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """What a store is made for. `size` samples a buffer; `names` are the buffers, one an output."""

    game: Game
    schema: LabelSchema
    spec: WindowSpec
    names: tuple[str, ...]
    size: int = 25_000
    seed: int = 1


class SampleStore:
    """Takes sets from collectors and gives batches to a trainer; may be called by several threads."""

    def __init__(self, folder: Path, settings: StoreSettings) -> None:
        """Open the folder, and refill the buffers with what lies there and was not used."""
        self.folder, self.settings = folder, settings
        self._random = random.Random(settings.seed)
        self._lock = threading.RLock()
        self._sets: OrderedDict[str, KeptSet] = OrderedDict()
        self._open = OpenSets(settings.schema)
        self._buffers: dict[str, list[Entry]] = {name: [] for name in settings.names}
        self._header: RecordingHeader | None = None
        self._unread: dict[str, set[int]] = {}  # what was used of sets that lie here and cannot be read
        self._gone: OrderedDict[str, None] = OrderedDict()  # names of sets that came and are gone
        self._has_started = False
        self._held_out: list[KeptSet] = []
        self.taken = self.used = self.left_out = 0
        for part in (self.folder, self._validation):
            part.mkdir(parents=True, exist_ok=True)
        self._ledger = Ledger(self.folder)
        self._is_refilled = False
        self._refill()
        self._is_refilled = True

    @property
    def _validation(self) -> Path:
        return self.folder.parent / f"{self.folder.name}-held-out"

    def take(self, one: SampleSet) -> dict[str, int]:
        """Take a set and return how full the buffers are; a set that came before changes nothing.

        Raises:  BadValue for one of another game, schema or picture; StorageFull.
        """
        with self._lock:
            if not self._knows(one.name):
                check_set(one, self._wanted(one))
                self._keep(one)
                self._header = self._header or one.header
                self.taken += len(one.samples)
            return self.fill()

    def _knows(self, name: str) -> bool:
        """Whether a set came before: it lies here, or was one of the last ones that are gone."""
        known = name in self._sets or name in self._gone or name in self._unread
        return known or any(one.folder.name == name for one in self._held_out)

    def _is_gone(self, name: str) -> None:
        self._gone[name] = None
        if len(self._gone) > MOST_GONE:
            self._gone.popitem(last=False)

    def _wanted(self, one: SampleSet) -> RecordingHeader:
        """Return what a set has to be: of this game and version, at the rate of the first one, which may be it."""
        rate_hz = (self._header or one.header).rate_hz
        return RecordingHeader.of(self.settings.game, device="", driver="", rate_hz=rate_hz)

    def _keep(self, one: SampleSet) -> None:
        parent = self._validation if one.is_held_out else self.folder
        torn, kept = parent / f"{TORN}{one.name}", parent / one.name
        shutil.rmtree(torn, ignore_errors=True)
        try:
            write_set(torn, one, {"live": self.folder.parent.name, "alone": str(int(one.alone))})
            torn.replace(kept)
        except BaseException:
            shutil.rmtree(torn, ignore_errors=True)
            raise
        self._add(kept, set(), is_held_out=one.is_held_out)

    def _add(self, folder: Path, used: set[int], *, is_held_out: bool) -> None:
        """Put what is left of a set's recording into the buffers, or into the validation."""
        wanted = self.settings
        found = read_set(folder, wanted.game, wanted.schema, wanted.spec)
        self._header = self._header or found.recording.header
        found.left = set(found.rows) - used
        if is_held_out:
            self._hold_out(found)
            return
        self._sets[folder.name] = found
        for number in sorted(found.left):
            buffer = self._buffers.get(found.buffers[number])
            if buffer is None:  # of an output that is not learned any more
                self.left_out += 1
                self._spend(folder.name, number)
                continue
            buffer.append((folder.name, number))
            if len(buffer) > self.settings.size:
                self.left_out += 1
                self._spend(*buffer.pop(0))

    def _hold_out(self, found: KeptSet) -> None:
        """Keep a set for validations, until there are enough: the same ones measure all weights."""
        if self.held_out < MOST_HELD_OUT and found.left:
            self._held_out.append(found)
        else:
            self._is_gone(found.folder.name)
            shutil.rmtree(found.folder, ignore_errors=True)

    @property
    def held_out(self) -> int:
        """How many samples there are for validations."""
        return sum(len(one.left) for one in self._held_out)

    def validation(self) -> Iterator[Batch]:
        """Yield the batches of a validation, one a set."""
        for found in list(self._held_out):
            with self._lock:
                batch = self._batch_of({found.folder.name: (found, sorted(found.left))})
            if batch is not None:
                yield batch

    @property
    def is_open(self) -> bool:
        """Whether batches are drawn: since every buffer was full for once, as long as none is below 90 %."""
        with self._lock:
            least = min((len(buffer) for buffer in self._buffers.values()), default=0)
            self._has_started = self._has_started or least >= self.settings.size
            return self._has_started and least >= GO_ON * self.settings.size

    def draw(self, count: int) -> Batch | None:
        """Return a batch of about so many samples, as many from each buffer, at random; None while it is closed.

        What is drawn is never drawn again, in this process or another: the disk knows before it is handed out.
        """
        with self._lock:
            each = max(1, count // len(self._buffers))
            if not self.is_open or any(len(buffer) < each for buffer in self._buffers.values()):
                return None
            drawn = {name: self._drawn(name, each) for name in self._buffers}
            entries = [entry for several in drawn.values() for entry in several]
            try:
                self._ledger.write(entries)
            except DeviceFailed:
                for name, several in drawn.items():
                    self._buffers[name] += several
                raise
            by_set: dict[str, tuple[KeptSet, list[int]]] = {}
            for name, number in entries:
                by_set.setdefault(name, (self._sets[name], []))[1].append(number)
            batch = self._batch_of(by_set)
            for entry in entries:
                self._forget(*entry)
            self.used += len(entries)
            if self._ledger.lines > MOST_LINES:
                self._shorten()
            return batch

    def _drawn(self, name: str, count: int) -> list[Entry]:
        """Take entries out of a buffer at random; the others keep their order, oldest first."""
        buffer = self._buffers[name]
        return [buffer.pop(self._random.randrange(len(buffer))) for _ in range(count)]

    def _batch_of(self, by_set: Mapping[str, tuple[KeptSet, list[int]]]) -> Batch | None:
        """Return samples of sets as a batch; None where no set can be read. One that cannot is let go of."""
        parts = []
        for found, numbers in by_set.values():
            try:
                parts.append(self._open.read(found, numbers))
            except PlayheadError:
                self._drop(found)
        return joined(parts) if parts else None

    def _drop(self, found: KeptSet) -> None:
        """Leave out a set that was damaged since it came; it stays on the disk."""
        self.left_out += len(found.left)
        found.left.clear()
        self._held_out = [one for one in self._held_out if one is not found]
        for buffer in self._buffers.values():
            buffer[:] = [entry for entry in buffer if entry[0] != found.folder.name]
        self._sets.pop(found.folder.name, None)
        self._open.close(found.folder.name)
        self._unread[found.folder.name] = {*found.rows}

    def _spend(self, name: str, number: int) -> None:
        """Write down that a sample is gone without having been learned."""
        if self._is_refilled:
            self._ledger.write([(name, number)])
        self._forget(name, number)

    def _forget(self, name: str, number: int) -> None:
        """Let go of a sample, and of its recording with the last one."""
        found = self._sets.get(name)
        if found is None:
            return
        found.left.discard(number)
        if not found.left:
            del self._sets[name]
            self._is_gone(name)
            self._open.close(name)
            shutil.rmtree(found.folder, ignore_errors=True)

    def fill(self) -> dict[str, int]:
        """Return how many samples each buffer holds."""
        with self._lock:
            return {name: len(buffer) for name, buffer in self._buffers.items()}

    def _refill(self) -> None:
        """Read what lies in the folder, without what was used; what was half written is deleted."""
        used = self._ledger.read()
        self._has_started = bool(used)
        for parent in (self._validation, self.folder):
            for folder in sorted(parent.iterdir(), key=lambda one: one.stat().st_mtime_ns):
                if folder.name.startswith(TORN):
                    shutil.rmtree(folder, ignore_errors=True)
                elif folder.is_dir():
                    self._refill_one(folder, used.pop(folder.name, set()), parent == self._validation)
        for name in used:
            self._is_gone(name)
        self._shorten()

    def _shorten(self) -> None:
        """Write the ledger anew, so that it does not grow for ever."""
        used = {name: found.rows.keys() - found.left for name, found in self._sets.items()}
        self._ledger.write_anew({**used, **self._unread}, self._gone)

    def _refill_one(self, folder: Path, used: set[int], is_held_out: bool) -> None:
        """Add a recording; one that is torn, or of other labels, is left out."""
        try:
            self._add(folder, used, is_held_out=is_held_out)
        except (PlayheadError, KeyError):
            self.left_out += 1
            self._unread[folder.name] = used

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            self._open.close_all()


class HeldOut:
    """The batches of a validation: those of the store at that time, gone through anew each time."""

    def __init__(self, store: SampleStore) -> None:
        self._store = store

    def __iter__(self) -> Iterator[Batch]:
        return self._store.validation()


def check_room(folder: Path, size: int, buffers: int, sample_bytes: int) -> None:
    """Raise BadValue for buffers that the disk has no room for."""
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, size * buffers * sample_bytes
    if needed > free:
        fits = max(1, free // (2 * buffers * sample_bytes))
        raise BadValue(
            f"{buffers} buffers of {size:,} samples take {needed / 1e9:.1f} GB, and {folder} has "
            f"{free / 1e9:.1f} GB left. Take smaller ones: --buffer {fits}."
        )
