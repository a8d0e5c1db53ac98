"""Windows under Windows, by the system's own calls (ctypes), in physical pixels on every monitor."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from ctypes import wintypes
from dataclasses import dataclass
from typing import Any

from playhead.capture.desktop import Box, DesktopWindow

PER_MONITOR_AWARE_V2 = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2, Windows 10 1703
PER_MONITOR_AWARE = 2  # PROCESS_PER_MONITOR_DPI_AWARE of shcore, Windows 8.1
STANDARD_DPI = 96
DWMWA_CLOAKED = 14  # set for windows that count as visible and are shown to nobody
PROCESS_QUERY_LIMITED_INFORMATION = 0x1000  # may be asked of processes of other users too
GA_ROOT = 2
LONGEST_PATH = 32768

# The type of a callback exists on Windows only; tests elsewhere call it as what it wraps.
_EnumProc = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
_PROTOTYPES: dict[str, dict[str, tuple[list[Any], Any]]] = {
    "user32": {
        "EnumWindows": ([_EnumProc, wintypes.LPARAM], wintypes.BOOL),
        "IsWindow": ([wintypes.HWND], wintypes.BOOL),
        "IsWindowVisible": ([wintypes.HWND], wintypes.BOOL),
        "IsIconic": ([wintypes.HWND], wintypes.BOOL),
        "GetWindowTextLengthW": ([wintypes.HWND], ctypes.c_int),
        "GetWindowTextW": ([wintypes.HWND, wintypes.LPWSTR, ctypes.c_int], ctypes.c_int),
        "GetClientRect": ([wintypes.HWND, ctypes.POINTER(wintypes.RECT)], wintypes.BOOL),
        "ClientToScreen": ([wintypes.HWND, ctypes.POINTER(wintypes.POINT)], wintypes.BOOL),
        "GetForegroundWindow": ([], wintypes.HWND),
        "GetAncestor": ([wintypes.HWND, wintypes.UINT], wintypes.HWND),
        "GetWindowThreadProcessId": ([wintypes.HWND, ctypes.POINTER(wintypes.DWORD)], wintypes.DWORD),
        "GetDpiForWindow": ([wintypes.HWND], wintypes.UINT),
        "SetProcessDpiAwarenessContext": ([ctypes.c_void_p], wintypes.BOOL),
        "SetProcessDPIAware": ([], wintypes.BOOL),
    },
    "shcore": {
        "SetProcessDpiAwareness": ([ctypes.c_int], ctypes.c_long),
        "GetProcessDpiAwareness": ([wintypes.HANDLE, ctypes.POINTER(ctypes.c_int)], ctypes.c_long),
    },
    "kernel32": {
        "OpenProcess": ([wintypes.DWORD, wintypes.BOOL, wintypes.DWORD], wintypes.HANDLE),
        "QueryFullProcessImageNameW": (
            [wintypes.HANDLE, wintypes.DWORD, wintypes.LPWSTR, ctypes.POINTER(wintypes.DWORD)],
            wintypes.BOOL,
        ),
        "CloseHandle": ([wintypes.HANDLE], wintypes.BOOL),
    },
    "dwmapi": {
        "DwmGetWindowAttribute": (
            [wintypes.HWND, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD],
            ctypes.c_long,
        ),
    },
}


@dataclass(frozen=True, kw_only=True)
class SystemCalls:
    """The libraries of Windows that are called here; tests put others in their place."""

    user32: Any
    kernel32: Any
    shcore: Any
    dwmapi: Any

    @classmethod
    def load(cls) -> SystemCalls:
        """Load them, each as an instance of its own, so that our prototypes are nobody else's."""
        libraries = {name: ctypes.WinDLL(f"{name}.dll") for name in _PROTOTYPES}  # type: ignore[attr-defined]
        for name, functions in _PROTOTYPES.items():
            for function_name, (arguments, result) in functions.items():
                function = getattr(libraries[name], function_name, None)
                if function is not None:  # an older Windows lacks some
                    function.argtypes, function.restype = arguments, result
        return cls(**libraries)


