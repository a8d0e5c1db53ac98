"""An input that another thread may let go of while the loop decides: when the game's window has lost the focus."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from playhead.adapters import passes_on
from playhead.events import Event
from playhead.input import Input


@passes_on(Input)
class SharedInput(Input):
    """An input around an input. `lose` may be called by any thread, everything else by the loop."""

    def __init__(self, keys: Input) -> None:
        self.inner = keys
        self._lock = threading.RLock()
        self._is_lost = False

    def lose(self) -> None:
        """Let go of everything; whoever sends is told by `has_let_go`."""
        with self._lock:
            self._is_lost = True
            self.inner.release_all()

    def listen(self) -> list[Event]:
        """Pass on."""
        with self._lock:
            return self.inner.listen()

    def send(self, code: str, value: float) -> None:
        """Pass on."""
        with self._lock:
            self.inner.send(code, value)

    def send_all(self, changes: Sequence[tuple[str, float]]) -> None:
        """Pass on."""
        with self._lock:
            self.inner.send_all(changes)

    def has_let_go(self) -> bool:
        """Whether it, or another thread, let go of everything since this was asked last."""
        with self._lock:
            is_lost, self._is_lost = self._is_lost, False
            return self.inner.has_let_go() or is_lost

    def release_all(self) -> None:
        """Pass on."""
        with self._lock:
            self.inner.release_all()

    def close(self) -> None:
        """Pass on."""
        with self._lock:
            self.inner.close()
