"""A dry run says how often and how long each key would have been held."""

from __future__ import annotations

from playhead.clock import FakeClock
from playhead.input.none import DryRun


def test_presses_and_seconds_are_counted_by_code() -> None:
    clock = FakeClock()
    dry = DryRun(clock)
    for wait_s, code, value in [
        (0, "w", 1.0),
        (0.5, "a", 1.0),
        (0.25, "a", 0.0),
        (0.25, "a", 1.0),
        (1.0, "x", -0.5),
    ]:
        clock.advance(wait_s)
        dry.send(code, value)
    clock.advance(1.0)
    dry.send("x", 0.7)
    clock.advance(1.0)
    assert dry.totals() == {"w": (1, 4.0), "a": (2, 3.25), "x": (1, 2.0)}


def test_a_dry_run_that_sent_nothing_has_nothing_to_say() -> None:
    assert DryRun(FakeClock()).totals() == {}
