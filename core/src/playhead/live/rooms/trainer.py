"""Store and trainer in a process; whoever joins the live run asks here what it is."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from playhead.live.cluster import other
from playhead.live.diary import Diary
from playhead.live.facts import balance_of, of_trainer
from playhead.live.replay import keep_balance
from playhead.live.rooms.room import Part, Room
from playhead.live.samples import SampleSet
from playhead.live.settings import BUFFER
from playhead.live.store import SampleStore, StoreSettings
from playhead.live.trainer import Trainer
from playhead.live.weights import Weights
from playhead.live.welcome import FIRST_JOINED, Welcome, check_newcomer


class TrainerRoom(Part):
    """Store and trainer in a process."""

    def __init__(self, room: Room) -> None:
        super().__init__(room, "trainer")
        live = self._live = room.live()
        settings = StoreSettings(
            game=live.game, schema=live.schema, spec=live.spec, names=live.buffers, size=live.settings.buffer
        )
        began_s = time.monotonic()
        self._store = SampleStore(Path(room.folder) / BUFFER, settings)
        held = sum(self._store.fill().values())
        if held:
            self.say(f"Buffers refilled with {held:,} samples in {time.monotonic() - began_s:.1f} s.")
        self._seen: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(FIRST_JOINED + int(time.time()) % FIRST_JOINED)
        self._trainer = Trainer(
            live, self._store, room.opened_home(), hand_out=self._hand_out,
            say=lambda said: self.say(said, self._trainer.status.batch),
        )  # fmt: skip

    def run(self) -> int:
        """Learn until it is ended; return the batch that it came to."""
        self.telling(lambda: (of_trainer(self._live, self._trainer, self._store, self._seen), {}))
        try:
            self._trainer.run()
        finally:
            self._store.close()
        return self._trainer.status.batch

    def take(self, one: SampleSet) -> dict[str, int]:
        """Take a set of samples."""
        fill = self._store.take(one)
        collector = one.name.rpartition("-")[0]
        self._seen[collector] = {"seen": one.seen, "sent": one.sent, "wished": list(one.wished)}
        with suppress(OSError):  # a disk that is full has said so by the set itself
            keep_balance(Path(self.room.folder), balance_of(self._live, self._seen))
        return fill

    def write(self, part: str, said: str, batch: int = 0) -> None:
        """Write into the diary for a part that may be on another machine."""
        Diary(Path(self.room.folder)).write(part, said, batch)

    def welcome(self, game: str, version: str) -> Welcome:
        """Say what the live run is to somebody who joins it. Raises Mismatch for another game or version."""
        check_newcomer(self._live.settings, game, version)
        return Welcome(settings=self._live.settings, number=next(self._numbers))

    def version(self) -> int:
        """Return how often it was changed what is learned."""
        return self._live.settings.version

    def run_files(self) -> dict[str, bytes]:
        """Return the files of the run as it was kept last; none before it was."""
        folder = self._trainer.folder
        return {file.name: file.read_bytes() for file in sorted(folder.glob("*")) if file.is_file()}

    def weights(self) -> Weights | None:
        """Return the newest weights, None before there are some."""
        return self._trainer.newest

    def status(self) -> dict[str, Any]:
        """Return how it gets on."""
        status = self._trainer.status
        return {
            "batch": status.batch, "loss": status.loss, "fill": self._store.fill(), "used": self._store.used,
            "taken": self._store.taken, "left_out": self._store.left_out, "waited_s": status.waited_s,
            "learned_s": status.learned_s,
        }  # fmt: skip

    def _hand_out(self, weights: Weights) -> None:
        """Send weights to the player, if there is one."""
        with suppress(Exception):  # no player, or one that is just being made again: it asks for them itself
            other("player").offer.remote(weights)

    def end(self) -> None:
        """Have it end after the present batch, with a checkpoint."""
        super().end()
        self._trainer.leave.set()
