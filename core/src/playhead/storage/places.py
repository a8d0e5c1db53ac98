"""Opens recordings wherever they lie: in a folder, or at an address whose scheme a plugin opens (`s3://...`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playhead.errors import BadValue, NotFound, PlayheadError, PluginError
from playhead.guarded import run_foreign
from playhead.names import checked_name, quoted, visible
from playhead.storage.blocks import Blocks, LastBlocks
from playhead.storage.local import is_remote, local_path, scheme_of
from playhead.storage.reader import Recording, open_recording
from playhead.storage.remote import StoreSource

if TYPE_CHECKING:
    from playhead.plugins import Plugins

Place = Path | str  # a folder of this machine, or an address
Located = Path | StoreSource

_USER = re.compile(r".*(@|%40)")  # and password, before a host
_LONGEST_SHOWN = 300  # letters of an address


class Places:
    """Opens what lies at addresses, each store once. `blocks` keeps the pictures that are read from afar."""

    def __init__(self, plugins: Callable[[], Plugins], blocks: Callable[[], Blocks | None] = lambda: None) -> None:
        self._plugins = plugins
        self._blocks = blocks
        self._stores: dict[str, Located] = {}

    def located(self, place: Place) -> Located:
        """Return the folder of a place, or what reads and writes it.

        Raises:  NotFound for a scheme that nothing opens, BadValue for an address with a key in it, PluginError.
        """
        if not scheme_of(place):
            return Path(place)
        url = checked_address(str(place))
        parent, _, name = url.rpartition("/")
        if parent in self._stores:
            name = checked_name(name, "a recording")
            above = self._stores[parent]
            found = above / name if isinstance(above, Path) else above.inside(name)
        else:
            found = self._stores[url] = self._stores.get(url) or self._opened(url)
        return found if isinstance(found, Path) else found.keeping(self._blocks())

    def _opened(self, url: str) -> Located:
        plugins, scheme = self._plugins(), scheme_of(url)
        opener = plugins.get("storage", scheme)
        try:
            store: Any = run_foreign(plugins.origin("storage", scheme), f"opens {url}", partial(opener, url))
        except PluginError as error:
            if isinstance(error.__cause__, PlayheadError):  # a sentence of its own, as what to install
                raise error.__cause__ from None
            raise
        # What a plugin mounts is a folder like any other: read with locks, without following links, at full speed.
        return Path(store.root) if type(store).__name__ == "LocalStore" else StoreSource(store, url)

    def to_check(self, place: Place) -> Located:
        """Return where a recording lies, for one who reads all of it as it is now: nothing that was kept."""
        found = self.located(place)
        return found if isinstance(found, Path) else found.keeping(LastBlocks())

    def open(self, place: Place) -> Recording:
        """Open a recording. Raises as `located`, `open_recording`, and DeviceFailed for a store that fails."""
        found = self.located(place)
        if isinstance(found, Path):
            return open_recording(found)
        if found.size("zarr.json") is None:
            if not found.names(""):
                raise NotFound(f"There is nothing at {found.place}.")
            raise NotFound(
                f"{found.place} is no recording, or it is still being copied there: it has no zarr.json."
            )
        return Recording(found, name_of(found.place))


def checked_address(url: str) -> str:
    """Return an address without a slash at its end. Raises BadValue where it may hold a key, or names nothing."""
    shown = _without_key(url)
    if visible(url) != url:  # who reads an address may leave such characters out, and so find something else
        raise BadValue(f"{shown} is no address: it holds a character that is not seen. Type it anew.")
    try:
        parts = urlsplit(url)
        has_key = bool(parts.query or parts.fragment or _USER.search(parts.netloc))
    except ValueError as error:
        raise BadValue(f"{shown} is no address: {error}.") from error
    if has_key:
        raise BadValue(
            f"An address is kept in runs, so it takes no keys and no questions. Set these in the environment, and "
            f"type: {quoted(shown)}"
        )
    if not url.rstrip("/").partition("://")[2]:
        raise BadValue(
            f"{shown} names no bucket and no folder. Type an address as in {parts.scheme}://NAME/FOLDER."
        )
    return url.rstrip("/")


def _without_key(url: str) -> str:
    """Return an address as it may be shown: no user, no password, no query, and not too long."""
    scheme, _, rest = re.split(r"[?#]", visible(url), maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    shown = f"{scheme}://{_USER.sub('', host)}{slash}{path}"
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."


def name_of(place: Place) -> str:
    """Return what a recording is called by where it lies. Raises BadValue for what would make no path."""
    if is_remote(place):
        return checked_name(str(place).rstrip("/").rpartition("/")[2], f"the recording at {place}")
    return local_path(str(place)).resolve().name


def only_local(place: Place, what: str) -> Path:
    """Return the folder of a recording. Raises BadValue saying `what` cannot be done at an address."""
    if not is_remote(place):
        return local_path(str(place))
    raise BadValue(
        f"{place} cannot be {what}: that is done in a folder of this machine. Copy it here first: "
        f"playhead data copy {quoted(place)} FOLDER"
    )
