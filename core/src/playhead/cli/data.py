"""`playhead data`: the group of commands on recordings, each imported when it is run."""

from __future__ import annotations

import click

from playhead.cli import LazyGroup

# name -> (module:command, one line for --help)
COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("playhead.cli.data_list:list_", "List recordings, newest last."),
    "info": ("playhead.cli.data_info:info", "Show everything one recording says about itself."),
    "show": ("playhead.cli.data_show:show", "Write a picture of recordings: frames with what was held."),
    "check": ("playhead.cli.data_check:check", "Name everything that is wrong with recordings."),
    "balance": ("playhead.cli.data_balance:balance", "Say how often each thing was done in recordings."),
    "copy": ("playhead.cli.data_copy:copy", "Copy finished recordings to a folder or an address, and back."),
    "push": ("playhead.cli.data_push:push", "Add recordings to a repository of a hub, as Hugging Face's."),
    "pull": ("playhead.cli.data_pull:pull", "Fetch recordings from a repository of a hub into the home."),
    "view": (
        "playhead.cli.data_view:view",
        "Write a page to look through a recording: pictures, keys, telemetry.",
    ),
    "export": (
        "playhead.cli.data_export:export",
        "Write recordings as video, LeRobot or Minari sets.",
    ),
    "tag": ("playhead.cli.data_tag:tag", "Say afterwards where recordings belong."),
    "trim": ("playhead.cli.data_trim:trim", "Cut stretches out of recordings in which nothing happens."),
    "cut": ("playhead.cli.data_cut:cut", "Cut named stretches out of recordings, or divide them."),
    "archive": (
        "playhead.cli.data_archive:archive",
        "Make the pictures of kept recordings video, a quarter as large.",
    ),
    "unarchive": (
        "playhead.cli.data_unarchive:unarchive",
        "Make the pictures of archived recordings single again.",
    ),
    "delete": ("playhead.cli.data_delete:delete", "Delete recordings, once you have said yes."),
    "repair": ("playhead.cli.data_repair:repair", "Keep all that can still be read of damaged recordings."),
}


class DataGroup(LazyGroup):
    """The commands of the table."""

    table = COMMANDS


@click.group("data", cls=DataGroup)
def data() -> None:
    """List, look at, check, copy, cut, archive, repair, delete and balance recordings.

    Example: playhead data list gta5
    """
