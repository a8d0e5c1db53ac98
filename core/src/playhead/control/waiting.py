"""Waits until somebody drives: through a pause, without the focus, or while a game is started again."""

from __future__ import annotations

from collections.abc import Callable

from playhead.clock import NS_PER_S
from playhead.control.authority import ControlAuthority
from playhead.control.listener import Listener
from playhead.devices import OpenDevice

ASK_HZ = 20  # how often a pause asks whether it is over


def wait_for_control(
    device: OpenDevice, authority: ControlAuthority, stop: Callable[[], bool], kept: str = ""
) -> bool:
    """Wait until somebody drives; say no when it is over instead. A game may close its window and open another.

    What is held then is asked: a key may have been pressed, or let go, where nobody was heard. `kept` says what
    is kept of what was before a window that was closed for good.
    """
    listener = Listener(device, authority)
    while not stop():
        now_ns = device.clock.now_ns()
        authority.may_send(now_ns, listener.listen())
        if authority.is_open:
            authority.may_send(now_ns, listener.listen_anew())
        if authority.is_over:
            return False
        if authority.who == "closed" and device.capture.look() is None:
            authority.tell_end(kept)
            return False
        if authority.is_open:
            return True
        device.clock.sleep_until(now_ns + NS_PER_S // ASK_HZ)
    return False
