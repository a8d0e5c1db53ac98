"""`playhead world`: a window of another process that real keys drive, on a bare display and under openbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.testing.display import VirtualDisplay, XPerson, eventually
from playhead.testing.shown import Chauffeur, ShownWorld, f1

QUICK = ("--set", "arguments.side_s=0.8")
ONE_DISPLAY = pytest.mark.parametrize("x_server", ["bare"], indirect=True)


@pytest.fixture
def log(tmp_path: Path, signals: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in signals.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "world.jsonl"


def test_real_keys_drive_it_until_escape(xvfb: VirtualDisplay, person: XPerson, log: Path) -> None:
    with ShownWorld.start(xvfb, "signals", log, "--at", "100,80", "--hint", "expert", *QUICK) as shown:
        window = shown.window(person)
        window.focus()
        assert window.box()[2:] == (320, 240)
        chauffeur = Chauffeur(xvfb, shown)
        chauffeur.start()
        eventually("both sides were lit", lambda: {"a", "d"} <= {event.code for event in shown.events()})
        chauffeur.stop()
        person.tap("esc")
        end = shown.end()
    assert f1(chauffeur.strokes, shown.events(), 1_000_000_000) == 1.0
    assert end["ending"] == "closed"
    assert end["measures"]["right"] > 0.2, "without keys nothing ever is"


def test_another_window_takes_the_focus_and_the_world_lets_go(
    xvfb: VirtualDisplay, person: XPerson, log: Path
) -> None:
    with ShownWorld.start(xvfb, "signals", log, "--at", "100,80") as shown:
        shown.window(person).focus()
        person.press("w")
        eventually("w arrives", lambda: shown.held() == {"w"})
        other = person.open_window("other", left=700, top=500)
        person.release("w")
        person.tap("a")
        eventually("the other window sees a", lambda: person.keycode("a") in {key.keycode for key in other.seen()})
        eventually("the world lets go", lambda: not shown.held())
        assert "a" not in {event.code for event in shown.events()}


def test_keys_pressed_elsewhere_are_held_with_the_focus_until_they_are_let_go(
    xvfb: VirtualDisplay, person: XPerson, log: Path
) -> None:
    with ShownWorld.start(xvfb, "signals", log, "--at", "100,80") as shown:
        window = shown.window(person)
        window.focus()
        eventually("it is shown", lambda: shown.pictures > 2)
        person.open_window("other", left=700, top=500)
        person.press("w")
        person.press("a")  # the one that repeats
        window.focus()
        eventually("both are held", lambda: shown.held() == {"w", "a"})
        person.release("w")
        eventually("w is let go", lambda: shown.held() == {"a"})
        person.release("a")
        eventually("a is let go", lambda: not shown.held())


@ONE_DISPLAY
def test_its_close_button_and_ctrl_c_end_it_with_its_measures(
    xvfb: VirtualDisplay, person: XPerson, log: Path
) -> None:
    with ShownWorld.start(xvfb, "signals", log) as shown:
        shown.window(person).ask_to_close()
        assert shown.end()["ending"] == "closed"
    with ShownWorld.start(xvfb, "signals", log) as shown:
        shown.interrupt()
        assert shown.end()["ending"] == "closed"


@ONE_DISPLAY
def test_it_is_as_long_and_large_as_asked_and_stretches(xvfb: VirtualDisplay, person: XPerson, log: Path) -> None:
    options = ("--wait", "--seconds", "1.5", "--size", "400x300", "--title", "Elsewhere", "--drives", "2")
    with ShownWorld.start(xvfb, "signals", log, *options) as shown:
        window = shown.window(person)
        window.focus()
        assert window.box()[2:] == (400, 300)
        assert window.title() == "Elsewhere"
        window.resize(500, 350)
        before = shown.pictures
        assert shown.lines("picture")[-1]["step"] == 0
        person.press("w")
        eventually("it goes on", lambda: shown.pictures > before + 5)
        end = shown.end()
    assert end["ending"] == "time"
    # Nobody let go between the drives, so w is held in the second from its beginning.
    assert [(event.code, event.value) for event in shown.events()] == [("w", 1.0)] * 2
    assert [line["seconds"] for line in shown.lines("end")] == pytest.approx([1.5, 1.5], abs=0.5)
