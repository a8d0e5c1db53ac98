"""The sessions from Python: the same words as the commands, quiet, and at home in threads and other processes."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from cartpole import CART, SMALL

import playhead
from playhead.cli.evaluate import evaluate
from playhead.cli.options import OF_DEVICES
from playhead.cli.play import play
from playhead.cli.record import record
from playhead.cli.train import train
from playhead.errors import BadValue, NotFound, PlayheadError
from playhead.plugins import Plugins
from playhead.progress import Progress

# Words of the command line that Python has a meaning for, or that belong to a terminal.
CALLED = {"set": "settings", "tag": "tags", "from": "start_from"}
ONLY_COMMANDS = {"json", *OF_DEVICES}  # of those that stand for a setting
ONLY_PYTHON = {"game", "plugins", "progress", "stop", "sink", "command", "batches", "validation", "on_step"}


@pytest.mark.parametrize("command", [record, train, evaluate, play], ids=lambda command: str(command.name))
def test_a_command_and_its_function_have_the_same_options_and_defaults(command: click.Command) -> None:
    function: Callable[..., Any] = getattr(playhead, str(command.name))
    parameters = dict(inspect.signature(function).parameters)
    options = {}
    for option in command.params:
        if isinstance(option, click.Option):
            long = next(name for name in option.opts if name.startswith("--"))[2:]
            options[CALLED.get(long, long.replace("-", "_"))] = option
    options = {name: option for name, option in options.items() if name not in ONLY_COMMANDS}
    assert set(options) == set(parameters) - ONLY_PYTHON
    for name, option in options.items():
        default = parameters[name].default
        if option.multiple:
            assert len(default) == 0, name
            assert not isinstance(default, str), name
        else:
            given = None if str(option.default) == "Sentinel.UNSET" else option.default
            assert (given or None) == (default or None), name
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY


class Heard(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[int] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)

    def step(self, step: int, steps: int, loss: float) -> None:
        self.steps.append(step)


def handlers() -> list[Any]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_a_game_of_ones_own_goes_the_whole_round_and_nothing_is_printed(tmp_path: Path, capfd: Any) -> None:
    before, heard = handlers(), Heard()
    made = playhead.record(CART, episodes=2, seconds=2, seed=1, home=tmp_path)
    assert made.names == [info.name for info in playhead.recordings(CART, home=tmp_path)]
    assert re.fullmatch(rf"Recorded\({made.frames} frames in .+, .+\)", repr(made))
    assert [entry["seed"] for entry in made.to_json()] == [1, 2]
    run = playhead.train(CART, steps=2, settings=SMALL, home=tmp_path, progress=heard)
    assert heard.steps == [1, 2]
    assert any("2 recordings" in sentence for sentence in heard.said)
    assert "playhead.train" in run.made_with["command"]
    assert repr(run) == f"Run({run.name}: supervised, {run.parameters:,} parameters)"
    judged = playhead.evaluate(CART, run=run, episodes=1, seconds=0.4, drivers=["network"], home=tmp_path)
    assert judged.page is not None
    assert judged.page.is_file()
    assert str(judged.page) in repr(judged)
    driven = playhead.record(CART, run=run, seconds=0.4, home=tmp_path)
    assert playhead.recordings(CART, home=tmp_path)[-1].driver == f"run {run.name}"
    played = playhead.play(CART, run=run.path, seconds=0.4, home=tmp_path)
    assert played.run == run.name == playhead.runs(CART, home=tmp_path)[0].name
    for told in (made.to_json(), driven.to_json(), judged.to_json(), played.to_json()):
        json.dumps(told)
    assert capfd.readouterr() == ("", "")
    assert handlers() == before


def test_another_thread_touches_no_signal_and_is_stopped_by_an_event(tmp_path: Path) -> None:
    before, stop, made = handlers(), threading.Event(), []

    class Stops(Progress):
        def frames(self, title: str, frames: int | None, rate_hz: float) -> Any:
            from contextlib import nullcontext

            return nullcontext(lambda count: seen.append(handlers()) or stop.set())

    seen: list[Any] = []

    def work() -> None:
        made.append(playhead.record(CART, episodes=100, home=tmp_path, stop=stop, progress=Stops()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(made) == 1
    assert made[0].frames > 0
    assert len(made[0].segments) < 100
    assert all(now == before for now in seen)


SCRIPT = """
import json, sys
sys.path.insert(0, {tests!r})
import playhead
from cartpole import CART
from playhead.plugins import Plugins

def plugins():
    return Plugins.installed().with_game(CART)

if __name__ == "__main__":
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial
    from multiprocessing import get_context
    one = partial(playhead.record, "cart", plugins=plugins, seconds=0.4, home={home!r})
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        far = pool.submit(one).result()
    both = playhead.record("cart", plugins=plugins, episodes=2, seconds=0.4, workers=2, home={home!r})
    print(json.dumps([far.frames, both.frames]))
"""


@pytest.mark.slow
def test_worker_processes_record_and_are_made(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.format(tests=str(Path(__file__).parents[1]), home=str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [10, 20]


def test_what_is_wrong_is_said_as_the_commands_say_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match='Did you mean "upright"'):
        playhead.record(CART, driver="uprihgt", home=tmp_path)
    with pytest.raises(BadValue, match="--seconds cannot be negative"):
        playhead.play(CART, seconds=-1, home=tmp_path)
    with pytest.raises(NotFound, match="game"):
        playhead.record("crat", home=tmp_path, plugins=Plugins())
    with pytest.raises(PlayheadError, match="playhead record cart"):
        playhead.train(CART, home=tmp_path)
    with pytest.raises(BadValue, match="not installed"):
        playhead.record(CART, workers=2, episodes=2, home=tmp_path)
    with pytest.raises(BadValue, match="takes no --name"):
        playhead.train(CART, resume=True, name="other", home=tmp_path)
    assert not (tmp_path / "recordings").exists()


def test_importing_playhead_loads_nothing_heavy() -> None:
    heavy = ("torch", "zarr", "numpy", "click")
    code = f"import playhead, sys; print([name for name in {heavy} if name in sys.modules], dir(playhead))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ")
    assert "'record'" in done.stdout
    with pytest.raises(AttributeError, match="recrod"):
        playhead.recrod  # noqa: B018
