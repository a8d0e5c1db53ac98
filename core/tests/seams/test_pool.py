"""Jobs in processes of their own: they are heard, stopped with everything kept, killed and survived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playhead.errors import BadValue, DeviceFailed
from playhead.workers import run_jobs

CHORES = '''
import os, signal, sys, time
from pathlib import Path

from playhead.errors import BadValue, DeviceFailed


def odd_fail(job, advance, is_stopped):
    if job % 2:
        raise DeviceFailed(f"{job} is odd.")
    return job


def wrong(job, advance, is_stopped):
    raise BadValue("This is wrong for all.")


def square(job, advance, is_stopped):
    advance(1)
    return job * job, os.getpid()


def kill_itself(job, advance, is_stopped):
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def kill_itself_once(job, advance, is_stopped):
    if job == 3 and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def fail(job, advance, is_stopped):
    if job == 1:
        raise ValueError("one is too many")
    while not is_stopped():
        time.sleep(0.01)
    return job


def keep(job, advance, is_stopped):
    """Say that it is going, work until it is stopped, and keep what it has."""
    Path(f"{job}.going").touch()
    while not is_stopped():
        time.sleep(0.01)
    time.sleep(0.3)
    Path(f"{job}.kept").touch()
    return job
'''

PLAIN = """
from chores import {work}
from playhead.workers import run_jobs
print(sorted(run_jobs({work}, {jobs}, workers=2), key=str))
"""

OWN = """
from playhead.workers import run_jobs
def work(job, advance, is_stopped):
    return job + 1
{guard}
print(list(run_jobs(work, [1, 2], workers=2)))
"""


@pytest.fixture
def chores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module that workers can import too, which is also where scripts run."""
    (tmp_path / "chores.py").write_text(CHORES)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "chores", raising=False)
    return tmp_path


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    Path("script.py").write_text(text)
    return subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, timeout=120)


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def test_jobs_are_done_elsewhere_and_heard(chores: Path) -> None:
    from chores import square

    steps: list[int] = []
    done = list(run_jobs(square, range(5), workers=2, progress=steps.append))
    assert sorted(result for result, _ in done) == [0, 1, 4, 9, 16]
    assert steps == [1] * 5
    assert os.getpid() not in {pid for _, pid in done}
    assert len({pid for _, pid in done}) <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_is_named_and_the_others_go_on(chores: Path) -> None:
    from chores import kill_itself

    done: list[int] = []
    with pytest.raises(DeviceFailed, match=r"chore 3 \(process \d+, killed by SIGKILL\)\. The other 7 of 8"):
        done.extend(run_jobs(kill_itself, range(8), workers=2, name_of="chore {}".format))
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_leaves_nothing_behind_is_begun_anew(chores: Path) -> None:
    from chores import kill_itself_once

    assert sorted(run_jobs(kill_itself_once, range(4), workers=2, tries=2)) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_fails_ends_none_of_the_others_for_who_hears_of_it(workers: int, chores: Path) -> None:
    from chores import odd_fail, wrong

    heard: list[tuple[int, str]] = []
    told = {"workers": workers, "failed": lambda job, error: heard.append((job, str(error)))}
    assert sorted(run_jobs(odd_fail, range(5), **told)) == [0, 2, 4]
    assert sorted(heard) == [(1, "1 is odd."), (3, "3 is odd.")]
    with pytest.raises(BadValue, match="wrong for all"):
        list(run_jobs(wrong, range(5), **told))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_so_does_a_worker_that_is_killed(chores: Path) -> None:
    from chores import kill_itself

    heard: list[tuple[int, str]] = []
    done = list(
        run_jobs(kill_itself, range(5), workers=2, failed=lambda job, error: heard.append((job, str(error))))
    )
    assert sorted(done) == [0, 1, 2, 4]
    ((job, sentence),) = heard
    assert (job, "killed by SIGKILL" in sentence) == (3, True)


def test_an_error_is_raised_here_and_stops_the_others(chores: Path) -> None:
    from chores import fail

    with pytest.raises(ValueError, match="one is too many") as caught:
        list(run_jobs(fail, [0, 1], workers=2))
    assert "chores.py" in "".join(caught.value.__notes__)


def test_a_stop_ends_running_jobs_normally_and_begins_no_other(chores: Path) -> None:
    from chores import keep

    stop = threading.Event()
    done: list[int] = []
    hearing = threading.Thread(
        target=lambda: done.extend(run_jobs(keep, range(4), workers=2, stop=stop)), daemon=True
    )
    hearing.start()
    wait_for(lambda: Path("0.going").exists() and Path("1.going").exists())
    stop.set()
    hearing.join(60)
    assert sorted(done) == [0, 1]
    assert sorted(file.name for file in chores.glob("*.kept")) == ["0.kept", "1.kept"]


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to a group is a POSIX matter")
@pytest.mark.parametrize("whom", ["everybody: Ctrl-C", "the first process: SIGKILL"])
def test_everything_is_kept_and_nobody_left_behind(whom: str, chores: Path) -> None:
    Path("script.py").write_text(PLAIN.format(work="keep", jobs="range(4)"))
    child = subprocess.Popen([sys.executable, "script.py"], stderr=subprocess.PIPE, start_new_session=True)
    wait_for(lambda: Path("0.going").exists() and Path("1.going").exists())
    if "Ctrl-C" in whom:
        os.killpg(child.pid, signal.SIGINT)
    else:
        child.kill()
    child.communicate(timeout=60)  # returns once nobody holds its output

    def is_gone() -> bool:
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_for(is_gone)
    assert sorted(file.name for file in chores.glob("*.kept")) == ["0.kept", "1.kept"]


def test_a_script_needs_no_guard(chores: Path) -> None:
    done = run_script(PLAIN.format(work="square", jobs="[2, 3]"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[(4,") == 1  # it ran once: no worker began it anew


def test_what_a_script_defines_itself_needs_one(chores: Path) -> None:
    guarded = run_script(
        OWN.format(guard="if __name__ == '__main__':\n   ").replace("\n   \nprint", "\n    print")
    )
    assert guarded.stdout.strip() in ("[2, 3]", "[3, 2]"), guarded.stderr
    done = run_script(OWN.format(guard=""))
    assert done.returncode != 0
    assert 'Put its calls under: if __name__ == "__main__"' in done.stderr
    assert "A worker could not begin" in done.stderr


def test_what_a_notebook_defines_is_not_found_elsewhere(chores: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-"], input=OWN.format(guard=""), capture_output=True, text=True, timeout=60
    )
    assert "is defined in a notebook" in done.stderr
    there = PLAIN.format(work="square", jobs="[2, 3]")
    done = subprocess.run([sys.executable, "-"], input=there, capture_output=True, text=True, timeout=60)
    assert "[(4," in done.stdout, done.stderr


def test_what_no_other_process_can_be_told_is_said(chores: Path) -> None:
    with pytest.raises(BadValue, match="workers=1"):
        list(run_jobs(lambda job, advance, is_stopped: job, [1, 2], workers=2))
    assert list(run_jobs(lambda job, advance, is_stopped: job, [1, 2], workers=1)) == [1, 2]
