"""The world's clock runs with the machine's, and waits where the window hung."""

from __future__ import annotations

import pytest

from playhead.clock import NS_PER_S, FakeClock
from playhead.showing.clock import GAP_S, PatientClock


def test_time_passes_as_on_the_machine_while_somebody_keeps_up() -> None:
    machine = FakeClock()
    clock = PatientClock(machine)
    clock.keep_up()
    for _ in range(100):
        machine.advance(GAP_S / 2)
        clock.keep_up()
    assert clock.now_ns() == machine.now_ns()
    assert clock.lost_ns == 0


def test_a_gap_is_not_leapt_over() -> None:
    machine = FakeClock()
    clock = PatientClock(machine)
    clock.keep_up()
    machine.advance(5)
    clock.keep_up()
    assert clock.now_ns() / NS_PER_S == pytest.approx(GAP_S)
    machine.advance(0.1)
    assert clock.now_ns() / NS_PER_S == pytest.approx(GAP_S + 0.1)


def test_the_time_before_the_first_look_is_no_gap() -> None:
    machine = FakeClock()
    clock = PatientClock(machine)
    machine.advance(60)
    clock.keep_up()
    assert clock.lost_ns == 0


def test_sleeping_lasts_as_long_as_on_the_machine() -> None:
    machine = FakeClock()
    clock = PatientClock(machine)
    clock.keep_up()
    machine.advance(5)
    clock.keep_up()
    before_ns = machine.now_ns()
    clock.sleep_until(clock.now_ns() + NS_PER_S)
    assert machine.now_ns() - before_ns == NS_PER_S
