"""Which loadouts are collected, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.errors import BadValue, NotFound
from playhead_sideswipe.walk import Walk


def test_everything_is_as_much_as_the_original_recorded() -> None:
    loadouts = Walk().loadouts()
    assert len(loadouts) == 12 * 23 * 23 * 2 * 3 * 1 == 38_088
    assert len({loadout.key for loadout in loadouts}) == 38_088
    per_body = [sum(one.body == body for one in loadouts) / 3174 for body in Walk().bodies]
    assert per_body == [3, 3, 2, 4]  # the stickers of each, which is why the classes are unbalanced


def test_the_wheel_is_slowest_and_the_secondary_colour_fastest() -> None:
    walk = Walk.of({"wheels": "0-1", "hats": "0,3", "teams": "0-1", "primary": "0,1", "secondary": "0,0.5"})
    loadouts = walk.loadouts()
    order = [
        (one.wheel, walk.bodies.index(one.body), one.sticker, one.hat, one.team, one.primary, one.secondary)
        for one in loadouts
    ]
    assert order == sorted(order)
    assert len(order) == 2 * 12 * 2 * 2 * 2 * 2
    assert order[:3] == [(0, 0, 0, 0, 0, 0.0, 0.0), (0, 0, 0, 0, 0, 0.0, 0.5), (0, 0, 0, 0, 0, 1.0, 0.0)]


def test_a_sample_is_drawn_evenly_and_keeps_the_order() -> None:
    everything = [one.key for one in Walk().loadouts()]
    sample = [one.key for one in Walk.of({"sample": 4000}).loadouts()]
    assert len(sample) == 4000
    places = [everything.index(key) for key in sample[:50]]
    assert places == sorted(places)
    assert sample == [one.key for one in Walk.of({"sample": 4000}).loadouts()]
    assert sample != [one.key for one in Walk.of({"sample": 4000, "sample_seed": 1}).loadouts()]
    hats = [key.split("-")[4] for key in sample]
    assert min(hats.count(f"h{hat}") for hat in range(23)) > 120  # of 174 on average


@pytest.mark.parametrize("every", [2, 3, 6, 9, 46])
def test_one_of_each_so_many_meets_everything_about_equally_often(every: int) -> None:
    everything = Walk().loadouts()
    place = {one.key: number for number, one in enumerate(everything)}
    taken = Walk.of({"every": every}).loadouts()
    assert len(taken) == pytest.approx(len(everything) / every, abs=1)
    places = [place[one.key] for one in taken]
    assert [number // every for number in places] == list(range(len(taken)))
    for name in ("body", "team", "primary", "hat", "wheel", "sticker"):
        all_values, values = ([getattr(one, name) for one in some] for some in (everything, taken))
        for value in set(all_values):
            share = all_values.count(value) / len(everything)
            assert values.count(value) / len(taken) == pytest.approx(share, rel=0.25), (name, value)


@pytest.mark.parametrize(
    ("given", "name", "read"),
    [
        ({"wheels": "0-4"}, "wheels", (0, 1, 2, 3, 4)),
        ({"primary": "0-1"}, "primary", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        ({"secondary": "0.05,0.7-0.9"}, "secondary", (0.05, 0.7, 0.8, 0.9)),
        ({"wheels": "0-2,7"}, "wheels", (0, 1, 2, 7)),
        ({"wheels": 9}, "wheels", (9,)),
        ({"hats": [1, 2]}, "hats", (1, 2)),
        ({"primary": "0,0.25"}, "primary", (0.0, 0.25)),
        ({"bodies": "octane"}, "bodies", ("octane",)),
        ({"rotations": 3}, "rotations", 3),
    ],
)
def test_how_options_are_read(given: dict[str, Any], name: str, read: Any) -> None:
    assert getattr(Walk.of(given), name) == read


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"wheels": "0-23"}, "wheels=23 lies outside of 0 to 22"),
        ({"wheels": "many"}, "wheels=many cannot be read"),
        ({"wheels": "4-0"}, "wheels=nothing lies outside"),
        ({"hats": "1,1"}, "hats=1,1 names 1 twice"),
        ({"primary": 1.5}, "primary=1.5 lies outside of 0 to 1"),
        ({"teams": 2}, "teams=2 lies outside"),
        ({"rotations": 0}, "rotations=0 lies outside of 1 to 10"),
        ({"every": "x"}, "every=x is no number"),
    ],
)
def test_values_of_no_use_are_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(BadValue, match=told):
        Walk.of(given)


def test_unknown_names_are_named() -> None:
    with pytest.raises(NotFound, match=r'No option of the collector garage is called "wheel".* "wheels"'):
        Walk.of({"wheel": 3})
    with pytest.raises(NotFound, match=r'No car in the garage is called "octan".* "octane"'):
        Walk.of({"bodies": "octan"})
