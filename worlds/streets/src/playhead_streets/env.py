"""The drive as a Gymnasium environment: actions are held keys or axes, observations pictures or telemetry."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from playhead_streets.corners import Layout
from playhead_streets.generate import Split
from playhead_streets.physics import TICK_S, Controls
from playhead_streets.scenarios import find_scenario
from playhead_streets.simulation import TELEMETRY, Simulation
from playhead_streets.speedometer import draw_speed
from playhead_streets.view import CameraName

if TYPE_CHECKING:
    from playhead_streets.minimap import Minimap
    from playhead_streets.renderer import Renderer
    from playhead_streets.town import Town

KEYS = ("w", "a", "s", "d")
TELEMETRY_LIMIT = 10_000.0
MOST_BOXES = 64
MOST_TRAFFIC = 200  # cars
CHASE_TICKS = 8  # of 1/80 s, between two pictures of the car from behind

ControlKind = Literal["keys", "axes"]
ObservationKind = Literal["pixels", "telemetry"]


class Info(dict[str, Any]):
    """What is told of a step, and a picture that is drawn only for who asks for it by its name."""

    def __init__(self, told: dict[str, Any], draw: Callable[[], npt.NDArray[np.uint8]]) -> None:
        super().__init__(told)
        self._draw = draw

    def __missing__(self, name: str) -> Any:
        if name == "chase":
            return self._draw()
        raise KeyError(name)

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return what is told by that name, drawn if it is the picture."""
        return self[name] if name in self or name == "chase" else otherwise


