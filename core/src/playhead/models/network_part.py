"""What must agree where a network looks at a game: the heads it learned, the frame it sees, how often.

Beside the recipe, it is all that a network is built from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from playhead.errors import Mismatch
from playhead.game import Frame
from playhead.inputs import main_input
from playhead.labels import LabelSchema
from playhead.models import Colours, ModelSpec
from playhead.models.run_file import RunJson
from playhead.regions import Region
from playhead.training.recipe import Recipe

LEARNS_HEADS = "supervised"  # the training method whose network always answers some


@dataclass(frozen=True, kw_only=True)
class NetworkPart:
    """What must agree, beside the recipe, where a network looks at a game.

    `schema` are the heads that were learned, in their order, none of what finds boxes; `colours` means and scales
    of the channels of their pictures, none in runs of earlier versions. Units: rate_hz frames a second of most of
    the recorded time, other_rates_hz of the rest.
    """

    schema: LabelSchema
    frame: Frame
    rate_hz: float
    other_rates_hz: tuple[float, ...] = ()
    colours: Colours | None = None

    @classmethod
    def of(cls, told: RunJson, where: str) -> NetworkPart | None:
        """Return the part that a run.json tells of, None where it tells of none. Raises Damaged."""
        if told.frame is None or told.rate_hz is None or told.schema is None:
            return None  # all of them: run_file sees to that
        has_heads = bool(told.schema) or told.recipe.get("training", LEARNS_HEADS) == LEARNS_HEADS
        schema = LabelSchema.from_json(told.schema, where=where) if has_heads else LabelSchema(())
        return cls(
            schema=schema, frame=told.frame, rate_hz=told.rate_hz, other_rates_hz=told.other_rates_hz,
            colours=told.colours,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return what run.json holds of it."""
        others = {"other_rates_hz": self.other_rates_hz} if self.other_rates_hz else {}
        return {
            "schema": self.schema.to_json(), "frame": asdict(self.frame), "rate_hz": self.rate_hz, **others,
            "colours": self.colours,
        }  # fmt: skip


def model_spec(game: Mapping[str, Any], schema: LabelSchema, frame: Frame, recipe: Recipe) -> ModelSpec:
    """Return what a network is built for: from the game's data part, the heads learned and the recipe."""
    inputs = recipe.named_inputs
    return ModelSpec(
        schema=schema,
        frame=frame,
        regions={name: Region.from_json(data) for name, data in game["regions"].items()},
        length=inputs[main_input(inputs)].steps,
        inputs=tuple(inputs),
        named_inputs=inputs,
        positions_s=recipe.positions_s,
        options=recipe.model_options,
    )


def check_frame(ours: Frame, theirs: Frame, *, where: str, then: str) -> None:
    """Raise Mismatch when two frames differ in size or colour; rate and codec may differ."""
    if (ours.width, ours.height, ours.colour) != (theirs.width, theirs.height, theirs.colour):
        raise Mismatch(
            f"{where} has frames of {theirs.width}x{theirs.height} {theirs.colour}, "
            f"but {ours.width}x{ours.height} {ours.colour} are needed. {then}"
        )
