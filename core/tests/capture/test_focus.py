"""What a thread knows of the focus is believed while it is fresh; it ends when closed, and its errors are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Queue

import pytest

from playhead.capture import desktop as desktop_module
from playhead.capture import focus as focus_module
from playhead.capture.desktop import Box, DesktopWindow, GameWindow
from playhead.capture.focus import OLDEST_S
from playhead.control.shared import SharedInput
from playhead.events import Event
from playhead.input import Input

WAIT_S = 30.0
GAME = DesktopWindow(handle=7, title="Game", process="game", box=Box(left=0, top=0, width=320, height=240))


@dataclass
class Told:
    """A desktop whose answers a test hands to the thread one by one; `lost` and the end are noted."""

    answers: Queue[bool | Exception] = field(default_factory=Queue)
    taken: Queue[str] = field(default_factory=Queue)
    focused: bool = True
    asked: int = 0

    def is_focused(self, handle: int) -> bool:
        if threading.current_thread() is threading.main_thread():
            self.asked += 1
            return self.focused
        answer = self.answers.get(timeout=WAIT_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_for_change(self, handle: int, seconds: float) -> None:
        self.taken.put("answer")

    def close(self) -> None:
        self.taken.put("closed")

    def answer(self, *answers: bool | Exception) -> None:
        """Have the thread know this."""
        for answer in answers:
            self.answers.put(answer)
            assert self.taken.get(timeout=WAIT_S) in ("answer", "closed")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    fake = Told()
    monkeypatch.setattr(desktop_module, "open_desktop", lambda: fake)
    return fake


@pytest.fixture
def now_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the watch goes by."""
    time_s = [100.0]
    monkeypatch.setattr(focus_module.time, "monotonic", lambda: time_s[0])
    return time_s


@pytest.fixture
def window(told: Told) -> GameWindow:
    return GameWindow(told, GAME)  # type: ignore[arg-type]


@pytest.fixture
def losses(window: GameWindow, told: Told, now_s: list[float]) -> Iterator[list[str]]:
    lost: list[str] = []
    watch = window.watch_focus(lambda: lost.append("lost"))
    yield lost
    told.answers.put(True)  # for which it may be waiting
    watch.close()
    watch.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "playhead focus"]


def test_nothing_is_asked_while_the_thread_knows(losses: list[str], told: Told, window: GameWindow) -> None:
    told.answer(True)
    assert window.is_focused()
    told.answer(False)
    assert not window.is_focused()
    assert told.asked == 0
    assert losses == ["lost"]
    told.answer(False, True, True, False)
    assert losses == ["lost", "lost"]


def test_what_is_too_old_is_not_believed(
    losses: list[str], told: Told, window: GameWindow, now_s: list[float]
) -> None:
    told.answer(True)
    told.focused = False
    now_s[0] += 0.9 * OLDEST_S
    assert window.is_focused()
    now_s[0] += 0.2 * OLDEST_S
    assert not window.is_focused()
    assert told.asked == 1


def test_what_is_known_of_another_window_is_not_believed(
    losses: list[str], told: Told, window: GameWindow
) -> None:
    told.answer(True)
    told.focused = False
    window._found = DesktopWindow(handle=8, title="Game", process="game", box=GAME.box)
    assert not window.is_focused()
    assert told.asked == 1


def test_an_error_of_the_thread_comes_up_where_the_focus_is_asked(
    losses: list[str], told: Told, window: GameWindow
) -> None:
    told.answer(True, RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        window.is_focused()


class Keys(Input):
    """Notes what is sent, and in which thread it is let go of."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def listen(self) -> list[Event]:
        return []

    def send(self, code: str, value: float) -> None:
        self.sent.append((code, value))

    def release_all(self) -> None:
        self.sent.append(threading.current_thread().name)

    def close(self) -> None:
        """Nothing is held."""


def test_keys_are_let_go_in_the_thread_and_the_loop_is_told_once(told: Told, window: GameWindow) -> None:
    keys = Keys()
    shared = SharedInput(keys)
    watch = window.watch_focus(shared.lose)
    told.answer(True)
    shared.send("w", 1.0)
    assert not shared.has_let_go()
    told.answer(False)
    assert keys.sent == [("w", 1.0), "playhead focus"]
    assert [shared.has_let_go(), shared.has_let_go()] == [True, False]
    told.answers.put(False)
    watch.close()
