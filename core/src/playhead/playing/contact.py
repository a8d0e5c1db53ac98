"""The guard "contact": brakes before what it would run into, and steers away from what comes to its side.

boxes (a detector's, or as a world tells them) -> places on the road -> time to contact -> brake, steer
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from playhead.capture import CapturedFrame
from playhead.control.drivers import Action, Held
from playhead.errors import BadValue, listed, not_found
from playhead.models import EngineSpec
from playhead.models.boxes import Boxes, boxes_told, told_boxes
from playhead.models.catalogue import RunCatalogue
from playhead.models.detector import Finder
from playhead.playing.driving_keys import DrivingKeys
from playhead.playing.guards import ActionGuard, GuardJob
from playhead.playing.tracking import LEAST, Reach, Tracker, View, time_to_contact
from playhead.training.settings import settings_from

SHARES = ("horizon", "score", "away")  # of the settings; others are at most MOST
DIVISORS = ("path", "depth", "over_s")  # must not be 0
MOST = 100
SOONEST_S = 0.1  # to contact: what is nearer than the gap is judged by how quickly it comes

Look = Callable[[CapturedFrame], Boxes]


@dataclass(frozen=True, kw_only=True)
class ContactSettings:
    """When the guard "contact" steps in, as guard.NAME. The first five are what a game's camera is like."""

    horizon: float = 0.4  # row of the horizon, as a share of the picture
    path: float = 0.4  # half of our own width on the row one picture below it, as a share of the picture's width
    depth: float = 1.16  # how far away that row is, in halves of our own width
    length: float = 4.8  # of a car, in halves of our own width
    nose: float = 0.76  # how far we reach ahead of the camera, in the same
    classes: tuple[int, ...] = (0,)  # what is kept clear of, by the numbers of the detector's classes
    run: str = ""  # of the detector: the newest that detects; its boxes count from `score` on
    engine: str = "torch"  # what asks it, as onnx once it is exported
    score: float = 0.35  # least score of a box
    told: bool = False  # take the boxes that the world tells instead, a perfect detector
    over_s: float = (
        0.5  # how a thing moves is a line through its places over so many seconds, three frames at least
    )
    brake_s: float = 0.7  # brake when it would be run into within so many seconds
    side_s: float = 1.0  # steer away when it would be touched from the side within so many
    lift_s: float = 1.0  # let go of the throttle within so many
    brake_from: float = 0.0  # brake for what asks for so much slowing down, in halves of our own width a s2
    lift_from: float = 0.0  # let go of the throttle likewise
    hardest: float = 0.0  # what a brake that is held makes, in the same; for less it is held for a share; 0: never
    gap: float = 1.0  # that is kept ahead, in halves of our own width
    margin: float = 0.3  # that is kept to the side, in halves of our own width
    away: float = 0.6  # share of the interval that it steers away; towards what comes to its side it never does
    brakes_beside: bool = True  # brake too where it steers away from what is not behind our middle yet
    lifts_beside: bool = False  # or let go of the throttle there
    speed: str = ""  # telemetry that says the speed in metres a second; while it is unknown, we are not slow
    slow_mps: float = 3.0  # slower than this it never brakes: held at rest, a brake is the reverse gear

    def __post_init__(self) -> None:
        for one in fields(self):
            value, most = getattr(self, one.name), 1 if one.name in SHARES else MOST
            if not isinstance(value, float) or 0 < value <= most or (value == 0 and one.name not in DIVISORS):
                continue
            least = "above 0" if one.name in DIVISORS else "0 or more"
            raise BadValue(f"guard.{one.name}={value:g} must be {least} and at most {most}.")
        if not self.classes or min(self.classes) < 0:
            raise BadValue(f"guard.classes={list(self.classes)} must be numbers of classes, 0 or more, as [0,1].")


