"""Out-of-distribution pictures (of no class there is): how a recording says so. They are never learned from.

Frames that nobody labelled (origin NONE) mostly say nothing. They are pictures of no class where the recording
knows what it shows: it has a column of text with the name of a head, which says what is shown, also where that is
no class; a collector of the game made it; or its scenario is "unseen".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playhead.data.source import Source
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.events import Origin
from playhead.game import Game
from playhead.labels import LabelSchema

OOD_SCENARIO = "unseen"


def shows_ood(recording: Source, game: Game) -> bool:
    """Whether a recording has frames of no class."""
    header = recording.header
    knows = header.scenario == OOD_SCENARIO or header.driver in game.collectors
    if not knows and not any(_names_what(recording, head) for head in game.labels):
        return False
    return bool((np.asarray(recording.label_origin) == int(Origin.NONE)).any())


def _names_what(recording: Source, head: str) -> bool:
    return np.dtype(recording.header.columns.get(head, "V")).kind == "S"


def ood_index(recordings: Sequence[Source], schema: LabelSchema, spec: WindowSpec) -> WindowIndex:
    """Return the windows of recordings that nobody labelled; they must be such that say something by it."""
    return WindowIndex.of(recordings, schema, replace(spec, is_unlabelled=True))


def kinds_of(index: WindowIndex, head: str) -> list[str]:
    """Return what every window of such an index shows: by the column of the head's name, else its recording."""
    kinds = np.empty(len(index), dtype=object)
    for number in np.unique(index.recording_N):
        mine, recording = index.recording_N == number, index.recordings[number]
        kinds[mine] = recording.name
        if _names_what(recording, head):
            named = recording.columns[head][index.frame_N[mine]]
            kinds[mine] = np.where(named == "", recording.name, named)
    return [str(kind) for kind in kinds]
