"""What is changed while a live run goes on, what is left of one, and options that make none."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from live.lessons import GAME
from live.test_running import live_run, settings, trained

from playhead.errors import BadValue, Damaged, DeviceFailed, NotFound
from playhead.home import Home
from playhead.live.asked import LiveOptions, change, folder_of
from playhead.live.diary import Diary
from playhead.live.page import check_port
from playhead.live.ray_token import token_of
from playhead.live.replay import balanced, keep_balance, replayed
from playhead.live.session import live
from playhead.live.settings import Live, read_settings, write_settings
from playhead.models.run import Run
from playhead.sessions.place import Place


def place(home: Path) -> Place:
    return Place.of(GAME, home, None, None)


def test_outputs_are_changed_by_one_command_and_nothing_by_a_wrong_one(tmp_path: Path) -> None:
    at = place(tmp_path)
    folder = folder_of(at, "one")
    write_settings(folder, settings())
    assert change(at, "one", "v4", {"heads": "steer"}).version == 1
    kept = read_settings(folder)
    assert kept.recipe["heads"] == ["steer"]
    assert kept.balance == "v4"
    with pytest.raises(NotFound, match='"stear"'):
        change(at, "one", "", {"heads": "stear"})
    with pytest.raises(NotFound, match='"v7"'):
        change(at, "one", "v7", {})
    with pytest.raises(BadValue, match="Nothing is changed"):
        change(at, "one", "", {})
    for text, says in (
        ("1,0,-1", "do not rise"),
        ("0,nan", "all numbers"),
        ("left,right", "are no edges of bins"),
    ):
        with pytest.raises(BadValue, match=says):
            change(at, "one", "", {"bins.steer": text})
    with pytest.raises(BadValue, match="There are bins for brake, which is no axis that is learned"):
        change(at, "one", "", {"bins.brake": "0,1"})
    assert read_settings(folder) == kept
    assert change(at, "one", "", {"bins.steer": "-1,0,0,1"}).edges == {"steer": [-1, 0, 0, 1]}
    assert [len(one.bins) for one in Live.of(read_settings(folder), at.plugins).outputs] == [3]
    assert change(at, "one", "", {"bins.steer": ""}).edges == {}, "its own again"


def test_a_network_that_cannot_be_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    at = place(tmp_path)
    folder = folder_of(at, "one")
    write_settings(folder, settings())
    with pytest.raises(NotFound, match='"conv_stuck"'):
        change(at, "one", "", {"model": "conv_stuck"})
    with pytest.raises(BadValue, match=r"model\.fold has no effect on keypoints"):
        change(at, "one", "", {"model.keypoints": "4", "model.fold": "2"})
    assert read_settings(folder) == settings()


def test_other_outputs_go_on_from_the_weights_there_are(tmp_path: Path) -> None:
    first = trained(tmp_path, live_run(), 3)
    recipe = {**settings().recipe, "heads": ["steer"]}
    said: list[str] = []
    second = trained(tmp_path, live_run(recipe=recipe, version=1), 2, say=said.append)
    assert any("fresh weights" in one for one in said), "past actions are those of all heads, which are others now"
    assert second.folder.name == "one-1"
    run = Run.open(second.folder)
    assert list(run.schema) == ["steer"]
    assert second.status.by_output.keys() == {"steer"}
    assert Run.open(first.folder).schema != run.schema


def test_a_run_is_replayed_with_its_diary_and_curve(tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    trained(tmp_path, live_run(), 4)
    folder = tmp_path / "live" / "toy" / "one"
    write_settings(folder, settings())
    Diary(folder).write("trainer", "The trainer begins.")
    told = replayed(home, "toy")
    assert any("The trainer begins." in line for line in told.lines())
    assert told.lines()[-1].startswith("validation loss ")
    assert told.to_json()["name"] == "toy/one"
    with pytest.raises(NotFound, match="has not balanced anything yet"):
        balanced(home, "toy/one")
    tables = {"steer": {"bins": ["-1 to 0", "0 to 1"], "seen": [90, 10], "sent": [5, 5]}}
    keep_balance(folder, tables)
    assert balanced(home, "toy/one") == tables
    keep_balance(folder, {"steer": {"bins": ["-1 to 0"], "seen": [1, 2], "sent": []}})
    with pytest.raises(Damaged, match="has 1 bins of steer, and other numbers"):
        balanced(home, "toy/one")
    with pytest.raises(NotFound, match='"two"'):
        replayed(home, "toy/two")
    with pytest.raises(NotFound, match="Begin one: playhead live gta5"):
        replayed(home, "gta5")


def test_the_token_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    token = token_of(home)
    assert token_of(home) == token
    assert (tmp_path / "ray-token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "ray-token").chmod(0o644)
    token_of(home)
    assert (tmp_path / "ray-token").stat().st_mode & 0o777 == 0o600
    for wrong in (b"short", b"\xff" * 64, b"a" * 64 + b"\nRAY=1"):
        (tmp_path / "ray-token").write_bytes(wrong)
        with pytest.raises(BadValue, match="holds no token"):
            token_of(home)
    assert [one.name for one in tmp_path.iterdir()] == ["ray-token"]


@pytest.mark.parametrize("change", [{"name": "../../two"}, {"game": "other"}, {"recipe_name": "../up"}])
def test_settings_that_lead_elsewhere_are_damaged(tmp_path: Path, change: dict[str, str]) -> None:
    folder = tmp_path / "live" / "toy" / "one"
    write_settings(folder, settings(**change))
    with pytest.raises(Damaged, match="is of another live run"):
        replayed(Home(tmp_path, "test"), "toy/one")


def test_a_port_that_is_taken_and_what_is_not_installed_are_said_before_any_process_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DeviceFailed, match="Choose another port"):
            check_port(taken.getsockname()[1])
    monkeypatch.setattr("playhead.live.extra.find_spec", lambda name: None if name == "ray" else object())
    with pytest.raises(DeviceFailed, match=r"pip install 'playhead\[live\]'"):
        live(GAME, LiveOptions(), home=tmp_path / "new")  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"size": "big"}, "--size big is no size"),
        ({"balance": "v9"}, '"v9"'),
        ({"recipe": "fast"}, '"fast"'),
        ({"settings": {"heads": "wheel"}}, '"wheel"'),
        ({}, "toy is not installed, and each part"),
        ({"buffer": 3}, "A batch takes"),
        ({"settings": {"bins.drive": "0,1"}}, "There are bins for drive"),
        ({"on": "moon"}, '"moon"'),
    ],
)
def test_options_that_make_no_live_run_are_said_before_anything_begins(
    tmp_path: Path, asked: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playhead.live.session.check_installed", lambda: None)  # the core's tests go without Ray
    with pytest.raises((BadValue, NotFound), match=says):
        live(GAME, LiveOptions(**asked), home=tmp_path)  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("diary.jsonl"))
    assert not list(tmp_path.rglob("live.json"))
