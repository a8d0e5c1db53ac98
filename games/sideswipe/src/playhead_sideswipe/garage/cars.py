"""Whole cars, put together once and kept: a body with its sticker, its wheels, a hat."""

from __future__ import annotations

from functools import cache

from playhead_sideswipe.garage import bodies, unseen
from playhead_sideswipe.garage.bodywork import Body
from playhead_sideswipe.garage.hats import hat
from playhead_sideswipe.garage.shapes import Part, join
from playhead_sideswipe.garage.stickers import sticker
from playhead_sideswipe.garage.wheels import wheel
from playhead_sideswipe.loadout import HATS, STICKERS, WHEELS, Loadout

_BUILDERS = {**bodies.BUILDERS, **unseen.BUILDERS}


@cache
def body_named(name: str) -> Body:
    """Return any body of the garage, built once. Raises: ValueError for a name that is none."""
    if name not in _BUILDERS:
        raise ValueError(f"There is no body {name!r}. There are {', '.join(_BUILDERS)}.")
    return _BUILDERS[name]()


def dressed(loadout: Loadout) -> tuple[Part, ...]:
    """Return the parts of a car: body, wheels, hat. Raises: ValueError for what is in none of the menus."""
    body = loadout.body
    body_named(body)  # says which there are
    for name, number, count in (
        ("hat", loadout.hat, HATS),
        ("wheel", loadout.wheel, WHEELS),
        ("sticker", loadout.sticker, STICKERS[body]),
    ):
        if not 0 <= number < count:
            raise ValueError(f"There is no {name} {number} for {body}. Choose one from 0 to {count - 1}.")
    return (_bodywork(body, loadout.sticker), _on_wheels(body, loadout.wheel), *_hat_on(body, loadout.hat))


@cache
def _bodywork(body: str, number: int) -> Part:
    made = body_named(body)
    stuck = sticker(body, number, made.skin)
    return made.part if stuck is None else join([made.part, stuck])


@cache
def _on_wheels(body: str, number: int) -> Part:
    made = body_named(body)
    pairs = [
        wheel(number, made.radii[end], made.widths[end])
        .moved(x=made.axles[end], y=made.half_track[end])
        .both_sides()
        for end in (0, 1)
    ]
    return join(pairs)


@cache
def _hat_on(body: str, number: int) -> tuple[Part, ...]:
    made, worn = body_named(body), hat(number)
    sunk_m = 0.02  # roofs are round
    return () if worn is None else (worn.moved(x=made.hat[0], z=made.hat[1] - sunk_m, scale=made.hat_scale),)
