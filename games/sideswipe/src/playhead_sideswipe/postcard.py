"""Draw a contact sheet of the garage: python -m playhead_sideswipe.postcard docs/pictures/garage.jpg

First a row of each body that is learnt, then those that are not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np

from playhead_drawing.quads import ByteArray
from playhead_sideswipe.loadout import HATS, ROTATIONS, STICKERS, UNSEEN_BODIES, WHEELS, Loadout
from playhead_sideswipe.world import BODIES, Garage, Split

_COLUMNS = 4
_TILE = (300, 112)


def dressed_at_random(body: str, dice: Random) -> Loadout:
    """Return a loadout of any menu's things in any colours."""
    return Loadout(
        body=body,
        team=dice.randrange(2),
        primary=dice.random(),
        secondary=dice.random(),
        hat=dice.randrange(HATS),
        sticker=dice.randrange(STICKERS[body]),
        wheel=dice.randrange(WHEELS),
    )


def sheet(split: Split = "train", first_seed: int = 0) -> ByteArray:
    """Draw rows of one body each. Shapes: returns (H, W, 3) uint8 RGB."""
    rows = [*([body] * _COLUMNS for body in BODIES), *_chunks(UNSEEN_BODIES)]
    dice, seed = Random(first_seed), first_seed
    pictures = []
    with Garage(split=split) as garage:
        for row in rows:
            tiles = []
            for column, body in enumerate(row):
                rotation = ROTATIONS * (column + dice.random()) / _COLUMNS
                picture_HWC = garage.draw(dressed_at_random(body, dice), rotation, seed=seed)
                tiles.append(cv2.resize(picture_HWC, _TILE, interpolation=cv2.INTER_AREA))
                seed += 1
            pictures.append(np.concatenate(tiles, axis=1))
    return np.asarray(np.concatenate(pictures), np.uint8)


def _chunks(bodies: tuple[str, ...]) -> Iterator[list[str]]:
    """Yield rows of the bodies, the last one filled up from the first."""
    for first in range(0, len(bodies), _COLUMNS):
        yield [bodies[(first + column) % len(bodies)] for column in range(_COLUMNS)]


def main() -> None:
    """Write the sheet to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="where to write the picture; the name says which kind")
    parser.add_argument("--split", choices=("train", "test"), default="train", help="which rooms (default train)")
    parser.add_argument("--seed", type=int, default=0, help="of the first room (default 0)")
    asked = parser.parse_args()
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    picture_HWC = sheet(asked.split, asked.seed)
    cv2.imwrite(str(asked.file), picture_HWC[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 74])
    print(
        f"{asked.file}: {picture_HWC.shape[1]}x{picture_HWC.shape[0]}, {asked.file.stat().st_size / 1000:.0f} kB"
    )


if __name__ == "__main__":
    main()
