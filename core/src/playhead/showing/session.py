"""Drives of a game's world in one window, one after another: opens world, window and log, and closes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playhead.adapters import complete
from playhead.capabilities import worlds_of
from playhead.capture import Capture
from playhead.control.drivers import ScriptedDriver
from playhead.control.scripted import policy_reference, world_of
from playhead.devices import DeviceSession, merged
from playhead.errors import BadValue, not_found
from playhead.game import Game
from playhead.plugins import Plugins
from playhead.references import resolve
from playhead.showing.clock import PatientClock
from playhead.showing.drive import Showing, ShownDrive, picture_of
from playhead.showing.held import HeldKeys
from playhead.showing.log import DriveLog
from playhead.showing.window import Window
from playhead.stepping import Stepped
from playhead.threads import one_thread_each


@dataclass(frozen=True, kw_only=True)
class Show:
    """What is to be shown and how.

    Units:  seconds of the world a drive; rate_hz pictures a second at most; size and corner pixels of the desktop.
    `options` are of the world's device; `keys` gives the key for controls that are none on a keyboard; `hint`
    names a policy of the world whose wishes are logged. With `waits` a drive begins when a key is pressed.
    """

    title: str = ""
    size: tuple[int, int] | None = None
    corner: tuple[int, int] | None = None
    rate_hz: float = 60.0
    seconds: float = math.inf
    drives: int = 1
    seed: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    is_stamped: bool = False
    waits: bool = False
    hint: str = ""


def window_title(game: Game) -> str:
    """Return the title by which the game's screen device finds its window, or else the game's own."""
    titles = [device.window.title for device in game.devices.values() if device.window and device.window.title]
    return titles[0] if titles else game.title


def world_device(plugins: Plugins, game: Game) -> str:
    """Return the name of the device that is the game's world. Raises: BadValue when there is none."""
    world_of(game)
    for name in worlds_of(plugins, game):
        return name
    raise BadValue(f"{game.name} has a world but no device with episodes that opens it.")


def keys_of(game: Game, own: Mapping[str, str]) -> dict[str, str]:
    """Return for each key of the keyboard the code of the game that it stands for.

    Raises:  NotFound when `own` names a control that the game does not have, BadValue for a key given twice.
    """
    codes = list(game.controls.values())
    for control in own:
        if control not in codes and control not in game.controls:
            raise not_found(f"control of {game.name}", control, [*game.controls, *codes])
    wanted = {game.controls.get(control, control): key for control, key in own.items()}
    keys = {wanted.get(code, code): code for code in codes}
    if len(keys) < len(codes):
        twice = next(key for key in keys if [wanted.get(code, code) for code in codes].count(key) > 1)
        raise BadValue(f'The key "{twice}" cannot stand for two controls. Give one of them another with --key.')
    return keys


@one_thread_each(networks=False)
def show(
    game: Game, asked: Show, *, plugins: Plugins, on_open: Callable[[str, Mapping[str, str]], None],
    stop: Callable[[], bool],
) -> list[ShownDrive]:  # fmt: skip
    """Show drives until all are over or the window is closed; `on_open` is told the title and the keys.

    Raises:  DeviceFailed when no window can be opened, NotFound and BadValue for what was asked.
    """
    title, keys = asked.title or window_title(game), keys_of(game, asked.keys)
    world_device(plugins, game)
    if asked.hint:
        policy_reference(game, asked.hint)  # an unknown name is said before a window opens
    drives: list[ShownDrive] = []
    with ExitStack() as closing:
        log = DriveLog(asked.log)
        closing.callback(log.close)
        window = Window(title, list(keys))
        closing.callback(window.close)
        held = HeldKeys(keys)
        closing.callback(held.close)
        for seed in range(asked.seed, asked.seed + asked.drives):
            clock = PatientClock()
            session = _session(plugins, game, asked, seed, clock)
            closing.callback(session.close)  # at the end: some environments close SDL, and the window with it
            world = _open(plugins, session)
            if not window.is_open:
                width, height = asked.size or picture_of(world).shape[1::-1]
                window.open(width, height, asked.corner)
                on_open(title, keys)
            log.write("drive", {"seed": seed, "size": window.size, "handle": window.handle})
            drives.append(_showing(game, asked, world, clock, window, log, stop, held).run())
            if drives[-1].ending == "closed":
                break
    return drives


def _session(plugins: Plugins, game: Game, asked: Show, seed: int, clock: PatientClock) -> DeviceSession:
    """Return what the world's device is opened with: on the machine's time, drawing for a window."""
    own = {"real_time": True, "frames": "render", "seed": seed}
    options = merged(own, world_of(game).shown, asked.options)
    return DeviceSession.of(plugins, game, world_device(plugins, game), options, clock)


def _open(plugins: Plugins, session: DeviceSession) -> Stepped:
    """Open a world. Raises BadValue for one that nobody can step."""
    capture = complete(Capture, plugins.get("capture", session.device.capture)(session))
    world = capture.episodes
    if not isinstance(world, Stepped):
        raise BadValue(f"The device {session.name} of {session.game.name} is not stepped: it has a window itself.")
    return world


def _hint(game: Game, name: str, world: Stepped) -> Callable[[], Mapping[str, float]]:
    make = resolve(policy_reference(game, name))
    return ScriptedDriver(lambda: make(world.subject), step_hz=world.step_hz, name=name).decided


def _showing(
    game: Game, asked: Show, world: Stepped, clock: PatientClock, window: Window, log: DriveLog,
    stop: Callable[[], bool], held: HeldKeys,
) -> Showing:  # fmt: skip
    hint = _hint(game, asked.hint, world) if asked.hint else None
    return Showing(
        world=world,
        window=window,
        clock=clock,
        keys=keys_of(game, asked.keys),
        rate_hz=asked.rate_hz,
        seconds=asked.seconds,
        log=log,
        is_stamped=asked.is_stamped,
        waits=asked.waits,
        hint=hint,
        stop=stop,
        held=held,
    )
