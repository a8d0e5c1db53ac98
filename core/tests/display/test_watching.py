"""`playhead play` of a game without controls: a window that shows what a run sees, until somebody closes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from shapes import GAME, load_plugins, pictures

from playhead.capture.desktop import DesktopWindow, open_desktop
from playhead.capture.grab import Grabber
from playhead.testing.display import WAIT_S, AnyWindow, VirtualDisplay, XPerson, eventually, run_on
from playhead.training.job import TrainingJob
from playhead.training.recipe import Recipe
from playhead.training.supervised import train

ONE_DISPLAY = pytest.mark.parametrize("x_server", ["bare"], indirect=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    options = {"channels": [8, 8, 8, 8], "features": 16, "hidden": 16}
    recipe = Recipe(
        model="conv_stack", model_options=options, length=1, steps=40, eval_every=40, batch_size=16,
        warmup_steps=2, val_share=0.0,
    )  # fmt: skip
    out = home / "runs" / "shapes" / "default" / "1"
    train(TrainingJob(game=GAME, recipe=recipe, recordings=[pictures()], out=out, plugins=load_plugins()))
    return home


@pytest.fixture
def watching(xvfb: VirtualDisplay, home: Path, shapes_plugin: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "playhead", "play", "shapes", "--json", "--home", str(home)]
    process = run_on(xvfb, command, **shapes_plugin)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def shown_window(person: XPerson) -> AnyWindow:
    """Return the window once it shows a picture."""
    desktop = open_desktop()

    def found() -> DesktopWindow | None:
        return next((one for one in desktop.windows() if one.title.startswith("Shapes, watched by")), None)

    handle = eventually("the window is there", found).handle

    def is_drawn() -> bool:
        box = desktop.box(handle)
        grabber = Grabber()
        try:
            picture_HWC = grabber.grab(box) if box is not None else None
        finally:
            grabber.close()
        return picture_HWC is not None and len(np.unique(picture_HWC[:, :, 0])) > 20

    eventually("a picture is there", is_drawn)
    desktop.close()
    return person.window(handle)


@ONE_DISPLAY
def test_closing_the_window_ends_it_with_its_numbers(watching: subprocess.Popen[str], person: XPerson) -> None:
    shown_window(person).ask_to_close()
    out, said = watching.communicate(timeout=WAIT_S)
    assert watching.returncode == 0, said
    told = json.loads(out)
    assert told["frames"] > 0
    assert told["overhead"]["p99_ms"] > 0
    assert told["loop"]["acted"] == 0
    assert told["loop"]["ending"] == "stopped"


@ONE_DISPLAY
def test_ctrl_c_ends_it_normally(watching: subprocess.Popen[str], person: XPerson) -> None:
    shown_window(person)
    watching.send_signal(signal.SIGINT)
    out, said = watching.communicate(timeout=WAIT_S)
    assert watching.returncode == 0, said
    assert json.loads(out)["loop"]["ending"] == "stopped"
