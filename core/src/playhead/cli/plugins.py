"""`playhead plugins`: what each plugin registered, and which are broken and why."""

from __future__ import annotations

import click

from playhead.cli import plugin_commands
from playhead.cli.context import Desk, pass_desk
from playhead.guarded import how_to_remove
from playhead.plugins import KINDS, Plugins


@click.command("plugins")
@click.option("--settings", is_flag=True, help="List what --set takes in train and play.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def plugins(desk: Desk, settings: bool, as_json: bool) -> None:
    """List plugins, what they register and which are broken.

    Example: playhead plugins
    """
    found = desk.plugins
    if settings:
        _tell_settings(desk, found, as_json=as_json)
        return
    plugin_commands(click.get_current_context())  # asks every plugin for its commands, too
    loaded = {name: _registered(found, name) for name in found.loaded()}
    broken = [{"name": one.name, "reason": one.reason, "then": how_to_remove(one.name)} for one in found.broken]
    if as_json:
        rows = [{"name": name, "registers": registers} for name, registers in loaded.items()]
        desk.tell_json({"loaded": rows, "broken": broken})
        return
    for plugin, registers in loaded.items():
        desk.tell(plugin)
        for kind, names in registers.items():
            desk.tell(f"  {kind:<9} {', '.join(names)}")
    for one in broken:
        desk.tell(f"{one['name']} is BROKEN and left out: {one['reason']}", f"  {one['then']}")


def _tell_settings(desk: Desk, found: Plugins, *, as_json: bool) -> None:
    """Print every setting there is, by whom it is of."""
    from dataclasses import asdict

    from playhead.sessions.settings import all_settings

    groups = all_settings(found)
    if as_json:
        desk.tell_json({one.name.removeprefix("training="): [asdict(row) for row in one.rows] for one in groups})
        return
    for one in groups:
        none = "" if one.rows else " has none of its own"
        desk.tell(f"{one.name}{none}: {one.help}", *(row.line() for row in one.rows))


def _registered(found: Plugins, plugin: str) -> dict[str, list[str]]:
    """Return what one plugin registered: kind -> names, without the kinds it has none of."""
    by_kind = {"game": list(found.games)} | {kind: found.names(kind) for kind in KINDS}
    own = {kind: [n for n in names if found.origin(kind, n) == plugin] for kind, names in by_kind.items()}
    return {kind: names for kind, names in own.items() if names}
