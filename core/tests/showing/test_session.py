"""What is asked of a shown world is found or said to be wrong, before any window opens."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from doubles import small_game

from playhead.cli import run
from playhead.cli.context import Desk
from playhead.errors import BadValue, DeviceFailed, NotFound
from playhead.game import Device, Game, Window, World
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.showing import window as showing_window
from playhead.showing.session import Show, keys_of, show, window_title, world_device


@pytest.fixture(autouse=True)
def sdl_begins_anew() -> Iterator[None]:
    pygame = pytest.importorskip("pygame")
    pygame.display.quit()
    yield
    pygame.display.quit()


def nothing(*_: Any) -> None:
    """Say nothing."""


def world_game(**changes: Any) -> Game:
    values: dict[str, Any] = {
        "name": "toy",
        "title": "Toy",
        "devices": {
            "screen": Device(capture="screen", input="keyboard", window=Window(title="Toy Story")),
            "world": Device(
                capture="environment", input="environment",
                options={"environment": "CartPole-v1", "actions": {"left": 0, "right": 1}},
            ),
        },
        "frame": small_game().frame,
        "labels": {"drive": Keys("west", "east")},
        "controls": {"west": "left", "east": "right"},
        "world": World(environment="CartPole-v1"),
    }  # fmt: skip
    return Game(**(values | changes))


def test_the_window_has_the_title_by_which_the_screen_device_finds_it() -> None:
    assert window_title(world_game()) == "Toy Story"
    assert window_title(small_game()) == "Toy"


def test_a_game_without_a_world_says_so() -> None:
    with pytest.raises(BadValue, match="toy has no stand-in world"):
        world_device(Plugins(), small_game())


def test_keys_are_the_controls_codes_unless_given() -> None:
    game = world_game()
    assert keys_of(game, {}) == {"left": "left", "right": "right"}
    assert keys_of(game, {"west": "a", "right": "d"}) == {"a": "left", "d": "right"}
    with pytest.raises(NotFound, match="control of toy"):
        keys_of(game, {"north": "w"})


def test_two_controls_cannot_share_a_key() -> None:
    with pytest.raises(BadValue, match='"a"'):
        keys_of(world_game(), {"west": "a", "east": "a"})


def test_without_pygame_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    importing = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pygame":
            raise ImportError(name)
        return importing(name, *rest)

    monkeypatch.delitem(sys.modules, "pygame", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DeviceFailed, match=r'pip install "playhead\[window\]"'):
        showing_window.Window("toy", ["w"])


def test_a_code_that_is_no_key_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(NotFound, match="--key gas=up"):
        showing_window.Window("toy", ["gas"])


def test_a_window_that_nobody_would_see_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(DeviceFailed, match="SDL_VIDEODRIVER=dummy shows windows to nobody, unset it"):
        show(world_game(), Show(), plugins=Plugins.installed(), on_open=nothing, stop=lambda: False)


@pytest.mark.parametrize("driver", ["", "x11"])
def test_without_a_display_it_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if driver:
        monkeypatch.setenv("SDL_VIDEODRIVER", driver)
    monkeypatch.setenv("DISPLAY", ":9999")
    with pytest.raises(DeviceFailed, match="needs a desktop"):
        show(world_game(), Show(), plugins=Plugins.installed(), on_open=nothing, stop=lambda: False)


def test_an_unknown_policy_is_said_before_a_window_opens() -> None:
    with pytest.raises(NotFound, match='no "nobody" drives its world'):
        show(world_game(), Show(hint="nobody"), plugins=Plugins.installed(), on_open=nothing, stop=lambda: False)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--size", "800"], "800x600"),
        (["--size", "4x4"], "too small"),
        (["--at", "x"], "800,600"),
        (["--key", "up"], "CONTROL=KEY"),
        (["--drives", "0"], "drives"),
        (["--scenario", "mud"], "scenario of toy"),
    ],
)
def test_wrong_words_are_said(
    options: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Desk, "game", lambda desk, name: world_game())
    assert run(["world", "toy", *options]) != 0
    assert says in capsys.readouterr().err
