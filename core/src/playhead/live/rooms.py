r"""The parts of a live run, each in a process of its own, held by Ray: the one module that knows Ray.

    collectors --sets--> trainer (store and training) --weights--> player
         \________________ facts ___ page ___ facts ______________/

A process that dies is made again by Ray with the arguments that it began with, and its `run` is called again. What
it is asked for twice changes nothing: sets have names, weights a number.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir, mkdtemp
from typing import Any

from playhead.decoding import read_bytes
from playhead.errors import BadValue, DeviceFailed, PlayheadError
from playhead.home import Home, make_folder
from playhead.live.diary import Diary
from playhead.live.extra import needed
from playhead.live.settings import BUFFER, Live, LiveSettings
from playhead.locks import take
from playhead.storage.disk import saying_what_failed

NAMESPACE = "playhead"
TOKEN_FILE = "ray-token"
TOKEN = re.compile("[0-9a-f]{32,128}")
PREFIX, LOCK = "playhead-ray-", "in-use"  # of the folder of Ray's sockets and logs
STORE_BYTES = 150 * 2**20  # of Ray's shared memory: a set of 100 samples has 3 MB, weights of `small` 2
PARTS_AT_ONCE = 8  # calls that a part answers beside its `run`
TELL_S = 0.5
TRIES = 2  # of Ray's start, which has 30 s, and on a busy machine takes them
SHORTEST_TMP = Path("/tmp")  # Ray's sockets have long names, and their paths may have 107 bytes


def token_of(home: Home) -> str:
    """Return the token by which the processes of this home know one another, made on first use, mode 0600.

    Raises:  BadValue or Damaged for a file that holds none; StorageFull or DeviceFailed from the disk.
    """
    file = make_folder(home.path) / TOKEN_FILE
    if not file.exists():
        with saying_what_failed(home.path, "Free some space, and type the same command again."):
            _make_token(file)
    token = read_bytes(file, most=1000).decode("ascii", "replace").strip()
    if not TOKEN.fullmatch(token):
        raise BadValue(f"{file} holds no token. Delete it: a new one is made.")
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return token


def _make_token(file: Path) -> None:
    """Put a new token in its place, whole or not at all; of two processes that do the first one's stays."""
    with TemporaryDirectory(dir=file.parent, prefix=".token-") as folder:  # mode 0700
        new = Path(folder) / TOKEN_FILE
        new.write_text(secrets.token_hex(32), encoding="ascii")
        new.chmod(0o600)
        with suppress(FileExistsError):
            os.link(new, file)


def prepared_environment(home: Home) -> dict[str, str]:
    """Return the variables that Ray reads when it is imported: loopback alone, with a token, telling nobody."""
    return {
        # Without it every part of Ray listens on all interfaces, and its option for the address is turned back.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token_of(home),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # 15 by itself: whatever else runs would come before the player
        "PLAYHEAD_HOME": str(home.path),
        "OMP_NUM_THREADS": "1",
    }


@contextmanager
def opened_ray(home: Home, *, address: str = "", parts: int = 8) -> Iterator[Any]:
    """Start Ray on this machine, or join what runs at an address; yield its module, and end it after.

    What Ray says on standard output is dropped meanwhile: pages about a process that died, for which it has no
    setting. The diary says it in a sentence.
    Raises:  DeviceFailed where it is not installed, does not start, or nobody answers.
    """
    with (
        _environment(prepared_environment(home)),
        _own_folder() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        ExitStack() as ends,
    ):
        with needed("ray"):
            import ray
        ends.callback(ray.shutdown)
        options: dict[str, Any] = {"namespace": NAMESPACE, "logging_level": "ERROR", "log_to_driver": False}
        if address:
            options["address"] = address
        else:
            options |= {"num_cpus": parts, "include_dashboard": False, "object_store_memory": STORE_BYTES,
                        "_temp_dir": str(folder)}  # fmt: skip
        ends.enter_context(redirect_stdout(nowhere))
        _start(ray, options)
        yield ray


