"""Pictures of what a network has no class for: how a recording says so. They are never learned from.

Frames that nobody labelled (origin NONE) say nothing, but in two kinds of recordings: what a collector of the game
left unlabelled belongs to no class, for it knows what it shows; and so do those of a recording whose scenario is
"unseen". A column of text with the name of a head says what is shown, also where that is no class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from playhead.data.source import Source
from playhead.data.windows import WindowIndex, WindowSpec
from playhead.game import Game
from playhead.labels import LabelSchema

UNSEEN = "unseen"


def is_unseen(recording: Source, game: Game) -> bool:
    """Whether the unlabelled frames of a recording, if it has any, are pictures of no class."""
    header = recording.header
    return header.scenario == UNSEEN or header.driver in game.collectors


def unseen_index(recordings: Sequence[Source], schema: LabelSchema, spec: WindowSpec) -> WindowIndex:
    """Return the windows of recordings that nobody labelled; they must be such that say something by it."""
    return WindowIndex.of(recordings, schema, replace(spec, is_unlabelled=True))


def kinds_of(index: WindowIndex, head: str) -> list[str]:
    """Return what every window of such an index shows: by the column of the head's name, else its recording."""
    kinds = np.empty(len(index), dtype=object)
    for number in np.unique(index.recording_N):
        mine, recording = index.recording_N == number, index.recordings[number]
        kinds[mine] = recording.name
        if np.dtype(recording.header.columns.get(head, "V")).kind == "S":
            kinds[mine] = recording.columns[head][index.frames_NT[mine, -1]]
    return [str(kind) for kind in kinds]
