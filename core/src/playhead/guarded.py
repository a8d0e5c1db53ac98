"""Runs the code of a plugin so that whatever it does stays with it: it fails alone, and says nothing on stdout.

A plugin is trusted: it may do what playhead may. It is not trusted to be without faults.
"""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TypeVar

from playhead.errors import PlayheadError, PluginError
from playhead.installed import installed_plugins
from playhead.names import visible

T = TypeVar("T")

LONGEST = 1000  # letters of what is wrong with a plugin
SLOW_S = 3.0  # the largest package of this repository is imported in .1 s; torch alone takes 2 to 3


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while the code of a plugin ran; says of which."""


def run_foreign(plugin: str, doing: str, work: Callable[[], T]) -> T:
    """Do `work`, which is code of a plugin: `doing` says what, as "is being imported".

    While it takes long, its plugin is named on stderr. Working folder, signal handlers, stdout and the order of
    sys.path are as before afterwards; what a plugin adds to sys.path comes last.
    Raises:  PluginError for whatever comes out of it, also for an exit; Interrupted only for a real Ctrl-C.
    """
    pressed: list[int] = []
    with ExitStack() as stack:
        named = _named_when_slow(plugin, doing)
        for kept in (_threads_noted(plugin), _state_kept(), _quiet(), named, _ctrl_c_noted(pressed)):
            stack.enter_context(kept)
        try:
            result = work()
        except BaseException as error:
            if not pressed:
                raise PluginError(_reason(error)) from error
    if pressed:  # it may have come to the plugin, which made something else of it, or nothing
        raise Interrupted(f"Stopped while plugin {plugin} {doing}. {how_to_remove(plugin)}")
    return result


def how_to_remove(plugin: str) -> str:
    """Say what to do about a plugin that cannot be used."""
    return f"Mend or update the package of {plugin}, or remove it: python -m pip uninstall PACKAGE."


def ask_foreign(ask: Callable[..., T], *given: Any, failed: Callable[[str], PlayheadError], **named: Any) -> T:
    """Ask code of a plugin or an environment for something; cheap enough for once a step.

    Raises:  what `failed` makes of the reason, also for an exit; sentences and Ctrl-C as they are.
    """
    try:
        return ask(*given, **named)
    except PlayheadError:
        raise
    except (Exception, SystemExit) as error:
        raise failed(reason_with_place(error)) from error


def reason_with_place(error: BaseException) -> str:
    """Say in one line, without a full stop, what foreign code raised and where."""
    place = place_of(error)
    if not place:
        innermost = list(traceback.walk_tb(error.__traceback__))[-1:]
        place = "".join(_place(frame.f_code.co_filename, line) for frame, line in innermost)
    return f"{' '.join(_reason(error).split()).rstrip('.')}{place}"


def place_of(error: BaseException) -> str:
    """Name the innermost line of a plugin's code, or of a script's, that an error came through; "" for none."""
    plugins = {one.entry.module.partition(".")[0] for one in installed_plugins() if one.entry is not None}
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        file = frame.f_code.co_filename
        if top not in ("playhead", "__main__") and (top in plugins or not _is_library(Path(file))):
            found = _place(file, line, frame.f_code.co_name)
    return found


def place_of_code(function: object) -> str:
    """Name where a function or method is written; "" for what is written in no file."""
    code = getattr(function, "__code__", None)
    return _place(code.co_filename, code.co_firstlineno) if code is not None else ""


def _place(file: str, line: int | None, name: str = "") -> str:
    inside = f", in {name}" if name and not name.startswith("<") else ""
    return f" ({Path(file).name}, line {line}{inside})"


def _is_library(file: Path) -> bool:
    """Whether a file is Python's or was installed by pip, into this environment or one that it sees (*.pth)."""
    roots = {str(Path(one).resolve()) for one in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
    here = str(file.resolve())
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return bool(installed) or here.startswith(tuple(f"{one}{os.sep}" for one in roots))


def warn_on_stderr(sentence: str) -> None:
    """Say something at once and beside everything else, also where nobody has a desk."""
    with suppress(OSError, ValueError, AttributeError):  # stderr may be closed
        sys.stderr.write(f"{visible(sentence)}\n")
        sys.stderr.flush()


def _reason(error: BaseException) -> str:
    if isinstance(error, PlayheadError):
        return shortened(str(error))
    if isinstance(error, SystemExit):
        return f"it wants to end the program (SystemExit: {error.code})"
    try:
        text = str(error)
    except BaseException as another:  # an error whose text cannot be made is foreign code too
        text = f"its text cannot be made, {type(another).__name__}"
    return shortened(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def shortened(text: str) -> str:
    """Return the beginning of what is wrong with a plugin, which may be of any length."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


@contextmanager
def _ctrl_c_noted(pressed: list[int]) -> Iterator[None]:
    """Tell a Ctrl-C of the person from a KeyboardInterrupt that a plugin raises: only the former is a signal."""
    if not _is_main() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield  # signals are ignored, or somebody waits for them without being interrupted
        return

    def note(number: int, frame: Any) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _named_when_slow(plugin: str, doing: str) -> Iterator[None]:
    """Name a plugin on stderr once its code has taken SLOW_S, as long as it goes on."""

    def name() -> None:
        warn_on_stderr(f"Plugin {plugin} {doing}, for {SLOW_S:g} s so far. Ctrl-C ends it.")

    timer = threading.Timer(SLOW_S, name)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


_left: list[tuple[str, threading.Thread]] = []


@contextmanager
def _threads_noted(plugin: str) -> Iterator[None]:
    """Note the threads that a plugin begins and that would keep the program from ending."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        new = (one for one in threading.enumerate() if one not in before and not one.daemon)
        _left.extend((plugin, one) for one in new)


def unending(wait_s: float = 1.0) -> list[str]:
    """Return the plugins that have begun threads which do not end, all of them waited for `wait_s` at most."""
    deadline_s = time.monotonic() + wait_s
    for _, thread in _left:
        thread.join(max(0.0, deadline_s - time.monotonic()))
    return sorted({plugin for plugin, thread in _left if thread.is_alive()})


@contextmanager
def _quiet() -> Iterator[None]:
    """Lead what is printed on stdout, which holds results, to stderr: by Python, by C and by child processes."""
    with redirect_stdout(sys.stderr), ExitStack() as stack:
        _flush()
        for number in (1, 2):  # it may close stderr, too
            with suppress(OSError):
                before = os.dup(number)
                stack.callback(os.close, before)
                stack.callback(os.dup2, before, number)
        stack.callback(_flush)
        with suppress(OSError):
            os.dup2(2, 1)
        yield


def _flush() -> None:
    for stream in (sys.__stdout__, sys.stdout):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]


@contextmanager
def _state_kept() -> Iterator[None]:
    """Put back what belongs to the whole process and not to a plugin."""
    path, streams = list(sys.path), (sys.stdin, sys.stdout, sys.stderr, sys.excepthook, threading.excepthook)
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()} if _is_main() else {}
    folder, depth = _folder(), sys.getrecursionlimit()
    with warnings.catch_warnings():
        try:
            yield
        finally:
            sys.setrecursionlimit(depth)
            sys.path[:] = [*path, *(one for one in sys.path if one not in path)]
            sys.stdin, sys.stdout, sys.stderr, sys.excepthook, threading.excepthook = streams
            if folder and _folder() != folder:
                with suppress(OSError):
                    os.chdir(folder)
            for number, handler in handlers.items():
                if handler is not None and signal.getsignal(number) is not handler:
                    with suppress(OSError, ValueError):
                        signal.signal(number, handler)


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return ""


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
