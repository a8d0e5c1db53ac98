"""What other tools call keys (W, KeyW, key_w, Key.up, ArrowUp, VK_LEFT, scan codes), and what a game calls them.

Source:  names of browsers (UI Events KeyboardEvent code), pynput, pygame, evdev, X11 and Windows; numbers are
         scan codes of set 1, which are evdev's too, or virtual key codes of Windows, whichever fit more keys.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from playhead.errors import Damaged
from playhead.game import Game
from playhead.input.codes import EXTENDED, KEYS
from playhead.names import visible

MOST_NAMES = 5_000

_BEGINS = re.compile(r"(keyboard|keycode|scancode|keysym|vkcode|key|vk|dik|xk|digit|is)(?=.)")
_ENDS = re.compile(r"(?<=.)(key|pressed|held|isdown)$")
_ALIASES = {
    "return": "enter", "spacebar": "space", "control": "ctrl", "escape": "esc", "del": "delete", "ins": "insert",
    "pgup": "pageup", "pgdn": "pagedown", "pgdown": "pagedown", "option": "alt", "menu": "alt",
    "arrowup": "up", "arrowdown": "down", "arrowleft": "left", "arrowright": "right",
    "uparrow": "up", "downarrow": "down", "leftarrow": "left", "rightarrow": "right",
    "-": "minus", "=": "equal", ",": "comma", ".": "period", "/": "slash", ";": "semicolon", "'": "apostrophe",
}  # fmt: skip
_SIDES = re.compile(r"(left|right|l|r)?(shift|ctrl|control|alt)(left|right|l|r)?")
_PAD = re.compile(r"(?:numpad|kp|num)_?(\d)")


class TooManyNames(Damaged):
    """A column names more keys than any keyboard has: it is another column that was read."""


def check_few(names: Collection[str]) -> None:
    """Raise TooManyNames for more names of keys than there can be; who knows the file puts it before that."""
    if len(names) > MOST_NAMES:
        some = visible(", ".join(list(names)[:3])[:60])
        raise TooManyNames(
            f"names more than {MOST_NAMES:,} keys, as {some}: that is no column of keys. Say which is: "
            "--set columns=key:COLUMN, or held:COLUMN."
        )


def proposals(game: Game, names: Iterable[str]) -> dict[str, str]:
    """Return the label of a game that each name of a key stands for; what stands for none is not in it."""
    labels = _labels(game)
    found: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for name in names:
        code = code_of(name)
        label = labels.get(name.strip().casefold()) or labels.get(code)
        if label:
            found[name] = label
        elif (number := _number(name)) is not None:
            numbers[name] = number
    return found | _of_numbers(labels, numbers)


def _labels(game: Game) -> dict[str, str]:
    """Return the labels of a game by their own names and by the codes of their controls, in small letters."""
    names = {name for head in game.labels.values() for name in head.names}
    codes = {code.casefold(): label for label, code in game.controls.items()}
    whole = {f"{head}.{name}".casefold(): name for head, one in game.labels.items() for name in one.names}
    return codes | whole | {code_of(name): name for name in names} | {name.casefold(): name for name in names}


def code_of(name: str) -> str:
    """Return the code of the key that a name says, as `playhead.input.codes` has it, or what comes closest."""
    text = name.strip().strip("'\"").casefold() or name.casefold()
    if text == " ":
        return "space"
    if text in _ALIASES:
        return _ALIASES[text]
    text = re.sub(r"[\s_.:\-()\[\]]+", "", text) or text
    for _ in range(2):  # KEY_KEY_W, keyboard.Key.up
        text = text if text in KEYS else _BEGINS.sub("", text, count=1) if _BEGINS.match(text) else text
    text = text if text in KEYS else _ENDS.sub("", text)
    if text.startswith("k") and text[1:] in KEYS:  # pygame's K_w
        text = text[1:]
    if found := _PAD.fullmatch(text):
        return f"num{found[1]}"
    if found := _SIDES.fullmatch(text):
        return "ctrl" if found[2] == "control" else found[2]
    return _ALIASES.get(text, _KEYSYMS.get(text, text))


_KEYSYMS = {sym.casefold().replace("_", ""): code for code, key in KEYS.items() for sym in key.keysyms}
_SCAN = {number & ~EXTENDED: code for code, key in KEYS.items() for number in key.scan_codes} | {
    number: code for code, key in KEYS.items() for number in key.scan_codes
}
_EVDEV = {103: "up", 105: "left", 106: "right", 108: "down", 97: "ctrl", 100: "alt", 96: "numenter"}
_VIRTUAL = (
    {ord(one.upper()): one for one in "abcdefghijklmnopqrstuvwxyz0123456789"}
    | {96 + digit: f"num{digit}" for digit in range(10)}
    | {111 + number: f"f{number}" for number in range(1, 13)}
    | {8: "backspace", 9: "tab", 13: "enter", 16: "shift", 17: "ctrl", 18: "alt", 20: "capslock", 27: "esc"}
    | {32: "space", 33: "pageup", 34: "pagedown", 35: "end", 36: "home", 37: "left", 38: "up", 39: "right"}
    | {40: "down", 45: "insert", 46: "delete", 160: "shift", 161: "shift", 162: "ctrl", 163: "ctrl"}
    | {164: "alt", 165: "alt"}
)  # winuser.h


def _number(name: str) -> int | None:
    found = re.fullmatch(r"(?:[a-z_ ]*[^a-z0-9]|<)?(0x[0-9a-f]{1,4}|\d{1,5})>?", name.strip().casefold())
    return int(found[1], 0) if found and (found[1].startswith("0x") or found[1] == str(int(found[1]))) else None


def _of_numbers(labels: Mapping[str, str], numbers: Mapping[str, int]) -> dict[str, str]:
    """Return what numbers of keys stand for, by the numbering that fits most of them."""
    told = [
        {name: labels[codes[number]] for name, number in numbers.items() if codes.get(number) in labels}
        for codes in (_SCAN | _EVDEV, _VIRTUAL)
    ]
    return max(told, key=len)
