"""Which keys of a game lead forward and back, left and right, as its labels say."""

from __future__ import annotations

from dataclasses import dataclass

from playhead.errors import BadValue
from playhead.game import Game, opposite_keys
from playhead.labels import Keys


@dataclass(frozen=True, kw_only=True)
class DrivingKeys:
    """The codes of the four directions."""

    forward: str
    back: str
    left: str
    right: str

    @classmethod
    def of(cls, game: Game) -> DrivingKeys:
        """Return them: the first mirrored opposites steer, the first others drive. Raises BadValue without."""
        steering = {pair for head in game.labels.values() if isinstance(head, Keys) for pair in head.mirror}
        pairs = [pair for pair in opposite_keys(game) if set(pair) <= game.controls.keys()]
        sides = [pair for pair in pairs if pair in steering or pair[::-1] in steering]
        ways = [pair for pair in pairs if pair not in sides]
        if not sides or not ways:
            raise BadValue(
                f"It is not known how {game.name} is driven: its keys need opposites (forward, back) "
                "and mirrored opposites (left, right), each with a control."
            )
        left, right = (game.controls[name] for name in sides[0])
        forward, back = (game.controls[name] for name in ways[0])
        return cls(forward=forward, back=back, left=left, right=right)
