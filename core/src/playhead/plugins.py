"""Finds plugins, loads them one by one and answers what they registered.

A plugin that fails to load is kept aside by name: a warning at a user's desk, an error with strict=True (CI).
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pluggy

from playhead import builtin, hookspecs
from playhead.errors import PluginError, not_found
from playhead.game import Game, check_game
from playhead.guarded import run_foreign, shortened
from playhead.installed import GROUP, OWN, InstalledPlugin, installed_plugins
from playhead.names import fault_of
from playhead.references import Reference, Stated, all_stated, resolve

if TYPE_CHECKING:
    import click

UNWRITTEN = Stated("playhead.environment.unwritten:game_of")  # makes a game of a name that no plugin has


@dataclass(frozen=True, kw_only=True)
class BrokenPlugin:
    """A plugin that was found and could not be used, and why."""

    name: str
    reason: str


class Plugins:
    """Everything registered by the built-ins and the installed plugins, by name."""

    def __init__(self, modules: Iterable[tuple[str, object]] = (), *, strict: bool = False) -> None:
        self._strict = strict
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        self._games: dict[str, tuple[str, Game]] = {}
        self._named: dict[str, dict[str, tuple[str, Reference]]] = {kind: {} for kind in _KINDS}
        self._reserved: frozenset[str] = frozenset()  # games that belong to the project's own packages
        self.broken: list[BrokenPlugin] = []
        self.load_again: Callable[[], Plugins] | None = None  # in another process; None: nothing makes the same
        self.add("playhead", builtin)
        for name, module in modules:
            self.add(name, module)

    @classmethod
    def installed(cls, *, strict: bool = False) -> Plugins:
        """Load the built-ins and every entry point of the group `playhead`, one by one."""
        plugins = cls(strict=strict)
        found = installed_plugins()
        plugins._reserved = frozenset(plugin.name for plugin in found if plugin.is_own)
        for plugin in found:
            plugins._load(plugin)
        plugins.load_again = partial(cls.installed, strict=strict)
        return plugins

    def with_game(self, game: Game) -> Plugins:
        """Return the same plugins and one more game, as of a notebook; it takes the place of one of its name."""
        more = copy(self)
        more._games, more.load_again = {**self._games, game.name: ("your own", game)}, None
        return more

    def _load(self, plugin: InstalledPlugin) -> None:
        entry = plugin.entry
        if entry is None:
            self._fail(plugin.name, plugin.fault, None)
            return
        try:
            module = run_foreign(plugin.name, "is being imported", entry.load)
        except PluginError as error:  # a plugin may fail in any way, and the others must go on working
            self._fail(plugin.name, f"{entry.value} cannot be imported: {error}", error)
        else:
            self.add(plugin.name, module, is_own=plugin.is_own)

    def add(self, name: str, module: object, *, is_own: bool = False) -> None:
        """Register one plugin, checking its hooks, types and names."""
        self.load_again = None
        try:
            run_foreign(name, "says what it brings", lambda: self._register(name, module, is_own=is_own))
        except PluginError as error:  # its hookimpls are foreign code too
            self._fail(name, str(error), error)

    def _register(self, name: str, module: object, *, is_own: bool) -> None:
        _check_hook_names(name, module)
        if self._manager.has_plugin(name):
            raise PluginError("another plugin has this name too; rename one of their entry points")
        self._manager.register(module, name=name)
        try:
            games = _checked_games(name, module)
            named = {kind: _checked_names(name, module, hook) for kind, hook in _KINDS.items()}
            self._check_clashes(name, games, named, is_own=is_own)
        except BaseException:
            self._manager.unregister(name=name)
            raise
        self._games.update({game.name: (name, game) for game in games})
        for kind, references in named.items():
            self._named[kind].update({key: (name, reference) for key, reference in references.items()})

    def _check_clashes(
        self, name: str, games: list[Game], named: Mapping[str, Mapping[str, Reference]], *, is_own: bool
    ) -> None:
        taught = {game_name: owner for game_name, (owner, _) in self._games.items()}
        for game in games:
            if game.name in taught:
                raise PluginError(f"the game {game.name} is already taught by plugin {taught[game.name]}")
            if game.name in self._reserved and not (is_own and game.name == name):
                raise PluginError(f"the game {game.name} belongs to the package {OWN}{game.name}")
            taught[game.name] = name
        for kind, references in named.items():
            for key in references:
                if key in self._named[kind]:
                    raise PluginError(
                        f"the {kind} {key} is already registered by plugin {self._named[kind][key][0]}"
                    )

    def _fail(self, name: str, reason: str, error: Exception | None) -> None:
        if self._strict:
            raise PluginError(f"Plugin {name} is broken: {reason}") from error
        self.broken.append(BrokenPlugin(name=name, reason=shortened(reason)))

    @property
    def games(self) -> dict[str, Game]:
        """All games by name, sorted."""
        return {name: self._games[name][1] for name in sorted(self._games)}

    def game(self, name: str) -> Game:
        """Return the game called `name`, or the one that an environment of that id makes by itself.

        Raises:  NotFound, mentioning broken plugins, with the nearest name; as `environment.unwritten.game_of`.
        """
        if name not in self._games:
            if game := resolve(UNWRITTEN)(name):
                return cast("Game", game)
            broken = "".join(
                f" Plugin {plugin.name} is broken: {plugin.reason.rstrip('.')}." for plugin in self.broken
            )
            raise not_found(
                "game", name, self._games, then=f"Install its package, or see: playhead games.{broken}"
            )
        return self._games[name][1]

    def names(self, kind: str) -> list[str]:
        """Return what is registered of a kind: one of KINDS."""
        return sorted(self._named[kind])

    def get(self, kind: str, name: str) -> Callable[..., Any]:
        """Import and return what is registered under `name`. Raises NotFound with the nearest name.

        The text of a reference finds what was registered with it, too: so runs of older versions name it.
        """
        known = self._named[kind]
        if name not in known:
            name = next((key for key, (_, one) in known.items() if one == Stated(name)), name)
        if name not in known:
            raise not_found(kind, name, known, then="See: playhead plugins.")
        return resolve(known[name][1])

    def origin(self, kind: str, name: str) -> str:
        """Return the plugin that registered a name; kind may also be "game"."""
        return self._games[name][0] if kind == "game" else self._named[kind][name][0]

    def loaded(self) -> list[str]:
        """Return the names of the plugins in use, built-ins first."""
        return [name for name, _ in self._manager.list_name_plugin()]

    def commands(
        self, group: Callable[[], click.Group], taken: Iterable[str]
    ) -> dict[str, tuple[click.Command, str]]:
        """Return the commands that plugins add, by name, each with its line of help.

        Each plugin adds to a group of its own, made by `group`. One that fails, or adds a name that is `taken`, is
        broken, and none of its commands is there.
        """
        found: dict[str, tuple[click.Command, str]] = {}
        for name, module in self._manager.list_name_plugin():
            try:
                own = run_foreign(name, "adds its commands", partial(_commands_of, module, group()))
                for command in own:
                    if command in found or command in set(taken):
                        raise PluginError(f"the command {command} is there already")
            except PluginError as error:
                self._fail(name, f"its commands are left out: {error}", error)
            else:
                found.update(own)
        return found


COMMANDS = "playhead_commands"
KINDS = ("capture", "input", "storage", "model", "engine", "augmentation", "training", "guard")
_KINDS = {kind: f"playhead_{kind}s" for kind in KINDS} | {"storage": "playhead_storages"}
_HOOKS = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("playhead_")]


def _check_hook_names(name: str, module: object) -> None:
    """Raise PluginError for a function that is marked as a hook, or named like one, and is none."""
    for attribute in vars(module) if isinstance(module, ModuleType) else dir(module):
        value = getattr(module, attribute, None)
        marked = hasattr(value, "playhead_impl")
        if attribute in _HOOKS:
            if callable(value) and not marked:
                raise PluginError(f"{attribute} lacks @hookimpl (from playhead.hookspecs import hookimpl)")
        elif marked or (attribute.startswith("playhead_") and inspect.isfunction(value)):
            near = not_found("hook", attribute, _HOOKS)
            raise PluginError(str(near))


def _checked_games(name: str, module: object) -> list[Game]:
    games = list(_called(module, "playhead_games", []))
    for game in games:
        if not isinstance(game, Game):
            raise PluginError(f"playhead_games of {name} returned {type(game).__name__}, not a list of Game")
        check_game(game)
        json.dumps([game.to_json(), [one.to_json() for one in game.recipes.values()]])  # all of it is written
    return games


def _checked_names(name: str, module: object, hook_name: str) -> dict[str, Reference]:
    named = _called(module, hook_name, {})
    if not isinstance(named, Mapping):
        raise PluginError(f"{hook_name} of {name} returned {type(named).__name__}, not a mapping of names")
    for key, reference in named.items():
        if not isinstance(key, str) or not (callable(reference) or isinstance(reference, str)):
            raise PluginError(f'{hook_name} of {name}: {key!r} is neither a callable nor "package.module:name"')
    return all_stated(named)


def _called(module: object, hook_name: str, nothing: Any) -> Any:
    hook = getattr(module, hook_name, None)
    return nothing if hook is None else hook()


def _commands_of(module: object, group: click.Group) -> dict[str, tuple[click.Command, str]]:
    """Return what a plugin adds to a group, asked once for all that will be asked of it."""
    if hasattr(module, COMMANDS):
        getattr(module, COMMANDS)(cli=group)
    added = {}
    for name, command in group.commands.items():
        if not isinstance(name, str) or fault_of(name):
            raise PluginError(f"no command can be called {name!r}")
        if not hasattr(command, "get_short_help_str"):
            raise PluginError(f"the command {name} is {type(command).__name__}, no command of click")
        added[name] = command, str(command.get_short_help_str())
    return added
