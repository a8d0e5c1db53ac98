"""Pokémon keeps playhead's contract, on the homebrew game that comes along."""

from __future__ import annotations

import pytest

from playhead.testing import GameContract
from playhead_pokemon.game import POKEMON


@pytest.mark.usefixtures("has_core")
class TestPokemon(GameContract):
    game = POKEMON
