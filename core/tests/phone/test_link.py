"""The one phone that is meant is found, or it is said why not: real adbutils, a server on loopback."""

from __future__ import annotations

import socket
import sys

import pytest

from playhead.errors import DeviceFailed, NoPhone, NotFound
from playhead.phone.link import Server, find_phone, why_no_phone
from playhead.testing.adb import AdbServer, nothing_listens

pytest.importorskip("adbutils")


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/opt/adb")
    with nothing_listens() as port:
        with pytest.raises(
            NoPhone, match=rf"^No adb server answers at 127.0.0.1:{port}. Start one with: /opt/adb"
        ):
            find_phone({"port": port})
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        problem = why_no_phone({"serial": ""})
        assert problem is not None
        assert problem.reason == f"no adb server answers at 127.0.0.1:{port}"


def test_where_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Server.of({}) == Server(host="127.0.0.1", port=5037)
    monkeypatch.setenv("ANDROID_ADB_SERVER_HOST", "10.0.0.7")
    assert Server.of({"port": 5038}) == Server(host="10.0.0.7", port=5038)


def test_without_adbutils_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbutils", None)
    with pytest.raises(
        NoPhone, match=r"Adbutils is not installed. Phones need it: pip install 'playhead\[android\]'"
    ):
        find_phone({})


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({}, "^No phone is attached. Connect it by USB and switch on USB debugging"),
        ({"A": "device", "B": "offline"}, r"^Several phones are attached: A \(device\), B \(offline\). Say which"),
        ({"A": "unauthorized"}, "^The phone A does not trust this computer yet. Unlock it"),
        ({"A": "offline"}, "^The phone A is offline. Unplug it"),
        ({"A": "recovery"}, '^The phone A is in the state "recovery"'),
    ],
)  # fmt: skip
def test_what_is_attached_and_cannot_be_used(server: AdbServer, states: dict[str, str], told: str) -> None:
    server.states = states
    with pytest.raises(NoPhone, match=told):
        find_phone({"port": server.port})
    assert why_no_phone({"port": server.port}) is not None


def test_one_of_several_is_chosen_by_its_serial(server: AdbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.states = {"ABC1": "device", "ABC2": "device"}
    assert find_phone({"port": server.port, "serial": "ABC2"}).serial == "ABC2"
    monkeypatch.setenv("ANDROID_SERIAL", "ABC1")
    assert find_phone({"port": server.port}).serial == "ABC1"
    with pytest.raises(NotFound, match=r'No attached phone is called "ABC3"\. Did you mean "ABC'):
        find_phone({"port": server.port, "serial": "ABC3"})


def test_a_command_that_the_phone_refuses(server: AdbServer) -> None:
    with pytest.raises(DeviceFailed, match='refused "reboot now": sh: reboot: not found'):
        find_phone({"port": server.port}).run("reboot now")


def test_the_server_refuses_what_it_does_not_know(server: AdbServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as talk:
        talk.sendall(b"0009host:kill")
        assert talk.recv(100).startswith(b"FAIL")
