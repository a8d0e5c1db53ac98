"""A console as a device: lockstep and real time, episodes, telemetry, save states."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_console import MEMORY, ROM, TINY

from playhead.capabilities import capabilities_of
from playhead.clock import NS_PER_S
from playhead.devices import OpenDevice
from playhead.emulator.states import MAGIC
from playhead.errors import BadValue, DeviceFailed, NoDevice, NotFound
from playhead.plugins import Plugins

Opened = Callable[..., OpenDevice]


def after(device: OpenDevice, frames: int) -> dict[str, float]:
    """Let so many frames pass, and return what the next look tells."""
    device.clock.sleep_until(device.clock.now_ns() + round(frames * NS_PER_S / 50))
    captured = device.capture.look()
    assert captured is not None
    return dict(captured.telemetry)


def test_waiting_runs_frame_by_frame_with_the_keys_held(opened: Opened) -> None:
    with opened() as device:
        begun = after(device, 0)
        device.input.send("right", 1.0)
        now = after(device, 5)
        assert (now["x"] - begun["x"], now["frames"] - begun["frames"]) == (5, 5)
        assert now["held"] == 1 << 7
        device.input.release_all()
        assert after(device, 3)["x"] == now["x"]
        assert device.clock.now_ns() == 8 * NS_PER_S // 50


def test_the_same_keys_make_the_same_frames(opened: Opened) -> None:
    shown = []
    for _ in range(2):
        with opened() as device:
            for code, frames in (("right", 4), ("down", 3), ("left", 2)):
                device.input.send(code, 1.0)
                after(device, frames)
                device.input.send(code, 0.0)
            captured = device.capture.look()
            assert captured is not None
            shown.append(captured.frame_HWC)
    assert (shown[0] == shown[1]).all()
    assert tuple(np.argwhere((shown[0] == (255, 0, 0)).all(2)).min(0)) == (3, 2)


def test_buttons_have_the_codes_that_a_device_gives_them(opened: Opened) -> None:
    with opened(buttons={"x": "a", "enter": "start"}) as device:
        assert device.input.codes == {"x", "enter"}
        device.input.send("x", 1.0)
        assert after(device, 2)["money"] == 20
        with pytest.raises(NotFound, match="enter"):
            device.input.send("a", 1.0)
    with pytest.raises(NotFound, match='button of a console is called "turbo"'):
        opened(buttons={"x": "turbo"})


def test_an_episode_begins_with_seed_and_options_in_memory(opened: Opened) -> None:
    with opened(seed=4_000_000_000, reset={"x": 9}, seed_field="seed", settle=3) as device:
        told = after(device, 0)
        assert (told["seed"], told["x"], told["frames"]) == (4_000_000_000, 9, 2 + 3)
        device.input.send("right", 1.0)
        after(device, 4)
        device.episodes.reset(seed=1, options={"money": -3})
        told = after(device, 0)
        assert (told["seed"], told["x"], told["money"]) == (1, 0, -3)


def test_reward_and_end_are_read_from_memory(opened: Opened) -> None:
    with opened(reward="money", ends="over") as device:
        device.input.send("a", 1.0)
        after(device, 3)
        assert (device.episodes.reward, device.episodes.episode_return) == (10.0, 30.0)
        assert device.measures()["money"] == 30
        device.input.send("start", 1.0)
        device.clock.sleep_until(device.clock.now_ns() + NS_PER_S)
        assert device.capture.look() is None
        assert device.episodes.terminated
        assert device.measures()["frames"] == 2 + 3 + 1


def test_in_real_time_it_keeps_up_with_the_clock(opened: Opened) -> None:
    with opened(real_time=True) as device:
        first = device.capture.look()
        device.clock.sleep_until(device.clock.now_ns() + NS_PER_S // 5)
        second = device.capture.look()
        assert first is not None
        assert second is not None
        passed_s = (second.time_ns - first.time_ns) / NS_PER_S
        assert second.telemetry["frames"] - first.telemetry["frames"] == pytest.approx(passed_s * 50, abs=1)
        assert passed_s > 0.15


def test_a_state_puts_everything_back(opened: Opened) -> None:
    with opened() as device:
        device.input.send("right", 1.0)
        then = after(device, 6)
        kept = device.states.save()
        after(device, 4)
        device.states.load(kept)
        assert after(device, 0)["x"] == then["x"]  # and nothing is held
        assert len(kept) < 400


def test_after_a_state_the_same_keys_make_the_same_frames(opened: Opened) -> None:
    with opened() as device:
        device.input.send("right", 1.0)
        after(device, 3)
        kept, drives = device.states.save(), []
        for _ in range(2):
            device.states.load(kept)
            shown = []
            for code in ("right", "down", "left"):
                captured = device.capture.look()
                assert captured is not None
                shown.append((captured.frame_HWC.tolist(), captured.telemetry))
                device.input.send(code, 1.0)
                after(device, 2)
                device.input.release_all()
            drives.append(shown)
        assert drives[0] == drives[1]
        assert drives[0][0][1]["x"] == 3


def test_an_episode_begins_from_a_state_in_a_file(opened: Opened, tmp_path: Path) -> None:
    with opened() as device:
        device.input.send("right", 1.0)
        after(device, 6)
        (tmp_path / "six.state").write_bytes(device.states.save())
    with opened(state=str(tmp_path / "six.state")) as device:
        assert after(device, 0)["x"] == 6
    with pytest.raises(BadValue, match=r"no save state .*none\.state"):
        opened(state=str(tmp_path / "none.state"))


def test_a_state_of_something_else_is_refused(opened: Opened, build: Callable[..., Path], tmp_path: Path) -> None:
    other_rom = tmp_path / "other.tiny"
    other_rom.write_bytes(ROM + b"2")
    others = {
        "core, other": {"core": str(build("named", NAME='"other"'))},
        "version of the core, 2.0": {"core": str(build("newer", VERSION='"2.0"'))},
        "ROM, ": {"rom": str(other_rom)},
    }
    for says, options in others.items():
        with opened(**options) as device:
            kept = device.states.save()
        with opened() as device, pytest.raises(BadValue, match=f"of another {says}"):
            device.states.load(kept)


def test_a_damaged_state_is_refused(opened: Opened) -> None:
    with opened() as device:
        kept = device.states.save()
        head, _, packed = kept[len(MAGIC) :].partition(b"\n")
        begin = MAGIC + head + b"\n"
        larger = zlib.compress(zlib.decompress(packed) + b"1")
        for damaged, says in (
            (b"", "no save state"),
            (b"RASTATE" + kept, "no save state"),
            (kept[:-3], "is damaged"),
            (begin + b"nothing", "is damaged"),
            (begin + larger, "is damaged"),
            (MAGIC + b"{}\n" + packed, "missing required field"),
            (MAGIC + head.replace(b'"width": 32', b'"width": 8192') + b"\n" + packed, "is damaged"),
            (MAGIC + head.replace(b'"width": 32', b'"width": 0') + b"\n" + packed, "is damaged"),
            (MAGIC + b"[" * 5000 + b"\n" + packed, "no save state"),
        ):
            with pytest.raises(BadValue, match=says):
                device.states.load(damaged)
        assert after(device, 1)["frames"] > 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"romm": "x"}, 'option of an emulator is called "romm"'),
        ({"frames": "observation"}, "shows its whole screen"),
        ({"memory": {"x": {"address": 0x5000}}}, "x at 0x5000 lies in no memory"),
        ({"memory": {"frames": {"address": 0x100D, "type": "u32"}}}, "lies in no memory"),
        ({"memory": {"x": {"address": -1}}}, "memory"),
        ({"memory": {"x": {"address": 0x1000, "type": "f64"}}}, "f64"),
        ({"seed_field": "sed"}, "sed"),
        ({"boot": -1}, "boot"),
        ({"reset": {"over": 256}}, "over=256 cannot be written"),
        ({"reset": {"nobody": 1}}, 'is called "nobody"'),
        ({"reset": {"fixed": 1}, "memory": {"fixed": {"address": 0x8000}}}, "cannot be written"),
        ({"core": "/none/tiny_libretro.so"}, "no core library"),
    ],
)
def test_options_that_are_none_are_sentences(opened: Opened, options: dict[str, Any], says: str) -> None:
    with pytest.raises((BadValue, NotFound, NoDevice), match=says):
        opened(**options)


def test_what_is_known_of_a_rom_counts_for_no_other(opened: Opened, tmp_path: Path) -> None:
    from hashlib import sha256

    known = {sha256(ROM).hexdigest(): {"memory": {"gold": {"address": 0x100C, "type": "s16"}}}}
    with opened(roms=known) as device:
        assert set(after(device, 0)) == {"gold", *MEMORY}
    other = tmp_path / "other.tiny"
    other.write_bytes(ROM + b"2")
    with opened(roms=known, rom=str(other)) as device:
        assert set(after(device, 0)) == set(MEMORY)


def test_it_says_what_it_can_before_it_is_opened(core: Path) -> None:
    plugins = Plugins.installed()
    can = capabilities_of(plugins, TINY, "emulator")
    assert (can.lockstep, can.episodes, can.states, can.is_outside) == (True, True, True, False)
    assert not capabilities_of(plugins, TINY, "emulator", {"real_time": True}).lockstep
    assert can.why_not is not None
    device = TINY.device("emulator")
    without_rom = can.why_not(device, {**device.options, "core": str(core)}, "Tiny")
    assert without_rom is not None
    assert "--rom" in without_rom.then


def test_a_console_that_is_switched_off_says_so(opened: Opened) -> None:
    with opened() as device:
        console: Any = device.episodes
        memory = console.memory
    with pytest.raises(ValueError, match="released"):
        memory.values()
    with pytest.raises(ValueError, match="released"):
        memory.read(0x1000, 4)
    with pytest.raises(BadValue, match="switched off"):
        console.telemetry()
    with pytest.raises(DeviceFailed, match="closed"):
        console.save()