class WindowsDesktop:
    """The windows of the session this process runs in. The calls are safe from any thread."""

    def __init__(self, calls: SystemCalls) -> None:
        self._user32, self._kernel32, self._dwmapi = calls.user32, calls.kernel32, calls.dwmapi
        become_dpi_aware(calls)

    def windows(self) -> list[DesktopWindow]:
        """Return the windows with a title, topmost first; minimised ones last."""
        handles: list[int] = []

        def found(handle: int, _: int) -> bool:
            handles.append(handle)
            return True

        self._user32.EnumWindows(_EnumProc(found), 0)
        windows = [window for handle in handles if (window := self._described(handle)) is not None]
        return sorted(windows, key=lambda window: self.is_minimised(window.handle))

    def box(self, handle: int) -> Box | None:
        """Return where a window draws now; None when it is closed."""
        rectangle, corner = wintypes.RECT(), wintypes.POINT(0, 0)
        if not self._user32.IsWindow(handle) or not self._user32.GetClientRect(handle, ctypes.byref(rectangle)):
            return None
        if not self._user32.ClientToScreen(handle, ctypes.byref(corner)):
            return None
        return Box(left=corner.x, top=corner.y, width=rectangle.right, height=rectangle.bottom)

    def is_minimised(self, handle: int) -> bool:
        """Whether a window exists and is an icon."""
        return bool(self._user32.IsIconic(handle))

    def is_focused(self, handle: int) -> bool:
        """Whether a window is the one in the foreground, which gets the keys; a window inside it counts."""
        foreground = self._user32.GetForegroundWindow()
        return bool(foreground) and handle in (foreground, self._user32.GetAncestor(foreground, GA_ROOT))

    def wait_for_change(self, handle: int, seconds: float) -> None:
        """Wait: a thread that hears of changes would have to serve messages, and asking takes microseconds."""
        time.sleep(seconds)

    def scale(self, handle: int) -> float:
        """Return the scale of the monitor that a window is on now, 1.5 for 150 %."""
        dpi = _optional(self._user32, "GetDpiForWindow", lambda ask: int(ask(handle)), 0)
        return dpi / STANDARD_DPI if dpi else 1.0

    def close(self) -> None:
        """Nothing to give back."""

    def _described(self, handle: int) -> DesktopWindow | None:
        if not self._user32.IsWindowVisible(handle) or self._is_cloaked(handle):
            return None
        title, box = self._title(handle), self.box(handle)
        if not title or box is None:
            return None
        process, scale = self._process(handle), self.scale(handle)
        return DesktopWindow(handle=handle, title=title, process=process, box=box, scale=scale)

    def _title(self, handle: int) -> str:
        text = ctypes.create_unicode_buffer(self._user32.GetWindowTextLengthW(handle) + 1)
        self._user32.GetWindowTextW(handle, text, len(text))
        return text.value

    def _is_cloaked(self, handle: int) -> bool:
        cloaked = ctypes.c_uint32(0)
        size = ctypes.sizeof(cloaked)
        failed = self._dwmapi.DwmGetWindowAttribute(handle, DWMWA_CLOAKED, ctypes.byref(cloaked), size)
        return not failed and bool(cloaked.value)

    def _process(self, handle: int) -> str:
        """Return the file name of a window's program, as GTA5.exe; empty when the system will not tell."""
        number, length = wintypes.DWORD(0), wintypes.DWORD(LONGEST_PATH)
        self._user32.GetWindowThreadProcessId(handle, ctypes.byref(number))
        process = self._kernel32.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, False, number.value)
        if not process:
            return ""
        path = ctypes.create_unicode_buffer(LONGEST_PATH)
        told = self._kernel32.QueryFullProcessImageNameW(process, 0, path, ctypes.byref(length))
        self._kernel32.CloseHandle(process)
        return path.value.rpartition("\\")[2] if told else ""


def become_dpi_aware(calls: SystemCalls) -> None:
    """Ask for physical pixels on every monitor, by the newest call this Windows has.

    Without it Windows tells a program on a monitor of 150 % two thirds of the pixels, and shows it a blurred
    copy. A process can be told only once: that a call fails because mss or a host program came first is fine.
    """
    tries: tuple[tuple[Any, str, Callable[[Any], bool]], ...] = (
        (calls.user32, "SetProcessDpiAwarenessContext", lambda ask: bool(ask(PER_MONITOR_AWARE_V2))),
        (calls.shcore, "SetProcessDpiAwareness", lambda ask: ask(PER_MONITOR_AWARE) == 0),
        (calls.user32, "SetProcessDPIAware", lambda ask: bool(ask())),
    )
    for library, name, attempt in tries:
        if _optional(library, name, attempt, False):
            return


def dpi_awareness(calls: SystemCalls) -> int:
    """Return what this process is told: 0 scaled pixels, 1 those of the first monitor, 2 physical ones."""
    told = ctypes.c_int(0)
    _optional(calls.shcore, "GetProcessDpiAwareness", lambda ask: ask(None, ctypes.byref(told)), 0)
    return told.value


def _optional(library: Any, name: str, call: Callable[[Any], Any], otherwise: Any) -> Any:
    """Call a function that an older Windows may lack."""
    function = getattr(library, name, None)
    return otherwise if function is None else call(function)


def open_windows_desktop() -> WindowsDesktop:
    """Return the desktop of this session."""
    return WindowsDesktop(SystemCalls.load())