class StreetsEnv(gymnasium.Env[npt.NDArray[Any], npt.NDArray[Any]]):
    """Drive a route through a town that follows from the seed.

    Actions:       "keys": MultiBinary(4), held keys w a s d. "axes": Box(2), steer and throttle, left and braking
                   negative.
    Observations:  "pixels": the picture, (height, width, 3) uint8. "telemetry": Box in the order of
                   simulation.TELEMETRY; pictures are then drawn only by render().
    Reward:        metres of progress along the route.
    Corners:       layout "gta5": a map at the lower left; "crew2": it is at the right, and at the left the speed.
    Cameras:       the info's "chase" is the car from behind, drawn when somebody asks for it.
    Boxes:         so many things in the picture, the nearest first, are told in the info (sight.py).
    Ends:          terminated at the waypoint, truncated at the scenario's time limit.

    `simulation` is the drive that is going on, for experts and tools.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        *,
        render_mode: str | None = None,
        width: int = 240,
        height: int = 180,
        camera: CameraName = "hood",
        controls: ControlKind = "keys",
        observation: ObservationKind = "pixels",
        ticks_per_step: int = 8,
        scenario: str = "regular",
        split: Split = "train",
        traffic: int = 20,
        minimap: bool = True,
        layout: Layout = "gta5",
        boxes: int = 0,
        real_time: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _check("camera", camera, get_args(CameraName))
        _check("controls", controls, get_args(ControlKind))
        _check("observation", observation, get_args(ObservationKind))
        _check("split", split, get_args(Split))
        _check("layout", layout, get_args(Layout))
        _check("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        if ticks_per_step < 1:
            raise ValueError(f"ticks_per_step is {ticks_per_step}; a step needs at least one tick of 1/80 s.")
        if not 0 <= boxes <= MOST_BOXES:
            raise ValueError(f"boxes is {boxes}; choose 0 to {MOST_BOXES}.")
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": 1 / TICK_S / ticks_per_step}
        self._width, self._height, self._camera = width, height, camera
        self._observation, self._ticks_per_step = observation, ticks_per_step
        self._scenario, self._split = find_scenario(scenario).name, split
        self._traffic = _checked_traffic(traffic)
        self._shows_minimap, self._layout = minimap, layout
        self._boxes = boxes
        self._is_real_time, self._clock, self._started_s = real_time, clock, 0.0
        self._held = Controls()
        self._chased: tuple[int, npt.NDArray[np.uint8] | None] = (0, None)
        self._simulation: Simulation | None = None
        self._drawing: tuple[Town, Renderer, Minimap] | None = None
        self.action_space = (
            spaces.MultiBinary(4) if controls == "keys" else spaces.Box(-1.0, 1.0, (2,), np.float32)
        )
        self.observation_space = (
            spaces.Box(0, 255, (height, width, 3), np.uint8)
            if observation == "pixels"
            else spaces.Box(-TELEMETRY_LIMIT, TELEMETRY_LIMIT, (len(TELEMETRY),), np.float32)
        )
        self._takes_keys = controls == "keys"

    @property
    def simulation(self) -> Simulation:
        """The drive that is going on. Raises: RuntimeError before the first reset."""
        if self._simulation is None:
            raise RuntimeError("There is no drive yet: call reset() first.")
        return self._simulation

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Start a drive; options may name another "scenario", "split" or "traffic" from now on."""
        super().reset(seed=seed)
        options = options or {}
        _check(
            "reset option",
            next(iter(set(options) - {"scenario", "split", "traffic"}), None),
            (None, "scenario", "split", "traffic"),
        )
        self._scenario = find_scenario(options.get("scenario", self._scenario)).name
        self._split = options.get("split", self._split)
        _check("split", self._split, get_args(Split))
        self._traffic = _checked_traffic(options.get("traffic", self._traffic))
        drive = int(self.np_random.integers(2**31)) if seed is None else seed
        self._simulation = Simulation(drive, self._split, self._scenario, self._traffic)
        self._held, self._chased = Controls(), (0, None)
        self._started_s = self._clock()
        return self._observe(), self._info()

    def step(self, action: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Hold an action for `ticks_per_step` ticks; in real time, from now on until the next action."""
        before = self.simulation.score.progress_m - self.simulation.score.skipped_m
        if self._is_real_time:
            self._catch_up()
            self._held = self._controls(action)
        else:
            self._held = self._controls(action)
            self._advance(self._ticks_per_step)
        score = self.simulation.score
        reward = score.progress_m - score.skipped_m - before
        simulation = self.simulation
        is_late = simulation.is_out_of_time and not simulation.is_finished
        return self._observe(), float(reward), simulation.is_finished, is_late, self._info()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Draw the drive as it is now; in real time, as it is at this moment of the clock."""
        if self.render_mode is None:
            return None
        if self._is_real_time:
            self._catch_up()
        return self._draw()

    def close(self) -> None:
        """Give the renderer's memory back."""
        if self._drawing is not None:
            self._drawing[1].close()
            self._drawing = None

    def _controls(self, action: npt.NDArray[Any]) -> Controls:
        if self._takes_keys:
            w, a, s, d = (bool(key) for key in action)
            return Controls.from_keys(w, a, s, d)
        return Controls(steer=float(action[0]), throttle=float(action[1]))

    def _advance(self, ticks: int) -> None:
        simulation = self.simulation
        for _ in range(ticks):
            if simulation.is_finished or simulation.is_out_of_time:
                return
            simulation.step(self._held)

    def _catch_up(self) -> None:
        """Bring the world to the wall clock: it did not wait."""
        due = int((self._clock() - self._started_s) / TICK_S + 1e-6)
        self._advance(due - self.simulation.ticks)

    def _observe(self) -> npt.NDArray[Any]:
        if self._observation == "telemetry":
            values = np.array(list(self.simulation.telemetry().values()), dtype=np.float32)
            return values.clip(-TELEMETRY_LIMIT, TELEMETRY_LIMIT)
        return self._draw()

    def _info(self) -> dict[str, Any]:
        told = {**self.simulation.telemetry(), **self._told_boxes(), "measures": self.simulation.measures()}
        return Info(told, self._chase)

    def _chase(self) -> npt.NDArray[np.uint8]:
        """Draw the car from behind, at most ten times a second of the drive."""
        simulation = self.simulation
        drawn_at, picture_HWC = self._chased
        if picture_HWC is None or not 0 <= simulation.ticks - drawn_at < CHASE_TICKS:
            renderer, _ = self._artists()
            picture_HWC = renderer.render("chase", simulation.ego_pose(), simulation.traffic_poses())
            self._chased = simulation.ticks, picture_HWC
        return picture_HWC

    def _told_boxes(self) -> dict[str, float]:
        """Return where other cars and barriers are in the picture, by the names of sight.py; none unless asked."""
        if not self._boxes:
            return {}
        from playhead_streets.sight import boxes_in_sight, told_boxes

        return told_boxes(boxes_in_sight(self.simulation, self._camera, self._width / self._height), self._boxes)

    def _draw(self) -> npt.NDArray[np.uint8]:
        simulation = self.simulation
        renderer, minimap = self._artists()
        ego = simulation.ego_pose()
        frame_HWC = renderer.render(self._camera, ego, simulation.traffic_poses())
        if self._shows_minimap:
            to_go_N2 = simulation.route.points_N2[int(simulation.along_m) :]
            minimap.draw(frame_HWC, ego, to_go_N2, simulation.route.waypoint_2)
        if self._layout == "crew2":
            draw_speed(frame_HWC, ego.speed_mps)
        return frame_HWC

    def _artists(self) -> tuple[Renderer, Minimap]:
        """The renderer and the minimap of this town, made when the first picture is wanted."""
        town = self.simulation.town
        if self._drawing is None or self._drawing[0] is not town:
            from playhead_streets.minimap import Minimap
            from playhead_streets.renderer import Renderer

            if self._drawing is None:
                renderer = Renderer(town, self._width, self._height, self.simulation.weather)
            else:
                renderer = self._drawing[1]
                renderer.set_town(town, self.simulation.weather)
            self._drawing = town, renderer, Minimap(town, self._width, self._height, self._layout)
        return self._drawing[1], self._drawing[2]


def _checked_traffic(cars: object) -> int:
    if isinstance(cars, int) and 0 <= cars <= MOST_TRAFFIC:
        return cars
    raise ValueError(f"traffic is {cars!r}; choose 0 to {MOST_TRAFFIC} cars.")


def _check(what: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {value!r}; choose one of {', '.join(repr(item) for item in allowed)}.")
