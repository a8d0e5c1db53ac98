"""Pictures of others as the bytes that a recording of the game holds: cut, scaled to its frame, encoded.

Shape legend: H height, W width, C channels.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from playhead.containers.images import MOST_PIXELS, decode_image
from playhead.game import Game
from playhead.storage.importers.settings import ImportSettings
from playhead.storage.importing import Converted
from playhead.storage.pictures import FrameArray, JpegPicture, picture_of
from playhead.storage.schema import picture_codecs


class Fitter:
    """Makes pictures of any size those of a game, and counts what it did to them."""

    def __init__(self, game: Game, settings: ImportSettings) -> None:
        self._frame = game.needed_frame
        self._settings = settings
        self._picture = picture_of(picture_codecs(self._frame), where="")
        self._done: Counter[str] = Counter()
        self._last: tuple[npt.NDArray[np.uint8] | None, bytes] = None, b""

    def encoded(self, data: bytes) -> bytes:
        """Return the picture of a file; a JPEG that fits stays as it is. Raises ValueError saying why not."""
        if isinstance(self._picture, JpegPicture) and not self._settings.crop and self._settings.colours == "rgb":
            try:
                kept, how = self._picture.made_fit(data, self._frame.shape)
            except (ValueError, RuntimeError):
                pass  # of another size or kind: it is decoded
            else:
                self._done.update([how] if how else [])
                return kept
        return self.pixels(decode_image(data))

    def pixels(self, picture: npt.NDArray[np.uint8]) -> bytes:
        """Return a picture given as pixels.

        One that is the same array as the one before is encoded once.
        Shapes:  picture (h, w), (h, w, 1), (h, w, 3) or (h, w, 4). Raises ValueError for any other.
        """
        if self._last[0] is not picture:
            self._last = picture, self._encoded(picture)
        return self._last[1]

    def _encoded(self, picture: npt.NDArray[np.uint8]) -> bytes:
        if picture.ndim == 2:
            picture = picture[:, :, None]
        if picture.ndim != 3 or not picture.size or picture.shape[2] not in (1, 3, 4):
            hint = ": the colours come last" if picture.ndim == 3 and picture.shape[0] in (1, 3) else ""
            raise ValueError(f"it is {picture.shape}, not (height, width, colours){hint}")
        if picture.shape[0] * picture.shape[1] > MOST_PIXELS:
            raise ValueError(
                f"it is {picture.shape[1]}x{picture.shape[0]}; {MOST_PIXELS:,} pixels at most are read"
            )
        return self._picture.encode(self.fitted(picture))

    def fitted(self, picture_HWC: FrameArray) -> FrameArray:
        """Return a picture cut and scaled to the game's frame. Raises ValueError for a crop outside of it."""
        return self._scaled(self._cut(picture_HWC))

    def _cut(self, picture_HWC: FrameArray) -> FrameArray:
        high, wide = picture_HWC.shape[:2]
        crop = self._settings.crop
        if crop is None:
            return picture_HWC
        if not crop.fits(wide, high):
            raise ValueError(f"the crop lies outside of it, it is {wide}x{high}")
        return picture_HWC[crop.rows, crop.columns]

    def _scaled(self, picture_HWC: FrameArray) -> FrameArray:
        high, wide = picture_HWC.shape[:2]
        frame = self._frame
        picture: Any = np.ascontiguousarray(picture_HWC[:, :, :3])
        if (high, wide) != (frame.height, frame.width):
            shrinks = high > frame.height or wide > frame.width
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            picture = cv2.resize(picture, (frame.width, frame.height), interpolation=how)
            self._done[f"scaled from {wide}x{high} to {frame.width}x{frame.height}"] += 1
        channels = picture.shape[2] if picture.ndim == 3 else 1
        if channels == 3 and self._settings.colours == "bgr":
            picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        if channels != frame.channels:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY if frame.channels == 1 else cv2.COLOR_GRAY2RGB)
        return np.ascontiguousarray(picture).reshape(frame.shape)

    def converted(self) -> list[Converted]:
        """Return what was done to how many pictures."""
        return [Converted(what=f"{count:,} picture{'s' if count > 1 else ''}", how=how)
                for how, count in self._done.most_common()]  # fmt: skip
