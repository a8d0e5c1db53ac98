"""What came of the league: scores between a random driver and the expert, and the tables that show them.

Shape legend: S seeds driven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from playhead.control.blind import RANDOM
from playhead.evaluation.estimates import Estimate, shown
from playhead.evaluation.paired import way_interval
from playhead.evaluation.policies import EXPERT, NETWORK

PLAIN, REPEAT, CONSTANT = "plain script", "repeat", "always "


def compared(outcome: dict[str, Any], ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Return how far one is ahead of another, in shares of what the expert is ahead of random."""
    returns = outcome["returns"]
    return way_interval(ours, theirs, returns[RANDOM], returns[EXPERT])


def judged(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return everybody's score, and how far the network is ahead of the best constant and the plain script."""
    returns = outcome["returns"]
    scores = {name: compared(outcome, values, returns[RANDOM]) for name, values in returns.items()}
    constant = max(
        (name for name in returns if name.startswith(CONSTANT)), key=lambda name: np.mean(returns[name])
    )
    ahead = {name: compared(outcome, returns[NETWORK], returns[name]) for name in (constant, PLAIN)}
    points = [
        {**point, "score": compared(outcome, point["returns"], returns[RANDOM])}
        for point in outcome.get("curve", ())
    ]
    rounds = [{**one, "score": compared(outcome, one["returns"], returns[RANDOM])} for one in outcome["rounds"]]
    return {
        **outcome, "constant": constant, "curve": points, "rounds": rounds,
        "scores": scores, "ahead": ahead,
        "by_training": [compared(outcome, one, returns[RANDOM]).mean for one in outcome["networks"]],
    }  # fmt: skip


def table(judgements: Sequence[dict[str, Any]]) -> str:
    """Return the league in markdown."""
    head = ["game", "expert", "random", "network", "**score**", "best constant", "repeat", "plain script",
            "ahead of constant", "ahead of plain", "recorded, trained"]  # fmt: skip
    rows = [head, ["---"] * len(head)]
    for one in judgements:
        returns, scores = one["returns"], one["scores"]
        means = [f"{np.mean(returns[name]):.1f}" for name in (EXPERT, RANDOM, NETWORK)]
        constant = one["constant"]
        took = f"{one['minutes']:.0f} min, {max(t['seconds'] for t in one['trained']) / 60:.1f} min"
        rows.append([
            one["game"], *means, f"**{shown(scores[NETWORK])}**", f"{shown(scores[constant])} ({constant})",
            shown(scores[REPEAT]), shown(scores[PLAIN]),
            *(shown(one["ahead"][name]) for name in (constant, PLAIN)), took,
        ])  # fmt: skip
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    means = [one["scores"][NETWORK].mean for one in judgements]
    lines.append(
        f"\nScore: {np.median(means):.2f} at the median of {len(means)} games, {min(means):.2f} at least."
    )
    if any(one["rounds"] for one in judgements):
        lines += ["\n| after corrections by the expert | rounds | minutes | score |", "|---|---|---|---|"]
    for one in judgements:
        for number, made in enumerate(one["rounds"], 1):
            lines.append(f"| {one['game']} | {number} | {made['minutes']:.0f} | {shown(made['score'])} |")
    for one in judgements:
        if one["curve"]:
            lines += [f"\n{one['game']}:\n", "| learned from | drives | minutes | score |", "|---|---|---|---|"]
            for point in one["curve"]:
                lines.append(
                    f"| {point['title']} | {point['drives']} | {point['minutes']} | {shown(point['score'])} |"
                )
    return "\n".join(lines) + "\n"


def plainly(value: Any) -> Any:
    """Return estimates as plain data, wherever they are."""
    if isinstance(value, Estimate):
        return value.to_json()
    if isinstance(value, dict):
        return {name: plainly(inner) for name, inner in value.items()}
    return [plainly(inner) for inner in value] if isinstance(value, list) else value
