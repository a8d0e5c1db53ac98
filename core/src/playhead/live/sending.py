"""Sends sets to the trainer of a live run, again and again until they are taken or refused."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playhead.errors import PlayheadError
from playhead.live.cluster import cause_of, other
from playhead.live.diary import Repeats
from playhead.live.samples import SampleSet

ANSWER_S = 60.0  # after which a trainer that does not answer is asked again
AGAIN_S = 1.0


class Sender:
    """Sends sets. `refused` hears why one was refused, and whether that is news."""

    def __init__(self, ends: threading.Event, refused: Callable[[str, bool], object]) -> None:
        self._ends, self._refused = ends, refused
        self._repeats = Repeats()

    def send(self, one: SampleSet) -> None:
        """Send a set until the trainer has it, which knows by its name what came before."""
        import ray

        while not self._ends.is_set():
            try:
                ray.get(other("trainer").take.remote(one), timeout=ANSWER_S)
                return
            except Exception as error:  # what the trainer raised, within Ray's own; or its actor is made again
                cause = cause_of(error)
                if isinstance(cause, PlayheadError):
                    said = self._repeats.said(str(cause))
                    self._refused(said or str(cause), bool(said))
                    return
                self._ends.wait(AGAIN_S)
