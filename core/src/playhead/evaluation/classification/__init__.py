"""The study of a head that chooses one of several classes, beyond its scores. What others use is named here.

activations  windows that were asked about      error_slices  what mistakes have in common
studies      every head of a run, in order      temperature   calibration, as it is and corrected
study        one head: all its numbers          ood_scores    how near a picture is to what was learned
clusters     windows that err together          ood_detection a score, chosen and judged apart
intervals    Wilson, exact tests, AUROC         text, page, plots, gallery    what is shown of it
"""

from playhead.evaluation.classification.activations import ask_with_activations
from playhead.evaluation.classification.clusters import grouped_share, units_of
from playhead.evaluation.classification.intervals import Share, wilson
from playhead.evaluation.classification.page import baseline_accuracy, choice_view
from playhead.evaluation.classification.plots import history_plots
from playhead.evaluation.classification.studies import study_classes
from playhead.evaluation.classification.study import ChoiceStudy
from playhead.evaluation.classification.text import percent, study_text

__all__ = [
    "ChoiceStudy",
    "Share",
    "ask_with_activations",
    "baseline_accuracy",
    "choice_view",
    "grouped_share",
    "history_plots",
    "percent",
    "study_classes",
    "study_text",
    "units_of",
    "wilson",
]
