"""How a run drives with further delay between look and press, and with a share of its decisions left out.

the network at every delay and every share, on the seeds of the evaluation -> one table -> what the run tolerates
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playhead.errors import BadValue
from playhead.evaluation.config import EvaluationConfig
from playhead.evaluation.estimates import Estimate, number, shown
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.policies import NETWORK, EvaluatedPolicy, evaluated_policies
from playhead.evaluation.statistics import ScoreTable, aligned
from playhead.models.tolerance import KEPT, MOST_S, Limit, Point, Tolerance, weights_of

MOST_POINTS = 50


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """The table of the network as it is and disturbed, who is who in it, and what follows for the run."""

    table: ScoreTable
    policies: Sequence[EvaluatedPolicy]
    measure: str
    tolerance: Tolerance

    def estimate(self, policy: EvaluatedPolicy) -> Estimate:
        """Return the score of one of them."""
        return self.table.estimate(policy.name, self.measure)

    def rows(self) -> list[list[str]]:
        """Return a row of cells a policy: delay, share left out, score, and share of the undisturbed one."""
        base = self.estimate(self.policies[0]).mean
        rows = [
            ["added delay", "decisions left out", self.table.measure(self.measure).title, "of the undisturbed"]
        ]
        for policy in self.policies:
            score = self.estimate(policy)
            kept = number(score.mean / base) if base > 0 else ""
            rows.append([f"{1000 * policy.delay_s:.0f} ms", f"{100 * policy.drops:.0f} %", shown(score), kept])
        return rows

    def sentences(self) -> list[str]:
        """Say up to where the run drives as well as KEPT of its score."""
        delay, drops = self.tolerance.delay_s, self.tolerance.drops
        said = [_sentence(delay, "Added delay", f"{1000 * delay.value:.0f} ms")] if delay is not None else []
        if drops is not None:
            said.append(_sentence(drops, "Decisions left out", f"{100 * drops.value:.0f} %"))
        return said

    def to_text(self) -> str:
        """Return the table and what follows as text."""
        return "\n".join([aligned(self.rows()), *self.sentences()])


def _sentence(limit: Limit, what: str, value: str) -> str:
    if limit.is_reached:
        return f"{what}: it keeps {KEPT:g} of its score up to {value}."
    return f"{what}: it keeps {KEPT:g} of its score at every value measured, the last {value}."


def check_disturbances(delays_s: Sequence[float], drops: Sequence[float]) -> None:
    """Raise BadValue for delays and shares that cannot be."""
    for delay_s in delays_s:
        if not 0 <= delay_s <= MOST_S:
            raise BadValue(f"--delays {delay_s:g} is no delay from 0 to {MOST_S:g} s. Try --delays 0,.05,.1,.2.")
    for share in drops:
        if not 0 <= share < 1:
            raise BadValue(f"--drops {share:g} is no share from 0 to below 1. Try --drops 0,.1,.2,.4.")
    if len(delays_s) + len(drops) > MOST_POINTS:
        raise BadValue(f"{len(delays_s) + len(drops)} delays and drops are more than {MOST_POINTS}. Take fewer.")


def disturbances(
    network: EvaluatedPolicy, delays_s: Sequence[float], drops: Sequence[float]
) -> list[EvaluatedPolicy]:
    """Return the network as it is, then at each delay, then with each share of its decisions left out."""
    delayed = [
        replace(network, name=f"{NETWORK} {1000 * delay_s:g} ms later", delay_s=delay_s)
        for delay_s in sorted({*delays_s} - {0})
    ]
    rarer = [
        replace(network, name=f"{NETWORK} without {100 * share:g} %", drops=share)
        for share in sorted({*drops} - {0})
    ]
    return [network, *delayed, *rarer]


def disturb(job: EvaluationJob, config: EvaluationConfig, driven: ScoreTable) -> Disturbed | None:
    """Let the network drive disturbed on the same seeds; None where no measure says that more is better."""
    (network,) = evaluated_policies(
        job.game, job.run, [NETWORK], engine=job.engine, controller=job.controller, stuck=job.stuck
    )
    policies = disturbances(network, job.delays_s, job.drops)
    known = [episode for episode in driven.episodes if episode.driver == NETWORK]
    wanted = policies[1:] if known else policies
    table = job.drive(wanted, config, "delays and drops")
    table = replace(table, episodes=[*known, *table.episodes], expert="")
    measure = table.headline
    if not measure:
        return None
    means = [(policy, table.estimate(policy.name, measure).mean) for policy in policies]
    points = [
        Point(delay_s=policy.delay_s, drops=policy.drops, score=mean) for policy, mean in means if mean == mean
    ]
    tolerance = Tolerance(weights=weights_of(job.run), measure=measure, drives=len(job.seeds), points=points)
    return Disturbed(table=table, policies=policies, measure=measure, tolerance=tolerance)
