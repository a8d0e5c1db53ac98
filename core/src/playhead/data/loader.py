"""Batches in their order: threads decode, augment and prepare while the network learns.

    rows of windows -> assembly (threads; JPEG decoding lets go of the GIL) -> some batches ahead, in order -> step

A thread makes a whole batch, seeded by the batch's number, so batches are the same with any number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from playhead.data.assembly import Batch
from playhead.windows import IndexArray

Assemble = Callable[[int, IndexArray], Batch]


@dataclass(kw_only=True)
class Loader:
    """Batches of windows, in an order given by rows; iterate over it as often as wanted.

    `assemble` makes the batch of a number and its rows (see `Assembly`). `ahead` batches wait ready beside the one
    in each thread, so memory is bounded by (workers + ahead) batches, and its caches, however long recordings are.
    """

    assemble: Assemble
    rows: Callable[[], Iterator[IndexArray]] | Sequence[IndexArray]
    workers: int = 2
    ahead: int = 2
    steps: int = 0  # how many batches `rows` gives, where it cannot be counted
    first: int = 0  # batches to leave out; what the others hold does not depend on it

    def __len__(self) -> int:
        return self.steps if callable(self.rows) else len(self.rows)

    def __iter__(self) -> Iterator[Batch]:
        return self.batches()

    def seek(self, step: int) -> None:
        """Begin the next time with the batch that follows `step` others."""
        self.first = step

    def batches(self) -> Generator[Batch, None, None]:
        """Yield the batches in order; leaving early stops the threads."""
        rows = islice(enumerate(self.rows() if callable(self.rows) else iter(self.rows)), self.first, None)
        pool = ThreadPoolExecutor(max_workers=max(1, self.workers), thread_name_prefix="loader")
        waiting: deque[Future[Batch]] = deque()
        try:
            for number, chosen in rows:
                waiting.append(pool.submit(self.assemble, number, chosen))
                if len(waiting) > max(1, self.workers) + self.ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
