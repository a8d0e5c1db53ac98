"""The virtual display itself: keys reach the window that has the focus and no other, and can be asked for."""

from __future__ import annotations

import os

import pytest

from playhead.testing.display import VirtualDisplay, XPerson, eventually


def test_the_display_is_named_and_managed_as_asked(xvfb: VirtualDisplay, person: XPerson) -> None:
    assert os.environ["DISPLAY"] == xvfb.name
    assert person.is_managed() == bool(xvfb.window_manager)


def test_a_key_reaches_the_focused_window_and_no_other(person: XPerson) -> None:
    first = person.open_window("first", left=20, top=40)
    second = person.open_window("second", left=600, top=40)
    person.tap("w")
    eventually("the second window sees the key", lambda: len(second.seen()) >= 2)
    first.focus()
    person.tap("left")
    eventually("the first window sees the key", lambda: len(first.seen()) >= 2)
    assert {key.keycode for key in second.seen()} == {person.keycode("w")}
    assert {key.keycode for key in first.seen()} == {person.keycode("left")}


def test_what_is_held_can_be_asked_and_let_go(person: XPerson) -> None:
    person.press("w")
    person.press("space")
    assert person.held() == {person.keycode("w"), person.keycode("space")}
    person.release_all()
    assert not person.held()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_window_says_where_it_is(person: XPerson) -> None:
    window = person.open_window("placed", left=30, top=50, width=320, height=240)
    assert window.box() == (30, 50, 320, 240)
    window.move(100, 120)
    window.resize(400, 300)
    assert window.box() == (100, 120, 400, 300)


@pytest.mark.parametrize("x_server", ["openbox"], indirect=True)
def test_a_managed_window_is_moved_and_resized(person: XPerson) -> None:
    window = person.open_window("managed", left=30, top=50, width=320, height=240)
    window.resize(400, 300)
    eventually("the manager resized it", lambda: window.box()[2:] == (400, 300))
    left = window.box()[0]
    window.move(500, 200)
    eventually("the manager moved it", lambda: window.box()[0] > left + 100)
