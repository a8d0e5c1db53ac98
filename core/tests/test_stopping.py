"""Ctrl-C, termination and a closed terminal all end a session normally; the second one ends the process."""

from __future__ import annotations

import signal
import threading

import pytest

from playhead.stopping import signals, stopped_by_interrupt


@pytest.mark.parametrize("number", signals())
def test_the_first_signal_only_asks_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stopped_by_interrupt() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()
        again = signal.getsignal(number)
    assert again is (signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no terminals that are closed by a signal")
def test_a_terminal_may_close_under_nohup() -> None:
    assert not heeds(signal.SIGHUP)


def test_whoever_interrupts_what_runs_in_the_background_means_it() -> None:
    assert heeds(signal.SIGINT)


def heeds(number: signal.Signals) -> bool:
    """Say whether a session ends by a signal that was ignored before."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with stopped_by_interrupt() as stop:
            signal.raise_signal(number)
            is_heeded = stop.is_set()
        assert signal.getsignal(number) is signal.SIG_IGN
        return is_heeded
    finally:
        signal.signal(number, before)


def test_other_threads_take_no_signals() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def inside() -> None:
        with stopped_by_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]
