"""What networks are measured on and never train on: maps, players, seeds. Fixed, so that figures compare.

Maps follow from `split` and the seed: those of split 1 are others than those of split 0 (LAYOUTS in rom/maps.c).
"""

from __future__ import annotations

MAPS = {"split": 1}
PLAYERS = ("curious",)
SEEDS = tuple(range(10_000, 10_016))
