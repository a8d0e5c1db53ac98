"""A network plays in a real window; a person touches the keyboard, pauses, looks elsewhere, stops, records."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from recorded import wait_for
from signals import GAME

from playhead.events import HOTKEY, Origin
from playhead.models.conv_lstm import build
from playhead.models.network_part import NetworkPart, model_spec
from playhead.models.run import Run
from playhead.storage.reader import Recording, open_recording
from playhead.testing.display import WAIT_S, AnyWindow, VirtualDisplay, XPerson, eventually, run_on
from playhead.testing.shown import ShownWorld
from playhead.training.recipe import Recipe


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with one run, which always wants w alone: what is tested is whose hands are at the keys."""
    home = tmp_path / "home"
    small = {"frames_each": 1, "channels": [4, 4, 4, 4], "features": 8, "hidden": 8}
    recipe = Recipe(length=1, model_options=small)
    run = Run(
        path=home / "runs/signals/default/always-w", game=GAME.to_json(), recipe_name="default", recipe=recipe,
        network=NetworkPart(schema=GAME.schema, frame=GAME.frame, rate_hz=25),
    )  # fmt: skip
    network = build(model_spec(run.game, run.schema, run.frame, run.recipe))
    (biases,) = (
        values for name, values in network.named_parameters() if "heads" in name and name.endswith("bias")
    )
    with torch.no_grad():
        biases.copy_(torch.tensor([20.0, -20.0, -20.0, -20.0]))
    run.save(network)
    return home


@pytest.fixture
def world(xvfb: VirtualDisplay, signals: dict[str, str], tmp_path: Path) -> Iterator[ShownWorld]:
    with ShownWorld.start(xvfb, "signals", tmp_path / "log", "--at", "60,50", environment=signals) as shown:
        yield shown


@contextmanager
def going(xvfb: VirtualDisplay, signals: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command of playhead on the display, and leave nothing of it behind."""
    process = run_on(xvfb, [sys.executable, "-m", "playhead", *words], **signals)
    try:
        yield process
    finally:
        process.kill()
        print(*process.communicate())  # what it said, for whoever reads why a test failed


def made_in(home: Path) -> list[Recording]:
    folders = sorted((home / "recordings/signals").iterdir(), key=lambda folder: int(folder.name.split("-")[-1]))
    return [open_recording(folder) for folder in folders]


def holds(person: XPerson, *codes: str) -> None:
    wanted = {person.keycode(code) for code in codes}
    eventually(f"exactly {codes} are held", lambda: person.held() == wanted)


def check_takeover(recording: Recording) -> None:
    """The person's frames have the person's keys, whatever the network wants."""
    origins = recording.label_origin
    human = origins == int(Origin.HUMAN)
    assert (origins == int(Origin.MODEL)).any()
    presses = [row for row in recording.events if row["origin"] == int(Origin.HUMAN) and row["device"] == "played"]
    down_ns, up_ns = (int(row["time_ns"]) for row in presses)
    held_d = (recording.frame_time_ns >= down_ns) & (recording.frame_time_ns < up_ns)
    assert held_d[human].any()
    assert not held_d[human].all()
    names = list(recording.header.schema["drive"].names)
    wanted = np.zeros((recording.length, 4), np.uint8)
    wanted[held_d, names.index("d")] = 1
    assert np.array_equal(recording.labels["drive"][human], wanted[human])


def test_a_person_takes_over_pauses_and_stops(
    xvfb: VirtualDisplay, person: XPerson, world: ShownWorld, signals: dict[str, str], home: Path
) -> None:
    window = world.window(person)
    window.focus()
    words = ["play", "signals", "--on", "screen", "--record", "--home", str(home)]
    with going(xvfb, signals, *words) as player:
        holds(person, "w")
        eventually("the world sees it", lambda: world.held() == {"w"})
        pause(world)
        person.press("d")
        holds(person, "d")
        pause(world)
        person.release("d")
        holds(person)
        pause(world)
        person.tap("f8")
        holds(person, "w")
        pause(world)
        person.tap("f9")
        holds(person)
        person.tap("f8")
        holds(person, "w")
        check_focus(person, window, world)
        person.tap("f10")
        told, said = player.communicate(timeout=WAIT_S)
    assert player.returncode == 0, said
    assert "acted" in told
    assert not person.held()
    for sentence in ("You drive. F8 gives control back", "Paused", "is not in focus", "The network drives"):
        assert sentence in said
    recordings = made_in(home)
    assert len(recordings) == 3, "a pause and a lost focus end a recording each"
    assert all(recording.is_complete for recording in recordings)
    check_takeover(recordings[0])
    assert all(set(later.label_origin.tolist()) <= {0, int(Origin.MODEL)} for later in recordings[1:])


def check_focus(person: XPerson, window: AnyWindow, world: ShownWorld) -> None:
    """Another window takes the focus and gets no key; the network goes on when it comes back."""
    other = person.open_window("other", left=700, top=500)
    holds(person)
    pause(world)
    assert not [key for key in other.seen() if key.is_press]
    window.focus()
    holds(person, "w")


def pause(world: ShownWorld) -> None:
    """Let some time pass, as a person does between two keys: the world's, which is as busy as everybody else."""
    wait_for(world, world.pictures, 0.4)


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])  # test_playing.py presses Ctrl-C
def test_playing_ends_normally_when_told_to(
    xvfb: VirtualDisplay, person: XPerson, world: ShownWorld, signals: dict[str, str], home: Path,
    number: signal.Signals,
) -> None:  # fmt: skip
    world.window(person).focus()
    with going(xvfb, signals, "play", "signals", "--on", "screen", "--home", str(home)) as player:
        holds(person, "w")
        player.send_signal(number)
        told, said = player.communicate(timeout=WAIT_S)
    assert player.returncode == 0, said
    assert "acted" in told
    assert not person.held()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_a_window_that_closes_ends_playing_with_a_sentence(
    xvfb: VirtualDisplay, person: XPerson, world: ShownWorld, signals: dict[str, str], home: Path
) -> None:
    world.window(person).focus()
    with going(xvfb, signals, "play", "signals", "--on", "screen", "--home", str(home)) as player:
        holds(person, "w")
        world.process.kill()
        told, said = player.communicate(timeout=WAIT_S)
    assert player.returncode == 0, said
    assert "was closed, which ended this." in said
    assert "start the game" in said
    assert "acted" in told
    assert not person.held()


