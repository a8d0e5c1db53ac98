r"""Jobs in processes of their own: a world written in Python holds the interpreter's lock.

    jobs --> worker --> progress, results      one pipe each; closing it stops the worker,
         \-> worker --> ...                    which happens by itself when the first process dies

Workers are spawned: fork copies the threads and locks of torch and of a renderer. They begin without the script
that began this process, so that neither a notebook nor a script without `if __name__ == "__main__"` is in the way;
only jobs that are made of what the script itself defines need more (see `run_jobs`).
"""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from playhead.errors import BadValue, DeviceFailed, PlayheadError, is_of_one
from playhead.progress import Advance
from playhead.stopping import signals, signals_put_off

Job = TypeVar("Job")
Result = TypeVar("Result")
Work = Callable[[Job, Advance, Callable[[], bool]], Result]  # (job, advance, is_stopped) -> result
HEARS_EVERY_S = 0.1  # how soon the wish to stop is passed on


def run_jobs(
    work: Work[Job, Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    progress: Advance = lambda steps: None,
    stop: threading.Event | None = None,
    name_of: Callable[[Job], str] = str,
    tries: int = 1,
    failed: Callable[[Job, PlayheadError], object] | None = None,
) -> Iterator[Result]:
    """Do all jobs and yield each result as it comes; with one worker, in this process.

    After `stop` is set running jobs end normally and no other is begun; one that raises KeyboardInterrupt then has
    no result. So it is when this iterator is closed, or Ctrl-C interrupts it; a second one kills the workers.
    `work` and `jobs` are pickled: what a script defines itself is found by workers only if the script guards its
    calls by `if __name__ == "__main__"`, and what a notebook defines not at all.
    A job whose process died is begun anew up to `tries` times: more than once only what leaves nothing behind.
    With `failed` a job whose error may be of it alone (`is_of_one`), or whose process died, has no result either:
    `failed` is told, and the others go on.
    Raises:  whatever a job raises, after the others have been told to stop; DeviceFailed that names the jobs whose
             process died, after all others are done; BadValue for jobs that no other process can do.
    """
    stop = stop or threading.Event()
    if workers <= 1 or len(jobs) <= 1:
        yield from _one_by_one(work, jobs, progress, stop, failed)
        return
    needs_main = _check_sendable(work, jobs)
    lost: list[str] = []
    left = dict.fromkeys(range(len(jobs)), tries - 1)
    with _Crew(min(workers, len(jobs)), needs_main) as crew:
        crew.orders.extend((place, (work, job)) for place, job in enumerate(jobs))
        for kind, place, value in crew.hear(stop):
            if kind == "progress":
                progress(value)
            elif kind == "done":
                yield value
            elif kind == "died" and left[place] and not stop.is_set():
                left[place] -= 1
                crew.orders.append((place, (work, jobs[place])))
            elif kind == "died":
                lost.append(f"{name_of(jobs[place])} ({value})")
                if failed is not None:
                    died = f"Its process died, perhaps for lack of memory ({value})."
                    failed(jobs[place], DeviceFailed(f"{died} Try fewer at a time: --workers 1."))
            elif kind == "failed":
                if failed is None or not is_of_one(value):
                    raise value
                failed(jobs[place], value)
    if failed is None:
        _check_none_lost(lost, len(jobs))


def _check_none_lost(lost: Sequence[str], count: int) -> None:
    if lost:
        raise DeviceFailed(
            f"A process died, perhaps for lack of memory, while it did {', '.join(lost)}. The other "
            f"{count - len(lost)} of {count} were not hurt. Do it again with fewer at a time: --workers 1."
        )


def _one_by_one(
    work: Work[Job, Result], jobs: Sequence[Job], progress: Advance, stop: threading.Event,
    failed: Callable[[Job, PlayheadError], object] | None,
) -> Iterator[Result]:  # fmt: skip
    """Do all jobs in this process."""
    for job in jobs:
        if stop.is_set():
            return
        try:
            result = work(job, progress, stop.is_set)
        except PlayheadError as error:
            if failed is None or not is_of_one(error):
                raise
            failed(job, error)
        else:
            yield result


def _check_sendable(work: Work[Job, Result], jobs: Sequence[Job]) -> bool:
    """Say whether workers need the script that began this process. Raises BadValue for what none could do."""
    try:
        needs_main = any(b"__main__" in pickle.dumps((work, job)) for job in jobs)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadValue(f"Other processes cannot do this: {error}. Pass workers=1, or --workers 1.") from error
    main = sys.modules["__main__"]
    is_a_file = main.__spec__ is not None or Path(getattr(main, "__file__", None) or "").is_file()
    if needs_main and not is_a_file:
        raise BadValue(
            "What other processes are to do is defined in a notebook, where they do not find it. Put it into a "
            "module that is imported, or pass workers=1."
        )
    return needs_main


Order = tuple[Callable[..., Any], Any] | None  # work and job; None: stop
Heard = tuple[str, int, Any]  # (progress, done, failed, stopped or died; which job; what)


class _Worker:
    """A process and the pipe to it. `job` is what it does, None for nothing."""

    def __init__(self, needs_main: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far,))
        self.job: int | None = None
        self.has_begun = False
        if sys.platform != "win32":
            with signals_put_off():
                resource_tracker.ensure_running()  # else the first worker begins it, and signals get in
        with signals_put_off(), nullcontext() if needs_main else _without_main():
            try:
                self.process.start()
            except RuntimeError as error:  # this process is itself a worker, which is only just beginning
                raise BadValue(
                    'A worker began this script anew. Put its calls under: if __name__ == "__main__".'
                ) from error
        far.close()

    def take(self, place: int, order: Order) -> None:
        """Begin a job."""
        self.job = place
        with suppress(OSError):  # it has died, which is heard
            self.pipe.send(order)

    def heard(self) -> Heard:
        """Return what it says next; that it died when it can say nothing any more."""
        assert self.job is not None
        try:
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return "died", self.job, self._end()
        self.has_begun = True
        return kind, self.job, value

    def _end(self) -> str:
        code = self.process.exitcode or 0
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return f"process {self.process.pid}, {how}"


