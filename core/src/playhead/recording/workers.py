"""Several episodes at once, one process each: a world written in Python holds the interpreter's lock."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playhead.control.stopping import signals
from playhead.errors import DeviceFailed

Job = TypeVar("Job")
Result = TypeVar("Result")
OnFrames = Callable[[int], None]  # told how many frames were added since the last call
Work = Callable[[Job, OnFrames, Callable[[], bool]], Result]  # (job, on_frames, stop) -> result


@dataclass
class _Ties:
    """What connects a worker process with the one that started it."""

    frames: Any = None
    stop: Any = None
    working: threading.Lock = field(default_factory=threading.Lock)


_ties = _Ties()


def run_jobs(
    work: Work[Job, Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    on_frames: OnFrames,
    stop: threading.Event,
) -> Iterator[Result]:
    """Do all jobs and yield each result as it comes; with one worker, in this process.

    After `stop` is set, running jobs end normally and no other is begun.
    Raises:  whatever a job raises, in this process, after the others have been told to stop.
    """
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            if stop.is_set():
                return
            yield work(job, on_frames, stop.is_set)
        return
    yield from _in_processes(work, jobs, min(workers, len(jobs)), on_frames, stop)


def _in_processes(
    work: Work[Job, Result], jobs: Sequence[Job], workers: int, on_frames: OnFrames, stop: threading.Event
) -> Iterator[Result]:
    context = multiprocessing.get_context("spawn")  # fork copies threads and locks of torch and the renderer
    with _deaf_to_signals():  # the process that cleans up after all others begins here
        frames: Any = context.Queue()
        far_stop = context.Event()
    with ProcessPoolExecutor(workers, context, initializer=_tie, initargs=(frames, far_stop)) as pool:
        try:
            with _deaf_to_signals():
                futures: list[Future[Result | None]] = [pool.submit(_far_work, work, job) for job in jobs]
            for future in _as_done(futures, frames, on_frames, stop, far_stop):
                result = future.result()
                if result is not None:
                    yield result
        except BrokenProcessPool as error:
            raise DeviceFailed("A recording process died. What it had written is kept; see: data list.") from error
        finally:
            far_stop.set()


@contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Put off Ctrl-C, termination and a closed terminal while processes begin, which they inherit.

    Else one that is still importing is killed, before it could say that it ignores them.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _as_done(
    futures: Sequence[Future[Result | None]],
    frames: Any,
    on_frames: OnFrames,
    stop: threading.Event,
    far_stop: Any,
) -> Iterator[Future[Result | None]]:
    """Yield futures as they finish, passing on the progress of all and the wish to stop."""
    waiting = list(futures)
    while waiting:
        if stop.is_set():
            far_stop.set()
        with suppress(queue.Empty):
            on_frames(frames.get(timeout=0.1))
        for future in [future for future in waiting if future.done()]:
            waiting.remove(future)
            yield future
    while True:
        try:
            on_frames(frames.get_nowait())
        except queue.Empty:
            return


def _tie(frames: Any, stop: Any) -> None:
    """Begin a worker process. Signals reach every process of a terminal or service; only the first one decides."""
    for number in signals():
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals())
    _ties.frames, _ties.stop = frames, stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it has died: it would wait for another job for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _ties.stop.set()
    with _ties.working:  # the recording that is going on ends as it does after Ctrl-C
        os._exit(1)


def _far_work(work: Work[Job, Result], job: Job) -> Result | None:
    with _ties.working:
        if _ties.stop.is_set():
            return None
        return work(job, _ties.frames.put, _ties.stop.is_set)
