"""Ctrl-C is how recording and playing normally end: the tick is finished, keys are released, nothing is torn.

So do being terminated and the closing of the terminal, which leave a process a moment to finish.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def signals() -> list[signal.Signals]:
    """Return the signals that end a session normally, those that this system has."""
    return [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]


@contextmanager
def stopped_by_interrupt(
    stop: threading.Event | None = None, told: Callable[[int], object] = lambda number: None
) -> Iterator[threading.Event]:
    """Make the first Ctrl-C or termination set an event instead of ending the process; the second ends it.

    `told` gets the number of the signal. Beside the main thread nothing is changed: somebody else sets the event.
    """
    stop = stop or threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    heeded = [number for number in signals() if not _is_for_good(number)]

    def on_signal(number: int, frame: object) -> None:
        stop.set()
        told(number)
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    before = {number: signal.signal(number, on_signal) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_for_good(number: signal.Signals) -> bool:
    """Whether a signal is to stay ignored: that of a closed terminal under nohup.

    Others are heeded all the same: what a script starts in the background begins with Ctrl-C ignored, and whoever
    sends it then means it.
    """
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


@contextmanager
def signals_put_off() -> Iterator[None]:
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
