"""The ten ways to add to playhead. Registries only: none of these is called while frames are flowing.

A plugin is a module with functions of these names, marked with `hookimpl`, and named in the entry-point
group `playhead`. What is registered by name is given as a Reference: a callable, or `"package.module:name"`,
imported when it is first used, so that a plugin costs nothing until then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from playhead.game import Game
    from playhead.references import Reference

hookspec = pluggy.HookspecMarker("playhead")
hookimpl = pluggy.HookimplMarker("playhead")


@hookspec
def playhead_games() -> Sequence[Game]:  # type: ignore[empty-body]
    """Return the games this package teaches."""


@hookspec
def playhead_captures() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return capture backends by name: each is called with a DeviceSession and returns a Capture."""


@hookspec
def playhead_inputs() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return input backends by name: each is called with a DeviceSession and returns an Input."""


@hookspec
def playhead_storages() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return openers by URL scheme: each is called with a URL and returns a zarr Store."""


@hookspec
def playhead_models() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return model builders by name: each is called with a ModelSpec and returns a Network."""


@hookspec
def playhead_engines() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return engines by name: each is called with a Network and a device and returns an Engine, which asks it."""


@hookspec
def playhead_augmentations() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return changes to pictures by name: each is called with (schema, frame, **options), an Augmentation."""


@hookspec
def playhead_trainings() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return training methods by name: each a Method, a class of one, or called with a TrainingJob for a Run."""


@hookspec
def playhead_guards() -> Mapping[str, Reference]:  # type: ignore[empty-body]
    """Return guards by name: each is called with a GuardJob and returns an ActionGuard, which may change keys."""


@hookspec
def playhead_commands(cli: click.Group) -> None:
    """Add commands to the command line."""
