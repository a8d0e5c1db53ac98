"""The mouse of Windows: the layouts of its headers, and what is made of them, on fakes. No Windows was asked."""

from __future__ import annotations

import ctypes
import queue
from ctypes import wintypes
from typing import Any

import pytest

from playhead.clock import SystemClock
from playhead.errors import DeviceFailed
from playhead.input import keyboard_windows, raw_windows
from playhead.input.codes import BACK, LEFT
from playhead.input.keyboard import Keyboard
from playhead.input.mouse import Mouse, MouseOptions
from playhead.input.mouse_windows import WM_INPUT, WM_QUIT, WindowsMouse
from playhead.input.raw_windows import MARK, CursorInfo, RawDevice, RawHeader, RawInput, RawMouse, SentInput

IS_64 = ctypes.sizeof(ctypes.c_void_p) == 8
WINDOW = 77


class FakePackage:
    def hook(self, callback: Any) -> None: ...
    def unhook(self, callback: Any) -> None: ...


class FakeUser32:
    """A pointer on a desktop that holds one window, 300x200 at 100, 100; what is sent comes back raw."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, int, int]] = []
        self.messages: queue.Queue[tuple[int, RawInput | None]] = queue.Queue()
        self.raw: dict[int, RawInput] = {}
        self.at = (150, 150)
        self.is_hidden = False
        self.registered: tuple[int, int, int] | None = None

    def SendInput(self, count: int, inputs: Any, size: int) -> int:  # noqa: N802
        assert size == ctypes.sizeof(SentInput)
        for one in inputs:
            mouse = one.mouse
            self.sent.append((mouse.flags, mouse.dx, mouse.dy, ctypes.c_int32(mouse.data).value))
            self.say(x=mouse.dx, y=mouse.dy, extra=mouse.extra)
        return count

    def say(self, device: int = 3, **told: int) -> None:
        """Have a raw event come, as from a mouse."""
        header = RawHeader(type=0, size=ctypes.sizeof(RawInput), device=device)
        raw = RawInput(header=header, mouse=RawMouse(**told))
        self.messages.put((WM_INPUT, raw))

    def CreateWindowExW(self, *asked: Any) -> int:  # noqa: N802
        return 5

    def RegisterRawInputDevices(self, device: Any, count: int, size: int) -> int:  # noqa: N802
        told = device._obj
        self.registered = told.page, told.usage, told.flags
        return int(size == ctypes.sizeof(RawDevice) and told.window == 5)

    def GetMessageW(self, message: Any, *_: Any) -> int:  # noqa: N802
        kind, raw = self.messages.get(timeout=5)
        message._obj.message, message._obj.lParam = kind, len(self.raw) + 1
        if raw is not None:
            self.raw[len(self.raw) + 1] = raw
        return int(kind != WM_QUIT)

    def GetRawInputData(self, handle: Any, kind: int, into: Any, size: Any, header: int) -> int:  # noqa: N802
        assert header == ctypes.sizeof(RawHeader)
        ctypes.memmove(ctypes.addressof(into._obj), ctypes.addressof(self.raw[handle.value]), size._obj.value)
        return ctypes.sizeof(RawInput)

    def GetSystemMetrics(self, what: int) -> int:  # noqa: N802
        return {0: 1920, 1: 1080, 78: 3840, 79: 1080}[what]

    def DispatchMessageW(self, *_: Any) -> None: ...  # noqa: N802
    def DestroyWindow(self, *_: Any) -> None: ...  # noqa: N802

    def PostThreadMessageW(self, thread: int, message: int, *_: int) -> None:  # noqa: N802
        self.messages.put((message, None))

    def GetCursorPos(self, at: Any) -> int:  # noqa: N802
        at._obj.x, at._obj.y = self.at
        return 1

    def WindowFromPoint(self, at: wintypes.POINT) -> int:  # noqa: N802
        return 1 if 100 <= at.x < 400 and 100 <= at.y < 300 else 2

    def GetAncestor(self, window: Any, kind: int) -> int:  # noqa: N802
        return WINDOW if window.value == 1 else 2

    def ScreenToClient(self, window: Any, at: Any) -> int:  # noqa: N802
        at._obj.x, at._obj.y = at._obj.x - 100, at._obj.y - 100
        return 1

    def GetClientRect(self, window: Any, box: Any) -> int:  # noqa: N802
        box._obj.right, box._obj.bottom = 300, 200
        return 1

    def GetCursorInfo(self, info: Any) -> int:  # noqa: N802
        assert info._obj.size == ctypes.sizeof(CursorInfo)
        info._obj.flags = 0 if self.is_hidden else 1
        return 1

    def SystemParametersInfoW(self, what: int, _: int, into: Any, __: int) -> int:  # noqa: N802
        told = into._obj
        if what == 3:
            told[0], told[1], told[2] = 6, 10, 1
        else:
            told.value = 10
        return 1


class Attention:
    handle, title = WINDOW, "game"

    def is_focused(self) -> bool:
        return True


@pytest.fixture
def user32(monkeypatch: pytest.MonkeyPatch) -> FakeUser32:
    fake = FakeUser32()
    monkeypatch.setattr(keyboard_windows, "_keyboard_package", FakePackage)
    monkeypatch.setattr(keyboard_windows, "_user32", lambda: fake)
    return fake


@pytest.fixture
def mouse(user32: FakeUser32) -> Any:
    system = WindowsMouse()
    motions = {name: name for name in ("mouse_x", "mouse_y", "mouse_wheel")}
    made = Mouse(system, motions, options=MouseOptions(), window=Attention())
    keyboard = Keyboard(system, SystemClock(), {"fire": "mouse_left", "back": "mouse_back"}, mouse=made)
    monkey = system
    monkey.held = lambda: set()  # type: ignore[method-assign]
    yield keyboard
    keyboard.close()


def heard(mouse: Keyboard, user32: FakeUser32) -> list[tuple[str, float]]:
    """Return what was heard once everything said so far has come through."""
    while not user32.messages.empty():
        pass
    user32.say()  # nothing; read only after all before it was taken
    while not user32.messages.empty():
        pass
    return [(event.code, event.value) for event in mouse.listen()]


@pytest.mark.skipif(not IS_64, reason="sizes of 64 bits")
def test_layouts_are_those_of_the_headers() -> None:
    sizes = {SentInput: 40, RawHeader: 24, RawMouse: 24, RawInput: 48, RawDevice: 16, CursorInfo: 24}
    assert {kind: ctypes.sizeof(kind) for kind in sizes} == sizes
    assert SentInput.mouse.offset == 8
    assert RawInput.mouse.offset == ctypes.sizeof(RawHeader)
    assert (RawMouse.buttons.offset, RawMouse.data.offset, RawMouse.raw_buttons.offset) == (4, 6, 8)


def test_a_persons_mouse_is_heard_in_order(mouse: Keyboard, user32: FakeUser32) -> None:
    user32.say(x=7, y=-3)
    user32.say(buttons=0x1)
    user32.say(x=-2, buttons=0x2)
    user32.say(buttons=0x400, data=-240)
    user32.say(buttons=0x40)
    assert heard(mouse, user32) == [
        ("mouse_x", 7), ("mouse_y", 3), ("fire", 1), ("mouse_x", -2), ("fire", 0), ("mouse_wheel", -2),
        ("back", 1),
    ]  # fmt: skip
    assert user32.registered == (1, 2, 0x100)  # the mouse, also while another program has the focus


def test_a_tablet_that_tells_places_is_heard_by_the_difference(mouse: Keyboard, user32: FakeUser32) -> None:
    half, tenth = 65_535 // 2, 6_553.5
    user32.say(flags=1, x=half, y=half)  # where it is when it is first heard is no way
    user32.say(flags=1, x=half + round(tenth), y=half)
    user32.say(device=4, flags=3, x=half, y=half)  # another, on all screens
    user32.say(device=4, flags=3, x=half, y=half - round(tenth), buttons=1)
    user32.say(flags=0, x=3, y=0)
    told = heard(mouse, user32)
    assert [code for code, _ in told] == ["mouse_x", "mouse_y", "fire", "mouse_x"]
    assert [value for _, value in told] == pytest.approx([192, 108, 1, 3], abs=0.05)


def test_what_we_send_is_marked_and_not_heard(mouse: Keyboard, user32: FakeUser32) -> None:
    mouse.send_all([("mouse_x", 12.0), ("mouse_y", 5.0)])
    mouse.send("mouse_wheel", -1.0)
    mouse.send("fire", 1)
    mouse.send("back", 1)
    mouse.send("back", 0)
    assert user32.sent == [
        (0x1, 12, -5, 0), (0x800, 0, 0, -120), (0x2, 0, 0, 0), (0x80, 0, 0, 1), (0x100, 0, 0, 1),
    ]  # fmt: skip
    assert heard(mouse, user32) == []


def test_the_window_ends_unless_its_game_hides_the_pointer(mouse: Keyboard, user32: FakeUser32) -> None:
    mouse.send("mouse_x", 1000.0)
    assert user32.sent.pop() == (0x1, 249, 0, 0)
    user32.is_hidden = True
    mouse.send("mouse_x", 1000.0)
    assert user32.sent.pop() == (0x1, 1000, 0, 0)
    user32.at = (10, 10)
    mouse.send("mouse_x", 5.0)
    mouse.send("fire", 1)
    assert user32.sent == []
    assert mouse.refused == 2


def test_what_no_system_takes_in_one_go_is_cut_and_not_owed(mouse: Keyboard, user32: FakeUser32) -> None:
    user32.is_hidden = True
    mouse.send_all([("mouse_x", 1e30), ("mouse_y", -4e9), ("mouse_wheel", 1e30)])
    mouse.send_all([("mouse_x", 1.0), ("mouse_y", 1.0), ("mouse_wheel", 1.0)])
    assert user32.sent == [
        (0x1, 32_767, 32_767, 0), (0x800, 0, 0, 100 * 120), (0x1, 1, -1, 0), (0x800, 0, 0, 120),
    ]  # fmt: skip


def test_what_windows_does_with_counts_is_told(mouse: Keyboard) -> None:
    told = mouse.settings
    assert (told["system"], told["acceleration"], told["speed"]) == ("windows", [6, 10, 1], 10)
    assert told["began_at"] == [50, 50]


def test_windows_that_refuses_is_said(user32: FakeUser32, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeUser32, "SendInput", lambda self, count, inputs, size: 0)
    with pytest.raises(DeviceFailed, match="administrator"):
        raw_windows.send_inputs(user32, raw_windows.click_input(LEFT, True))
    monkeypatch.setattr(FakeUser32, "RegisterRawInputDevices", lambda self, device, count, size: 0)
    with pytest.raises(DeviceFailed, match="refuses raw input"):
        WindowsMouse()
    with pytest.raises(DeviceFailed, match="accelerated"):
        WindowsMouse(is_accelerated=True)
    assert MARK != 0
    assert BACK != LEFT
