"""Named rectangles on a game's frame: a minimap, a speedometer, a HUD. Free of pixels and heavy imports."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from playhead.decoding import convert
from playhead.errors import BadValue


@dataclass(frozen=True, kw_only=True)
class Region:
    """A rectangle at the game's own frame size: left, top, width, height in pixels."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0 or self.x < 0 or self.y < 0:
            raise BadValue(f"A region needs x, y >= 0 and a width and height above 0, not {asdict(self)}.")

    def scaled(self, from_size: tuple[int, int], to_size: tuple[int, int]) -> Region:
        """Return this rectangle on a frame of another size.

        Units:  sizes are (width, height) in pixels; edges are rounded to the nearest pixel.
        """
        if from_size == to_size:
            return self
        across, down = to_size[0] / from_size[0], to_size[1] / from_size[1]
        left, top = round(self.x * across), round(self.y * down)
        right, bottom = round((self.x + self.width) * across), round((self.y + self.height) * down)
        return Region(x=left, y=top, width=max(1, right - left), height=max(1, bottom - top))

    @property
    def rows(self) -> slice:
        """The rows of a frame_HWC that lie inside."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """The columns of a frame_HWC that lie inside."""
        return slice(self.x, self.x + self.width)

    def fits(self, width: int, height: int) -> bool:
        """Whether the rectangle lies inside a frame of that size."""
        return self.x + self.width <= width and self.y + self.height <= height

    def to_json(self) -> dict[str, int]:
        """Return the four numbers as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Region:
        """Rebuild a region from `to_json`. Raises Damaged for what is none."""
        return convert(data, cls, where="A region")
