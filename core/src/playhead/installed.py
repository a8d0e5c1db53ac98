"""The plugins that are installed, in the order in which they are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

GROUP = "playhead"
OWN = "playhead-"  # packages that are called so are the project's


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A line of a package's entry points; `fault` says why it cannot even be looked at."""

    name: str
    package: str
    entry: EntryPoint | None = None
    fault: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the project's package of this name brings it, as playhead-pong does pong."""
        return self.package == f"{OWN}{self.name}"


def installed_plugins() -> list[InstalledPlugin]:
    """Return all of them: the project's own first, for a name belongs to whom it was given first; then by name.

    Of a package that is installed twice the first on the path counts, which is the one that is imported.
    """
    try:
        entries = entry_points(group=GROUP)
    except Exception:  # some package, perhaps one that is none of ours, has lines that cannot be read
        found = list(_one_by_one())
    else:
        found = [InstalledPlugin(name=one.name, package=_package(one.dist), entry=one) for one in entries]
    return sorted(dict.fromkeys(found), key=_place)


def _place(plugin: InstalledPlugin) -> tuple[bool, bool, str, str]:
    return not plugin.is_own, not plugin.package.startswith(OWN), plugin.name, plugin.package


def _one_by_one() -> Iterator[InstalledPlugin]:
    """Look at each package alone, so that a damaged one does not hide the others; .05 s more for a hundred."""
    seen: set[str] = set()
    for number, distribution in enumerate(distributions()):
        package = _package(distribution)
        if package in seen:
            continue
        seen.add(package or f"package {number}")
        yield from _plugins_of(distribution, package or f"package {number}")


def _package(distribution: Distribution | None) -> str:
    """Return a package's name as all spellings of it are written; "" where it does not say it."""
    try:
        return re.sub(r"[-_.]+", "-", distribution.name).lower() if distribution else ""
    except Exception:  # metadata that cannot be read, in any way
        return ""


def _plugins_of(distribution: Distribution, package: str) -> Iterator[InstalledPlugin]:
    try:
        entries = [entry for entry in distribution.entry_points if entry.group == GROUP]
    except Exception as error:
        if _names_us(distribution):
            fault = f"its entry points cannot be read: {type(error).__name__}: {error}"
            yield InstalledPlugin(name=package, package=package, fault=fault)
        return
    for entry in entries:
        yield InstalledPlugin(name=entry.name, package=package, entry=entry)


def _names_us(distribution: Distribution) -> bool:
    try:
        return f"[{GROUP}]" in (distribution.read_text("entry_points.txt") or "")
    except Exception:  # no text at all
        return False
