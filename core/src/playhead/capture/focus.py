"""A thread that knows whether a window has the focus, so that a loop need not wait for the system's answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from playhead.threads import Precedence

if TYPE_CHECKING:
    from playhead.capture.desktop import Desktop

ASK_S = 0.01  # the pointer may take the focus where no window manager says so: asked without being told, too
OLDEST_S = 0.02  # what was seen longer ago is not believed


class FocusWatch:
    """Asks, on a desktop of its own, whether the window has the focus, and again when that may have changed.

    `lost` is called in the thread as soon as it sees that the focus is gone.
    """

    def __init__(self, desktop: Desktop, handle: Callable[[], int], lost: Callable[[], object]) -> None:
        self._desktop, self._handle, self._lost = desktop, handle, lost
        self._seen = (0, False, 0.0)  # handle, whether it has the focus, when it was asked
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playhead focus", daemon=True)
        self._thread.start()

    def is_focused(self, handle: int) -> bool | None:
        """Return what was seen last; None when that is too old, or about another window.

        Raises:  what went wrong in the thread.
        """
        if self._error is not None:
            raise self._error
        of, is_focused, asked_s = self._seen
        return is_focused if of == handle and time.monotonic() - asked_s <= OLDEST_S else None

    def close(self) -> None:
        """End the thread and wait for it. May be called twice."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with Precedence():  # it does little, and the loop must not wait for what it holds
                while not self._stop.is_set():
                    handle, asked_s, (_, had_it, _) = self._handle(), time.monotonic(), self._seen
                    self._seen = (handle, self._desktop.is_focused(handle), asked_s)
                    if had_it and not self._seen[1]:
                        self._lost()
                    self._desktop.wait_for_change(handle, ASK_S)
        except BaseException as error:  # whoever asks next is told; a thread has nobody else to tell
            self._error = error
        finally:
            self._desktop.close()
