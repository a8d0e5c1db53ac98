"""Whose turn it is on the processor, by what the system itself says."""

from __future__ import annotations

import pytest

from playhead import threads


def test_who_may_not_go_first_has_shorter_turns_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    usual_ns = threads._set_turn(3_000_000)
    if not usual_ns:
        pytest.skip("the system does not say how long turns are: not Linux, or older than 6.12")
    monkeypatch.setattr(threads, "_set_rank", lambda rank: False)
    with threads.Precedence() as precedence:
        assert not precedence.is_taken
        precedence.take()  # once more, as the loop does
        assert threads._set_turn(threads._SHORT_TURN_NS) == threads._SHORT_TURN_NS
    assert threads._set_turn(usual_ns) == 3_000_000
