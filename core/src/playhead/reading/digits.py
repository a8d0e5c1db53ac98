"""Reads whole numbers by what their digits look like in one region of one game: some 0.1 ms each.

A picture of a number is taken for the sum of what each of its digits looks like at its place, some ways in which
all such pictures vary (light, what shines through), and noise. Which number makes a picture likeliest is told by
33 products and a table; a picture that none of them explains is not read.

Shape legend: H height, W width, C colours, P pixels of a small grey picture, S signs (eleven a place: 0 to 9 and
blank), K ways to vary, N numbers.
Source:  a linear Gaussian model, varying by probabilistic principal components (Tipping and Bishop 1999).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct
from safetensors import SafetensorError
from safetensors.numpy import load, save

from playhead.capture import FrameArray
from playhead.decoding import decode_json, read_bytes
from playhead.errors import BadValue, Damaged, NotFound
from playhead.reading import Reader

FloatArray = npt.NDArray[np.float32]
SIGNS, BLANK = 11, 10  # of each place
MOST_PLACES, MOST_BYTES = 4, 4_000_000


class _Facts(Struct):
    """What the header of a file of digits says. `limit` is the distance up to which a picture is explained.

    Units:  height and width of the small pictures compared; shown_height that of the region as it was shown.
    """

    height: Annotated[int, Meta(ge=4, le=128)]
    width: Annotated[int, Meta(ge=4, le=256)]
    shown_height: Annotated[int, Meta(ge=1, le=16_384)]
    places: Annotated[int, Meta(ge=1, le=MOST_PLACES)]
    limit: Annotated[float, Meta(gt=0, lt=1e6)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Digits:
    """What the digits of one region look like.

    Shapes:  signs_SP what each sign at each place adds, units first, of whitened pictures; seen_S whether it was
             learned; ways_KP and gains_K whiten a picture: x - gains * (x in ways) in ways, over `noise`.
    """

    height: int
    width: int
    shown_height: int
    places: int
    limit: float
    signs_SP: FloatArray
    seen_S: npt.NDArray[np.uint8]
    ways_KP: FloatArray
    gains_K: FloatArray
    noise_1: FloatArray

    def whitened(self, x_P: FloatArray) -> FloatArray:
        """Return pictures as their noise has them, the same in every pixel. Shapes: (..., P)."""
        varied_K = (x_P @ self.ways_KP.T) * self.gains_K
        return np.asarray((x_P - varied_K @ self.ways_KP) / self.noise_1, dtype=np.float32)

    def to_bytes(self) -> bytes:
        """Return the content of a file of digits."""
        facts = {name: getattr(self, name) for name in _Facts.__struct_fields__}
        tensors = {name: np.ascontiguousarray(getattr(self, name)) for name in _TENSORS}
        return save(tensors, metadata={"digits": msgspec.json.encode(facts).decode()})

    @classmethod
    def open(cls, file: Path) -> Digits:
        """Read a file of digits. Raises NotFound without one, Damaged for one that is none."""
        try:
            data = read_bytes(file, MOST_BYTES)
        except FileNotFoundError:
            raise NotFound(f"There is no file of digits {file}. Learn them: playhead calibrate GAME.") from None
        try:
            tensors = load(data)
            length = int.from_bytes(data[:8], "little")
            header = decode_json(data[8 : 8 + length], dict[str, Any], where=str(file))
            text = header["__metadata__"]["digits"]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise Damaged(f"{file} holds no digits. Learn some: playhead calibrate GAME.") from error
        facts = decode_json(text.encode(), _Facts, where=str(file))
        found: dict[str, Any] = {name: tensors.get(name, np.empty(0)) for name in _TENSORS}
        digits = cls(**found, **msgspec.structs.asdict(facts))
        digits.check(str(file))
        return digits

    def check(self, where: str) -> None:
        """Raise Damaged unless all shapes fit one another and everything is a number."""
        pixels, signs, ways = self.height * self.width, self.places * SIGNS, len(self.gains_K)
        wanted = {
            "signs_SP": (signs, pixels), "seen_S": (signs,), "ways_KP": (ways, pixels), "gains_K": (ways,),
            "noise_1": (1,),
        }  # fmt: skip
        for name, shape in wanted.items():
            values = getattr(self, name)
            kind = np.uint8 if name == "seen_S" else np.float32
            if values.shape != shape or values.dtype != kind or not np.isfinite(values).all():
                raise Damaged(f"{where}: {name} is {values.shape} {values.dtype}, finite {shape} is wanted.")
        if self.noise_1[0] <= 0:
            raise Damaged(f"{where}: the noise is {self.noise_1[0]:g}, a number above 0 is wanted.")


_TENSORS = ("signs_SP", "seen_S", "ways_KP", "gains_K", "noise_1")


def small_grey(picture_HWC: FrameArray, height: int, width: int) -> FloatArray:
    """Return a picture of a region as it is compared: small, grey, its mean 0 and its spread 1.

    Shapes:  picture_HWC (h, w, 1 or 3) uint8; returns (height * width,).
    """
    grey: Any = picture_HWC if picture_HWC.shape[2] == 1 else cv2.cvtColor(picture_HWC, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    centred: FloatArray = small - small.mean()
    return centred / max(float(centred.std()), 1.0)  # a region of one colour stays one


def signs_of(numbers_N: npt.NDArray[np.int64], places: int) -> npt.NDArray[np.int64]:
    """Return which sign stands at each place, units first: a digit, or blank before the first one.

    Shapes:  numbers_N (N,); returns (N, places), from 0 to places * SIGNS.
    """
    powers_D = 10 ** np.arange(places)
    digits_ND = numbers_N[:, None] // powers_D % 10
    is_blank_ND = (numbers_N[:, None] < powers_D) & (powers_D > 1)
    signs_ND: npt.NDArray[np.int64] = np.where(is_blank_ND, BLANK, digits_ND) + SIGNS * np.arange(places)
    return signs_ND


class DigitReader(Reader):
    """Reads the numbers whose digits were learned."""

    def __init__(self, digits: Digits) -> None:
        self._digits = digits
        numbers_N = np.arange(10**digits.places)
        signs_ND = signs_of(numbers_N, digits.places)
        known_N = digits.seen_S[signs_ND].all(1)
        self._numbers_N, self._signs_ND = numbers_N[known_N], signs_ND[known_N]
        products_SS = digits.signs_SP @ digits.signs_SP.T
        pairs_NDD = products_SS[self._signs_ND[:, :, None], self._signs_ND[:, None, :]]
        self._norms_N: FloatArray = pairs_NDD.sum((1, 2))

    def read(self, picture_HWC: FrameArray) -> tuple[float, float]:
        """Return the likeliest number: how likely beside all others, less where it explains the picture badly."""
        digits = self._digits
        white_P = digits.whitened(small_grey(picture_HWC, digits.height, digits.width))
        scores_N = 2 * (digits.signs_SP @ white_P)[self._signs_ND].sum(1) - self._norms_N
        best = int(scores_N.argmax()) if len(scores_N) else -1
        if best < 0:
            return math.nan, 0.0
        distance = max(float(white_P @ white_P - scores_N[best]) / white_P.size, 1e-9)
        likely = 1 / float(np.exp((scores_N - scores_N[best]) / 2).sum())
        return float(self._numbers_N[best]), likely * min(1.0, digits.limit / distance)


class SizedReader(Reader):
    """Reads with the digits learned at the size nearest to that shown: at another, thin lines look different."""

    def __init__(self, known: Sequence[Digits]) -> None:
        self._readers = [(digits.shown_height, DigitReader(digits)) for digits in known]

    def read(self, picture_HWC: FrameArray) -> tuple[float, float]:
        """Return what the digits of the nearest size say."""
        high = picture_HWC.shape[0]
        _, reader = min(self._readers, key=lambda sized: abs(math.log(sized[0] / high)))
        return reader.read(picture_HWC)


def open_reader(options: Mapping[str, Any]) -> SizedReader:
    """Return the reader of the digits in the file, or the files, that the option "digits" names.

    Raises:  BadValue without one, NotFound for a file that does not exist, Damaged.
    """
    named = options.get("digits")
    files = [named] if isinstance(named, (str, Path)) else named
    if not files or not isinstance(files, (list, tuple)) or not all(isinstance(one, (str, Path)) for one in files):
        raise BadValue(
            f"digits={named} names no file. Learn digits with: playhead calibrate GAME; then give the reading "
            "the option digits=FILE."
        )
    return SizedReader([Digits.open(Path(one).expanduser()) for one in files])
