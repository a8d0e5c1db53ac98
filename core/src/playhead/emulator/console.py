"""One console: a core with a ROM in it, run frame by frame with the buttons held. Knows no game and no clock.

What a core does goes through functions that it is given (`_Asked`); what goes wrong in these is kept and raised
after the frame, as nothing can be raised through native code. A core keeps everything in its library, so that a
library runs one console at a time; a further one is loaded from a copy of the file (`_Libraries`).
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from playhead.emulator import libretro as lr
from playhead.emulator.cartridge import Cartridge
from playhead.emulator.memory import Region
from playhead.emulator.pictures import FORMATS, FrameArray, PixelFormat, Raw
from playhead.errors import DeviceFailed, PlayheadError

MOST_STATE = 256 * 2**20
MOST_REGIONS = 256


class _Libraries:
    """The libraries loaded by this process: each runs one console at a time, and is used again after it."""

    def __init__(self) -> None:
        self._free: dict[tuple[Path, int], list[ctypes.CDLL]] = {}
        self._loaded: dict[tuple[Path, int], int] = {}
        self._lock = threading.Lock()

    def take(self, file: Path) -> ctypes.CDLL:
        """Return a library of a core that nobody uses."""
        key = self._key(file)
        with self._lock:
            if free := self._free.get(key):
                return free.pop()
            number = self._loaded.get(key, 0)
            library = lr.load_library(file, file) if not number else self._copy(file)
            self._loaded[key] = number + 1
            return library

    def give_back(self, file: Path, library: ctypes.CDLL) -> None:
        """Let others have a library."""
        with self._lock:
            self._free.setdefault(self._key(file), []).append(library)

    @staticmethod
    def _key(file: Path) -> tuple[Path, int]:
        return file.resolve(), file.stat().st_mtime_ns

    @staticmethod
    def _copy(file: Path) -> ctypes.CDLL:
        """Load a copy of a library, which has variables of its own; where it can, the file goes away at once."""
        with tempfile.TemporaryDirectory(prefix="playhead-core-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / file.name
            shutil.copyfile(file, copy)
            return lr.load_library(copy, file)


_libraries = _Libraries()


class _Asked:
    """What a core calls: it asks how it should be, shows pictures and asks what is held."""

    def __init__(self, variables: Mapping[str, str], folder: str) -> None:
        self.held = 0
        self.form: PixelFormat = FORMATS[0]
        self.shown: Raw | None = None
        self.regions: list[Region] = []
        self.fault: Exception | None = None
        self._variables = {name.encode(): value.encode() for name, value in variables.items()}
        self._folder = folder.encode()
        self._log = lr.LOG(lambda level, text: None)
        self.functions = (
            ("retro_set_environment", lr.ENVIRONMENT(self._environment)),
            ("retro_set_video_refresh", lr.VIDEO(self._video)),
            ("retro_set_audio_sample", lr.AUDIO(lambda left, right: None)),
            ("retro_set_audio_sample_batch", lr.AUDIO_BATCH(lambda data, frames: frames)),
            ("retro_set_input_poll", lr.POLL(lambda: None)),
            ("retro_set_input_state", lr.INPUT(self._input)),
        )

    def _input(self, port: int, device: int, index: int, number: int) -> int:
        if port or device & 0xFF != lr.JOYPAD:
            return 0
        return self.held if number == lr.MASK else self.held >> number & 1

    def _video(self, data: int | None, width: int, height: int, pitch: int) -> None:
        if not data:  # the same as before
            return
        try:
            self.shown = Raw.copied(data, (width, height), pitch, self.form)
        except PlayheadError as error:
            self.fault = error

    def _environment(self, command: int, data: int | None) -> bool:
        try:
            return self._answer(command & lr.COMMAND, data)
        except Exception as error:  # native code called this, and knows no exceptions
            self.fault = error
            return False

    def _answer(self, command: int, data: int | None) -> bool:
        if command in (lr.SET_INPUT_DESCRIPTORS, lr.SET_CONTROLLER_INFO, lr.SET_GEOMETRY, lr.GET_INPUT_BITMASKS):
            return True
        if not data:
            return False
        if command == lr.GET_CAN_DUPE:
            ctypes.c_bool.from_address(data).value = True
        elif command in (lr.GET_SYSTEM_DIRECTORY, lr.GET_SAVE_DIRECTORY):
            ctypes.c_char_p.from_address(data).value = self._folder
        elif command == lr.GET_LOG_INTERFACE:
            ctypes.c_void_p.from_address(data).value = ctypes.cast(self._log, ctypes.c_void_p).value
        elif command == lr.SET_PIXEL_FORMAT:
            wanted = ctypes.c_uint.from_address(data).value
            self.form = FORMATS.get(wanted, self.form)
            return wanted in FORMATS
        elif command == lr.GET_VARIABLE:
            variable = lr.Variable.from_address(data)
            variable.value = self._variables.get(variable.key)
            return variable.value is not None
        elif command == lr.GET_VARIABLE_UPDATE:
            ctypes.c_bool.from_address(data).value = False
        elif command == lr.SET_MEMORY_MAPS:
            self.regions = list(_regions(lr.MemoryMaps.from_address(data)))
        else:
            return False
        return True


def _regions(maps: lr.MemoryMaps) -> Iterable[Region]:
    for place in range(min(maps.count, MOST_REGIONS)):
        one = maps.descriptors[place]
        if one.ptr and one.len:
            view = _bytes_at(one.ptr + one.offset, one.len)
            yield Region(start=one.start, view=view, is_constant=bool(one.flags & lr.CONSTANT))


def _bytes_at(address: int, size: int) -> memoryview:
    return memoryview((ctypes.c_uint8 * size).from_address(address)).cast("B")


class Emulator:
    """A core with a ROM in it. `close` gives its library back.

    Units:  fps frames a second of its own time.
    Raises:  DeviceFailed for what is no core, and a ROM that it does not take.
    """

    def __init__(self, core: Path, rom: Cartridge, variables: Mapping[str, str] | None = None) -> None:
        self._core_file, self._rom = core, rom.file
        self._data = rom.data
        self._library: ctypes.CDLL | None = _libraries.take(core)
        self._folder = tempfile.TemporaryDirectory(prefix="playhead-saves-", ignore_cleanup_errors=True)
        self._asked = _Asked(variables or {}, self._folder.name)
        self._has_game = False
        self._picture: FrameArray | None = None
        self._converted: Raw | None = None
        for name, function in self._asked.functions:
            getattr(self._library, name)(function)
        try:
            with lr.printing_on_stderr():
                self._library.retro_init()
                self._begin()
        except BaseException:
            self.close()
            raise

    @property
    def library(self) -> Any:
        """The core. Raises DeviceFailed when it is closed."""
        if self._library is None:
            raise DeviceFailed("The console is closed.")
        return self._library

    def _begin(self) -> None:
        info = lr.SystemInfo()
        self.library.retro_get_system_info(ctypes.byref(info))
        self.name = (info.library_name or b"").decode(errors="replace")[:200]
        self.version = (info.library_version or b"").decode(errors="replace")[:200]
        self._load(info)
        self.library.retro_set_controller_port_device(0, lr.JOYPAD)
        shown = lr.AvInfo()
        self.library.retro_get_system_av_info(ctypes.byref(shown))
        self.fps = float(shown.fps)
        if not (math.isfinite(self.fps) and 1 <= self.fps <= 1000):
            raise DeviceFailed(f"The core {self.name} says {self.fps} frames a second. Name another with --core.")

    def _load(self, info: lr.SystemInfo) -> None:
        buffer = ctypes.create_string_buffer(self._data, len(self._data))
        path = os.fsencode(self._rom.resolve())  # names need not be Unicode on every system
        has_data = not info.need_fullpath
        game = lr.GameInfo(path, ctypes.cast(buffer, ctypes.c_void_p) if has_data else None, len(self._data), None)
        self._kept = buffer, game  # a core may go on reading it
        self._has_game = bool(self.library.retro_load_game(ctypes.byref(game)))
        self._check()
        if not self._has_game:
            takes = (info.valid_extensions or b"").decode(errors="replace")[:100].replace("|", ", ")
            raise DeviceFailed(
                f"The core {self.name} does not take {self._rom}: it is no ROM of its console, or damaged. "
                f"It takes files of {takes}. Name another with --rom, or another core with --core."
            )

    def hold(self, buttons: Iterable[str]) -> None:
        """Hold these buttons from the next frame on, and no others."""
        self._asked.held = sum(1 << lr.BUTTONS[name] for name in buttons)

    def run(self, frames: int = 1) -> None:
        """Run so many frames with the buttons held. Raises DeviceFailed for pictures that cannot be."""
        run = self.library.retro_run
        for _ in range(frames):
            run()
        self._check()

    def _check(self) -> None:
        fault, self._asked.fault = self._asked.fault, None
        if fault is not None:
            raise (
                fault if isinstance(fault, PlayheadError) else DeviceFailed(f"The core asks oddly: {fault!r:.200}")
            )

    @property
    def picture(self) -> FrameArray:
        """What the console showed last, (height, width, 3) uint8. Raises DeviceFailed before the first picture.

        A picture that nobody asks for costs no conversion, nor does one like that before it.
        """
        shown = self._asked.shown
        if shown is not None and shown != self._converted:
            self._picture, self._converted = shown.to_rgb(), shown
        if self._picture is None:
            raise DeviceFailed(f"The core {self.name} has shown no picture of {self._rom}. Try another core.")
        return self._picture

    @property
    def regions(self) -> list[Region]:
        """The console's memory: what the core maps, else its main memory from address 0 on."""
        if self._asked.regions:
            return self._asked.regions
        address, size = (ask(lr.SYSTEM_RAM) for ask in (
            self.library.retro_get_memory_data, self.library.retro_get_memory_size))  # fmt: skip
        return [Region(start=0, view=_bytes_at(address, size))] if address and size else []

    def restart(self) -> None:
        """Switch it off and on."""
        self.library.retro_reset()

    @property
    def state_size(self) -> int:
        """How many bytes a state has; 0 for a core that has none."""
        size = int(self.library.retro_serialize_size())
        return size if size <= MOST_STATE else 0

    def save(self) -> bytes:
        """Return everything that says how the console is now. Raises DeviceFailed for a core that cannot."""
        size = self.state_size
        buffer = ctypes.create_string_buffer(max(1, size))
        if not size or not self.library.retro_serialize(buffer, size):
            raise DeviceFailed(f"The core {self.name} cannot save the state of {self._rom}. Try another core.")
        return buffer.raw

    def load(self, state: bytes, picture_HWC: FrameArray | None = None) -> None:
        """Put the console back, and what it showed. Raises DeviceFailed for a state that is not taken."""
        buffer = ctypes.create_string_buffer(state, len(state))
        if not self.library.retro_unserialize(buffer, len(state)):
            raise DeviceFailed(f"The core {self.name} does not take this state of {self._rom}. Save one anew.")
        self._asked.shown = self._converted = None  # a core's state holds no picture
        self._picture = picture_HWC

    def close(self) -> None:
        """Switch it off. May be called twice."""
        library, self._library = self._library, None
        if library is None:
            return
        if self._has_game:
            library.retro_unload_game()
        library.retro_deinit()
        self._asked.regions = []
        self._folder.cleanup()
        _libraries.give_back(self._core_file, library)
