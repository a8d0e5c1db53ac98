"""Write docs/settings.md, what --set takes, from the code itself: python tests/settings_page.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

import playhead_gta5.game
import playhead_sideswipe.game
from playhead.cli import COMMANDS, LazyGroup
from playhead.cli.data import COMMANDS as DATA
from playhead.cli.live import COMMANDS as LIVE
from playhead.plugins import Plugins
from playhead.sessions.settings import all_settings
from playhead.training.settings import SettingRow

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
BEGINNING = """# Settings

What `--set NAME=VALUE` takes, and what a recipe states. Written by `python tests/settings_page.py` from the
comments beside the settings; a test holds it to them. `playhead plugins --settings` says the same of what is
installed, plugins of others included (`--json` for programs). Which to try when a network does not learn is in
[learning.md](learning.md), the options of devices are in [plugins.md](plugins.md#devices-and-backends).

| command | `--set` |
|---|---|
"""
KINDS = {
    "recipe": """## Recipes

In `playhead train GAME --set NAME=VALUE`, and fields of `playhead.training.recipe.Recipe`. A run keeps them all in
`run.json`.
""",
    "training": """## Training methods

Chosen by `train --set training=NAME`; settings of a method's own are given by their names alone, or as
`method.NAME`.
""",
    "model": """## Networks

Chosen by `train --set model=NAME`; a recipe states the options in `model_options`.
""",
    "balance": """## Ways to balance

Chosen by `train --set balance=NAME`, and looked at by `playhead data balance`; a recipe states the options in
`balance_options`.
""",
    "augment": """## Changes to pictures

Asked for by `train --set augment.NAME=SHARE`, of windows; with options by `augment.NAME.share=SHARE` and these. A
recipe states them in `augment`.
""",
    "controller": """## From answers to presses

In `playhead play GAME --set NAME=VALUE` for once, in `train` for all that a run plays, `evaluate` included. A game
with a controller of its own may take others.
""",
    "guard": """## Guards

In `playhead play GAME --set NAME=VALUE` and in `evaluate`; a game states its own in `guard`, a recipe too.
`guard.kind` names what may change keys before they are pressed, `none` turns it off ([guard.md](guard.md)).
""",
    "stuck": """## Being stuck

In `playhead play GAME --unstick --set NAME=VALUE`, and in `evaluate`: when the car stands, one of four ways out is
driven. A game states its own in `stuck`.
""",
}


def page() -> str:
    """Return the page."""
    return BEGINNING + "\n".join([*_commands(), "", *_groups()])


def _commands() -> Iterator[str]:
    for words, table in (("playhead", COMMANDS), ("playhead data", DATA), ("playhead live", LIVE)):
        group = LazyGroup()
        group.table = table
        for name in table:
            command = group.get_command(click.Context(group), name)
            for option in command.params if command else []:
                if isinstance(option, click.Option) and "--set" in option.opts:
                    yield f"| `{words} {name}` | {option.help} |"


def _groups() -> Iterator[str]:
    shown = ""
    games = [("gta5", playhead_gta5.game), ("sideswipe", playhead_sideswipe.game)]
    for group in all_settings(Plugins(games, strict=True)):
        kind = group.name.replace("=", ".").partition(".")[0]
        if kind != shown:
            yield KINDS[kind]
        shown = kind
        if kind != group.name:
            yield f"**`{group.name}`**: {group.help}.\n"
        if group.rows:
            yield "| setting | kind | default | may be | |\n|---|---|---|---|---|"
            yield from map(_row, group.rows)
            yield ""


def _row(row: SettingRow) -> str:
    default = "has to be given" if row.is_needed else f"`{row.default!r}`"
    return f"| `{row.name}` | {row.kind} | {default} | {row.values} | {row.help.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
