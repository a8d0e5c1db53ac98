"""What of presses can be seen at all: each hold is left out, begun late, ended late, and given to each other key.

recording -> replayed with what was held, a state saved as each hold begins and ends
          -> from there once more otherwise, until a pixel differs, or nothing has for a while

What shows nowhere nobody can tell from pictures, so networks are judged on the rest, and its share is said.
Shape legend: T frames, K keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.capabilities import capabilities_of
from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.devices import OpenDevice, merged, open_device
from playhead.errors import BadValue, Mismatch
from playhead.evaluation.predictions import BoolArray
from playhead.game import Game
from playhead.labelling import held_labels
from playhead.labels import Keys
from playhead.plugins import Plugins
from playhead.progress import Advance
from playhead.replaying.opening import as_recorded

LATE_S = 0.05  # by which a press or a release is moved: 3 frames of a Game Boy Advance
AFTER_S = 0.6  # in which something must show: a step takes .27 s, and 90 of 100 presses show within .13
BLURRED = 8.0  # mean difference of pixels that a codec that is not lossless may make of the same picture


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A key held from a frame on until another, and what of it shows. Units: first, last in frames of a recording.

    `is_seen`: leaving it out shows. `like`: keys that in its place would have shown the same pictures, as A and B
    where a text goes on at either. `press_seen`, `release_seen`: it is seen, and which key it is can be told, and
    doing that LATE_S later shows.
    """

    key: int
    first: int
    last: int
    is_seen: bool
    press_seen: bool
    release_seen: bool
    like: tuple[int, ...] = ()


def check_replays(plugins: Plugins, game: Game, recording: Source) -> None:
    """Raise BadValue unless the recording was made where play can be put back and goes the same way again."""
    name = recording.header.device
    can = capabilities_of(plugins, game, name) if name in game.devices else None
    if can is None or not (can.states and can.lockstep and can.episodes):
        raise BadValue(
            f"Recording {recording.name} cannot be replayed: its device {name} has no episodes whose state can be "
            "saved and put back. What can be seen is told of recordings of a console (docs/emulator.md)."
        )


def seen_holds(
    plugins: Plugins, game: Game, recording: Source, head: str, options: Mapping[str, Any], advance: Advance
) -> list[Hold]:
    """Replay a recording and return its holds of a head's keys, with what of each shows.

    `options` lie over those it was made with, as for a replay. `advance` hears of holds.
    Raises:  BadValue where it cannot be replayed, Mismatch where the replay shows other pictures.
    """
    check_replays(plugins, game, recording)
    keys = game.learnable.head(head)
    assert isinstance(keys, Keys)
    told = held_labels(recording, head, keys)
    if told is None:
        raise BadValue(f"Recording {recording.name} does not say what was held of {head}: it has no events.")
    held_TK = told.at(recording.frame_time_ns[: recording.length]) >= 0.5
    without = [name for name in keys.names if name not in game.controls]
    if without:
        raise BadValue(f"{head} has {', '.join(without)}, of which no control is known, so it cannot be replayed.")
    codes = [game.controls[name] for name in keys.names]
    with _opened(plugins, game, recording, options) as device:
        replay = Replay(device, recording, codes, held_TK)
        holds = []
        for hold in replay.holds():
            holds.append(hold)
            advance(1)
        return holds


def _opened(plugins: Plugins, game: Game, recording: Source, options: Mapping[str, Any]) -> OpenDevice:
    """Open the device where its first picture is the recording's: as recorded, or that and with test options.

    Recordings of before said no options, so some are of the world in which networks are measured.
    """
    header, name = recording.header, recording.name
    tests = [{"reset": dict(game.world.test_options)}] if game.world and game.world.test_options else []
    for more in ({}, *tests):
        sized, given = as_recorded(game, name, header, header.device, merged(more, options))
        with ExitStack() as opened:
            device = opened.enter_context(open_device(plugins, sized, header.device, options=given))
            captured = device.capture.look()
            if captured is not None and _is_same(recording, 0, captured.frame_HWC):
                opened.pop_all()
                return device
    raise Mismatch(
        f"Recording {name} begins otherwise than its replay, with its seed and scenario. Say with --set "
        "what it was recorded with, as --set reset.split=1."
    )


def _is_same(recording: Source, frame: int, shown_HWC: npt.NDArray[np.uint8]) -> bool:
    if shown_HWC.shape != recording.header.frame.shape:
        return False
    kept_HWC = np.empty_like(shown_HWC)
    recording.read_frame_into(frame, kept_HWC)
    if recording.header.frame.codec == "lossless" and not recording.header.is_archived:
        return bool((kept_HWC == shown_HWC).all())
    return float(np.abs(kept_HWC.astype(np.int16) - shown_HWC).mean()) <= BLURRED