def _start(ray: Any, options: Mapping[str, Any]) -> None:
    """Start Ray, where it did not begin in time once more."""
    address = options.get("address", "")
    for left in reversed(range(TRIES)):
        try:
            ray.init(**options)
            return
        except Exception as error:  # whatever its processes come to, in classes of its own and of gRPC
            ray.shutdown()
            if address or not left:
                raise DeviceFailed(_why(error, address)) from error


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Have variables as Ray reads them, and as they were after."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Make a folder for Ray's sockets and logs, which is gone after; those of killed processes are removed."""
    parent = SHORTEST_TMP if SHORTEST_TMP.is_dir() else Path(gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = take(left / LOCK)
            if lock is not None:
                lock.release()
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(mkdtemp(prefix=PREFIX, dir=parent))
    lock = take(folder / LOCK)
    try:
        yield folder
    finally:
        if lock is not None:
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _why(error: Exception, address: str) -> str:
    said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    if address and ("auth" in said.lower() or "token" in said.lower()):
        return f"{address} does not know this home's token. Copy its file {TOKEN_FILE} into this home."
    if address:
        return f"Nobody answers at {address}: {said.rstrip('.')}. Begin a live run there: playhead live GAME."
    return f"Ray did not start: {said.rstrip('.')}. Let less run beside it, and try again."


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a part is made from in its process: plain data alone, so that it can be made again."""

    settings: LiveSettings
    home: str
    folder: str
    number: int = 0
    driver: str = ""
    swap: str = "episode"
    port: int = 0

    def live(self) -> Live:
        """Work out the live run in this process."""
        from playhead.plugins import Plugins

        return Live.of(self.settings, Plugins.installed())

    def opened_home(self) -> Home:
        """Return the home."""
        return Home.find(Path(self.home))


@dataclass(kw_only=True)
class _Part:
    """What every part has in its process: its name, whether it is to end, and who hears of it."""

    room: Room
    name: str
    ends: threading.Event = field(default_factory=threading.Event)

    def say(self, said: str, batch: int = 0) -> None:
        """Write into the diary, which the page reads too."""
        Diary(Path(self.room.folder)).write(self.name, said, batch)

    def telling(self, facts: Callable[[], tuple[Mapping[str, Any], Mapping[str, bytes]]]) -> threading.Thread:
        """Tell the page how it gets on, as long as it lives; a page that is gone is none of its business."""

        def tell() -> None:
            before: dict[str, bytes] = {}
            while not self.ends.wait(TELL_S):
                with suppress(Exception):  # of a page that is just dying, in classes of Ray
                    told, pictures = facts()
                    new = {name: data for name, data in pictures.items() if before.get(name) is not data}
                    _other("page").tell.remote(self.name, told, new)
                    before = dict(pictures)

        thread = threading.Thread(target=tell, name=f"telling {self.name}", daemon=True)
        thread.start()
        return thread


def _other(name: str) -> Any:
    """Return another part by its name. Raises ValueError, as Ray does, where there is none."""
    import ray

    return ray.get_actor(name, NAMESPACE)


class CollectorRoom:
    """A collector in a process."""

    def __init__(self, room: Room) -> None:
        from playhead.live.collector import Collector

        self._part = _Part(room=room, name=f"collector {room.number}")
        self._collector = Collector(
            room.live(), room.number, driver=room.driver, home=room.opened_home(), stop=self._part.ends.is_set
        )

    def run(self) -> int:
        """Collect until it is ended; return the sets that were sent."""
        from playhead.live.facts import of_collector

        self._part.say("The collector drives.")
        self._part.telling(lambda: (of_collector(self._collector.status), {}))
        self._collector.run(self._send, first_drive=int(time.time()) % 1_000_000)
        return self._collector.status.sets

    def _send(self, one: Any) -> None:
        """Send a set, again and again until the trainer is there, which knows by its name what came before."""
        import ray

        while not self._part.ends.is_set():
            try:
                ray.get(_other("trainer").take.remote(one), timeout=60)
                return
            except Exception as error:  # what the trainer raised, within Ray's own; or its actor is made again
                cause = getattr(error, "cause", error)
                if isinstance(cause, PlayheadError):
                    self._part.say(str(cause))
                    self._collector.status.said = str(cause)
                    return
                self._part.ends.wait(1.0)

    def end(self) -> None:
        """Have it end after the present frame."""
        self._part.ends.set()

    def process(self) -> int:
        """Return the number of its process."""
        return os.getpid()


class TrainerRoom:
    """Store and trainer in a process."""

    def __init__(self, room: Room) -> None:
        from playhead.live.store import SampleStore, StoreSettings
        from playhead.live.trainer import Trainer

        self._part = _Part(room=room, name="trainer")
        live = self._live = room.live()
        folder = Path(room.folder) / BUFFER
        settings = StoreSettings(
            game=live.game, schema=live.schema, spec=live.spec, names=live.buffers, size=live.settings.buffer
        )
        began_s = time.monotonic()
        self._store = SampleStore(folder, settings)
        held = sum(self._store.fill().values())
        if held:
            self._part.say(f"Buffers refilled with {held:,} samples in {time.monotonic() - began_s:.1f} s.")
        self._seen: dict[str, dict[str, Any]] = {}
        self._trainer = Trainer(
            live, self._store, room.opened_home(), hand_out=self._hand_out,
            say=lambda said: self._part.say(said, self._trainer.status.batch),
        )  # fmt: skip

    def run(self) -> int:
        """Learn until it is ended; return the batch that it came to."""
        from playhead.live.facts import of_trainer

        self._part.telling(lambda: (of_trainer(self._live, self._trainer, self._store, self._seen), {}))
        try:
            self._trainer.run()
        finally:
            self._store.close()
        return self._trainer.status.batch

    def take(self, one: Any) -> dict[str, int]:
        """Take a set of samples."""
        from playhead.live.facts import balance_of
        from playhead.live.replay import keep_balance

        fill = self._store.take(one)
        collector = one.name.rpartition("-")[0]
        self._seen[collector] = {"seen": one.seen, "sent": one.sent, "wished": list(one.wished)}
        with suppress(OSError):  # a disk that is full has said so by the set itself
            keep_balance(Path(self._part.room.folder), balance_of(self._live, self._seen))
        return fill

    def weights(self) -> Any:
        """Return the newest weights, None before there are some."""
        return self._trainer.newest

    def status(self) -> dict[str, Any]:
        """Return how it gets on."""
        status = self._trainer.status
        return {
            "batch": status.batch, "loss": status.loss, "fill": self._store.fill(), "used": self._store.used,
            "taken": self._store.taken, "left_out": self._store.left_out, "waited_s": status.waited_s,
            "learned_s": status.learned_s,
        }  # fmt: skip

    def _hand_out(self, weights: Any) -> None:
        """Send weights to the player, if there is one."""
        with suppress(Exception):  # no player, or one that is just being made again: it asks for them itself
            _other("player").offer.remote(weights)

    def end(self) -> None:
        """Have it end after the present batch, with a checkpoint."""
        self._part.ends.set()
        self._trainer.leave.set()

    def process(self) -> int:
        """Return the number of its process."""
        return os.getpid()


class PlayerRoom:
    """A player in a process."""

    def __init__(self, room: Room) -> None:
        from playhead.live.player import Player
        from playhead.threads import one_thread_each

        self._part = _Part(room=room, name="player")
        self._one_thread = one_thread_each
        live = room.live()
        folder = room.opened_home().runs(live.game.name, live.settings.recipe_name) / live.run_names[0]
        self._player = Player(
            live, folder, swap="always" if room.swap == "always" else "episode", say=self._part.say,
            stop=self._part.ends.is_set,
        )  # fmt: skip

    def run(self) -> int:
        """Play until it is ended; return the drives."""
        import ray

        from playhead.live.facts import of_player

        self._part.say("The player waits for a network.")
        self._part.telling(lambda: (of_player(self._player), self._player.status.pictures))
        with suppress(Exception):  # the trainer is just being made again: it sends them when it has some
            weights: Any = ray.get(_other("trainer").weights.remote(), timeout=10)
            if weights is not None:
                self._player.offer(weights)
        with self._one_thread():
            self._player.run(first=int(time.time()) % 1_000_000)
        return len(self._player.status.drives)

    def offer(self, weights: Any) -> None:
        """Take newer weights."""
        self._player.offer(weights)

    def status(self) -> dict[str, Any]:
        """Return how it gets on."""
        status = self._player.status
        return {
            "weights_of": status.weights_of, "swaps": status.swaps, "refused": status.refused,
            "frames": status.frames, "drives": status.drives, "fps": status.fps, "pps": status.pps,
        }  # fmt: skip

    def end(self) -> None:
        """Have it end after the present frame."""
        self._part.ends.set()

    def process(self) -> int:
        """Return the number of its process."""
        return os.getpid()


class PageRoom:
    """The page in a process."""

    def __init__(self, room: Room) -> None:
        from playhead.live.board import Board
        from playhead.live.page import server_of

        settings = room.settings
        self._part = _Part(room=room, name="page")
        self._board = Board(f"playhead live: {settings.game}, run {settings.name}")
        self._server = server_of(self._board, room.port)

    def run(self) -> int:
        """Serve until it is ended."""
        threading.Thread(target=self._follow_diary, name="diary", daemon=True).start()
        self._server.run()
        return 0

    def _follow_diary(self) -> None:
        """Show what the diary says, also of before."""
        from playhead.live.diary import read_diary

        shown = 0
        while not self._part.ends.wait(TELL_S):
            with suppress(PlayheadError):
                entries = read_diary(Path(self._part.room.folder))
                for entry in entries[shown:]:
                    self._board.write(entry)
                shown = len(entries)

    def tell(self, part: str, facts: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        """Take how a part gets on."""
        self._board.tell(part, facts, pictures)

    def end(self) -> None:
        """Have it end."""
        self._part.ends.set()
        self._server.should_exit = True

    def process(self) -> int:
        """Return the number of its process."""
        return os.getpid()


KINDS = {"collector": CollectorRoom, "trainer": TrainerRoom, "player": PlayerRoom, "page": PageRoom}


def opened(ray: Any, kind: str, name: str, room: Room) -> Any:
    """Make a part in a process of its own, which Ray makes again whenever it dies."""
    actor = ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=PARTS_AT_ONCE, num_cpus=0)(
        KINDS[kind]
    )
    return actor.options(name=name, namespace=NAMESPACE).remote(room)
