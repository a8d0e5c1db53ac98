"""A thread that looks at a source at a steady rate and keeps only what it saw last."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from playhead.capture import CapturedFrame
from playhead.clock import NS_PER_S, Clock

LEAD_NS = 2_000_000  # how long before it is asked for a picture should be ready: thread changes take < 1 ms
PATIENCE = 0.75  # intervals to wait for a picture; from 1 on, a loop once late would wait each time and stay late
SHARE = 5  # of the distance to that moment, one part in five is made up with each picture
FARTHEST = 25  # and never more than one part in 25 of an interval, so that the rate stays steady


class FrameSource(Protocol):
    """What a CaptureThread looks at; all its methods are called in that thread."""

    def take(self, number: int) -> CapturedFrame | None:
        """Return a picture of now with this number; None when there is nothing new.

        Raises:  PictureLost when there is something and it could not be taken, SourceEnded.
        """
        ...

    def close(self) -> None:
        """Give back what the source holds."""
        ...


class PictureLost(Exception):
    """Said by a source that shows something and could not be read just now: a gap."""


class SourceEnded(Exception):
    """Said by a source that has nothing more to show, ever; its text says why."""


class CaptureThread:
    """Takes pictures at a rate and hands out the newest; or, after `keep`, each of them in turn.

    Pictures are numbered by their place in the schedule: what was missed or lost leaves a gap in the numbers, and
    `gaps` counts it; while there is nothing to see, numbers stand still. The schedule moves, slowly, to where a
    picture is ready just before it is asked for: asking at the same rate then gets every picture once, a few
    milliseconds old.
    """

    def __init__(self, source: FrameSource, clock: Clock, *, rate_hz: float) -> None:
        self._source = source
        self._clock = clock
        self._period_ns = round(NS_PER_S / rate_hz)
        self._news = threading.Condition()
        self._newest: CapturedFrame | None = None
        self._unseen: deque[CapturedFrame] = deque(maxlen=1)
        self._ready_ns = 0
        self._shift_ns = 0
        self._looked = -1
        self._is_still = False
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self.taken = 0
        self.gaps = 0
        self.ending = ""
        self._thread = threading.Thread(target=self._run, name="playhead capture", daemon=True)
        self._thread.start()

    def keep(self, pictures: int) -> None:
        """Keep so many pictures that nobody has looked at, for whoever wants them all and may come late.

        What came before, while nobody looked, is not handed out any more, but for the newest.
        """
        with self._news:
            self._unseen = deque(list(self._unseen)[-1:], maxlen=pictures)

    @property
    def waiting(self) -> int:
        """Pictures that can be had at once."""
        return len(self._unseen)

    def look(self, *, wait_s: float | None = None) -> CapturedFrame | None:
        """Return a picture that was not looked at yet, waiting a little for it; else the last one.

        While the source shows nothing new there is no waiting: the loop goes on and can let go of keys.
        None when the source has ended, or had nothing to show at all. Raises what went wrong in the thread.
        """
        asked_ns = self._clock.now_ns()
        limit_s = PATIENCE * self._period_ns / NS_PER_S if wait_s is None else wait_s
        with self._news:
            self._news.wait_for(self._has_news, timeout=limit_s)
            if self._error is not None:
                raise self._error
            if not self._unseen:
                return None if self.ending else self._newest
            taken = self._unseen.popleft()
            if taken is self._newest and taken.number == self._looked + 1:
                self._adjust(self._ready_ns - asked_ns)
            self._looked = taken.number
            return taken

    def close(self) -> None:
        """End the thread and wait for it. May be called twice."""
        self._stop.set()
        self._thread.join()

    def _has_news(self) -> bool:
        has_old = self._is_still and self._newest is not None
        return bool(self._unseen) or has_old or bool(self.ending) or self._error is not None

    def _adjust(self, late_ns: int) -> None:
        """Move the schedule towards pictures that are ready LEAD_NS before they are asked for."""
        wanted_ns = (late_ns + LEAD_NS) // SHARE
        farthest_ns = self._period_ns // FARTHEST
        self._shift_ns -= max(-farthest_ns, min(farthest_ns, wanted_ns))

    def _run(self) -> None:
        """Take, keep, wait for the next place in the schedule; the places missed are gaps."""
        number, due_ns = 0, self._clock.now_ns()
        try:
            while not self._stop.is_set():
                taken, is_lost = self._take(number)
                missed = self._publish(taken, is_lost, due_ns)
                number += 1 + missed if taken is not None or is_lost else 0
                with self._news:
                    shift_ns, self._shift_ns = self._shift_ns, 0
                due_ns += (1 + missed) * self._period_ns + shift_ns
                self._clock.sleep_until(due_ns)
        except SourceEnded as ended:
            self._end(None, str(ended) or "the source ended")
        except BaseException as error:  # whoever looks next is told; a thread has nobody else to tell
            self._end(error, "")
        finally:
            self._source.close()

    def _take(self, number: int) -> tuple[CapturedFrame | None, bool]:
        """Return a picture, if there is one, and whether one was lost."""
        try:
            return self._source.take(number), False
        except PictureLost:
            return None, True

    def _publish(self, taken: CapturedFrame | None, is_lost: bool, due_ns: int) -> int:
        """Keep a picture and wake who waits; return how many places in the schedule are over meanwhile.

        A place is over half an interval after its time: until then a picture is late and not lost.
        """
        now_ns = self._clock.now_ns()
        missed = max(0, (now_ns - due_ns + self._period_ns // 2) // self._period_ns - 1)
        with self._news:
            self._is_still = taken is None
            if taken is not None:
                self._newest, self._ready_ns = taken, now_ns
                self._unseen.append(taken)
                self.taken += 1
            if taken is not None or is_lost:
                self.gaps += missed + is_lost
            self._news.notify_all()
        return missed

    def _end(self, error: BaseException | None, ending: str) -> None:
        with self._news:
            self._error, self.ending = error, ending
            if self._unseen.maxlen == 1:
                self._unseen.clear()  # who wants the newest has nothing to decide any more
            self._news.notify_all()
