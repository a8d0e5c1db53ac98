"""How the car moves: momentum, coasting, braking, reversing, steering that lags, grip that limits how it turns."""

from __future__ import annotations

import math
from dataclasses import dataclass

TICK_S = 1 / 80
STEERING_LAG_S = 0.22  # a lag makes the mean of the keys the steering; a constant rate would integrate it
LATERAL_LIMIT_MPS2 = 6.5  # full lock never asks for more than this
SMALLEST_RADIUS_M = 5.0
ENGINE_MPS2 = 4.2
BRAKE_MPS2 = 8.0
REVERSE_MPS2 = 2.8
REVERSE_LIMIT_MPS = 6.0
REVERSE_AFTER_S = 0.3  # S held this long at rest, pauses taken off, engages reverse; taps hold the car where it is
ROLLING_MPS2 = 0.35
OFF_ROAD_ROLLING_MPS2 = 1.6
DRAG_PER_M = 0.0055  # with the engine's 4.2 m/s2 the car tops out at about 26 m/s


@dataclass(frozen=True, kw_only=True, slots=True)
class Controls:
    """What the driver asks for; both axes in [-1, 1], left and braking negative."""

    steer: float = 0.0
    throttle: float = 0.0

    @classmethod
    def from_keys(cls, w: bool, a: bool, s: bool, d: bool) -> Controls:
        """Turn held keys into axes; opposite keys cancel."""
        return cls(steer=float(d) - float(a), throttle=float(w) - float(s))


@dataclass(kw_only=True, slots=True)
class CarState:
    """The car that is driven: middle of the car in metres, radians, metres a second (negative in reverse).

    Units:  steer is the wheel as a share of full lock in [-1, 1], right positive, lagging behind the driver;
    braked_s how long the brake has been held at rest, less the pauses.
    """

    x: float
    y: float
    heading: float
    speed_mps: float = 0.0
    steer: float = 0.0
    braked_s: float = 0.0

    def pose(self) -> tuple[float, float, float]:
        """Where the car is: x, y, heading."""
        return self.x, self.y, self.heading


def full_lock_curvature(speed_mps: float) -> float:
    """Curvature (1/m) at full lock: the car's own limit when slow, the limit of its grip when fast."""
    return min(1 / SMALLEST_RADIUS_M, LATERAL_LIMIT_MPS2 / max(speed_mps * speed_mps, 1e-6))


def acceleration(speed_mps: float, throttle: float, is_off_road: bool) -> float:
    """Acceleration along the car without coming to rest: engine or brake, rolling resistance, drag."""
    resistance = (OFF_ROAD_ROLLING_MPS2 if is_off_road else ROLLING_MPS2) + DRAG_PER_M * speed_mps * speed_mps
    if speed_mps > 0 or (speed_mps == 0 and throttle > 0):
        push = throttle * (ENGINE_MPS2 if throttle > 0 else BRAKE_MPS2)
        return push - resistance
    if speed_mps == 0 and throttle == 0:
        return 0.0
    push = throttle * (BRAKE_MPS2 if throttle > 0 else REVERSE_MPS2)
    if speed_mps <= -REVERSE_LIMIT_MPS:
        push = max(push, 0.0)
    return push + resistance


def advance(car: CarState, controls: Controls, is_off_road: bool, dt_s: float = TICK_S) -> None:
    """Move the car by one tick, as if nothing stood in its way."""
    steer = min(1.0, max(-1.0, controls.steer))
    throttle = min(1.0, max(-1.0, controls.throttle))
    car.steer += (steer - car.steer) * dt_s / STEERING_LAG_S
    if car.speed_mps == 0.0 and throttle <= 0:
        car.braked_s = max(0.0, car.braked_s + (dt_s if throttle < 0 else -dt_s))
        if car.braked_s < REVERSE_AFTER_S:
            return
    else:
        car.braked_s = 0.0
    speed = car.speed_mps + acceleration(car.speed_mps, throttle, is_off_road) * dt_s
    # Going through zero the car rests for a tick, so that braking does not turn into reversing by itself.
    car.speed_mps = 0.0 if speed * car.speed_mps < 0 else speed
    if car.speed_mps == 0.0:
        return
    turn = -car.steer * full_lock_curvature(car.speed_mps) * car.speed_mps * dt_s
    middle = car.heading + turn / 2
    car.x += math.cos(middle) * car.speed_mps * dt_s
    car.y += math.sin(middle) * car.speed_mps * dt_s
    car.heading = math.remainder(car.heading + turn, math.tau)
