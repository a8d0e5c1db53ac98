"""A console's frames a second: the core alone, its pictures as RGB in numpy, and a device that is looked at.

    python benchmarks/emulator.py [--frames 3000] [--core mgba] [--rom FILE]

Each kind runs three times in turn, and its best time counts; in all of them the same is pressed, what a player of
games/pokemon does, so that the same frames are made. Ratios are to the core alone. Times are the process's own
(CPU), which other programs disturb less; `--wall` takes the clock on the wall. OpenCV computes in one thread, as
in every session: its pool takes longer to wake than such a picture to convert.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from playhead.devices import OpenDevice, open_device
from playhead.emulator import libretro
from playhead.emulator.cartridge import read_cartridge
from playhead.emulator.console import Emulator
from playhead.emulator.finding import find_core
from playhead.plugins import Plugins
from playhead.threads import one_thread_each
from playhead_pokemon.game import POKEMON, ROM
from playhead_pokemon.memory import MEMORY, RAM
from playhead_pokemon.players import Player

ROUNDS, SEED = 3, 3
NOTHING_SHOWN = libretro.VIDEO(lambda data, width, height, pitch: None)


def buttons_of(frames: int, device: OpenDevice) -> list[tuple[str, ...]]:
    """Return what a player holds in each of so many frames."""
    console = device.episodes
    names = dict(device.session.options["buttons"])
    player = Player(console)  # type: ignore[arg-type]
    held: list[tuple[str, ...]] = []
    for number in range(frames):
        wanted = player.decide()
        device.input.release_all()
        for code in wanted:
            device.input.send(code, 1.0)
        device.clock.sleep_until(round((number + 1) * 1e9 / console.step_hz))
        held.append(tuple(names[code] for code in wanted))
    return held


def begun(core: str, rom: Path) -> tuple[Emulator, bytes]:
    """Return a console in which a game has begun, and its state."""
    console = Emulator(find_core(core), read_cartridge(rom))
    console.run(60)
    for region in console.regions:
        if region.start == RAM:
            region.view[MEMORY["seed"]["address"] - RAM], region.view[MEMORY["command"]["address"] - RAM] = SEED, 1
    console.run(30)
    return console, console.save()


def of_console(console: Emulator, state: bytes, held: Sequence[tuple[str, ...]], *, is_shown: bool) -> None:
    """Play what was held, taking each picture or none."""
    console.load(state)
    if not is_shown:
        console.library.retro_set_video_refresh(NOTHING_SHOWN)
    for buttons in held:
        console.hold(buttons)
        console.run()
        if is_shown:
            _ = console.picture


def of_device(device: OpenDevice, held: Sequence[tuple[str, ...]]) -> None:
    """Look at a device each frame and press what was held, as a recording does."""
    codes = {button: code for code, button in device.session.options["buttons"].items()}
    step_ns = 1e9 / device.episodes.step_hz
    before: frozenset[str] = frozenset()
    for number, buttons in enumerate(map(frozenset, held)):
        device.capture.look()
        for button in before ^ buttons:
            device.input.send(codes[button], float(button in buttons))
        before = buttons
        device.clock.sleep_until(round((number + 1) * step_ns))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--core", default="mgba")
    parser.add_argument("--rom", type=Path, default=ROM)
    parser.add_argument("--wall", action="store_true")
    asked = parser.parse_args()
    clock = time.perf_counter if asked.wall else time.process_time

    def opened() -> OpenDevice:
        options = {"core": asked.core, "rom": str(asked.rom), "seed": SEED, "reset": {"goal": 0}}
        return open_device(Plugins.installed(), POKEMON, "emulator", options=options)

    with opened() as device:
        held = buttons_of(asked.frames, device)
    best: dict[str, float] = {}

    def take(kind: str, work: Callable[[], None]) -> None:
        began_s = clock()
        work()
        best[kind] = max(best.get(kind, 0.0), len(held) / (clock() - began_s))

    for _ in range(ROUNDS):
        for kind, is_shown in (("core alone", False), ("RGB in numpy", True)):
            console, state = begun(asked.core, asked.rom)
            take(kind, partial(of_console, console, state, held, is_shown=is_shown))
            console.close()
        with opened() as device:
            take("device, looked at", partial(of_device, device, held))
    for kind, rate_hz in best.items():
        print(f"{kind:18} {rate_hz:7,.0f} frames/s  {rate_hz / best['core alone']:.2f}")


if __name__ == "__main__":
    with one_thread_each(networks=False):
        main()
