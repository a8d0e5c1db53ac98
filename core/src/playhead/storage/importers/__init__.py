"""Readers of what other tools made, for any game: arrays of numpy and HDF5, folders a class, tables beside
pictures, videos with a table of keys, sets of LeRobot and Minari.

What they say becomes labels by the game's own heads and conversions (meanings.py); no game is known here.
A game's own importer of the same name goes before these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playhead.storage.importers.arrays import find_hdf5
from playhead.storage.importers.films import find_films
from playhead.storage.importers.folders import find_folders
from playhead.storage.importers.lerobot import find_lerobot
from playhead.storage.importers.minari import find_minari
from playhead.storage.importers.pairs import find_pairs
from playhead.storage.importers.tables import find_tables

BUILT_IN: Mapping[str, Callable[..., Any]] = {
    "npy": find_pairs,
    "folders": find_folders,
    "csv": find_tables,
    "video": find_films,
    "hdf5": find_hdf5,
    "lerobot": find_lerobot,
    "minari": find_minari,
}
