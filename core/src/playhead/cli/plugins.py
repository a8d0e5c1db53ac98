"""`playhead plugins`: what each plugin registered, and which are broken and why."""

from __future__ import annotations

import json

import click

from playhead.cli.context import Desk, pass_desk
from playhead.plugins import KINDS, Plugins

WHAT_TO_DO = "Mend or update its package, or remove it: python -m pip uninstall PACKAGE."


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def plugins(desk: Desk, as_json: bool) -> None:
    """List plugins, what they register and which are broken.

    Example: playhead plugins
    """
    # Not desk.plugins: that would warn on stderr of what is listed here in full.
    found = Plugins.installed()
    loaded = {name: _registered(found, name) for name in found.loaded()}
    broken = [{"name": one.name, "reason": one.reason, "then": WHAT_TO_DO} for one in found.broken]
    if as_json:
        rows = [{"name": name, "registers": registers} for name, registers in loaded.items()]
        click.echo(json.dumps({"loaded": rows, "broken": broken}, indent=2))
        return
    for plugin, registers in loaded.items():
        click.echo(plugin)
        for kind, names in registers.items():
            click.echo(f"  {kind:<9} {', '.join(names)}")
    for one in broken:
        click.echo(f"{one['name']} is BROKEN and left out: {one['reason']}\n  {one['then']}")


def _registered(found: Plugins, plugin: str) -> dict[str, list[str]]:
    """Return what one plugin registered: kind -> names, without the kinds it has none of."""
    by_kind = {"game": list(found.games)} | {kind: found.names(kind) for kind in KINDS}
    own = {kind: [n for n in names if found.origin(kind, n) == plugin] for kind, names in by_kind.items()}
    return {kind: names for kind, names in own.items() if names}
