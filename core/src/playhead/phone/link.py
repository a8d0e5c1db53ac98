"""The way to a phone with Android: the adb server, the one phone that is meant, and commands on it.

Source:  the protocol as adbutils speaks it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playhead.errors import DeviceFailed, NoPhone, NotFound, not_found

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbConnection

HOST, PORT = "127.0.0.1", 5037  # where an adb server listens unless told otherwise
TIMEOUT_S = 10.0  # for a touch or a picture, beyond the time that the touch itself takes
MARK = "playhead-done:"  # printed after each command: without it the command did not come to its end
TRUST = 'Unlock it and answer "Allow USB debugging?" on its screen.'


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the adb server is."""

    host: str
    port: int

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Server:
        """Read the device options `host` and `port`; else adb's own variables; else the usual place."""
        host = options.get("host") or os.environ.get("ANDROID_ADB_SERVER_HOST") or HOST
        port = options.get("port") or os.environ.get("ANDROID_ADB_SERVER_PORT") or PORT
        return cls(host=str(host), port=int(port))

    def client(self) -> AdbClient:
        """Return adbutils' client of this server. Raises NoPhone when nothing answers there.

        It is asked for here because adbutils would start a server by itself, and leave it running.
        """
        try:
            import adbutils
        except ImportError as error:
            raise NoPhone(
                "adbutils is not installed", "Phones need it: pip install 'playhead[android]'."
            ) from error
        try:
            socket.create_connection((self.host, self.port), timeout=3.0).close()
        except OSError as error:
            raise NoPhone(f"no adb server answers at {self.host}:{self.port}", _how_to_start()) from error
        return adbutils.AdbClient(host=self.host, port=self.port, socket_timeout=TIMEOUT_S)


def _how_to_start() -> str:
    from adbutils import AdbError, adb_path

    try:
        return f"Start one with: {adb_path()} start-server."
    except AdbError:
        return "Install Android's platform tools and run: adb start-server."


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """The way to one phone: its server and what it is known by there."""

    client: AdbClient
    serial: str

    @contextmanager
    def start(self, command: str, takes_s: float = 0.0) -> Iterator[AdbConnection]:
        """Start a command on the phone, to read its output from the connection, byte for byte.

        adbutils' own open_transport leaves its socket open when the phone is not there.
        """
        with self.client.make_connection(timeout=TIMEOUT_S + takes_s) as connection:
            for request in (f"host:transport:{self.serial}", f"exec:{command}"):
                connection.send_command(request)
                connection.check_okay()
            yield connection

    def read(self, command: str, takes_s: float = 0.0) -> bytes:
        """Return what a command writes, byte for byte. Raises DeviceFailed when the phone does not answer."""
        with saying_what_failed(f"the phone {self.serial}"), self.start(command, takes_s) as connection:
            parts = []
            while part := connection.conn.recv(2**16):
                parts.append(part)
            return b"".join(parts)

    def run(self, command: str, takes_s: float = 0.0) -> str:
        """Run a command to its end and return what it printed. Raises DeviceFailed when it failed or broke off."""
        text = self.read(f"{command}; echo {MARK}$?", takes_s).decode("utf-8", "replace")
        printed, mark, code = text.rpartition(MARK)
        if not mark:
            raise DeviceFailed(
                f'The phone {self.serial} was disconnected in the middle of "{command}". '
                "Check the cable, unlock the phone and connect it again."
            )
        if code.strip() != "0":
            raise DeviceFailed(f'The phone {self.serial} refused "{command}": {printed.strip() or code.strip()}.')
        return printed


def find_phone(options: Mapping[str, Any]) -> Link:
    """Return the one phone that is attached, or that the device option `serial` names.

    Raises:  NoPhone: no server, no phone, several, one that does not trust this computer or is offline;
             NotFound for an unknown serial, with the nearest.
    """
    client = Server.of(options).client()
    serial = str(options.get("serial") or os.environ.get("ANDROID_SERIAL") or "")
    with saying_what_failed("the adb server"):
        states = {info.serial: info.state for info in client.list()}
    if serial and states and serial not in states:
        raise not_found("attached phone", serial, states)
    if not states:
        raise NoPhone(
            "no phone is attached", "Connect it by USB and switch on USB debugging in its developer options."
        )
    if not serial and len(states) > 1:
        there = ", ".join(f"{name} ({state})" for name, state in states.items())
        raise NoPhone(f"several phones are attached: {there}", f"Say which: --set serial={next(iter(states))}.")
    serial = serial or next(iter(states))
    _check_state(serial, states[serial])
    return Link(client=client, serial=serial)


def _check_state(serial: str, state: str) -> None:
    if state == "unauthorized":
        raise NoPhone(f"the phone {serial} does not trust this computer yet", TRUST)
    if state == "offline":
        raise NoPhone(f"the phone {serial} is offline", "Unplug it, plug it in again and unlock it.")
    if state != "device":
        raise NoPhone(f'the phone {serial} is in the state "{state}"', "Start it as usual, then unlock it.")


def why_no_phone(options: Mapping[str, Any]) -> NoPhone | None:
    """Return what keeps a phone from being used, or None when one can be."""
    try:
        find_phone(options)
    except NoPhone as problem:
        return problem
    except (DeviceFailed, NotFound) as problem:
        return NoPhone(str(problem).rstrip("."))
    return None


@contextmanager
def saying_what_failed(who: str) -> Iterator[None]:
    """Turn what adbutils and the socket say into a sentence."""
    from adbutils import AdbError

    try:
        yield
    except (AdbError, OSError, ValueError) as error:
        raise DeviceFailed(
            f"{who[:1].upper()}{who[1:]} does not answer any more: {str(error).strip() or type(error).__name__}. "
            "Check the cable, unlock the phone and connect it again."
        ) from error
