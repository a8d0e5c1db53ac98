"""How many threads this process computes with, and which goes before other programs: set and put back here.

The numbers count for the whole process, so no class and no import sets them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread_each(*, networks: bool = True) -> Iterator[None]:
    """Let OpenCV, and torch for networks, compute in one thread each meanwhile.

    OpenCV's pool costs more than it saves at these sizes, and fights with torch's. With two threads, whenever
    another process wants a core, torch waits spinning: 89 ms instead of 4 for one window was measured on two.
    """
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        if networks:
            with torch_threads(1):
                yield
        else:
            yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads meanwhile.

    A training takes two by default. With OMP_WAIT_POLICY=PASSIVE, read when torch is loaded, they sleep while they
    wait: on two cores .31 s a step where one takes .45, and as quick as one beside a busy process, where threads
    that wait spinning take 1.3 times as long (6 times was measured once).
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


_SHORT_TURN_NS = 100_000  # the least that Linux gives; usually 3 ms


class Precedence:
    """Turns of the processor before other programs, for the thread that takes it, where the system grants them.

    Who presses a key wakes the X server, which takes the processor at once; afterwards busy programs have their
    turn first, for 3 to 10 ms. So for a thread that does little and must not wait. Linux grants it to root and to
    whom `ulimit -r` gives 1 or more, Windows (never tried) to everybody. Who is not granted it has shorter turns
    under Linux 6.12 and newer, which come sooner.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        self._turn_before_ns = 0

    @property
    def is_taken(self) -> bool:
        """Whether it was granted and lasts."""
        return self._before is not None

    def take(self) -> None:
        """Go first from now on."""
        before = _rank()
        if before == _FIRST:
            return
        if _set_rank(_FIRST):
            self._before = before
        elif not self._turn_before_ns:
            self._turn_before_ns = _set_turn(_SHORT_TURN_NS)

    def give_back(self) -> None:
        """Wait for one's turn as before: what computes for long must not hold others up."""
        before, self._before = self._before, None
        if before is not None:
            _set_rank(before)
        elif self._turn_before_ns:
            _set_turn(self._turn_before_ns)
            self._turn_before_ns = 0

    def __enter__(self) -> Precedence:
        """Go first meanwhile."""
        self.take()
        return self

    def __exit__(self, *error: object) -> None:
        """Wait for one's turn again."""
        self.give_back()


if sys.platform == "win32":
    import ctypes

    _FIRST = 2  # THREAD_PRIORITY_HIGHEST

    def _rank() -> int:
        return int(ctypes.windll.kernel32.GetThreadPriority(_thread()))

    def _set_rank(rank: int) -> bool:
        return bool(ctypes.windll.kernel32.SetThreadPriority(_thread(), rank))

    def _set_turn(turn_ns: int) -> int:
        return 0

    def _thread() -> ctypes.c_void_p:
        ctypes.windll.kernel32.GetCurrentThread.restype = ctypes.c_void_p
        return ctypes.c_void_p(ctypes.windll.kernel32.GetCurrentThread())

elif sys.platform == "linux":
    import ctypes

    _FIRST = (
        os.SCHED_RR | os.SCHED_RESET_ON_FORK
    )  # what it starts, the game's own threads included, waits its turn
    # sched_setattr(2) and sched_getattr(2), by machine: not every C library has them.
    _SET_ATTR, _GET_ATTR = {"x86_64": (314, 315), "aarch64": (274, 275)}.get(os.uname().machine, (0, 0))
    _SYSCALL = ctypes.PyDLL(None).syscall

    class _Attributes(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32), ("policy", ctypes.c_uint32), ("flags", ctypes.c_uint64),
            ("nice", ctypes.c_int32), ("priority", ctypes.c_uint32),
            ("turn_ns", ctypes.c_uint64), ("deadline_ns", ctypes.c_uint64), ("period_ns", ctypes.c_uint64),
        )  # fmt: skip

    def _rank() -> int:
        return os.sched_getscheduler(0)

    def _set_rank(rank: int) -> bool:
        """Set a policy; the niceness stays. The mark once set, only root may take it away."""
        try:
            least = 1 if rank == _FIRST else 0
            os.sched_setscheduler(0, rank | os.SCHED_RESET_ON_FORK, os.sched_param(least))
        except OSError:
            return False
        return True

    def _set_turn(turn_ns: int) -> int:
        """Set how long this thread's turns are; return how long they were, 0 where the system does not say."""
        known = _Attributes()
        if not _GET_ATTR or _SYSCALL(_GET_ATTR, 0, ctypes.byref(known), ctypes.sizeof(known), 0):
            return 0
        before_ns, known.turn_ns = int(known.turn_ns), turn_ns
        return 0 if _SYSCALL(_SET_ATTR, 0, ctypes.byref(known), 0) else before_ns

else:
    _FIRST = 0

    def _rank() -> int:
        return 0

    def _set_rank(rank: int) -> bool:
        return False

    def _set_turn(turn_ns: int) -> int:
        return 0
