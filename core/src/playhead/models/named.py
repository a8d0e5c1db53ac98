"""Modules by the names that data gives them."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping

from torch import nn

_RESERVED = frozenset(dir(nn.ModuleDict())) | {"training"}


class NamedModules(nn.ModuleDict):
    """A ModuleDict that takes every name: a head or a region may also be called `keys`, `items` or `type`.

    Those are a ModuleDict's own attributes, so such a module is kept as `keys_`, and one called `a.b` as `a%2Eb`;
    weights are named so, too.
    """

    def __init__(self, modules: Mapping[str, nn.Module] | None = None) -> None:
        super().__init__()
        self._given: list[str] = []
        self.update(modules or {})

    def __getitem__(self, name: str) -> nn.Module:
        return self._modules[kept_as(name)]

    def __setitem__(self, name: str, module: nn.Module) -> None:
        self._given += [name] if name not in self else []
        self.add_module(kept_as(name), module)

    def __delitem__(self, name: str) -> None:
        self._given.remove(name)
        del self._modules[kept_as(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and kept_as(name) in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def keys(self) -> KeysView[str]:
        """Return the names that data gave."""
        return dict.fromkeys(self._given).keys()

    def items(self) -> ItemsView[str, nn.Module]:
        """Return the modules with the names that data gave."""
        return dict(zip(self._given, self._modules.values(), strict=True)).items()


def kept_as(name: str) -> str:
    """Return the attribute that a module of this name is: no two names share one."""
    kept = name.replace("%", "%25").replace(".", "%2E")  # a dot is what torch joins names with
    return f"{kept}_" if _is_reserved(kept) else kept


def _is_reserved(name: str) -> bool:
    """Whether a name is an attribute of a ModuleDict, or one with `_` behind it."""
    return any(name[:end] in _RESERVED for end in range(len(name.rstrip("_")), len(name) + 1))
