"""What the page is told of each part: short words, rows of names and values, curves. Plain data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from playhead.live.settings import Live

if TYPE_CHECKING:
    from playhead.live.collector import CollectorStatus
    from playhead.live.player import Player
    from playhead.live.store import SampleStore
    from playhead.live.trainer import Trainer


def of_collector(status: CollectorStatus) -> dict[str, Any]:
    """Say how a collector gets on."""
    elapsed_s = max(1e-6, time.monotonic() - status.started_s)
    return {
        "short": f"{status.samples:,} samples, {status.samples / elapsed_s:.1f}/s",
        "rows": [["drives", status.drives], ["frames", status.frames], ["samples", status.samples]],
        "said": status.said,
    }


def of_trainer(live: Live, trainer: Trainer, store: SampleStore, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Say how the training gets on, and what was balanced."""
    status = trainer.status
    busy = status.learned_s / max(1e-6, status.learned_s + status.waited_s)
    rows: list[list[Any]] = [["batch", status.batch], ["loss", status.loss]]
    for name, loss in status.by_output.items():
        rows.append(
            [name, f"loss {loss:.4f}, off by {status.errors[name]:.3f}" if name in status.errors else loss]
        )
    rows += [["learning rate", status.lr], ["samples used", store.used], ["busy", f"{busy:.0%}"]]
    rows.append(["", "waits for samples" if status.is_waiting else "learns"])
    return {
        "short": f"batch {status.batch:,}",
        "model": f"{live.settings.recipe_name}, run {live.settings.name}",
        "rows": rows,
        "fill": store.fill(),
        "size": live.settings.buffer,
        "history": status.history[-1000:],
        "validations": [[one["step"], one["loss"]] for one in trainer.validations],
        "balance": balance_of(live, seen),
    }


def balance_of(live: Live, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the histograms of all collectors together: what each output's bins held before and behind."""
    told = {}
    for one in live.outputs:
        before, behind = Counter[int](), Counter[int]()
        for of in seen.values():
            before.update(of["seen"].get(one.name, {}))
            behind.update(of["sent"].get(one.name, {}))
        places = range(len(one.bins))
        told[one.name] = {
            "bins": list(one.bins),
            "seen": [before[n] for n in places],
            "sent": [behind[n] for n in places],
        }
    return told


def _said(answers: list[float], played: list[float] | None) -> str:
    """Say answers, and in brackets what dead zones make of them: "+0.50 (+0.33)"."""
    values = [f"{value:+.2f}" for value in answers]
    return "  ".join(values if played is None else map("{} ({:+.2f})".format, values, played))


def of_player(player: Player) -> dict[str, Any]:
    """Say how the player gets on."""
    status, world = player.status, player.live.world
    score = (world.score or (world.measures[0].name if world.measures else "return")) if world else ""
    heads = player.live.recipe.heads
    rows: list[list[Any]] = [
        [name, _said(status.answers[name], status.played.get(name))]
        for name in sorted(status.answers, key=lambda one: heads.index(one) if one in heads else len(heads))
    ]
    held = " ".join(code for code, value in status.held.items() if value) or "nothing"
    rows += [["held", held], ["FPS", f"{status.fps:.1f}"], ["PPS", f"{status.pps:.1f}"]]
    rows += [["weights of batch", status.weights_of], ["swaps", status.swaps], ["drives", len(status.drives)]]
    if status.stuck:
        rows.append(["stuck", ", ".join(f"by its {way} {count}" for way, count in status.stuck.items())])
    if status.drives:
        rows += [[name, round(value, 3)] for name, value in status.drives[-1].items()]
    return {
        "short": f"{status.fps:.0f} FPS", "rows": rows, "score": score,
        "drives": [one.get(score, 0.0) for one in status.drives],
    }  # fmt: skip
