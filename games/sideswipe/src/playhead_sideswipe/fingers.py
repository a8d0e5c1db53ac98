"""Touches the phone and makes sure that it did what it should: pages that open, things that change when touched.

Nothing is known of how the game looks: what a page shows at its head is learned when it is opened first, and
recognised later. So the same checks serve a real phone and the drawn one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from playhead.clock import NS_PER_S
from playhead.errors import DeviceFailed
from playhead.phone import FrameArray, Phone, Point, View
from playhead.regions import Region
from playhead_sideswipe import layout

TRIES = 4
# Both are mean differences, 0 to 255, of the twentieth of two looks that differs most. On the drawn phone looks at
# what stands still are the same to the pixel, the heads of two pages differ by 104 or more, and a menu moved on by
# a row by 189 (benchmarks/turning.py). What a real phone shows was never measured.
SAME = 40.0  # below it two heads are those of one page
CHANGED = 15.0  # from it on something has changed
PATIENCE_S = 0.5  # how much later than it should something may come
HELP = (
    "Look at the phone: is the game in its start menu, does a message cover it, is the screen on? "
    "The touch points are those of a screen of 2000x1000; see the README of playhead-sideswipe."
)


class Fingers:
    """Touches a screen of any size at the points of layout.py, waits as long as the game needs, and looks."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self._clock = phone.clock
        self._heads: dict[str, FrameArray] = {}

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.sleep_until(self._clock.now_ns() + round(seconds * NS_PER_S))

    def tap(self, point: Point, then_s: float = layout.DELAY_S) -> None:
        """Tap at a point of the layout and wait."""
        self.phone.tap(*self._on_phone(point))
        self.wait(then_s)

    def drag(self, start: Point, end: Point, seconds: float, then_s: float = layout.DELAY_S) -> None:
        """Drag between two points of the layout and wait."""
        self.phone.drag(self._on_phone(start), self._on_phone(end), seconds)
        self.wait(then_s)

    def look(self, part: Region, share: float = 0.1) -> FrameArray:
        """Return a part of the layout, made small."""
        width, height = max(1, round(part.width * share)), max(1, round(part.height * share))
        return self.phone.grab(View(part=part.scaled(layout.SCREEN, self.phone.size), width=width, height=height))

    def until_changed(self, do: Callable[[], None], part: Region, before: FrameArray, *, what: str) -> FrameArray:
        """Do something until a part of the screen looks other than before, and return how it looks then.

        What is merely late is waited for: a swipe that is done twice goes too far.
        Raises:  DeviceFailed naming `what`.
        """
        after = before

        def has_changed() -> bool:
            nonlocal after
            after = self.look(part)
            return differ(before, after)

        for _ in range(TRIES):
            do()
            if has_changed():
                return after
            if self.in_time(has_changed):
                self.wait(layout.TRANSITION_S)  # it has only begun to change
                return self.look(part)
        raise no_effect(what)

    def change(self, do: Callable[[], None], part: Region) -> bool:
        """Do something that may be done again, TRIES times or until a part looks different; say if it does."""
        before = self.look(part)
        for _ in range(TRIES):
            do()
            if differ(before, self.look(part)):
                return True
        return False

    def in_time(self, is_so: Callable[[], bool]) -> bool:
        """Whether something is so now, or comes to be while patience lasts."""
        end_ns = self._clock.now_ns() + round(PATIENCE_S * NS_PER_S)
        while not is_so():
            if self._clock.now_ns() >= end_ns:
                return False
            self.wait(layout.DELAY_S)
        return True

    def open(self, page: str, touch: Callable[[], None]) -> None:
        """Touch until a page is there. Raises DeviceFailed naming the page that does not open."""
        before = self.look(layout.HEAD)
        for _ in range(TRIES):
            touch()
            if self._came(page, before):
                return
        raise DeviceFailed(f'The page "{page}" did not open after {TRIES} tries. {HELP}')

    def is_on(self, page: str) -> bool:
        """Whether the head of a page that was seen before is what the screen shows."""
        return page in self._heads and self._nearest(self.look(layout.HEAD)) == page

    def learn(self, page: str) -> None:
        """Take what is shown now as the head of a page, once it stands still.

        Raises:  DeviceFailed when it never does.
        """

        def is_still() -> bool:
            self._heads[page] = self.look(layout.HEAD)
            self.wait(layout.DELAY_S)
            return not differ(self._heads[page], self.look(layout.HEAD))

        if not self.in_time(is_still):
            raise DeviceFailed(f'The head of the page "{page}" never stands still. {HELP}')

    def _came(self, page: str, before: FrameArray) -> bool:
        """Wait for a page: one seen before must look as it did, a new one different from all others, and stand
        still: a page half there is not learned."""
        waited_s = 0.0
        while True:
            head = self.look(layout.HEAD)
            if page in self._heads:
                if self._nearest(head) == page:
                    return True
            elif differ(head, before) and self._nearest(head) is None:
                self.wait(layout.DELAY_S)
                again = self.look(layout.HEAD)
                if not differ(head, again):
                    self._heads[page] = again
                    return True
            if waited_s >= PATIENCE_S or not differ(head, before):
                return False
            self.wait(layout.DELAY_S)
            waited_s += layout.DELAY_S

    def _nearest(self, head: FrameArray) -> str | None:
        """Return the page whose head this is; None for a head never seen."""
        if not self._heads:
            return None
        page = min(self._heads, key=lambda name: few_differ(self._heads[name], head))
        return page if few_differ(self._heads[page], head) < SAME else None

    def _on_phone(self, point: Point) -> Point:
        width, height = self.phone.size
        return point[0] * width / layout.SCREEN[0], point[1] * height / layout.SCREEN[1]


def no_effect(what: str) -> DeviceFailed:
    """Return what is raised when something was tried often enough."""
    return DeviceFailed(f"{what} had no effect after {TRIES} tries. {HELP}")


def differ(a: FrameArray, b: FrameArray) -> bool:
    """Whether something is different between two small pictures, even if it is only a twentieth of them."""
    return few_differ(a, b) >= CHANGED


def few_differ(a: FrameArray, b: FrameArray) -> float:
    """Return the mean difference of the twentieth of two pictures that differs most, 0 to 255."""
    differences = np.abs(a.astype(np.int16) - b).max(axis=2).ravel()
    few = max(1, len(differences) // 20)
    return float(np.partition(differences, -few)[-few:].mean())
