"""Which exporter of a game is meant; what exporters write is tested by the games that have some."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles import small_game

from playhead.errors import BadValue, NotFound
from playhead.storage.exporting import exporter_of


def one() -> None: ...


def other() -> None: ...


def test_the_only_exporter_needs_no_name() -> None:
    assert exporter_of(replace(small_game(), exporters={"csv": one}), "") is one


def test_of_several_one_is_named() -> None:
    game = replace(small_game(), exporters={"csv": one, "zip": other})
    assert exporter_of(game, "zip") is other
    with pytest.raises(BadValue, match="--format csv or zip"):
        exporter_of(game, "")
    with pytest.raises(NotFound, match=r'"zap".*Did you mean "zip"'):
        exporter_of(game, "zap")


def test_a_game_without_exporters_says_so() -> None:
    with pytest.raises(NotFound, match="has no exporter"):
        exporter_of(small_game(), "")
