"""Which window is the game's, on a desktop made of fakes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from playhead.capture import desktop as desktop_module
from playhead.capture.desktop import (
    Box,
    DesktopWindow,
    GameWindow,
    find_window,
    open_desktop,
    wanted_window,
    why_no_window,
)
from playhead.devices import DeviceSession
from playhead.errors import BadValue, NoWindow
from playhead.game import Device, Frame, Game, Window
from playhead.labels import Keys

PLACE = Box(left=0, top=0, width=800, height=600)
GTA = DesktopWindow(handle=1, title="Grand Theft Auto V", process="GTA5.exe", box=PLACE)
WIKI = DesktopWindow(handle=2, title="Grand Theft Auto V - Wikipedia", process="firefox", box=PLACE)
OTHER = DesktopWindow(handle=3, title="Notes", process="notes", box=PLACE)
SCREEN = Device(capture="screen", input="keyboard", window=Window(title="Grand Theft Auto V"))
GAME = Game(
    name="driven",
    title="Driven",
    devices={"screen": SCREEN},
    frame=Frame(width=8, height=6, rate_hz=10),
    labels={"drive": Keys("w")},
)


@dataclass
class FakeDesktop:
    shown: list[DesktopWindow] = field(default_factory=list)
    minimised: set[int] = field(default_factory=set)
    focused: int = 0
    is_closed: bool = False

    def windows(self) -> list[DesktopWindow]:
        return list(self.shown)

    def box(self, handle: int) -> Box | None:
        return next((window.box for window in self.shown if window.handle == handle), None)

    def is_minimised(self, handle: int) -> bool:
        return handle in self.minimised

    def is_focused(self, handle: int) -> bool:
        return handle == self.focused

    def scale(self, handle: int) -> float:
        return 1.5

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> FakeDesktop:
    fake = FakeDesktop([GTA, OTHER])
    monkeypatch.setattr(desktop_module, "open_desktop", lambda: fake)
    return fake


def test_the_whole_title_wins_over_a_part_of_one() -> None:
    assert find_window(FakeDesktop([WIKI, GTA]), Window(title="grand theft auto v")) is GTA
    assert find_window(FakeDesktop([WIKI, OTHER]), Window(title="Theft")) is WIKI


def test_a_process_is_enough_and_goes_together_with_a_title() -> None:
    assert find_window(FakeDesktop([WIKI, GTA]), Window(process="gta5.exe")) is GTA
    with pytest.raises(NoWindow, match=r'No window titled "Notes" of process GTA5\.exe'):
        find_window(FakeDesktop([GTA, OTHER]), Window(title="Notes", process="GTA5.exe"))


def test_nothing_found_lists_the_windows() -> None:
    with pytest.raises(NoWindow, match=r'Start the game\. Windows found: "Notes" \(notes, 800x600\)\.') as caught:
        find_window(FakeDesktop([OTHER]), Window(title="Pong"))
    assert caught.value.reason == 'no window titled "Pong"'


def test_an_empty_desktop_lists_none_and_knows_of_wayland(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(NoWindow, match=r"Windows found: none\. Windows of Wayland programs cannot be seen"):
        find_window(FakeDesktop(), Window(title="Pong"))


def test_two_of_one_title_are_both_listed() -> None:
    with pytest.raises(NoWindow, match=r'2 windows titled ".*--set window\.process=NAME\. .*GTA5.exe.*launcher'):
        find_window(FakeDesktop([GTA, replace(GTA, handle=9, process="launcher")]), Window(title=GTA.title))


def test_options_say_which_window_goes_before_the_games() -> None:
    assert wanted_window(SCREEN, {}, "Driven") == Window(title="Grand Theft Auto V")
    assert wanted_window(SCREEN, {"window": {"process": "x"}}, "Driven") == Window(process="x")
    assert wanted_window(replace(SCREEN, window=None), {}, "Driven") == Window(title="Driven")


@pytest.mark.parametrize("option", ["Pong", {"titel": "Pong"}])
def test_a_window_option_of_another_kind_is_said(option: object) -> None:
    with pytest.raises(BadValue, match=r"window\.title=TEXT"):
        wanted_window(SCREEN, {"window": option}, "Driven")


def session(**options: object) -> DeviceSession:
    return DeviceSession(game=GAME, name="screen", device=SCREEN, options=options)


def test_the_backends_of_a_device_share_one_window(desktop: FakeDesktop) -> None:
    opened = session()
    window = GameWindow.of(opened)
    assert GameWindow.of(opened) is window
    assert (window.handle, window.title, window.box(), window.scale) == (1, GTA.title, PLACE, 1.5)
    desktop.focused, desktop.minimised = 1, {1}
    assert window.is_focused()
    assert window.is_minimised()
    opened.close()
    assert desktop.is_closed


def test_a_desktop_without_the_window_is_left_again(desktop: FakeDesktop) -> None:
    desktop.shown = [OTHER]
    opened = session()
    with pytest.raises(NoWindow):
        GameWindow.of(opened)
    opened.close()
    assert desktop.is_closed


def test_a_game_started_again_is_found_by_its_title(desktop: FakeDesktop) -> None:
    window = GameWindow.of(session())
    desktop.shown = [OTHER, WIKI]
    assert not window.find_again()
    assert window.box() is None
    desktop.shown = [replace(GTA, handle=8), WIKI]
    assert window.find_again()
    assert (window.handle, window.box()) == (8, PLACE)


def test_of_two_started_again_neither_is_taken(desktop: FakeDesktop) -> None:
    window = GameWindow.of(session())
    desktop.shown = [replace(GTA, handle=8), replace(GTA, handle=9)]
    assert not window.find_again()


def test_why_a_window_cannot_be_used_is_said_in_a_few_words(desktop: FakeDesktop) -> None:
    assert why_no_window(SCREEN, {}, "Driven") is None
    assert desktop.is_closed
    assert why_no_window(SCREEN, {"window": {"title": "Notes"}}, "Driven") is None
    desktop.shown = []
    problem = why_no_window(SCREEN, {}, "Driven")
    assert problem is not None
    assert problem.reason == 'no window titled "Grand Theft Auto V"'


@pytest.mark.parametrize(
    ("platform", "environment", "reason"),
    [
        ("linux", {}, "no display"),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, "no X display, only Wayland (wayland-0)"),
        ("linux", {"DISPLAY": ":4711"}, "the display :4711 cannot be opened"),
        ("darwin", {}, "windows on macOS cannot be seen yet"),
    ],
)
def test_without_a_desktop_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], reason: str
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    with pytest.raises(NoWindow) as caught:
        open_desktop()
    assert caught.value.reason == reason
    assert caught.value.then