class ContactGuard(ActionGuard):
    """Changes keys while something would be met soon; all else is left as it is."""

    settings = ContactSettings

    def __init__(self, job: GuardJob, look: Look | None = None) -> None:
        self._settings = settings = settings_from(ContactSettings, job.settings, "the guard contact")
        if settings.over_s * job.rate_hz < LEAST - 1:
            raise BadValue(
                f"guard.over_s={settings.over_s:g} is too short to see {LEAST} frames in, at {job.rate_hz:g} a "
                f"second. Take --set guard.over_s={math.ceil(100 * (LEAST - 1) / job.rate_hz) / 100:g}."
            )
        self._keys = DrivingKeys.of(job.game)
        view = View(horizon=settings.horizon, path=settings.path, depth=settings.depth, length=settings.length)
        self._tracker = Tracker(view, settings.over_s)
        along = settings.length + settings.gap / 2
        self._reach = Reach(beside=2 + settings.margin, along=along, middle=settings.nose + settings.gap - along)
        self._look = look or (_told if settings.told else _detector(job, settings))
        self._seen_ns, self._is_slow = -1, False
        self._brake, self._lifts, self._away = 0.0, False, ""

    def act(self, captured: CapturedFrame, action: Action, interval_s: float) -> Action:
        """Return the keys with those changed that would lead into something."""
        if captured.time_ns != self._seen_ns:
            self._seen_ns = captured.time_ns
            self._judge(captured)
        settings, keys, changed = self._settings, self._keys, dict(action)
        if self._lifts and action.get(keys.forward):
            changed[keys.forward] = 0.0
        if self._brake and not self._is_slow:
            changed |= {keys.forward: 0.0, keys.back: max(self._brake, action.get(keys.back, 0.0))}
        if self._away:
            other = keys.left if self._away == keys.right else keys.right
            changed |= {self._away: max(settings.away, action.get(self._away, 0.0)), other: 0.0}
        return changed

    def reset(self, held: Held) -> None:
        """Forget what was seen."""
        self._tracker.reset()
        self._seen_ns, self._brake, self._lifts, self._away = -1, 0.0, False, ""

    def _speed_mps(self, captured: CapturedFrame) -> float:
        """Return how fast we are, NaN while that is unknown. Raises NotFound on a device that does not tell it."""
        name = self._settings.speed
        if name and name not in captured.telemetry:
            then = "Name the one that says the speed: --set guard.speed=NAME."
            raise not_found("telemetry of this device", name, captured.telemetry, then=then)
        return abs(captured.telemetry[name]) if name else math.nan

    def _judge(self, captured: CapturedFrame) -> None:
        """Look at a frame, and decide what is done about what is in it."""
        settings = self._settings
        boxes = self._look(captured)
        wanted_N = np.isin(boxes.classes_N, settings.classes) & (boxes.scores_N >= settings.score)
        self._tracker.saw(boxes.only(wanted_N), captured.time_ns)
        self._brake, self._lifts, self._away = 0.0, False, ""
        self._is_slow = self._speed_mps(captured) < settings.slow_mps
        nearest_s = math.inf
        for track in self._tracker.tracks:
            motion = track.motion(settings.over_s)
            if motion is None:
                continue
            meets_s, is_beside = time_to_contact(motion, self._reach)
            if is_beside and meets_s <= settings.side_s and meets_s < nearest_s:
                nearest_s = meets_s
                self._away = self._keys.left if motion[0] > 0 else self._keys.right
                if motion[1] > settings.nose - settings.length / 2:
                    self._brake = max(self._brake, float(settings.brakes_beside))
                    self._lifts |= settings.lifts_beside
            elif not is_beside and motion[3] < 0:  # what pulls away is left alone
                self._ahead(meets_s, -motion[3])

    def _ahead(self, meets_s: float, closing: float) -> None:
        """Decide what is done about what is run into in so many seconds. Units: halves of our width a second."""
        settings, needed = self._settings, closing / (2 * max(meets_s, SOONEST_S))
        if meets_s <= settings.brake_s and needed >= settings.brake_from:
            share = min(1.0, needed / settings.hardest) if settings.hardest else 1.0
            self._brake = max(self._brake, share)
        self._lifts |= meets_s <= settings.lift_s and needed >= settings.lift_from


def _told(captured: CapturedFrame) -> Boxes:
    """Return the boxes that the world tells. Raises BadValue for one that tells none."""
    if not boxes_told(captured.telemetry):
        raise BadValue(
            "This device tells no boxes (box_0_left and so on), which guard.told wants. A world of streets does: "
            "--set arguments.boxes=16. Or leave guard.told out."
        )
    return told_boxes(captured.telemetry)


def _detector(job: GuardJob, settings: ContactSettings) -> Look:
    """Open the run that finds boxes in pictures. Raises Mismatch for one of other pictures, NotFound."""
    run = RunCatalogue(home=job.spec.home, game=job.game).detector(settings.run)
    run.check_looks(job.game)
    finder = Finder.of(run, job.plugins, EngineSpec(name=settings.engine), least=settings.score)
    if max(settings.classes) >= len(finder.classes):
        known = listed(f"{name} ({number})" for number, name in enumerate(finder.classes))
        raise BadValue(f"guard.classes={list(settings.classes)}: run {run.name} finds {known}. Name those.")

    def look(captured: CapturedFrame) -> Boxes:
        return finder.find(captured.frame_HWC[None])[0]

    look(CapturedFrame(frame_HWC=np.zeros(run.frame.shape, np.uint8), time_ns=0, number=0))  # the first takes long
    return look
