"""Options that several commands have: `--set NAME=VALUE` and `--device`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from playhead.decoding import setting_value
from playhead.errors import BadValue
from playhead.sessions.place import nested

engine_option = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True,
    help="Where the network computes; auto takes CUDA where there is any.",
)  # fmt: skip


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Return `name=value` texts as a nested mapping: `arguments.traffic=20` reaches into `arguments`.

    Values are read as JSON where they can be, else as text. Raises: BadValue for a text without "=".
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadValue(f'--set {text} is not of the form name=value, as in "arguments.traffic=20".')
        settings = nested({**settings, name: setting_value(value)})
    return settings
