"""The front end itself: a core's pictures, buttons, memory and states, and libraries that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from playhead.emulator.cartridge import read_cartridge
from playhead.emulator.console import Emulator
from playhead.emulator.finding import find_core
from playhead.errors import DeviceFailed, NoDevice

Build = Callable[..., Path]
RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.mark.parametrize("pixels", [0, 1, 2])
def test_every_pixel_format_becomes_the_same_rgb(build: Build, rom: Path, pixels: int) -> None:
    console = Emulator(build(f"format{pixels}", FORMAT=pixels), read_cartridge(rom))
    console.run()
    picture_HWC = console.picture
    assert picture_HWC.shape == (24, 32, 3)
    assert (picture_HWC[:2, :2] == RED).all()
    rest = np.ones((24, 32), bool)
    rest[:2, :2] = False
    assert (picture_HWC[rest] == GREEN).all()
    console.close()


def test_a_frame_shows_what_was_held_for_it(core: Path, rom: Path) -> None:
    console = Emulator(core, read_cartridge(rom))
    console.hold(["right", "down"])
    console.run(3)
    console.hold([])
    console.run(2)
    red = np.argwhere((console.picture == RED).all(2))
    assert red.min(0).tolist() == [3, 3]
    assert console.fps == 50.0
    console.close()


def test_a_picture_is_a_copy_that_the_next_frame_leaves_alone(core: Path, rom: Path) -> None:
    console = Emulator(core, read_cartridge(rom))
    console.run()
    before, kept = console.picture, console.picture.copy()
    console.hold(["right"])
    console.run(5)
    assert (before == kept).all()
    assert not (console.picture == kept).all()
    console.close()


def test_what_a_core_prints_goes_to_stderr(core: Path, rom: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Emulator(core, read_cartridge(rom)).close()
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "tiny greets\n")


def test_an_option_of_a_core_reaches_it(core: Path, rom: Path) -> None:
    console = Emulator(core, read_cartridge(rom), {"tiny_start": "7"})
    assert console.regions[0].view[0] == 7
    console.close()


def test_two_at_once_have_memories_of_their_own_and_a_library_is_used_again(core: Path, rom: Path) -> None:
    first, second = Emulator(core, read_cartridge(rom)), Emulator(core, read_cartridge(rom))
    first.hold(["right"])
    first.run(4)
    second.run(4)
    assert (first.regions[0].view[0], second.regions[0].view[0]) == (4, 0)
    second_library = second.library
    first.close()
    second.close()
    third = Emulator(core, read_cartridge(rom))
    assert third.library is second_library
    third.close()


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"GAME" * 16, "does not take"), (b"TI", "damaged")]
)
def test_a_rom_that_is_none_is_a_sentence_and_the_core_still_works(
    core: Path, rom: Path, tmp_path: Path, content: bytes, says: str
) -> None:
    none = tmp_path / "none.tiny"
    none.write_bytes(content)
    with pytest.raises(DeviceFailed, match=says) as caught:
        Emulator(core, read_cartridge(none))
    assert "--rom" in str(caught.value)
    Emulator(core, read_cartridge(rom)).close()


def test_a_rom_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DeviceFailed, match=r"no ROM .*--rom FILE"):
        read_cartridge(tmp_path / "none.gba")
    with pytest.raises(DeviceFailed, match="no plain file"):
        read_cartridge(tmp_path)


def test_what_is_no_core_is_a_sentence(build: Build, rom: Path, tmp_path: Path) -> None:
    text = tmp_path / "text_libretro.so"
    text.write_text("no library")
    with pytest.raises(DeviceFailed, match="cannot be loaded as a libretro core"):
        Emulator(text, read_cartridge(rom))
    with pytest.raises(DeviceFailed, match="it has no retro_run"):
        Emulator(build("lacking", LACKS=1), read_cartridge(rom))


def test_a_picture_that_cannot_be_is_a_sentence(build: Build, rom: Path) -> None:
    console = Emulator(build("pitch", BAD_PITCH=1), read_cartridge(rom))
    with pytest.raises(DeviceFailed, match="32x24 in rows of 3 bytes"):
        console.run()
    console.close()


def test_a_core_is_found_by_name_or_file(core: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_core(str(core)) == core
    monkeypatch.setattr("playhead.emulator.finding.folders", lambda: iter([core.parent / "none", core.parent]))
    assert find_core("tiny") == core
    with pytest.raises(NoDevice, match=r"core other is not installed.*apt-get install libretro-mgba.*--core"):
        find_core("other")
    with pytest.raises(NoDevice, match="no core library"):
        find_core(str(core.parent / "none" / core.name))
