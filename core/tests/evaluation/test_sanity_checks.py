"""Each sanity check passes an honest network and fails a dishonest one."""

from __future__ import annotations

import numpy as np

from playhead.evaluation.sanity_checks import (
    Shuffled,
    constant_input_test,
    history_verdict,
    leak_test,
    shuffle_verdict,
)

RANDOM = np.random.default_rng(0)
FRAMES = RANDOM.integers(0, 256, (5, 2, 8, 10, 3), dtype=np.uint8) // 2


def brightness(inputs):
    return {"drive": inputs["frames"].mean((1, 2, 3, 4))[:, None] / 255}


def prior_only(inputs):
    return {"drive": np.full((len(inputs["frames"]), 2), 0.8)}


def not_a_number(inputs):
    return {"drive": np.full((len(inputs["frames"]), 2), np.nan)}


class TestConstantInput:
    def test_a_network_that_looks_passes(self):
        verdict = constant_input_test(brightness, {"frames": FRAMES})
        assert verdict.passed
        assert "1.000" in verdict.sentence  # white against black

    def test_a_collapsed_network_fails(self):
        verdict = constant_input_test(prior_only, {"frames": FRAMES})
        assert not verdict.passed
        assert verdict.sentence.startswith("Collapsed")

    def test_a_network_that_answers_nan_fails(self):
        assert not constant_input_test(not_a_number, {"frames": FRAMES}).passed


LABELS = {"drive": (RANDOM.random((400, 2)) > 0.5).astype(float)}


class TestLeak:
    def test_only_pictures_cannot_leak(self):
        assert leak_test({}, LABELS).passed

    def test_an_honest_input_passes(self):
        verdict = leak_test({"speed": RANDOM.random((400, 3))}, LABELS)
        assert verdict.passed
        assert "speed" in verdict.sentence

    def test_an_input_that_is_the_label_fails_and_is_named(self):
        columns = {"speed": RANDOM.random((400, 3)), "throttle": LABELS["drive"][:, :1] * 100 - 3}
        verdict = leak_test(columns, LABELS)
        assert not verdict.passed
        assert "throttle is column 0 of drive" in verdict.sentence

    def test_inputs_that_determine_the_label_together_fail(self):
        half = RANDOM.normal(0, 1, 400)
        columns = {"one": half, "other": LABELS["drive"][:, 1] - half}
        verdict = leak_test(columns, LABELS)
        assert not verdict.passed
        assert "together determine column 1" in verdict.sentence


def shuffled(head: str, score: float, other: float, *, lower_is_better: bool = False) -> Shuffled:
    return Shuffled(head=head, measure="F1", score=score, shuffled=other, lower_is_better=lower_is_better)


class TestShuffle:
    def test_a_network_that_copies_what_was_done_fails(self):
        pictures = shuffled("drive", 0.8, 0.7)
        copies = history_verdict(shuffled("drive", 0.8, 0.2), pictures)
        looks = history_verdict(shuffled("drive", 0.8, 0.75), pictures)
        blind = history_verdict(shuffled("drive", 0.8, 0.2), None)
        assert (copies.passed, looks.passed, blind.passed) == (False, True, True)
        assert "more than with the pictures shuffled (0.700). It copies what was done" in copies.sentence

    def test_words(self):
        fell = shuffle_verdict(shuffled("drive", 0.8, 0.3))
        same = shuffle_verdict(shuffled("drive", 0.8, 0.79))
        worse = shuffle_verdict(shuffled("steer", 0.1, 0.4, lower_is_better=True))
        assert (fell.passed, same.passed, worse.passed) == (True, False, True)
        assert "does not use them" in same.sentence
