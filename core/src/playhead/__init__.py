"""Record what a game shows and what a person presses, train a network on it, measure it, let it play.

`record`, `train`, `evaluate`, `export`, `label`, `bench`, `play`, `replay`, `observe`, `recordings` and `runs` do
what the commands do, from Python (docs/python.md). Each is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playhead.sessions.benchmarking import bench
    from playhead.sessions.evaluating import evaluate
    from playhead.sessions.exporting import export
    from playhead.sessions.labelling import label
    from playhead.sessions.listing import recordings, runs
    from playhead.sessions.observing import observe
    from playhead.sessions.playing import play
    from playhead.sessions.recording import record
    from playhead.sessions.replaying import replay
    from playhead.sessions.training import train

__version__ = "0.1.0"
__all__ = [
    "bench", "evaluate", "export", "label", "observe", "play", "record", "recordings", "replay", "runs", "train",
]  # fmt: skip

_MODULES = {
    "bench": "benchmarking", "evaluate": "evaluating", "export": "exporting", "label": "labelling",
    "observe": "observing", "play": "playing", "record": "recording", "recordings": "listing",
    "replay": "replaying", "runs": "listing",
    "train": "training",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'playhead' has no attribute {name!r}")
    return getattr(importlib.import_module(f"playhead.sessions.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
