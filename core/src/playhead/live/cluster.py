"""Starts Ray on this machine, on loopback and with a token, or joins one that runs; ends what it started."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any

from playhead.errors import BadValue, DeviceFailed
from playhead.home import Home
from playhead.live.extra import needed
from playhead.live.ray_token import TOKEN_FILE, token_of
from playhead.locks import take
from playhead.names import visible
from playhead.stopping import signals_put_off

NAMESPACE = "playhead"
PREFIX, LOCK = "playhead-ray-", "in-use"  # of the folder of Ray's sockets and logs
STORE_BYTES = 150 * 2**20  # of Ray's shared memory: a set of 100 samples has 3 MB, weights of `small` 2
ANSWER_S = 5.0  # that whoever listens at an address takes to let somebody in
TRIES = 2  # of Ray's start, which has 30 s, and on a busy machine takes them
SHORTEST_TMP = Path("/tmp")  # Ray's sockets have long names, and their paths may have 107 bytes


def prepared_environment(home: Home, *, is_loopback: bool = True) -> dict[str, str]:
    """Return the variables that Ray reads when it is imported: loopback alone, with a token, telling nobody."""
    # Without the first every part of Ray listens on all interfaces, and its option for the address is turned back.
    return ({"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"} if is_loopback else {}) | {
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
    if address:
        check_answers(address)
    with (
        _environment(prepared_environment(home, is_loopback=not address or is_loopback(address))),
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        ExitStack() as ends,
    ):
        with needed("ray"):
            import ray
        options: dict[str, Any] = {"namespace": NAMESPACE, "logging_level": "ERROR", "log_to_driver": False}
        if address:
            options["address"] = address
        else:
            options |= {"num_cpus": parts, "include_dashboard": False, "object_store_memory": STORE_BYTES,
                        "_temp_dir": str(ends.enter_context(_own_folder()))}  # fmt: skip
        ends.callback(ray.shutdown)
        ends.enter_context(redirect_stdout(nowhere))
        _start(ray, options)
        yield ray


def _start(ray: Any, options: Mapping[str, Any]) -> None:
    """Start Ray, where it did not begin in time once more.

    Its processes, which are in the group of this one, are to hear of no signal that is meant for the whole group:
    the parts end in order, and then they do.
    """
    address = options.get("address", "")
    for left in reversed(range(TRIES)):
        try:
            with signals_put_off():
                ray.init(**options)
            return
        except Exception as error:  # whatever its processes come to, in classes of its own and of gRPC
            ray.shutdown()
            if address or not left:
                raise DeviceFailed(why_not(error, address)) from error


def other(name: str) -> Any:
    """Return another part by its name. Raises ValueError, as Ray does, where there is none."""
    import ray

    return ray.get_actor(name, NAMESPACE)


def check_free(address: str) -> None:
    """Raise BadValue where a live run is in this Ray already: its parts have the names of ours."""
    try:
        other("trainer")
    except ValueError:
        return
    raise BadValue(
        f"A live run is at {address} already. Collect for it: playhead live collect GAME --address {address}."
    )


def cause_of(error: BaseException) -> BaseException:
    """Return what a part raised, which Ray hands on within an error of its own."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error


def host_of(address: str) -> tuple[str, int]:
    """Return host and port of an address as 127.0.0.1:6379. Raises BadValue."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65_535):
        raise BadValue(
            f"--address {visible(address)[:80]} is no address. Give HOST:PORT, as the live run says it."
        )
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine alone."""
    host, _ = host_of(address)
    return host == "localhost" or host.startswith("127.") or host == "::1"


def check_answers(address: str) -> None:
    """Raise DeviceFailed where nobody listens at an address: Ray itself would try for minutes."""
    host, port = host_of(address)
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S):
            return
    except OSError as error:
        raise DeviceFailed(
            f"Nobody answers at {visible(address)}: {error.strerror or error}. Begin a live run there: "
            "playhead live GAME."
        ) from error


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


def why_not(error: Exception, address: str) -> str:
    """Return the sentence for what Ray said when it did not start, or when it was not let in."""
    told = str(error)
    said = told.splitlines()[0][:200] if told else type(error).__name__
    if not address:
        return f"Ray did not start: {said.rstrip('.')}. Let less run beside it, and try again."
    if "version mismatch" in told.lower():
        versions = " ".join(told.split())[:300]
        return f"{address} runs other versions of Ray or Python. {versions} Install the same here."
    # Somebody answers (`check_answers`), and Ray does not always say that it is the token.
    return f"{address} does not let this home in: {said.rstrip('.')}. Copy its file {TOKEN_FILE} into this home."
