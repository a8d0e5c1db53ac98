"""Connections to an X server: opened, asked and given up in one way, by windows and by keyboards."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Refused(Exception):
    """No connection: the text says why, in the words of python-xlib."""


def open_display(name: str) -> Any:
    """Connect to the X server of this name. Raises Refused."""
    from Xlib import display, error

    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        # python-xlib leaves its sockets to the garbage collector when it is refused.
        try:
            return display.Display(name)
        except (error.DisplayError, error.ConnectionClosedError, error.XauthError, OSError) as failure:
            refused = str(failure).strip() or type(failure).__name__
    raise Refused(refused)


def unless_interrupted(question: Callable[[], T], *displays: Any) -> T:
    """Return the answer to a question; give the connections up when Ctrl-C comes before it.

    python-xlib would wait for ever afterwards: who was interrupted still counts as the one who reads all answers.
    The next request says that the connection is closed.
    """
    try:
        return question()
    except KeyboardInterrupt:
        for display in displays:
            if display is not None:
                display.display.socket_error_lock = threading.Lock()  # it may never be given back
                display.display.close_internal("an interrupt")
        raise
