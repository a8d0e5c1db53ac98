"""The homebrew game: what its sources make, its state where it is said to be, and how it plays."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playhead.devices import OpenDevice
from playhead.emulator.cartridge import read_cartridge
from playhead.errors import BadValue, DeviceFailed
from playhead_pokemon.game import ROM
from playhead_pokemon.memory import GROUND, MEMORY, PEOPLE, RAM, Ground, Mode, Place
from playhead_pokemon.roads import Map

SOURCES = Path(__file__).parents[1] / "rom"
Opened = Callable[..., OpenDevice]


def test_the_rom_is_the_one_whose_hash_is_beside_it() -> None:
    told = ROM.with_suffix(".gba.sha256").read_text(encoding="utf-8").split()
    assert told == [sha256(ROM.read_bytes()).hexdigest(), ROM.name]
    assert len(ROM.read_bytes()) < 64 * 1024
    assert not any(ROM.read_bytes()[4:0xA0])  # where a cartridge has the maker's logo


def test_its_sources_make_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed here (Debian: apt-get install gcc-arm-none-eabi)")
    made_by = ROM.with_suffix(".gba.compiler").read_text(encoding="utf-8").split()
    here = subprocess.run(
        [made_by[0], "-dumpfullversion"], capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run([sys.executable, SOURCES / "build.py", tmp_path / "built.gba"], check=True, capture_output=True)
    built = (tmp_path / "built.gba").read_bytes()
    assert read_cartridge(tmp_path / "built.gba").code == "PHLV"
    if here != made_by[1]:
        pytest.skip(f"it was built by {' '.join(made_by)}, and {here} makes other bytes")
    assert built == ROM.read_bytes()


def test_the_state_is_declared_as_the_sources_place_it() -> None:
    text = (SOURCES / "state.h").read_text(encoding="utf-8")
    placed = re.findall(r"STATE\((0x[0-9A-F]+), (u\d+), (\w+)\)", text)
    assert {name: {"address": RAM + int(at, 16), "type": kind} for at, kind, name in placed} == MEMORY
    assert f"offsetof(State, people) == {PEOPLE - RAM:#x}" in text
    assert f"offsetof(State, ground) == {GROUND - RAM:#x}" in text


def held(device: OpenDevice, frames: int, *codes: str) -> dict[str, float]:
    """Hold keys for so many frames, let go, and return what is told then."""
    console: Any = device.episodes
    for code in codes:
        device.input.send(code, 1.0)
    console.sleep_until(round((console.steps + frames) * 1e9 / console.step_hz))
    device.input.release_all()
    return dict(console.telemetry())


def test_a_tap_turns_and_a_hold_walks_a_square_in_sixteen_frames(opened: Opened) -> None:
    with opened(goal=0) as device:
        start = held(device, 1)
        tapped = held(device, 2, "left")
        assert (tapped["facing"], tapped["x"]) == (2, start["x"])
        settled = held(device, 10)
        walked = held(device, 1, "left")
        assert (walked["x"], walked["steps"]) == (settled["x"] - 1, settled["steps"] + 1)
        assert [held(device, 1)["moving"] for _ in range(16)] == list(range(15, -1, -1))
        assert held(device, 8, "left", "z")["running"] == 1
        assert held(device, 1)["moving"] == 0


def test_keys_do_nothing_while_a_step_lasts(opened: Opened) -> None:
    with opened(goal=0) as device:
        held(device, 12, "left")
        stepping = held(device, 3, "left")
        assert 4 < stepping["moving"] < 16
        assert held(device, 4, "enter")["mode"] == Mode.WALK
        held(device, 20)
        assert held(device, 2, "enter")["mode"] == Mode.MENU
        assert held(device, 2, "backspace")["mode"] == Mode.MENU
        held(device, 2)
        assert held(device, 2, "z")["mode"] == Mode.WALK


def test_the_same_seed_and_keys_make_the_same_frames(opened: Opened) -> None:
    def drive(seed: int) -> Any:
        with opened(seed=seed, goal=2) as device:
            shown = []
            for code in ("left", "down", "right", "enter", "z", "down", "x"):
                held(device, 30, code)
                captured = device.capture.look()
                assert captured is not None
                shown.append(captured.frame_HWC)
        return np.stack(shown)

    assert (drive(3) == drive(3)).all()
    assert not (drive(3) == drive(4)).all()


def test_after_a_state_the_same_keys_make_the_same_frames(opened: Opened) -> None:
    with opened(goal=0) as device:
        held(device, 25, "left")
        kept, drives = device.states.save(), []
        for _ in range(2):
            device.states.load(kept)
            shown = []
            for code in ("right", "z", "enter", "down"):
                captured = device.capture.look()
                assert captured is not None
                shown.append(captured.frame_HWC)
                held(device, 9, code)
            drives.append(np.stack(shown))
        assert (drives[0] == drives[1]).all()
        assert len(kept) < 40_000


def test_maps_to_train_on_and_to_test_on_differ_and_every_shop_can_be_reached(opened: Opened) -> None:
    grounds: dict[bytes, tuple[int, int]] = {}
    with opened() as device:
        console: Any = device.episodes
        for split in (0, 1):
            for seed in range(16):
                console.reset(seed=seed, options={"split": split})
                told = console.telemetry()
                assert told["layout"] == seed + 16 * split
                assert told["mode"] == Mode.WALK
                known = Map.of(console.memory, Place.OUTDOORS)
                grounds[known.ground] = split, seed
                start, shop = (told["x"], told["y"]), (told["shop_x"], told["shop_y"])
                empty = Map(known.ground, frozenset())
                assert empty.way((int(start[0]), int(start[1])), lambda square, shop=shop: square == shop)
                assert len(known.squares(Ground.GRASS)) >= 20
    assert len(grounds) == 32


def test_it_moves_while_nobody_plays(opened: Opened) -> None:
    with opened(goal=0) as device:
        first = device.capture.look()
        held(device, 70)
        second = device.capture.look()
        assert first is not None
        assert second is not None
        assert not (first.frame_HWC == second.frame_HWC).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: bytes(4096), "no ROM of a Game Boy Advance"),
        (lambda data: data[:100], "no ROM of a Game Boy Advance"),
        (lambda data: data[:4096], "is cut off: it has 4,096 of the 12,288 bytes of PHLV"),
        (lambda data: data[:0xAC] + b"NONE" + data[0xB0:], "checksum of its header"),
        (lambda data: b"", "is empty"),
    ],
)
def test_what_is_no_whole_rom_is_a_sentence(
    opened: Opened, tmp_path: Path, change: Callable[[bytes], bytes], says: str
) -> None:
    file = tmp_path / "some.gba"
    file.write_bytes(change(ROM.read_bytes()))
    with pytest.raises(DeviceFailed, match=says) as caught:
        opened(device={"rom": str(file)})
    assert "--rom FILE" in str(caught.value)


def test_a_rom_of_ones_own_is_played_without_what_is_known_of_this_one(opened: Opened, tmp_path: Path) -> None:
    data = bytearray(ROM.read_bytes())
    data[0xAC:0xB0] = b"OWN1"
    data[0xBD] = -(0x19 + sum(data[0xA0:0xBD])) & 0xFF
    (tmp_path / "own.gba").write_bytes(data)
    with opened(device={"rom": str(tmp_path / "own.gba"), "reset": {}}) as device:
        captured = device.capture.look()
        assert captured is not None
        assert not captured.telemetry
        kept = device.states.save()
    with opened() as device, pytest.raises(BadValue, match="of another ROM"):
        device.states.load(kept)
