"""Options that several commands have, and short ways to say those of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from playhead import quantities
from playhead.decoding import setting_value
from playhead.errors import BadValue
from playhead.sessions.place import nested

FIRST_SEED = 10_000  # as in sessions/evaluating.py, which needs torch
Option = Callable[[Any], Any]  # a decorator of a command


def text(name: str, metavar: str, says: str, *names: str) -> Option:
    """Return an option that takes a text, "" where it is not given."""
    return click.option(name, *names, metavar=metavar, default="", help=says)


def texts(name: str, metavar: str, says: str, *names: str) -> Option:
    """Return an option that may be given several times."""
    return click.option(name, *names, metavar=metavar, multiple=True, help=says)


def count(name: str, says: str, default: int | None = None) -> Option:
    """Return an option that takes a number from 1 on."""
    shown = default is not None
    return click.option(name, type=click.IntRange(min=1), default=default, show_default=shown, help=says)


class Checked(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A number as quantities.py checks it, there also for whoever calls from Python; called as what it is."""

    def __init__(self, check: Callable[[Any, str], Any] = quantities.number) -> None:
        self._check = check
        self.name = "integer" if check is quantities.seed else "float"  # shown by --help

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises BadValue naming the option."""
        return self._check(read_number(value), param.opts[0] if param is not None else "The value")


def read_number(value: Any) -> Any:
    """Return what a text says as a number, whole where it is; what it says otherwise stays a text."""
    for kind in (int, float):
        with suppress(ValueError, TypeError):
            return kind(value) if isinstance(value, str) else value
    return value


def number(
    name: str, says: str, default: float | None = None, *, check: Callable[[Any, str], Any] = quantities.number
) -> Option:
    """Return an option that takes a number, 0 or more; 0 is a default that its help explains."""
    return click.option(name, type=Checked(check), default=default, show_default=bool(default), help=says)


def rate(name: str, says: str, default: float | None = None) -> Option:
    """Return an option that takes a number a second, more than 0."""
    return number(name, says, default, check=quantities.rate)


def seed(says: str, default: int | None = None) -> Option:
    """Return the option that takes the first seed."""
    shown = default is not None
    return click.option("--seed", type=Checked(quantities.seed), default=default, show_default=shown, help=says)


def numbers(name: str, says: str) -> Option:
    """Return an option that takes numbers with commas between."""

    def read(ctx: click.Context, parameter: click.Parameter, given: str) -> tuple[float, ...]:
        try:
            return tuple(quantities.number(float(part), name) for part in given.split(",") if part.strip())
        except BadValue:
            raise
        except ValueError:
            raise BadValue(f"{name} {given} is not numbers with commas between. Try {name} 0,.1,.2.") from None

    return click.option(name, metavar="NUMBERS", default="", callback=read, help=says)


def share(value: object, name: str) -> float:
    """Return a share from 0 to 1. Raises BadValue."""
    return quantities.number(value, name, most=1)


class Computer(click.Choice):  # type: ignore[type-arg]  # generic from click 8.2 on
    """Where a network may compute; a wrong one is told what to type."""

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> NoReturn:
        """Say what is wrong and what to type."""
        super().fail(f"{message.rstrip('.')}. Try --device auto.", param, ctx)


def device_option(says: str, *more: str) -> Option:
    """Return the option that says where a network computes."""
    kinds = Computer(["auto", "cpu", "cuda", *more])
    return click.option("--device", type=kinds, default="auto", show_default=True, help=says)


def address_option() -> Option:
    """Return the option that says which live run is joined."""
    says = "Where the live run is, as it says at its start."
    return click.option("--address", metavar="HOST:PORT", required=True, help=says)


def swap_option(says: str) -> Option:
    """Return the option that says when a player takes newer weights."""
    kinds = click.Choice(["episode", "always"])
    return click.option("--swap", type=kinds, default="episode", show_default=True, help=says)


def json_option(what: str) -> Option:
    """Return the option that has a result printed as JSON."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what}.")


