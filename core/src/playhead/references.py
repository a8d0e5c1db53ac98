"""Code that a plugin names, and the only road from a name to code.

A plugin states code as a callable or as the text `"package.module:name"`, in a Game or to a hook. What it states
is turned into a `Stated` there and then, by `stated`; only that can be resolved. A text that comes from anywhere
else (a file, the command line) stays a text, and a text is never imported: data names only what is registered.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playhead.errors import PluginError

Reference = str | Callable[..., Any]


@dataclass(frozen=True)
class Stated:
    """Code that a plugin named and that nobody has imported yet. Calling it imports it."""

    text: str

    def load(self) -> Callable[..., Any]:
        """Import and return it. Raises PluginError naming it, when the module or the name does not exist."""
        module_name, _, name = self.text.partition(":")
        try:
            target = getattr(importlib.import_module(module_name), name)
        except (Exception, SystemExit) as error:  # foreign code, which may fail in any way
            raise PluginError(
                f'"{self.text}" cannot be imported: {type(error).__name__}: {error}. '
                'It should read "package.module:name".'
            ) from error
        if not callable(target):
            raise PluginError(f'"{self.text}" names {target!r}, which cannot be called.')
        return target  # type: ignore[no-any-return]

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Import it and call it."""
        return self.load()(*args, **options)


def stated(reference: Reference) -> Reference:
    """Take a reference out of a plugin's own objects. Called where these are made, and nowhere else."""
    return Stated(reference) if isinstance(reference, str) else reference


def all_stated(references: Mapping[str, Reference]) -> dict[str, Reference]:
    """Take references out of a plugin's own objects, by name."""
    return {name: stated(reference) for name, reference in references.items()}


def resolve(reference: Reference) -> Callable[..., Any]:
    """Return what a plugin stated, imported.

    Raises:  PluginError for a text, which no plugin stated, and for what cannot be imported.
    """
    if isinstance(reference, Stated):
        return reference.load()
    if not callable(reference):
        raise PluginError(
            f"{reference!r} was not stated by a plugin, so it is not imported: only what plugins register is code."
        )
    return reference
