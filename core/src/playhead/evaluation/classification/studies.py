"""Every head of classes of a run, studied on windows that were asked about, with the pictures of its page."""

from __future__ import annotations

from playhead.data.ood import ood_index
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.evaluation.classification.activations import Asked, ask_with_activations
from playhead.evaluation.classification.gallery import heat_rows, mistake_examples, ood_examples
from playhead.evaluation.classification.study import ChoiceStudy, study_choice
from playhead.evaluation.held_out import check_recording, spread_windows, validation_index
from playhead.evaluation.job import EvaluationJob
from playhead.labels import Choice
from playhead.models.predictor import Predictor


def study_classes(job: EvaluationJob, predictor: Predictor, asked: Asked) -> list[ChoiceStudy]:
    """Study every head of classes: what its mistakes share, where it looks, what it does out of distribution."""
    heads = {name: head for name, head in job.run.schema.items() if isinstance(head, Choice)}
    if not heads:
        return []
    ood, validation, bank = ask_ood(job, predictor), ask_validation(job, predictor), job.run.load_features()
    studies = []
    with job.watch.part("mistakes and heat", len(heads)) as advance:
        for name, head in heads.items():
            mine = asked.known(name)
            if not len(mine):
                continue
            chosen_on = validation.known(name) if validation is not None else None
            study = study_choice(name, head, mine, chosen_on, ood, bank)
            study.mistakes = mistake_examples(job.run, mine, name, head)
            study.heat = heat_rows(predictor, job.run, mine, name, head)
            if ood is not None and study.ood is not None:
                shown = ood_examples(job.run, ood, name, head, study.ood)
                study.ood.least_ood, study.ood.most_ood = shown
            studies.append(study)
            advance(1)
    return studies


def ask_ood(job: EvaluationJob, predictor: Predictor) -> Asked | None:
    """Answer the pictures of no class; None when there are none."""
    for recording in job.ood:
        check_recording(job.run, recording)
    index = ood_index(job.ood, job.run.schema, WindowSpec.of(job.run.recipe))
    return _ask_some(job, predictor, index, "out-of-distribution")


def ask_validation(job: EvaluationJob, predictor: Predictor) -> Asked | None:
    """Answer the windows of the run's validation; None where it is measured on them, or there are none."""
    if not job.only_held_out:
        return None
    return _ask_some(job, predictor, validation_index(job.run, job.recordings), "validation")


def _ask_some(job: EvaluationJob, predictor: Predictor, index: WindowIndex, part: str) -> Asked | None:
    index = spread_windows(index, job.max_windows)
    if len(index) == 0:
        return None
    with job.watch.part(part, len(index)) as advance:
        return ask_with_activations(predictor, job.run, index, progress=advance)
