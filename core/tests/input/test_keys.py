"""Names of keys, hotkeys among them, and telling our own keys from a person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import BadValue, NotFound
from playhead.input.codes import KEYS, key_of
from playhead.input.hotkeys import Hotkeys
from playhead.input.keys import HeardKey, Ledger

S = 1_000_000_000


def key(number: int, is_press: bool = True, *, time_ns: int = 0, may_be_own: bool = True) -> HeardKey:
    return HeardKey(time_ns=time_ns, number=number, is_press=is_press, may_be_own=may_be_own)


def test_no_two_keys_share_a_scan_code_or_a_keysym() -> None:
    for names in ([one.scan_codes for one in KEYS.values()], [one.keysyms for one in KEYS.values()]):
        flat = [name for several in names for name in several]
        assert len(flat) == len(set(flat))


def test_every_keysym_is_known_to_x11() -> None:
    xk = pytest.importorskip("Xlib.XK")
    assert not [name for one in KEYS.values() for name in one.keysyms if not xk.string_to_keysym(name)]


def test_an_unknown_key_has_its_nearest_named() -> None:
    with pytest.raises(NotFound, match=r'No key is called "spce". Did you mean "space"'):
        key_of("spce")


def test_hotkeys_can_be_changed_one_by_one() -> None:
    assert Hotkeys.of({"hotkeys": {"pause": "f6"}}) == Hotkeys(pause="f6")
    assert Hotkeys().codes == {"pause": "f9", "stop": "f10", "mark": "f7", "drop": "f4", "resume": "f8"}


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"hotkeys": {"paus": "f6"}}, NotFound, 'Did you mean "pause"'),
        ({"hotkeys": {"pause": "f66"}}, NotFound, 'No key is called "f66"'),
        ({"hotkeys": {"pause": "w"}}, BadValue, "the key w, which the game itself needs"),
        ({"hotkeys": {"pause": "f10"}}, BadValue, "the key f10, which the hotkey pause needs"),
        ({"hotkeys": "f10"}, BadValue, r"no mapping. Give one as hotkeys\.pause=f6"),
    ],
)
def test_bad_hotkeys_are_said(options: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Hotkeys.of(options, controls=["w"])


def test_one_key_sent_explains_one_heard() -> None:
    ledger = Ledger(echo_s=1.0)
    ledger.note(25, True, 0)
    assert not ledger.explains(key(25, False))
    assert not ledger.explains(key(26))
    assert not ledger.explains(key(25, may_be_own=False))
    assert ledger.explains(key(25))
    assert not ledger.explains(key(25))


def test_what_never_came_back_explains_nothing_later() -> None:
    ledger = Ledger(echo_s=1.0)
    ledger.note(25, True, 0)
    assert not ledger.explains(key(25, time_ns=2 * S))


def test_what_was_heard_before_is_no_echo() -> None:
    ledger = Ledger(echo_s=1.0)
    ledger.note(25, True, 5 * S)
    assert not ledger.explains(key(25, time_ns=4 * S))
    assert ledger.explains(key(25, time_ns=5 * S - 1_000_000))  # the server's clock counts whole milliseconds


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=40))
def test_as_many_are_left_as_a_person_pressed(strokes: list[tuple[int, bool, bool]]) -> None:
    ledger = Ledger(echo_s=100.0)
    for time_ns, (number, is_press, is_ours) in enumerate(strokes):
        if is_ours:
            ledger.note(number, is_press, time_ns)
    left = [ledger.explains(key(number, is_press, time_ns=99)) for number, is_press, _ in strokes].count(False)
    assert left == sum(not is_ours for _, _, is_ours in strokes)