@pytest.mark.parametrize("x_server", ["bare"], indirect=True)
def test_wrong_keys_come_beside_a_person_and_give_way_to_theirs(
    xvfb: VirtualDisplay, person: XPerson, world: ShownWorld, signals: dict[str, str], home: Path
) -> None:
    world.window(person).focus()
    codes = {person.keycode(code): code for code in "wasd"}
    with going(
        xvfb, signals, "record", "signals", "--on", "screen", "--action-noise", "--home", str(home)
    ) as recorder:
        (wrong,) = eventually("a wrong key is held", lambda: [codes[key] for key in person.held() if key in codes])
        against = dict(zip("wasd", "sdwa", strict=True))[wrong]
        person.press(against)
        holds(person, against)
        pause(world)
        person.release(against)
        pause(world)  # what is released in the moment of F10 comes after the last frame
        eventually("another wrong key is held", lambda: person.held() & codes.keys())
        person.tap("f10")
        said = recorder.communicate(timeout=WAIT_S)[1]
    assert recorder.returncode == 0, said
    assert "a wrong key is pressed beside yours" in said
    assert not person.held()
    (recording,) = made_in(home)
    played = recording.events[recording.events["device"] == "played"]
    theirs, ours = (played[played["origin"] == int(origin)] for origin in (Origin.HUMAN, Origin.NONE))
    assert [(row["code"], row["value"]) for row in theirs] == [(against, 1), (against, 0)]
    assert [row["value"] for row in ours] == [1, 0] * (len(ours) // 2)
    assert len(ours) >= 4
    nobodys = recording.label_origin == int(Origin.NONE)
    assert set(recording.label_origin[~nobodys].tolist()) == {int(Origin.HUMAN)}
    for press, release in zip(ours[::2], ours[1::2], strict=True):
        times_ns = recording.frame_time_ns
        assert nobodys[(times_ns >= press["time_ns"]) & (times_ns < release["time_ns"])].all()
    rest = np.delete(recording.labels["drive"][~nobodys], "wasd".index(against), axis=1)
    assert not rest.any()


def test_a_person_records_with_pauses_and_marks(
    xvfb: VirtualDisplay, person: XPerson, world: ShownWorld, signals: dict[str, str], tmp_path: Path
) -> None:
    world.window(person).focus()
    words = ["record", "signals", "--on", "screen", "--home", str(tmp_path)]
    with going(xvfb, signals, *words) as recorder:
        eventually("it records", lambda: list(tmp_path.glob("recordings/signals/*/frames/c")))
        person.press("w")
        pause(world)
        person.tap("f7")
        person.press("a")
        pause(world)
        person.tap("f9")
        eventually("it pauses", lambda: made_in(tmp_path)[0].is_complete)
        person.release("w")
        person.press("d")
        person.tap("f9")
        eventually("it goes on", lambda: len(list(tmp_path.glob("recordings/signals/*/frames/c"))) == 2)
        pause(world)
        person.tap("f10")
        told, said = recorder.communicate(timeout=WAIT_S)
    assert recorder.returncode == 0, said
    assert "ended because of a pause" in told
    assert told.count("ended by you") == 1
    first, second = made_in(tmp_path)
    assert first.labels["drive"][-1].tolist() == [1, 1, 0, 0]
    assert [str(row["code"]) for row in first.events if row["device"] == HOTKEY] == ["mark", "pause"]
    assert second.labels["drive"].tolist() == [[0, 1, 0, 1]] * second.length, "held since before it began"
    assert set(second.label_origin.tolist()) == {int(Origin.HUMAN)}
