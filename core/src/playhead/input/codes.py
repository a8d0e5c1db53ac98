"""The names of keys and of mouse buttons, as games write them in `controls`, and what each system calls the key.

X11 knows a key by what it types in the present layout, Windows by where it lies (scan codes of set 1, which games
that read DirectInput see; EXTENDED marks the second key of a number, as the arrows beside those of the keypad).
"""

from __future__ import annotations

from dataclasses import dataclass

from playhead.errors import not_found

EXTENDED = 0x100
BUTTON = 0x200  # added to the number that X11 gives a mouse's button, on every system
LEFT, MIDDLE, RIGHT, BACK, FORWARD = (BUTTON | number for number in (1, 2, 3, 8, 9))


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key by name. The first of its names and numbers is pressed, all are heard (either shift is shift).

    A button of a mouse has no name of X11's, and one number.
    """

    keysyms: tuple[str, ...]
    scan_codes: tuple[int, ...]

    @property
    def is_button(self) -> bool:
        """Whether it is one of a mouse."""
        return bool(self.scan_codes[0] & BUTTON)


def _key(scan_code: int, keysym: str) -> Key:
    return Key(keysyms=(keysym,), scan_codes=(scan_code,))


def _row(first_scan_code: int, names: str) -> dict[str, Key]:
    """Return neighbours on the keyboard, which X11 calls as we do."""
    return {name: _key(first_scan_code + place, name) for place, name in enumerate(names.split())}


KEYS: dict[str, Key] = {
    **_row(2, "1 2 3 4 5 6 7 8 9 0 minus equal"),
    **_row(16, "q w e r t y u i o p bracketleft bracketright"),
    **_row(30, "a s d f g h j k l semicolon apostrophe grave"),
    **_row(43, "backslash z x c v b n m comma period slash"),
    **{f"f{number}": _key(58 + number, f"F{number}") for number in range(1, 11)},
    "f11": _key(87, "F11"),
    "f12": _key(88, "F12"),
    "esc": _key(1, "Escape"),
    "backspace": _key(14, "BackSpace"),
    "tab": _key(15, "Tab"),
    "enter": _key(28, "Return"),
    "space": _key(57, "space"),
    "capslock": _key(58, "Caps_Lock"),
    "shift": Key(keysyms=("Shift_L", "Shift_R"), scan_codes=(42, 54)),
    "ctrl": Key(keysyms=("Control_L", "Control_R"), scan_codes=(29, 29 | EXTENDED)),
    "alt": Key(keysyms=("Alt_L", "Alt_R"), scan_codes=(56, 56 | EXTENDED)),
    "up": _key(72 | EXTENDED, "Up"),
    "left": _key(75 | EXTENDED, "Left"),
    "right": _key(77 | EXTENDED, "Right"),
    "down": _key(80 | EXTENDED, "Down"),
    "home": _key(71 | EXTENDED, "Home"),
    "end": _key(79 | EXTENDED, "End"),
    "pageup": _key(73 | EXTENDED, "Prior"),
    "pagedown": _key(81 | EXTENDED, "Next"),
    "insert": _key(82 | EXTENDED, "Insert"),
    "delete": _key(83 | EXTENDED, "Delete"),
    **{f"num{digit}": _key(scan_code, f"KP_{digit}")
       for digit, scan_code in enumerate((82, 79, 80, 81, 75, 76, 77, 71, 72, 73))},
    "numadd": _key(78, "KP_Add"),
    "numsubtract": _key(74, "KP_Subtract"),
    "numenter": _key(28 | EXTENDED, "KP_Enter"),
    "mouse_left": Key(keysyms=(), scan_codes=(LEFT,)),
    "mouse_middle": Key(keysyms=(), scan_codes=(MIDDLE,)),
    "mouse_right": Key(keysyms=(), scan_codes=(RIGHT,)),
    "mouse_back": Key(keysyms=(), scan_codes=(BACK,)),
    "mouse_forward": Key(keysyms=(), scan_codes=(FORWARD,)),
}  # fmt: skip


def key_of(code: str) -> Key:
    """Return the key of a name. Raises NotFound with the nearest name."""
    if code not in KEYS:
        raise not_found("key", code, KEYS)
    return KEYS[code]
