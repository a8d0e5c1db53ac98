"""Modules by the names that data gives them."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView

from torch import nn

_RESERVED = frozenset(dir(nn.ModuleDict())) | {"training"}


class NamedModules(nn.ModuleDict):
    """A ModuleDict that takes every name: a head or a region may also be called `keys`, `items` or `type`.

    Those are a ModuleDict's own attributes, so such a module is kept as `keys_`; weights are named so, too.
    """

    def __getitem__(self, name: str) -> nn.Module:
        return self._modules[kept_as(name)]

    def __setitem__(self, name: str, module: nn.Module) -> None:
        self.add_module(kept_as(name), module)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and kept_as(name) in self._modules

    def __iter__(self) -> Iterator[str]:
        return map(_name_of, self._modules)

    def keys(self) -> KeysView[str]:
        """Return the names that data gave."""
        return dict.fromkeys(self).keys()

    def items(self) -> ItemsView[str, nn.Module]:
        """Return the modules with the names that data gave."""
        return dict(zip(self, self._modules.values(), strict=True)).items()


def kept_as(name: str) -> str:
    """Return the attribute that a module of this name is: no two names share one."""
    return f"{name}_" if name.rstrip("_") in _RESERVED else name


def _name_of(kept: str) -> str:
    return kept[:-1] if kept.rstrip("_") in _RESERVED else kept