class _Crew:
    """Several workers and the jobs that wait for them. Leaving it stops all of them and waits for their ends."""

    def __init__(self, count: int, needs_main: bool) -> None:
        self.orders: deque[tuple[int, Order]] = deque()
        self._count = count
        self._needs_main = needs_main
        self._workers: list[_Worker] = []

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *error: object) -> None:
        self._tell_to_stop()
        for worker in self._workers:
            worker.pipe.close()
        try:
            for worker in self._workers:
                worker.process.join()
        except BaseException:
            for worker in self._workers:
                worker.process.kill()
            raise

    def hear(self, stop: threading.Event) -> Iterator[Heard]:
        """Give every job to a worker that is free, and yield what is heard until all have ended."""
        is_told = False
        while True:
            if stop.is_set() and not is_told:
                is_told = True
                self.orders.clear()
                self._tell_to_stop()
            self._give_out()
            busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
            if not busy:
                return
            for pipe in wait(list(busy), HEARS_EVERY_S):
                yield from self._from(busy[pipe])  # type: ignore[index]

    def _give_out(self) -> None:
        """Give waiting jobs to free workers, and begin workers while there are too few."""
        while self.orders:
            self._workers = [one for one in self._workers if one.job is not None or one.process.is_alive()]
            free = next((worker for worker in self._workers if worker.job is None), None)
            if free is None:
                if len(self._workers) >= self._count:
                    return
                free = _Worker(self._needs_main)
                self._workers.append(free)
            free.take(*self.orders.popleft())

    def _from(self, worker: _Worker) -> Iterator[Heard]:
        heard = worker.heard()
        if heard[0] == "died":
            self._workers.remove(worker)
            if not worker.has_begun:
                raise DeviceFailed(f"A worker could not begin ({heard[2]}); what it said stands above.")
        if heard[0] not in ("begun", "progress"):
            worker.job = None
        yield heard

    def _tell_to_stop(self) -> None:
        for worker in self._workers:
            with suppress(OSError):
                worker.pipe.send(None)


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes begin without the script that began this one: they would run it anew, guarded or not."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _serve(pipe: Connection) -> None:
    """Do jobs until the pipe closes. Signals reach all processes of a terminal or service; the first decides."""
    for number in signals():
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals())
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    is_stopped = threading.Event()
    threading.Thread(target=_listen, args=(pipe, orders, is_stopped), daemon=True).start()
    with suppress(OSError):  # nobody listens any more
        pipe.send(("begun", None))
        while order := orders.get():
            _do(pipe, order, is_stopped)


def _listen(pipe: Connection, orders: queue.SimpleQueue[Order], is_stopped: threading.Event) -> None:
    """Take orders while a job is done; when they end, so does the job, as it does after Ctrl-C."""
    order: Order = (_do, None)
    while order:
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            order = None
        except Exception as error:  # what is asked cannot be found here
            order = _raise, error
        if order is None:
            is_stopped.set()
        orders.put(order)


def _raise(error: Exception, *unused: object) -> None:
    raise error


def _do(pipe: Connection, order: tuple[Callable[..., Any], Any], is_stopped: threading.Event) -> None:
    def advance(steps: int) -> None:
        with suppress(OSError):  # the first process died, but the job ends well
            pipe.send(("progress", steps))

    work, job = order
    try:
        told = "done", work(job, advance, is_stopped.is_set)
    except KeyboardInterrupt:
        told = "stopped", None
    except Exception as error:
        told = "failed", _sendable(error)
    pipe.send(told)


def _sendable(error: Exception) -> Exception:
    """Return an error that another process can raise, with where it came from as a note."""
    text = "".join(traceback.format_exception(error))
    try:
        pickle.dumps(copy.copy(error))  # which makes it anew from its parts, as the other process does
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In process {os.getpid()}:\n{text}")
    return error
