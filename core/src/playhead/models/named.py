"""Modules by the names that data gives them."""

from __future__ import annotations

from torch import nn


class NamedModules(nn.ModuleDict):
    """A ModuleDict that takes every name: a head or region may also be called `keys` or `type`.

    Those are attributes of a ModuleDict, so such a module is reached by [name] alone.
    """

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Keep a module, whatever else is called so."""
        if not name or "." in name:
            raise KeyError(f'a module cannot be called "{name}"')
        self._modules[name] = module  # type: ignore[assignment]  # None too, as torch has it
