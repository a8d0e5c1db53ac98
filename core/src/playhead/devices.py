"""Opens a device by name: a capture and an input that belong together, and the clock they run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from playhead.adapters import complete
from playhead.capabilities import Capabilities, Episodic, StateSaving, capabilities_of, declared_of
from playhead.capture import Capture
from playhead.clock import Clock, SystemClock
from playhead.errors import BadValue, PluginError
from playhead.game import Device, Game
from playhead.input import Input
from playhead.plugins import Plugins
from playhead.quantities import rate
from playhead.reading.telling import ReadingCapture

T = TypeVar("T")
UNKNOWN = Capabilities()  # of a session made by hand: what the built-in backends declare


@dataclass(kw_only=True)
class DeviceSession:
    """What the backends of one device are opened with, and where they keep what they have in common.

    `options` are the device's own, overlaid with those of the command. A backend whose frames and keys come
    from one thing (an environment, a phone) shares it here, and may put its own clock in place of the machine's.
    """

    game: Game
    name: str
    device: Device
    options: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    capabilities: Capabilities = UNKNOWN
    _shared: dict[str, Any] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        if self.capabilities is UNKNOWN:
            self.capabilities = declared_of(Plugins(), self.device, self.options)

    @classmethod
    def of(
        cls, plugins: Plugins, game: Game, name: str, options: Mapping[str, Any], clock: Clock | None = None
    ) -> DeviceSession:
        """Return what a device is to be opened with, `options` laid over its own; nothing is opened yet."""
        device = game.device(name)
        options = merged(device.options, options)
        return cls(
            game=game, name=name, device=device, options=options, clock=clock or SystemClock(),
            capabilities=capabilities_of(plugins, game, name, options),
        )  # fmt: skip

    @property
    def rate_hz(self) -> float:
        """Frames a second asked of this device."""
        return rate_of(self.options, self.game, self.name)

    def share(self, key: str, make: Callable[[], T]) -> T:
        """Return the thing both backends use, made on first demand."""
        if key not in self._shared:
            self._shared[key] = make()
        shared: T = self._shared[key]
        return shared

    def on_close(self, close: Callable[[], object]) -> None:
        """Have `close` called when the session ends, last first."""
        self._closing.callback(close)

    def close(self) -> None:
        """End the session: give everything back, last opened first."""
        self._closing.close()


@dataclass(kw_only=True)
class OpenDevice:
    """An open device. A context manager: leaving it releases every key and closes both backends."""

    session: DeviceSession
    capture: Capture
    input: Input

    def __post_init__(self) -> None:
        self.capture, self.input = complete(Capture, self.capture), complete(Input, self.input)

    @property
    def clock(self) -> Clock:
        """The clock this device runs on."""
        return self.session.clock

    @property
    def episodes(self) -> Episodic:
        """What begins anew and is scored. Raises BadValue on a device without episodes."""
        if (found := self.episodic) is None:
            raise BadValue(f"The device {self.session.name} has no episodes: it cannot begin anew by itself.")
        return found

    @property
    def episodic(self) -> Episodic | None:
        """What begins anew and is scored, if anything does."""
        found = self.capture.episodes
        return None if found is None else complete(Episodic, found)

    def measures(self) -> dict[str, float]:
        """Return what the episode is scored by so far; nothing without episodes. Raises PluginError."""
        episodes = self.episodic
        if episodes is None:
            return {}
        measures = episodes.measures()
        try:
            return {name: value + 0 for name, value in measures.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise PluginError(f"The device measures {measures!r:.200}; it must say name -> number.") from error

    @property
    def states(self) -> StateSaving:
        """What can be saved and put back. Raises BadValue on a device that cannot."""
        if (found := self.capture.states) is None:
            raise BadValue(f"The device {self.session.name} cannot save its state, nor load one.")
        return complete(StateSaving, found)

    def ask_again(self) -> None:
        """Have both backends look up how things are now: a change may have been missed. On X11 that
        is a request a keyboard, and the screen is opened anew with the next picture.

        """
        self.input.ask_again()
        self.capture.ask_again()

    def __enter__(self) -> OpenDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release every key, then close input, capture and what they share."""
        self.session.close()


def rate_of(options: Mapping[str, Any], game: Game, device: str) -> float:
    """Return the frames a second that options ask of a device, else the game's there. Raises BadValue for none."""
    asked = options.get("rate_hz")
    return game.rate_hz(device) if asked is None else rate(asked, "rate_hz")


def merged(base: Mapping[str, Any], *changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with changes laid over them, mappings inside them too."""
    result = dict(base)
    for change in changes:
        for name, value in change.items():
            both = isinstance(value, Mapping) and isinstance(result.get(name), Mapping)
            result[name] = merged(result[name], value) if both else value
    return result


def open_device(plugins: Plugins, game: Game, name: str, *, options: Mapping[str, Any] | None = None,
                input_name: str = "") -> OpenDevice:  # fmt: skip
    """Open the device called `name`; `input_name` replaces its input, as "none" does for a dry run.

    Raises:  NotFound for unknown names, DeviceFailed when a backend cannot be opened.
    """
    session = DeviceSession.of(plugins, game, name, options or {})
    device = session.device
    try:
        capture: Capture = plugins.get("capture", device.capture)(session)
        session.on_close(capture.close)
        pressed: Input = plugins.get("input", input_name or device.input)(session)
        session.on_close(pressed.close)
        session.on_close(pressed.release_all)
        capture = ReadingCapture.of(complete(Capture, capture), game, session.options)
    except BaseException:
        session.close()
        raise
    return OpenDevice(session=session, capture=capture, input=pressed)
