"""Runs one command of playhead in a process of its own, and says how it ended, how long it took, how it grew.

Nearly always the process is forked from this one, in which all libraries are loaded: that takes milliseconds, not
seconds. Now and then it is started as a person does.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_FILE_BYTES = 2 * 2**30  # what a command writes into one file at most: a bomb must not fill the disk
MOST_OUTPUT = 2**20

_PAGE = resource.getpagesize()
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a command is ended: it hangs, or takes the machine's memory.

    On a busy machine a command is slow without hanging: so it counts how long it did nothing, and what it
    computed.
    Units:  seconds of the clock without any computing, of a core, and of the clock.
    """

    idle_s: float = 15.0
    cpu_s: float = 12.0
    wall_s: float = 300.0
    growth: int = 1500 * 2**20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended. `growth`: bytes of memory beyond what the libraries take; `killed`: why we ended it."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float
    growth: int
    killed: str = ""


def is_root() -> bool:
    """Say whether nothing is forbidden to this process."""
    return os.getuid() == 0


def drop_powers() -> None:
    """Let even root be forbidden something: give up its capabilities, in this process and whatever it starts."""
    if not is_root():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def warm() -> None:
    """Load everything that commands load, so that what is forked has it."""
    import av  # noqa: F401
    import captum.attr  # noqa: F401
    import cv2  # noqa: F401
    import h5py  # noqa: F401
    import lightning_fabric  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import zarr  # noqa: F401

    import playhead.capture.video
    import playhead.data.balance
    import playhead.evaluation.evaluate
    import playhead.evaluation.report
    import playhead.models.run
    import playhead.playing.observing
    import playhead.storage.check
    import playhead.storage.repair
    import playhead.storage.trim
    import playhead.training.supervised  # noqa: F401


def run(
    args: Sequence[str], place: Path, environment: Mapping[str, str], limits: Limits, *, for_real: bool = False
) -> Outcome:
    """Run a command with `place` as the working folder, without the powers of root."""
    out, err = place / "stdout", place / "stderr"
    began = time.monotonic()
    base = 0 if for_real else _resident(os.getpid())
    with out.open("wb") as opened_out, err.open("wb") as opened_err:
        files = (opened_out.fileno(), opened_err.fileno())
        if for_real:
            command = [sys.executable, "-m", "playhead", *args]
            pid = subprocess.Popen(
                command,
                cwd=place,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                preexec_fn=drop_powers,
                stdout=files[0],
                stderr=files[1],
                start_new_session=True,
            ).pid
        else:
            pid = _forked(args, place, environment, files)
        status, used, killed = _watched(pid, base, limits, began)
    growth = used.ru_maxrss * 1024 - (base or _resident(os.getpid()))
    return Outcome(
        args=tuple(args),
        code=os.waitstatus_to_exitcode(status),
        out=_text(out),
        err=_text(err),
        seconds=time.monotonic() - began,
        growth=max(0, growth),
        killed=killed,
    )


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(MOST_OUTPUT).decode("utf-8", "backslashreplace")


def start(args: Sequence[str], place: Path, environment: Mapping[str, str]) -> int:
    """Start a command that says nothing, and return its process."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        return _forked(args, place, environment, (null, null))
    finally:
        os.close(null)


def _forked(args: Sequence[str], place: Path, environment: Mapping[str, str], files: tuple[int, int]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((null, *files)):
            os.dup2(descriptor, number)
        os.chdir(place)
        os.environ.update(environment)
        sys.path.insert(0, environment["PYTHONPATH"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE_BYTES, MOST_FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        drop_powers()
        code = _main(list(args))
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _main(args: list[str]) -> int:
    """Do what the interpreter does around `playhead.cli.main`."""
    from playhead.cli import main

    sys.argv = ["playhead", *args]
    try:
        main(args)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # a thread that never ends is a hang
    return code


def _watched(pid: int, base: int, limits: Limits, began: float) -> tuple[int, resource.struct_rusage, str]:
    """Wait for a process, and end it when it hangs or grows too large."""
    pause_s, cpu_s, moved = 0.002, 0.0, began
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return status, used, ""
        time.sleep(pause_s)
        pause_s = min(0.05, pause_s * 1.5)
        now, cpu_before_s, cpu_s = time.monotonic(), cpu_s, _cpu_s(pid)
        moved = now if cpu_s != cpu_before_s else moved
        killed = ""
        if now - moved > limits.idle_s:
            killed = f"it did nothing for {limits.idle_s:g} s"
        elif cpu_s > limits.cpu_s:
            killed = f"it took {limits.cpu_s:g} s of a core"
        elif now - began > limits.wall_s:
            killed = f"it went on for {limits.wall_s:g} s"
        elif _resident(pid) - base > limits.growth:
            killed = "it took too much memory"
        if killed:
            os.killpg(pid, signal.SIGKILL)
            _, status, used = os.wait4(pid, 0)
            return status, used, killed


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, IndexError):
        return 0.0
