"""Scripted players of Breakout, Enduro and Pong that look at nothing but the picture.

What they know a network can see in two of them. Shape legend: F lanes, P pixels.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt


class Player:
    """Looks at the console's screen."""

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._console: Any = environment.unwrapped

    def look(self) -> npt.NDArray[np.int16]:
        """Return the screen (210, 160, 3) as numbers that can be subtracted."""
        return np.asarray(self._console.ale.getScreenRGB(), dtype=np.int16)


TOP, BOTTOM, LEFT = 56, 155, 8  # the road: rows from the horizon to the dashboard; columns left of it are black
OWN = slice(84, 98)  # rows of the road where the own car is
AHEAD = slice(22, 90)  # and where cars matter: not too far away, and not behind the own car's nose
WIDTH = 0.27  # that cars need between their centres, as a share of the road
LANES_F = np.linspace(0.14, 0.86, 19)


class Enduro(Player):
    """Full throttle, and towards the nearest lane in which no car is ahead."""

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        road = self.look()[TOP:BOTTOM, LEFT:]
        shows = np.abs(road - np.median(road, axis=(0, 1))).max(2) > 12
        is_car = shows & (
            road.max(2) - road.min(2) > 40
        )  # others have colours; the own car and the edges are grey
        grey = shows & ~is_car
        left, right = grey.argmax(1), grey.shape[1] - 1 - grey[:, ::-1].argmax(1)

        def shares(rows: Any, columns: Any) -> Any:
            return (columns - left[rows]) / np.maximum(right[rows] - left[rows], 1)

        rows, columns = np.nonzero(grey[OWN])
        own_P = shares(rows + OWN.start, columns)
        own_P = own_P[(own_P > 0.04) & (own_P < 0.96)]
        if not len(own_P):  # it is pushed onto an edge
            return {"gas": 1.0}
        own = float(np.median(own_P))
        rows, columns = np.nonzero(is_car[AHEAD])
        cars_P, near_P = shares(rows + AHEAD.start, columns), (rows + AHEAD.start) / BOTTOM
        in_way_FP = np.clip(WIDTH - np.abs(LANES_F[:, None] - cars_P), 0, 0.1)
        cost_F = (in_way_FP * near_P**2).sum(1) + 0.3 * np.abs(LANES_F - own) + 0.1 * np.abs(LANES_F - 0.5)
        wanted = LANES_F[cost_F.argmin()] - own
        return {"gas": 1.0, "left": float(wanted < -0.04), "right": float(wanted > 0.04)}


COURT = slice(34, 194)  # rows
OWN_PADDLE = 140  # its column
BALL, PADDLE = (236, 236, 236), (92, 186, 92)
SLACK, DAMPING = 5.0, 1.0  # pixels the paddle may be off; how much of its way since the last picture it will go on


class Pong(Player):
    """Puts the right-hand paddle where the ball will come. How things move is seen in two pictures."""

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        super().__init__(environment)
        self._before: tuple[float, float, float] | None = None

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        court = self.look()[COURT]
        ball = np.argwhere((court == BALL).all(2))
        rows = np.flatnonzero((court[:, OWN_PADDLE] == PADDLE).all(1))
        before, self._before = self._before, None
        if not len(ball) or not len(rows):
            return {}
        (goal, across), paddle = map(float, ball.mean(0)), float(rows.mean())
        self._before = goal, across, paddle
        centre = len(court) / 2
        if before is not None and across > before[1]:
            goal += (goal - before[0]) / (across - before[1]) * (OWN_PADDLE - across)
            goal = centre * 2 - abs(abs(goal) % (4 * centre) - centre * 2)  # it bounces off the walls
        else:
            goal = centre + 0.5 * (goal - centre)
        off = goal - paddle - DAMPING * (paddle - before[2] if before is not None else 0.0)
        return {"up": float(off < -SLACK), "down": float(off > SLACK)}


WALLS = slice(8, 152)  # columns between them
BELOW, AMONG = (
    slice(93, 189),
    (slice(32, 57), slice(63, 93)),
)  # rows below the bricks; of bricks that are not red
PADDLE_ROW, RED = 190, (200, 72, 72)  # of ball, paddle and the bricks of one row


class Breakout(Player):
    """Serves, and puts the paddle where the ball will come down, by two pictures."""

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        super().__init__(environment)
        self._before: tuple[float, float, float] | None = None

    def decide(self) -> dict[str, float]:
        """Return what is held now."""
        red = (self.look()[:, WALLS] == RED).all(2)
        ball, columns = np.argwhere(red[BELOW]), np.flatnonzero(red[PADDLE_ROW])
        before, self._before = self._before, None
        if not len(columns):
            return {}
        if not len(ball):
            return {"fire": float(not any(red[rows].any() for rows in AMONG))}
        (down, goal), paddle = map(float, ball.mean(0)), float(columns.mean())
        self._before = down, goal, paddle
        if before is not None and down > before[0]:
            goal += (goal - before[1]) / (down - before[0]) * (BELOW.stop - BELOW.start - down)
            width = WALLS.stop - WALLS.start
            goal = width - abs(abs(goal) % (2 * width) - width)  # it bounces off the walls
        off = goal - paddle - DAMPING * (paddle - before[2] if before is not None else 0.0)
        return {"right": float(off > SLACK), "left": float(off < -SLACK)}