# Options of devices with a name of their own on the command line: --core FILE is --set core=FILE.
OF_DEVICES = {
    "core": ("CORE", "Core of an emulator, a libretro library by its file or as mgba. It runs code of its own."),
    "rom": ("FILE", "ROM that an emulator plays."),
}
_NAMED = "playhead.device_options"  # where they wait in click's context for --set


def set_option(says: str, *, example: str = "arguments.traffic=20", is_text: bool = False) -> Option:
    """Return the option that changes settings: by `parse_settings`, or with `is_text` texts by name."""

    def read(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
        return {**ctx.meta.get(_NAMED, {}), **parse_settings(given, example=example, is_text=is_text)}

    return click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", callback=read, help=says)


def device_set_option(says: str) -> Option:
    """Return the option that changes those of a device, and the options that stand for some of them by name."""

    def note(ctx: click.Context, parameter: click.Parameter, given: str) -> None:
        if given:
            ctx.meta.setdefault(_NAMED, {})[parameter.name] = given

    def decorated(command: Any) -> Any:
        for name, (metavar, help_text) in reversed(OF_DEVICES.items()):
            command = click.option(
                f"--{name}", metavar=metavar, default="", help=help_text,
                is_eager=True, expose_value=False, callback=note,
            )(command)  # fmt: skip
        return set_option(says)(command)

    return decorated


def parse_settings(
    given: Sequence[str], *, example: str = "arguments.traffic=20", is_text: bool = False
) -> dict[str, Any]:
    """Return `name=value` texts as a nested mapping: `arguments.traffic=20` reaches into `arguments`.

    Values are read as JSON where they can be, else as text. Raises: BadValue for a text without "=".
    """
    settings: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise BadValue(f'--set {one} is not of the form name=value, as in "{example}".')
        settings = {**settings, name: value} if is_text else nested({**settings, name: setting_value(value)})
    return settings


def parse_tags(given: Sequence[str]) -> dict[str, str]:
    """Return `name=value` texts as tags. Raises: BadValue for a text without "=", a name or a value."""
    for one in given:
        name, _, value = one.partition("=")
        if not name or not value:
            raise BadValue(f'--tag {one} is not of the form name=value, as in "track=alpine".')
    return dict(one.split("=", 1) for one in given)


class DataFolder(click.Path):
    """A folder of this machine that exists, as a Path; an address (`s3://...`) as the text that it is."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:  # type: ignore[override]
        """Check a folder, and leave an address to whoever opens it."""
        from playhead.storage.local import scheme_of

        return value if scheme_of(value) else Path(str(super().convert(value, param, ctx)))


def engine_option(command: Any) -> Any:
    """Add the options that say what asks a network, and where it computes."""
    engine = click.option(
        "--engine", metavar="NAME", default="torch", show_default=True,
        help="What asks the network: torch, compiled; of an exported run (playhead export) onnx, openvino, "
        "openvino-bf16.",
    )  # fmt: skip
    return engine(device_option("Where the network computes; auto takes CUDA where there is any.")(command))


first_seed_option = seed("First seed; the next ones count on.", FIRST_SEED)
scenario_option = text("--scenario", "NAME", "Kind of episode, as the world names them.")
skip_bad_option = click.option(
    "--skip-bad", is_flag=True, help="Leave out recordings that do not fit or cannot be read."
)
data_option = click.option(
    "--data", multiple=True, type=DataFolder(), metavar="FOLDER",
    help="Further folder of recordings, or its address.",
)  # fmt: skip
tag_option = click.option(
    "--tag", "tags", multiple=True, metavar="NAME=VALUE", callback=lambda ctx, option, given: parse_tags(given),
    help="Say where the recordings belong, as track=alpine: by such tags they can be split or left out.",
)  # fmt: skip
