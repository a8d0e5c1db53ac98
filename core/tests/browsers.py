"""A real browser without a window, asked through its debugging pipe: what tests of pages share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
HANGS_S = 300.0


class Browser:
    """A page in a browser. `say` evaluates JavaScript in it and returns what that comes to."""

    def __init__(self, writing: int, reading: int) -> None:
        self._to, self._from = os.fdopen(writing, "wb", buffering=0), os.fdopen(reading, "rb", buffering=0)
        self._rest, self._count, self._session = b"", 0, ""

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        target = self.ask("Target.createTarget", url=url)["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.wait(lambda: self.say("document.readyState !== 'loading' && location.href !== 'about:blank'"), url)

    def say(self, script: str) -> Any:
        """Return the value of an expression."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait(self, until: Callable[[], object], what: str) -> None:
        """Wait for something to be so."""
        end_s = time.monotonic() + HANGS_S
        while not until():
            assert time.monotonic() < end_s, f"waited {HANGS_S:g} s for {what}"
            time.sleep(0.2)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser, and wait for its answer to this."""
        self._count += 1
        asked: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        asked |= {"sessionId": self._session} if self._session else {}
        self._to.write(json.dumps(asked).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "result" in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = self._from.read(65_536)
            assert more, "the browser has ended"
            self._rest += more
        one, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(one)
        return told

    def close(self) -> None:
        """Let go of the pipe."""
        self._to.close()
        self._from.close()


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own; a test is skipped where none is installed."""
    name = next((one for one in NAMES if shutil.which(one)), None)
    if name is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    (its_in, writing), (reading, its_out) = os.pipe(), os.pipe()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
    script = f'exec "$@" 3<&{its_in} 4>&{its_out}'
    process = subprocess.Popen(
        ["bash", "-c", script, "browser", name, *options], pass_fds=[its_in, its_out],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(its_in)
    os.close(its_out)
    one = Browser(writing, reading)
    try:
        yield one
    finally:
        process.terminate()
        process.wait(HANGS_S)
        one.close()


# What a tile shows, as a text that changes with it: pixels of pictures and curves, words of the rest.
SHOWN = """(() => { const shown = {};
for (const id of ["chase", "hood", "convcam", "player", "trainer", "curves"]) {
  const tile = document.getElementById(id), pictures = [...tile.querySelectorAll("img, canvas")];
  shown[id] = tile.innerText + pictures.map(one => {
    if (one.tagName === "CANVAS") return one.toDataURL();
    const copy = document.createElement("canvas");
    copy.width = one.naturalWidth || 1; copy.height = one.naturalHeight || 1;
    if (one.naturalWidth) copy.getContext("2d").drawImage(one, 0, 0); return copy.toDataURL();
  }).join();
} return shown; })()"""


def changed_tiles(page: Browser) -> None:
    """Wait until all six tiles show something else than at first."""
    first, still = page.say(SHOWN), {"all"}

    def all_changed() -> bool:
        nonlocal still
        now = page.say(SHOWN)
        still = {name for name in first if now[name] == first[name]} & (still if still != {"all"} else {*first})
        return not still

    page.wait(all_changed, "all tiles to change")


def is_red(page: Browser, part: str) -> bool:
    """Whether a part is shown as silent, in the colour of that."""
    found = page.say(
        f"(() => {{ const one = document.querySelector('#parts li[data-name=\"{part}\"]');"
        " return one && one.className + ' ' + getComputedStyle(one).backgroundColor; })()"
    )
    return found == "down rgb(255, 107, 94)"