class Replay:
    """A recording being replayed on a device that shows its first picture."""

    def __init__(self, device: OpenDevice, recording: Source, codes: Sequence[str], held_TK: BoolArray) -> None:
        self._device, self._recording, self._codes = device, recording, codes
        self._held_TK = held_TK
        self._late, self._after = (max(1, round(s * recording.header.rate_hz)) for s in (LATE_S, AFTER_S))
        self._down = np.zeros(len(codes), bool)

    def holds(self) -> Iterator[Hold]:
        """Yield the holds that begin and end within the recording. Raises Mismatch where replays differ."""
        spans = list(_spans(self._held_TK))
        states, shown = self._played_through({frame for _, *ends in spans for frame in ends})
        for key, first, last in spans:
            if last not in states:  # the last frame's, behind which nothing can show
                continue
            late = min(first + self._late, last)

            def shows(
                begin: int, end: int, value: bool, *, at: int, key: int = key, last: int = last,
                instead: int | None = None,
            ) -> bool:  # fmt: skip
                changed_TK = self._held_TK[at : last + self._after].copy()
                changed_TK[begin - at : end - at, key] = value
                if instead is not None:
                    changed_TK[begin - at : end - at, instead] = True
                return self._differs(states[at], at, changed_TK, shown)

            is_seen = shows(first, last, False, at=first)
            free = np.flatnonzero(~self._held_TK[first:last].any(0)).tolist() if is_seen else ()
            like = tuple(other for other in free if not shows(first, last, False, at=first, instead=other))
            is_told = is_seen and not like
            yield Hold(
                key=key, first=first, last=last, is_seen=is_seen, like=like,
                press_seen=is_told and shows(first, late, False, at=first),
                release_seen=is_told and shows(last, last + self._late, True, at=last),
            )  # fmt: skip

    def _played_through(self, wanted: set[int]) -> tuple[dict[int, bytes], list[bytes]]:
        """Play as was recorded; return the states before these frames' keys, and what was shown at each frame."""
        states: dict[int, bytes] = {}
        shown = [self._picture()]
        for frame in range(len(self._held_TK) - 1):
            if frame in wanted:
                states[frame] = self._device.states.save()
            shown.append(self._step(self._held_TK[frame], frame + 1))
            if not shown[-1]:
                break
        return states, shown

    def _differs(self, state: bytes, frame: int, held_TK: BoolArray, shown: Sequence[bytes]) -> bool:
        """Whether other keys from a frame on show other pictures than were shown."""
        self._device.states.load(state)
        self._down[:] = False
        return any(
            self._step(held_K) != shown[frame + number]
            for number, held_K in enumerate(held_TK[: len(shown) - 1 - frame], 1)
        )

    def _step(self, held_K: BoolArray, recorded: int | None = None) -> bytes:
        """Hold keys for a frame and return what is shown then; "" at the end of an episode."""
        for column in np.flatnonzero(held_K != self._down).tolist():
            self._device.input.send(self._codes[column], float(held_K[column]))
        self._down[:] = held_K
        clock = self._device.clock
        clock.sleep_until(clock.now_ns() + round(NS_PER_S / self._recording.header.rate_hz))
        return self._picture(recorded)

    def _picture(self, recorded: int | None = None) -> bytes:
        captured = self._device.capture.look()
        if captured is None:
            return b""
        if recorded is not None and not _is_same(self._recording, recorded, captured.frame_HWC):
            raise Mismatch(
                f"The replay of {self._recording.name} shows another picture at frame {recorded:,}: something was "
                "pressed that it does not tell, or its device does not go the same way again."
            )
        return blake2b(captured.frame_HWC.tobytes(), digest_size=16).digest()


def _spans(held_TK: BoolArray) -> Iterator[tuple[int, int, int]]:
    """Yield (key, first frame held, first not any more), in order of time, of holds that begin and end here."""
    step_TK = np.diff(held_TK.astype(np.int8), axis=0)
    found = []
    for key, step_T in enumerate(step_TK.T):
        presses, releases = (np.flatnonzero(step_T == kind) + 1 for kind in (1, -1))
        releases = releases[releases > presses[0]] if len(presses) else releases[:0]
        found += [(int(first), key, int(last)) for first, last in zip(presses, releases, strict=False)]
    return ((key, first, last) for first, key, last in sorted(found))
