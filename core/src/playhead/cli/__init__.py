"""The command line: a table of commands, each imported when it is run. Errors become sentences here and only here,
those that nobody expected with the help of net.py.

Nothing heavy may be imported by this module or by cli/context.py: `playhead --help` answers in under 0.3 s.
"""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
from typing import Any

import click

from playhead import __version__
from playhead.cli.context import loaded_plugins, warn_of
from playhead.cli.net import VARIABLE, Call, full_disk, show_traceback, threads_caught, unexpected
from playhead.cli.terminal import bare, say, visible_streams
from playhead.errors import EndedBySignal, PlayheadError
from playhead.guarded import Interrupted, unending
from playhead.names import visible

# name -> (module:command, one line for --help). In the order of a day's work.
COMMANDS: dict[str, tuple[str, str]] = {
    "games": ("playhead.cli.games:games", "List the games that are installed."),
    "show": ("playhead.cli.show:show", "Show what playhead knows about a game, its recordings and runs."),
    "doctor": ("playhead.cli.doctor:doctor", "Check window, capture, keys, disk and delay of a game here."),
    "calibrate": ("playhead.cli.calibrate:calibrate", "Learn the digits of a number that a game shows."),
    "record": ("playhead.cli.record:record", "Record a game: what it shows and what is pressed."),
    "data": ("playhead.cli.data:data", "List, look at, check, copy, cut, repair and balance recordings."),
    "import": ("playhead.cli.import_:import_", "Import recordings made by another tool."),
    "train": ("playhead.cli.train:train", "Train a network on the recordings of a game."),
    "evaluate": ("playhead.cli.evaluate:evaluate", "Measure a run against baselines and the expert."),
    "label": ("playhead.cli.label:label", "Have a run say what was pressed in videos."),
    "export": ("playhead.cli.export:export", "Write a run's network in ONNX, for faster engines."),
    "bench": ("playhead.cli.bench:bench", "Find the engine that asks a run's network soonest here."),
    "play": ("playhead.cli.play:play", "Let a run play the game."),
    "replay": ("playhead.cli.replay:replay", "Send again what was recorded, and measure how faithfully."),
    "live": ("playhead.cli.live:live", "Collect, train and play, all at once, and show it on a page."),
    "world": ("playhead.cli.world:world", "Open a game's stand-in world in a real window, to drive it yourself."),
    "plugins": ("playhead.cli.plugins:plugins", "List plugins, what they register and which are broken."),
    "new-game": ("playhead.cli.new_game:new_game", "Write a package that teaches playhead a new game."),
}


class LazyGroup(click.Group):
    """The commands of a table, imported when they are run."""

    table: dict[str, tuple[str, str]] = COMMANDS

    def others(self, ctx: click.Context) -> dict[str, tuple[click.Command, str]]:
        """Return commands that are none of the table, with a line of help each."""
        return {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the table's order, then the others."""
        return [*self.table, *self.others(ctx)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in self.table:
            return self.others(ctx).get(name, (None, ""))[0]
        module, _, attribute = self.table[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command, or say which one is nearest."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = [one for one in known if one.endswith(f"-{name}")] or difflib.get_close_matches(name, known, 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise click.UsageError(f'No such command "{name}".{hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        rows = [(name, visible(line)) for name, (_, line) in [*self.table.items(), *self.others(ctx).items()]]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def plugin_commands(ctx: click.Context) -> dict[str, tuple[click.Command, str]]:
    """Return what plugins add, by name and sorted, with a line of help each; broken ones are named."""
    call = ctx.ensure_object(Call)
    if call.commands is None:
        plugins = loaded_plugins(call)
        known = len(plugins.broken)
        call.commands = dict(sorted(plugins.commands(click.Group, COMMANDS).items()))
        warn_of(plugins.broken[known:])
    return call.commands


class MainGroup(LazyGroup):
    """The built-in commands, and those of plugins."""

    others = staticmethod(plugin_commands)


@click.group(cls=MainGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="playhead")
@click.option("--debug", is_flag=True, help=f"Show the traceback of an error. Also: {VARIABLE}=1.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Record a game, train a network on it, measure it, let it play.

    A first round, on a machine without any game (the stand-in world takes its place):

    \b
      playhead record gta5 --episodes 4
      playhead train gta5
      playhead evaluate gta5
      playhead play gta5
    """
    call = ctx.ensure_object(Call)
    call.debug = call.debug or debug
    from playhead.input.leftovers import release_leftovers

    release_leftovers(say)


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 said what is wrong, 2 mistyped, 130 interrupted."""
    code = run(args)
    plugins = unending()
    if plugins:
        say(f"Plugin {', '.join(plugins)} has begun a thread that does not end. It is not waited for.")
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code. The one place where errors become sentences."""
    call = Call()
    with visible_streams(), threads_caught(call):
        try:
            cli.main(args, prog_name="playhead", standalone_mode=False, obj=call)
        except click.exceptions.Exit as leaving:
            return leaving.exit_code
        except BrokenPipeError:
            # `playhead data list | head` closes our stdout; keep Python from complaining at exit.
            bare(sys.stderr).close()
            return 0
        except SystemExit:  # a plugin's command that ends the program itself
            raise
        except BaseException as error:
            return _said(error, call)
        return 0


def _said(error: BaseException, call: Call) -> int:
    """Say an error in a sentence and return the exit code that it has."""
    if call.debug and not isinstance(error, click.ClickException):
        show_traceback(error)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        cause = error.__cause__ if isinstance(error, click.Abort) else error  # click's word for a Ctrl-C
        say(cause if isinstance(cause, Interrupted) else "Stopped.")
        return 130
    if isinstance(error, EndedBySignal):
        say(error)
        return error.code
    if isinstance(error, PlayheadError):
        say(f"Error: {error}")
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        say(f"Error: {full_disk(error)}")
    else:
        say(f"Error: {unexpected(error, call)}")
    return 1
