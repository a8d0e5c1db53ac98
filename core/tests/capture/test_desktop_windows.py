"""The calls to Windows, on a Windows made of fakes: run on any system, proof of none."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import pytest

from playhead.capture.desktop import Box
from playhead.capture.desktop_windows import (
    PER_MONITOR_AWARE,
    PER_MONITOR_AWARE_V2,
    SystemCalls,
    WindowsDesktop,
    become_dpi_aware,
    dpi_awareness,
)

E_ACCESSDENIED = -2147024891


def pointed_at(reference: Any) -> Any:
    """Return what byref() was given."""
    return reference._obj


@dataclass
class Shown:
    title: str
    process: str = ""
    client: tuple[int, int, int, int] = (0, 0, 800, 600)
    is_visible: bool = True
    is_iconic: bool = False
    is_cloaked: bool = False
    dpi: int = 96
    parent: int = 0


@dataclass
class FakeUser32:
    """Windows by number, topmost first."""

    shown: dict[int, Shown]
    foreground: int = 0
    told_dpi: list[int] = field(default_factory=list)
    takes_dpi: bool = True

    def EnumWindows(self, found: Any, extra: int) -> int:  # noqa: N802
        return int(all(found(handle, extra) for handle, one in self.shown.items() if not one.parent))

    def IsWindow(self, handle: int) -> int:  # noqa: N802
        return int(handle in self.shown)

    def IsWindowVisible(self, handle: int) -> int:  # noqa: N802
        return int(self.shown[handle].is_visible)

    def IsIconic(self, handle: int) -> int:  # noqa: N802
        return int(handle in self.shown and self.shown[handle].is_iconic)

    def GetWindowTextLengthW(self, handle: int) -> int:  # noqa: N802
        return len(self.shown[handle].title)

    def GetWindowTextW(self, handle: int, text: Any, size: int) -> int:  # noqa: N802
        text.value = self.shown[handle].title[: size - 1]
        return len(text.value)

    def GetClientRect(self, handle: int, rectangle: Any) -> int:  # noqa: N802
        pointed_at(rectangle).right, pointed_at(rectangle).bottom = self.shown[handle].client[2:]
        return 1

    def ClientToScreen(self, handle: int, point: Any) -> int:  # noqa: N802
        pointed_at(point).x += self.shown[handle].client[0]
        pointed_at(point).y += self.shown[handle].client[1]
        return 1

    def GetForegroundWindow(self) -> int | None:  # noqa: N802
        return self.foreground or None

    def GetAncestor(self, handle: int, kind: int) -> int:  # noqa: N802
        return self.shown[handle].parent or handle

    def GetWindowThreadProcessId(self, handle: int, number: Any) -> int:  # noqa: N802
        pointed_at(number).value = handle
        return 1

    def GetDpiForWindow(self, handle: int) -> int:  # noqa: N802
        return self.shown[handle].dpi

    def SetProcessDpiAwarenessContext(self, context: int) -> int:  # noqa: N802
        self.told_dpi.append(context)
        return int(self.takes_dpi)


@dataclass
class FakeKernel32:
    shown: dict[int, Shown]
    opened: int = 0

    def OpenProcess(self, rights: int, inherit: bool, number: int) -> int:  # noqa: N802
        self.opened += bool(self.shown[number].process)
        return number if self.shown[number].process else 0

    def QueryFullProcessImageNameW(self, process: int, flags: int, path: Any, length: Any) -> int:  # noqa: N802
        path.value = f"C:\\Games\\{self.shown[process].process}"
        return 1

    def CloseHandle(self, process: int) -> int:  # noqa: N802
        self.opened -= 1
        return 1


class FakeShcore:
    def __init__(self, answer: int = 0, awareness: int = PER_MONITOR_AWARE) -> None:
        self.answer, self.awareness, self.told = answer, awareness, list[int]()

    def SetProcessDpiAwareness(self, kind: int) -> int:  # noqa: N802
        self.told.append(kind)
        return self.answer

    def GetProcessDpiAwareness(self, process: Any, awareness: Any) -> int:  # noqa: N802
        pointed_at(awareness).value = self.awareness
        return 0


@dataclass
class FakeDwmapi:
    shown: dict[int, Shown]

    def DwmGetWindowAttribute(self, handle: int, attribute: int, value: Any, size: int) -> int:  # noqa: N802
        assert (attribute, size) == (14, ctypes.sizeof(ctypes.c_uint32))
        pointed_at(value).value = int(self.shown[handle].is_cloaked)
        return 0


def windows(shown: dict[int, Shown], **user32: Any) -> SystemCalls:
    return SystemCalls(
        user32=FakeUser32(shown, **user32), kernel32=FakeKernel32(shown), shcore=FakeShcore(),
        dwmapi=FakeDwmapi(shown),
    )  # fmt: skip


GAME = Shown("Grand Theft Auto V", "GTA5.exe", client=(-1912, 31, 800, 600), dpi=144)


def test_a_window_is_described_in_physical_pixels_of_all_monitors() -> None:
    calls = windows({7: GAME})
    (found,) = WindowsDesktop(calls).windows()
    assert (found.handle, found.title, found.process, found.scale) == (7, "Grand Theft Auto V", "GTA5.exe", 1.5)
    assert found.box == Box(left=-1912, top=31, width=800, height=600)
    assert calls.kernel32.opened == 0


def test_what_nobody_can_see_is_left_out_and_minimised_comes_last() -> None:
    shown = {
        1: Shown("icon", is_iconic=True),
        2: Shown("hidden", is_visible=False),
        3: Shown("cloaked", is_cloaked=True),
        4: Shown(""),
        5: Shown("seen"),
    }
    desktop = WindowsDesktop(windows(shown))
    assert [window.title for window in desktop.windows()] == ["seen", "icon"]
    assert desktop.is_minimised(1)
    assert not desktop.is_minimised(5)


def test_a_process_that_may_not_be_asked_has_no_name() -> None:
    (found,) = WindowsDesktop(windows({1: Shown("of an administrator")})).windows()
    assert found.process == ""


def test_a_closed_window_has_no_box_and_is_not_minimised() -> None:
    desktop = WindowsDesktop(windows({}))
    assert desktop.box(7) is None
    assert not desktop.is_minimised(7)


@pytest.mark.parametrize(("foreground", "is_focused"), [(7, True), (8, True), (9, False), (0, False)])
def test_keys_go_to_the_foreground_window_and_what_is_in_it(foreground: int, is_focused: bool) -> None:
    shown = {7: GAME, 8: Shown("inside", parent=7), 9: Shown("other")}
    assert WindowsDesktop(windows(shown, foreground=foreground)).is_focused(7) is is_focused


def test_physical_pixels_are_asked_for_before_anything_else() -> None:
    calls = windows({7: GAME})
    WindowsDesktop(calls)
    assert calls.user32.told_dpi == [PER_MONITOR_AWARE_V2]
    assert calls.shcore.told == []
    assert dpi_awareness(calls) == PER_MONITOR_AWARE


@pytest.mark.parametrize("answer", [0, E_ACCESSDENIED])
def test_an_older_or_decided_windows_is_asked_in_the_older_way(answer: int) -> None:
    calls = windows({}, takes_dpi=False)
    calls.shcore.answer = answer
    become_dpi_aware(calls)
    assert calls.shcore.told == [PER_MONITOR_AWARE]


def test_a_windows_without_any_of_the_calls_is_taken_as_it_is() -> None:
    bare = SystemCalls(user32=object(), kernel32=object(), shcore=object(), dwmapi=object())
    become_dpi_aware(bare)
    assert dpi_awareness(bare) == 0
