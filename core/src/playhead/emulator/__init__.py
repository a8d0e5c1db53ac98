"""A console as a device: any libretro core with a ROM, its picture, its buttons, its memory and its save states.

Episodes begin from where the ROM is after `boot` frames, or from a saved state; what a ROM needs to know of an
episode, as its seed, is written into its memory. What is known of a ROM is stated by the code in its header, or by
the SHA-256 of its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead.capabilities import StateSaving
from playhead.clock import Clock
from playhead.decoding import read_bytes
from playhead.emulator.cartridge import Cartridge, read_cartridge
from playhead.emulator.console import Emulator
from playhead.emulator.memory import Memory
from playhead.emulator.options import EmulatorOptions
from playhead.emulator.states import MOST_BYTES, Snapshot, StateHeader, decode_state, encode_state
from playhead.errors import BadValue, Damaged
from playhead.stepping import Stepped

if TYPE_CHECKING:
    from playhead.devices import DeviceSession

STATE = "state"  # of a reset's options the one that names a file; all others name numbers in memory


class EmulatorSession(Stepped, StateSaving):
    """A running console: one episode, a frame a step.

    Units:  step_hz the console's own frames a second.
    """

    def __init__(
        self, console: Emulator, cartridge: Cartridge, options: EmulatorOptions, *, clock: Clock | None = None
    ) -> None:
        super().__init__(step_hz=console.fps, clock=clock)
        self._console = console
        self._sha256 = cartridge.sha256
        self._rom = options.of_rom(cartridge)
        self._buttons, self._state = options.buttons, options.state
        console.hold(())
        console.run(max(1, self._rom.boot))
        self._memory: Memory | None = Memory(console.regions, self._rom.memory)
        self._measured: tuple[str, ...] = ()
        self._reward_before = 0
        self._boot = self._snapshot() if console.state_size else None

    @classmethod
    def of(cls, session: DeviceSession) -> EmulatorSession:
        """Return the console that the backends of this device share, switched on at first demand."""
        return session.share("emulator", lambda: cls._open(session))

    @classmethod
    def _open(cls, session: DeviceSession) -> EmulatorSession:
        options = EmulatorOptions.of(session.options)
        core, cartridge = options.core_file(), read_cartridge(options.rom_file(session.name))
        cartridge.check_size(options.of_rom(cartridge).size)
        console = Emulator(core, cartridge, options.variables)
        session.on_close(console.close)
        opened = cls(console, cartridge, options, clock=session.clock if options.real_time else None)
        session.on_close(opened.forget)
        world = session.game.world
        opened._measured = tuple(one.name for one in world.measures) if world is not None else ()
        opened.reset(seed=options.seed, options=options.reset)
        if not options.real_time:
            session.clock = opened
        return opened

    @property
    def codes(self) -> frozenset[str]:
        """The codes it takes."""
        return frozenset(self._buttons)

    @property
    def memory(self) -> Memory:
        """The console's memory and what is declared in it. Raises BadValue once the console is switched off."""
        if self._memory is None:
            raise BadValue("The console is switched off: its memory is gone.")
        return self._memory

    def forget(self) -> None:
        """Let go of the console's memory, which goes with it."""
        if self._memory is not None:
            self._memory.release()
        self._memory = None

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode from the boot, or a state that is named, with seed and options written into memory."""
        written = dict(options or {})
        state = written.pop(STATE, self._state)
        self.hold_nothing()
        if state:
            self._load(self._decoded(_read_state(str(state)), str(state)))
        elif self._boot is not None:
            self._load(self._boot)
        else:
            self._console.restart()
            self._console.run(max(1, self._rom.boot))
        if seed is not None and self._rom.seed_field:
            self.memory.write(self._rom.seed_field, seed)
        for name, value in {**self._rom.begin, **written}.items():
            self.memory.write(name, value)
        self._console.run(self._rom.settle)
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = False
        self._reward_before = self._field(self._rom.reward)

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._console.save(), self._console.picture)

    def _load(self, shot: Snapshot) -> None:
        self._console.load(shot.raw, shot.picture_HWC)

    def _field(self, name: str) -> int:
        return self.memory.value(name) if name else 0

    def save(self) -> bytes:
        """Return everything that says how the console is now, with core, version and ROM beside it."""
        return encode_state(self._header(), self._snapshot())

    def load(self, state: bytes) -> None:
        """Put the console back. Raises BadValue for a state of another core, version or ROM, or a damaged one."""
        self._load(self._decoded(state, "The state"))
        self.hold_nothing()
        self._reward_before = self._field(self._rom.reward)
        self.terminated = self.truncated = False

    def _decoded(self, state: bytes, where: str) -> Snapshot:
        return decode_state(state, self._header(), where)

    def _header(self) -> StateHeader:
        console = self._console
        return StateHeader(console.name, console.version, self._sha256, console.state_size)

    def render(self) -> Any:
        """Return the console's screen."""
        return self._console.picture

    def telemetry(self) -> dict[str, float]:
        """Return what is declared in memory."""
        return self.memory.values()

    def measures(self) -> dict[str, float]:
        """Return what the episode is scored by: what the game states, else return, length and memory."""
        told = {"return": self.episode_return, "length_s": self.steps / self.step_hz, **self.telemetry()}
        return {name: told[name] for name in self._measured or told if name in told}

    def _decide(self) -> None:
        self._console.hold(self._buttons[code] for code, value in self._held.items() if value > 0.5)

    def _step(self) -> None:
        self._console.run()
        self.steps += 1
        if self._rom.reward:
            now = self._field(self._rom.reward)
            self.reward = float(now - self._reward_before)
            self.episode_return += self.reward
            self._reward_before = now
        self.terminated = bool(self._field(self._rom.ends))


def _read_state(file: str) -> bytes:
    try:
        return read_bytes(Path(file).expanduser(), MOST_BYTES)
    except FileNotFoundError as error:
        raise BadValue(f"There is no save state {file}. Name one with --set state=FILE.") from error
    except Damaged as error:
        raise BadValue(f"The save state cannot be used: {error}") from error
