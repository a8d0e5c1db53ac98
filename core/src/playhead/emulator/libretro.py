"""The libretro interface as ctypes sees it, and a core library whose functions all are there.

Source: libretro.h, API version 1. A core is native code that runs in this process; it is chosen by a person.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_double,
    c_float,
    c_int16,
    c_size_t,
    c_uint,
    c_uint64,
    c_void_p,
)
from pathlib import Path

from playhead.errors import DeviceFailed

API_VERSION = 1
JOYPAD, MASK = 1, 256  # the device, and the id that asks for all its buttons at once
SYSTEM_RAM = 2
# Button -> its bit.
BUTTONS = {
    name: place
    for place, name in enumerate(
        ("b", "y", "select", "start", "up", "down", "left", "right", "a", "x", "l", "r", "l2", "r2", "l3", "r3")
    )
}
# What a core asks of whoever runs it, without the bits "experimental" and "private".
GET_CAN_DUPE, GET_SYSTEM_DIRECTORY, SET_PIXEL_FORMAT, SET_INPUT_DESCRIPTORS = 3, 9, 10, 11
GET_VARIABLE, GET_VARIABLE_UPDATE, GET_LOG_INTERFACE, GET_SAVE_DIRECTORY = 15, 17, 27, 31
SET_CONTROLLER_INFO, SET_MEMORY_MAPS, SET_GEOMETRY, GET_INPUT_BITMASKS = 35, 36, 37, 51
COMMAND = 0xFFFF
CONSTANT = 1  # a flag of memory that nobody may write


class SystemInfo(Structure):
    """What a core says of itself."""

    _fields_ = (
        ("library_name", c_char_p), ("library_version", c_char_p), ("valid_extensions", c_char_p),
        ("need_fullpath", c_bool), ("block_extract", c_bool),
    )  # fmt: skip


class AvInfo(Structure):
    """Size and rate of what a core shows."""

    _fields_ = (
        ("base_width", c_uint), ("base_height", c_uint), ("max_width", c_uint), ("max_height", c_uint),
        ("aspect_ratio", c_float), ("fps", c_double), ("sample_rate", c_double),
    )  # fmt: skip


class GameInfo(Structure):
    """A ROM as it is handed to a core."""

    _fields_ = (("path", c_char_p), ("data", c_void_p), ("size", c_size_t), ("meta", c_char_p))


class Variable(Structure):
    """An option of a core."""

    _fields_ = (("key", c_char_p), ("value", c_char_p))


class MemoryDescriptor(Structure):
    """A piece of the console's memory and where it is in this process."""

    _fields_ = (
        ("flags", c_uint64), ("ptr", c_void_p), ("offset", c_size_t), ("start", c_size_t), ("select", c_size_t),
        ("disconnect", c_size_t), ("len", c_size_t), ("addrspace", c_char_p),
    )  # fmt: skip


class MemoryMaps(Structure):
    """All pieces that a core tells of."""

    _fields_ = (("descriptors", POINTER(MemoryDescriptor)), ("count", c_uint))


ENVIRONMENT = CFUNCTYPE(c_bool, c_uint, c_void_p)
VIDEO = CFUNCTYPE(None, c_void_p, c_uint, c_uint, c_size_t)
AUDIO = CFUNCTYPE(None, c_int16, c_int16)
AUDIO_BATCH = CFUNCTYPE(c_size_t, c_void_p, c_size_t)
POLL = CFUNCTYPE(None)
INPUT = CFUNCTYPE(c_int16, c_uint, c_uint, c_uint, c_uint)
LOG = CFUNCTYPE(None, c_uint, c_char_p)  # and further arguments, which nobody reads

# Function -> what it returns and takes.
FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "retro_api_version": (c_uint, ()),
    "retro_set_environment": (None, (ENVIRONMENT,)),
    "retro_set_video_refresh": (None, (VIDEO,)),
    "retro_set_audio_sample": (None, (AUDIO,)),
    "retro_set_audio_sample_batch": (None, (AUDIO_BATCH,)),
    "retro_set_input_poll": (None, (POLL,)),
    "retro_set_input_state": (None, (INPUT,)),
    "retro_init": (None, ()),
    "retro_deinit": (None, ()),
    "retro_get_system_info": (None, (POINTER(SystemInfo),)),
    "retro_get_system_av_info": (None, (POINTER(AvInfo),)),
    "retro_set_controller_port_device": (None, (c_uint, c_uint)),
    "retro_reset": (None, ()),
    "retro_run": (None, ()),
    "retro_serialize_size": (c_size_t, ()),
    "retro_serialize": (c_bool, (c_void_p, c_size_t)),
    "retro_unserialize": (c_bool, (c_void_p, c_size_t)),
    "retro_load_game": (c_bool, (POINTER(GameInfo),)),
    "retro_unload_game": (None, ()),
    "retro_get_memory_data": (c_void_p, (c_uint,)),
    "retro_get_memory_size": (c_size_t, (c_uint,)),
}


@contextmanager
def printing_on_stderr() -> Iterator[None]:
    """Have native code print on stderr meanwhile: stdout belongs to results, and some cores greet on it."""
    try:
        kept = os.dup(1)
    except OSError:  # there is none
        yield
        return
    os.dup2(2, 1)
    try:
        yield
    finally:
        with suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).fflush(None)  # what C keeps for later would come out on stdout
        os.dup2(kept, 1)
        os.close(kept)


def load_library(file: Path, original: Path) -> ctypes.CDLL:
    """Load a core; `original` is the file it is called by in sentences.

    Raises:  DeviceFailed for what is no library of this machine, or one that is no core.
    """
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        reason = str(error).replace(str(file), original.name)
        raise DeviceFailed(
            f"{original} cannot be loaded as a libretro core: {reason}. Name a core of this system with --core."
        ) from error
    for name, (result, takes) in FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise DeviceFailed(
                f"{original} is no libretro core: it has no {name}. Name another with --core."
            ) from error
        function.restype, function.argtypes = result, takes
    if (version := library.retro_api_version()) != API_VERSION:
        raise DeviceFailed(
            f"{original} speaks version {version} of libretro, and only {API_VERSION} is known here. Name another "
            "core with --core."
        )
    return library
