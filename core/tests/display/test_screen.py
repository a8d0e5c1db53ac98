"""A game's window on a real display: found, followed, and seen as it is."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from playhead.capture import CapturedFrame
from playhead.capture.desktop import Box, Desktop, find_window, open_desktop
from playhead.capture.screen import ScreenCapture, open_capture
from playhead.devices import DeviceSession
from playhead.errors import DeviceFailed, NoWindow
from playhead.game import Device, Frame, Game, Window
from playhead.labels import Keys
from playhead.testing.display import WAIT_S, VirtualDisplay, XPerson, XWindow, eventually

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
UNMAPPED = 0  # Xlib.X.IsUnmapped
GAME = Game(
    name="shown",
    title="Shown",
    devices={"screen": Device(capture="screen", input="keyboard", window=Window(title="Shown"))},
    frame=Frame(width=40, height=30, rate_hz=50),
    labels={"drive": Keys("w")},
)


@pytest.fixture
def desktop(xvfb: VirtualDisplay) -> Iterator[Desktop]:
    opened = open_desktop()
    yield opened
    opened.close()


@pytest.fixture
def look_at() -> Iterator[Callable[[Game], ScreenCapture]]:
    sessions: list[DeviceSession] = []

    def open_one(game: Game) -> ScreenCapture:
        session = DeviceSession(game=game, name="screen", device=game.device("screen"))
        sessions.append(session)
        capture = open_capture(session)
        session.on_close(capture.close)
        return capture

    yield open_one
    for session in sessions:
        session.close()


def game_window(person: XPerson, title: str = "Shown") -> XWindow:
    window = person.open_window(title, left=100, top=80, width=400, height=300)
    window.paint(RED)
    return window


def box_of(window: XWindow) -> Box:
    left, top, width, height = window.box()
    return Box(left=left, top=top, width=width, height=height)


def shows(capture: ScreenCapture, colour: tuple[int, int, int]) -> Callable[[], CapturedFrame | None]:
    """Return a question for `eventually`: the frame, when it has this colour all over."""

    def ask() -> CapturedFrame | None:
        frame = capture.look()
        assert frame is not None
        return frame if (frame.frame_HWC == np.array(colour)).all() else None

    return ask


def test_a_window_is_listed_with_its_client_area(desktop: Desktop, person: XPerson) -> None:
    window = game_window(person)
    (found,) = [one for one in desktop.windows() if one.title == "Shown"]
    assert (found.handle, found.box) == (window.handle, box_of(window))


def test_the_topmost_window_comes_first(desktop: Desktop, person: XPerson) -> None:
    first = game_window(person, "first")
    game_window(person, "second")
    assert [window.title for window in desktop.windows()] == ["second", "first"]
    first.focus()
    eventually("first is on top", lambda: [w.title for w in desktop.windows()] == ["first", "second"])


def test_windows_are_found_after_an_interrupt_inside_a_question(
    desktop: Desktop, person: XPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = game_window(person)
    waits = select.select

    def interrupted(*sets: object) -> object:
        monkeypatch.setattr("Xlib.protocol.display.select.select", waits)
        raise KeyboardInterrupt

    monkeypatch.setattr("Xlib.protocol.display.select.select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        desktop.is_focused(window.handle)
    assert desktop.box(window.handle) is not None


def test_keys_go_to_the_focused_window_alone(desktop: Desktop, person: XPerson) -> None:
    first, second = game_window(person, "first"), person.open_window("second", left=600, top=500)
    assert [desktop.is_focused(one.handle) for one in (first, second)] == [False, True]
    first.focus()
    assert [desktop.is_focused(one.handle) for one in (first, second)] == [True, False]


def test_who_waits_is_woken_when_the_focus_is_lost_and_when_the_window_is_gone(
    desktop: Desktop, person: XPerson
) -> None:
    window = game_window(person)
    window.focus()
    for _ in range(3):
        desktop.wait_for_change(window.handle, 0.0)  # what came until now
    person.open_window("other", left=600, top=500)
    began_s = time.monotonic()
    while desktop.is_focused(window.handle):
        desktop.wait_for_change(window.handle, WAIT_S)
    window.close()
    while desktop.box(window.handle) is not None:
        desktop.wait_for_change(window.handle, WAIT_S)
    assert time.monotonic() - began_s < WAIT_S
    desktop.wait_for_change(window.handle, 0.0)


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_without_a_focus_the_pointer_says_where_keys_go(desktop: Desktop, person: XPerson) -> None:
    window = game_window(person)
    person.display.set_input_focus(1, 1, 0)  # PointerRoot
    person.display.sync()
    assert desktop.is_focused(window.handle)
    person.point_at(1200, 1000)
    assert not desktop.is_focused(window.handle)


def test_no_such_window_lists_what_is_there(desktop: Desktop, person: XPerson) -> None:
    game_window(person, "Something else")
    with pytest.raises(NoWindow, match=r'No window titled "Shown"\. Start the game\. .*"Something else" \('):
        find_window(desktop, Window(title="Shown"))


def test_two_windows_of_one_title_are_not_guessed_between(desktop: Desktop, person: XPerson) -> None:
    game_window(person)
    game_window(person)
    with pytest.raises(NoWindow, match=r'2 windows titled "Shown"\. Close all but one'):
        find_window(desktop, Window(title="Shown"))


def test_frames_are_the_client_area_in_the_games_colours_and_size(
    person: XPerson, look_at: Callable[[Game], ScreenCapture]
) -> None:
    window = game_window(person)
    capture = look_at(GAME)
    frame = eventually("red is seen", shows(capture, RED))
    assert frame.frame_HWC.shape == (30, 40, 3)
    window.paint(BLUE)
    assert eventually("blue is seen", shows(capture, BLUE)).number > frame.number


def test_a_window_is_followed_when_it_moves_and_changes_size(
    person: XPerson, look_at: Callable[[Game], ScreenCapture]
) -> None:
    window = game_window(person)
    capture = look_at(GAME)
    window.move(600, 500)
    window.resize(500, 350)
    window.paint(GREEN)
    eventually("green is seen", shows(capture, GREEN))
    eventually("both agree where it is", lambda: capture.window.box() == box_of(window))


def test_a_window_that_hangs_over_the_edge_is_black_there(
    person: XPerson, look_at: Callable[[Game], ScreenCapture]
) -> None:
    game_window(person).move(-200, 80)
    capture = look_at(GAME)

    def half_is_black() -> bool:
        frame = capture.look()
        assert frame is not None
        return not frame.frame_HWC[:, :19].any() and bool((frame.frame_HWC[:, 21:] == RED).all())

    eventually("the left half is black", half_is_black)


def test_a_minimised_window_shows_nothing_new_until_it_is_back(
    person: XPerson, look_at: Callable[[Game], ScreenCapture]
) -> None:
    window = game_window(person)
    capture = look_at(GAME)
    eventually("red is seen", shows(capture, RED))
    window.minimise()
    eventually("it is minimised", capture.window.is_minimised)
    time.sleep(0.05)
    numbers = {frame.number for frame in (capture.look() for _ in range(5)) if frame is not None}
    assert len(numbers) == 1
    window.restore()
    eventually("it is back", lambda: (capture.look() or pytest.fail("ended")).number > max(numbers))


@pytest.mark.parametrize("x_server", ["openbox"], indirect=True)
def test_a_minimised_window_is_found_and_cannot_be_begun_with(
    person: XPerson, look_at: Callable[[Game], ScreenCapture], desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.capture.screen.FIRST_S", 0.3)
    window = game_window(person)
    game_window(person, "other")
    window.minimise()
    frame = window.window.query_tree().parent
    eventually("its frame is gone", lambda: frame.get_attributes().map_state == UNMAPPED)
    assert [one.title for one in desktop.windows()] == ["other", "Shown"]
    with pytest.raises(DeviceFailed, match=r'The window "Shown" shows nothing\. Is it minimised\?'):
        look_at(GAME).look()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_the_programs_own_window_is_found_in_a_frame_with_a_title(desktop: Desktop, person: XPerson) -> None:
    frame = game_window(person)
    inner = frame.window.create_window(4, 24, 320, 240, 0, frame.screen.root_depth)
    inner.set_wm_name("Shown")
    inner.set_wm_state(state=1, icon=0)
    inner.map()
    left, top, *_ = frame.box()
    eventually("the inner window is the one", lambda: [w.handle for w in desktop.windows()] == [inner.id])
    assert desktop.windows()[0].box == Box(left=left + 4, top=top + 24, width=320, height=240)


def test_a_closed_window_is_the_end_and_says_so(person: XPerson, look_at: Callable[[Game], ScreenCapture]) -> None:
    window = game_window(person)
    capture = look_at(GAME)
    assert capture.look() is not None
    window.close()
    eventually("it ends", lambda: capture.look() is None)
    assert capture.ending == 'the window "Shown" was closed'


def test_a_game_that_reopens_its_window_is_followed(
    person: XPerson, look_at: Callable[[Game], ScreenCapture]
) -> None:
    window = game_window(person)
    capture = look_at(GAME)
    eventually("red is seen", shows(capture, RED))
    window.close()
    game_window(person).paint(GREEN)
    eventually("the new window is seen", shows(capture, GREEN))
    assert not capture.ending
