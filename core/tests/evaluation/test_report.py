"""The page is one valid file that holds what was found and nothing that was not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from playhead.evaluation import plots
from playhead.evaluation.facts import right_by_recording
from playhead.evaluation.plots import seeds_plot
from playhead.evaluation.report import history_baselines, render_page, write_report
from playhead.evaluation.results import Evaluation, name_table
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.evaluation.verdicts import baseline_verdicts, expert_verdicts, rollout_verdicts
from playhead.labels import Keys
from playhead.names import visible

VOID = {"meta", "img", "br"}


class Checker(HTMLParser):
    """Checks that every element is closed, and collects what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.loaded += [values[name] for name in ("src", "href", "xlink:href") if values.get(name)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.loaded += [value for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def parsed(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


def test_the_page_loads_nothing_from_elsewhere(page):
    checker = parsed(page)
    assert checker.loaded
    assert all(value.startswith(("data:image/", "#")) for value in checker.loaded)
    assert not re.search(r"url\((?!#)|@import|<script", page)
    assert checker.headings == [
        "In the world",
        "How it drives",
        "Predictions: drive",
        "Predictions: kind",
        "Predictions: axes",
        "Where it looks",
        "Where it is most wrong",
        "Where it is most right",
        "Training",
        "What made it",
    ]


def test_text_from_outside_is_escaped(page):
    assert "a &lt;window&gt;" in page
    assert "a <window>" not in page


def test_nothing_unseen_reaches_a_page(evaluation):
    """Also in drawings, in names of labels and drivers, and in what is no number."""
    unseen = "a\x1b[31m\u202e\u200b\x00</script><b>$x$"
    result = evaluation.heads[0]
    pair = replace(result.predictions, head=Keys(unseen, *result.predictions.head.names[1:]))
    hostile = replace(
        evaluation, title=unseen, run=unseen, notes=[unseen], clip_caption=unseen,
        heads=[replace(result, predictions=pair)],
        facts={unseen: {unseen: unseen, "number": float("nan")}},
    )  # fmt: skip
    page = render_page(hostile)
    parsed(page)
    assert visible(page, keep="\n\t") == page
    assert page.count("a\\x1b[31m\\u202e") > 8
    assert "<b>$x$" not in page


def test_what_was_not_done_is_left_out():
    checker = parsed(render_page(Evaluation(title="Pong", run="pong/default/1")))
    assert checker.headings == []
    assert checker.loaded == []


def test_the_same_plot_is_the_same_text(table):
    assert seeds_plot(table, "score") == seeds_plot(table, "score")


def test_scores_json_names_every_driver_and_measure(evaluation, tmp_path):
    page = write_report(evaluation, tmp_path / "out")
    scores = json.loads((page.parent / "scores.json").read_text())
    assert set(scores["network"]["score"]) == {"mean", "low", "high", "n"}
    assert scores["network"]["score"]["low"] < scores["network"]["score"]["mean"]
    assert set(scores["ratios_to_expert"]) == {"network", "always_forward"}
    assert scores["offline"]["drive"]["baselines"]["repeat_last"]["change_exact"] == 0
    assert sum(map(sum, scores["offline"]["kind"]["confusion"])) == 120
    assert sorted(path.name for path in page.parent.iterdir()) == ["index.html", "scores.json"]


def test_verdicts_say_whether_the_baselines_are_beaten(evaluation):
    drive, kind, axes = (baseline_verdicts(result) for result in evaluation.heads)
    assert [verdict.passed for verdict in (*drive, *kind, *axes)] == [True] * 6
    assert "beats every baseline" in drive[0].sentence
    assert "where the action changes" in drive[1].sentence


def test_a_network_that_repeats_does_not_beat_repeating(evaluation):
    result = evaluation.heads[0]
    lazy = type(result)(
        name="drive",
        predictions=result.predictions,
        scores=result.baselines["repeat_last"],
        baselines=result.baselines,
    )
    assert [verdict.passed for verdict in baseline_verdicts(lazy)][1] is False
    assert "does not beat" in baseline_verdicts(lazy)[1].sentence


def test_the_text_has_the_table_and_every_head(evaluation):
    text = evaluation.to_text()
    for word in ("driving score", "network / expert", "all keys right at changes", "repeat the last action"):
        assert word in text


def test_each_key_class_and_axis_is_told_beside_baselines(evaluation):
    lines = evaluation.to_text().splitlines()
    for result in evaluation.heads:
        title = next(line for line in lines if line.startswith(f"{result.name}  ") and "windows" in line)
        main = "mean absolute error" if result.kind == "axes" else "F1"
        for measure in (main, f"{main}: most frequent", f"{main}: repeat the last action"):
            assert measure in title
        rows = lines[lines.index(title) + 1 :][: len(result.scores.rows)]
        told = {line.split()[0]: line.split()[1] for line in rows}
        windows = {
            name: 120 if result.kind == "axes" else row["support"] for name, row in result.scores.rows.items()
        }
        assert told == {name: f"{count:,.0f}" for name, count in windows.items()}


def test_a_head_of_which_nothing_is_known_has_no_table(predictions):
    from playhead.evaluation.baselines import judge_heads

    (result, *_) = judge_heads(predictions.take(np.arange(0)), tolerance_s=0.1)
    assert name_table(result) == ""


def test_each_recording_says_how_much_of_it_is_right(predictions):
    told = right_by_recording(predictions, "drive")
    assert set(told) == set(predictions.recordings)
    one = predictions.heads["drive"]
    first = predictions.recording_N == 0
    right = ((one.truth_NA >= 0.5) == (one.predictions_NO >= 0.5)).all(1)[first].mean()
    assert told[predictions.recordings[0]] == f"drive {100 * right:.0f} % right"
    assert right_by_recording(predictions, "axes") == {}


def test_driving_better_than_the_baselines_is_judged_on_the_same_seeds(table):
    (better,) = rollout_verdicts(table, "network", ["always_forward", "not there"])
    assert better.passed
    assert "more than always forward" in better.sentence
    (worse,) = rollout_verdicts(table, "network", ["expert"])
    assert not worse.passed
    assert "not clearly more than expert" in worse.sentence
    assert rollout_verdicts(table, "nobody", ["expert"]) == []


@pytest.mark.parametrize(
    ("expert", "constant", "is_teacher"),
    [
        ([9.0, 8.0, 9.5, 8.5], [1.0, 2.0, 1.0, 2.0], True),
        ([9.0, 9.0, 9.0, 9.0], [1.0, 1.0, 1.0, 1.0], True),
        ([1.0, 2.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0], False),
        ([4.0, 4.0, 4.0, 4.0], [4.0, 4.0, 4.0, 4.0], False),
        ([1.0, 1.0], [4.0, 4.0], False),
    ],
)
def test_an_expert_that_one_action_equals_is_no_teacher(expert, constant, is_teacher):
    episodes = [
        Episode(driver=driver, seed=seed, measures={"return": value})
        for driver, values in (("expert", expert), ("always_forward", constant))
        for seed, value in enumerate(values)
    ]
    said = expert_verdicts(ScoreTable(episodes=episodes, measures=()), "expert", ["always_forward", "idle"])
    assert [verdict.passed for verdict in said] == [] if is_teacher else [False]
    assert is_teacher or "expert is no teacher" in said[0].sentence


def test_two_drives_do_not_tell_who_is_better(table):
    two = replace(table, episodes=[episode for episode in table.episodes if episode.seed in table.seeds[:2]])
    (unknown,) = rollout_verdicts(two, "network", ["always_forward"])
    assert not unknown.passed
    assert "not to be told from always forward" in unknown.sentence
    assert "too few drives, 3 or more tell: --episodes" in unknown.sentence


def test_baselines_come_from_the_history():
    row = {"heads": {"a": {"majority": {"accuracy": 0.5}}, "b": {"majority": {"accuracy": 0.7}}}}
    assert history_baselines(row, "accuracy") == {"most frequent action": pytest.approx(0.6)}
    assert history_baselines({"step": 1}, "accuracy") == {}


@pytest.mark.parametrize("windows", [0, 1, 2])
def test_hardly_any_windows_still_make_a_page(predictions, windows):
    from playhead.evaluation.baselines import judge_heads
    from playhead.evaluation.predictions import HeadPredictions, Predictions

    few = Predictions(
        heads={
            name: HeadPredictions(
                head=h.head,
                truth_NA=h.truth_NA[:windows],
                predictions_NO=h.predictions_NO[:windows],
                previous_NA=h.previous_NA[:windows],
            )
            for name, h in predictions.heads.items()
        },
        time_ns_N=predictions.time_ns_N[:windows],
        recording_N=predictions.recording_N[:windows],
        window_N=predictions.window_N[:windows],
        recordings=predictions.recordings,
    )
    heads = judge_heads(few, tolerance_s=0.1)
    parsed(render_page(Evaluation(title="Pong", run="r", heads=heads, predictions=few)))


def test_of_many_keys_a_stretch_shows_those_held_most():
    names = [f"key {number}" for number in range(300)]
    true_NK = np.zeros((40, 300), bool)
    true_NK[:, 100:115] = True
    text = plots.timeline_plot(np.arange(40) / 10, true_NK, np.zeros((40, 300)), names)
    assert sum(f">{name}<" in text for name in names) == plots.MOST_ROWS
    assert all(f">key {number}<" in text for number in range(100, 115))
    assert "the 20 of 300 held most" in text


def test_names_are_neither_html_nor_formulas():
    names = ["<script>alert(1)</script>", "$\\frac{$", "a\x1b[2J", "&amp;"]
    drawn = plots.balance_plot(names, np.full(4, 0.25), np.full(4, 0.25))
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "$\\frac{$" in drawn


def test_no_formula_is_shown_as_text(page):
    falling = [{"step": k, "train_loss": 10.0**-k, "loss": 10.0**-k, "accuracy": 0.5} for k in range(4)]
    assert "mathdefault" not in page + plots.history_plot(falling, "accuracy", {})
