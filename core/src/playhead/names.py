"""Names and texts that come from files: which may become part of a path, how they are shown, how they are typed.

A name that makes a path is one component of it. A text that is shown holds nothing that moves a terminal's cursor,
begins a row or hides itself. A command that is offered for copying is quoted, so that a name in it stays a name.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Iterable

from playhead.errors import BadValue

LONGEST_BYTES = (
    200  # of a name in UTF-8: file systems take 255, and "-12", ".left-out.txt" and ".part" come behind
)
_SEPARATORS = '/\\:*?"<>|'  # they part folders, drives and streams, or are none of Windows' names
# Devices of Windows in every folder, whatever the suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)


def fault_of(name: object) -> str:
    """Return in a few words why a name cannot be one component of a path on every system; "" when it can."""
    if not isinstance(name, str):
        return f"is of type {type(name).__name__}, no text"
    if not name.strip(" ."):
        return "is empty" if not name else "is nothing but dots and spaces"
    if visible(name) != name:
        return "holds a character that is not seen"
    if len(name.encode()) > LONGEST_BYTES:
        return f"is longer than {LONGEST_BYTES} bytes"
    found = next((one for one in name if one in _SEPARATORS), "")
    if found:
        return f"holds {found}"
    if name[0] in ".- " or name[-1] in ". ":
        return "begins with a dot, a dash or a space, or ends in a dot or a space"
    return "is a device of Windows" if _DEVICES.fullmatch(name) else ""


def checked_name(name: str, what: str, then: str = "") -> str:
    """Return a name that may become one component of a path.

    Raises:  BadValue saying what of `what` is wrong, and `then`, what to do.
    """
    fault = fault_of(name)
    if fault:
        shown = name if len(str(name)) <= 80 else f"{str(name)[:80]}..."
        raise BadValue(f'The name of {what}, "{visible(str(shown))}", {fault}. {then}'.rstrip())
    return name


def is_name(name: str) -> bool:
    """Whether a name may become one component of a path."""
    return not fault_of(name)


def as_name(text: str, otherwise: str) -> str:
    """Return the name for a path that comes closest to a text, as a foreign file's; else `otherwise`."""
    name = re.sub(r"[^\w.-]+", "_", text).encode("utf-8", "ignore")[:LONGEST_BYTES].decode("utf-8", "ignore")
    near = (name.strip("._-"), f"{otherwise}_{name.strip('._-')}")
    return next((one for one in near if is_name(one)), otherwise)


def visible(text: str, *, keep: str = "") -> str:
    """Return a text in one line, with all that is not seen written out: `\\x1b`, `\\n`, `\\u202e`.

    Control characters, those that turn the writing direction, of no width, or half of a pair; not those in `keep`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep or _is_seen(one) else _written_out(one) for one in text)


def _is_seen(one: str) -> bool:
    return one not in _BLANK and (one.isprintable() or unicodedata.category(one) == "Zs")


# Printable by Unicode, and yet nothing is seen of them: fillers of Hangul, the empty pattern of Braille.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"


def _written_out(one: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(one)
    if one in short:
        return short[one]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def command(*words: object, names: Iterable[object] = ()) -> str:
    """Return a `playhead` command as it is typed, every word that is not plain quoted; `names` come last.

    For sh, bash and zsh. On Windows for both PowerShell and cmd.exe, which agree on double quotes around what
    holds nothing that either of them would still read; a name that does is written as NAME.
    """
    last = [str(name) for name in names]
    # What begins with a dash would be read as an option; behind "--" nothing is.
    dashes = ["--"] if any(name.startswith("-") for name in last) else []
    return " ".join(quoted(word) for word in ("playhead", *words, *dashes, *last))


def quoted(word: object) -> str:
    """Return one word of a command as it is typed."""
    text = str(word)
    if os.name == "nt":
        return _quoted_for_windows(text)
    if visible(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(_octal(one) for one in text) + "'"  # bash, zsh, and sh since POSIX of 2024


def _octal(one: str) -> str:
    if one in "'\\":
        return f"\\{one}"
    if _is_seen(one):
        return one
    # A byte of a file name that is no UTF-8 is half of a pair in Python; other halves stand for nothing.
    errors = "surrogateescape" if "\udc80" <= one <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in one.encode("utf-8", errors))


def _quoted_for_windows(text: str) -> str:
    if re.fullmatch(r"[\w.:/\\+=~-]+", text):
        return text
    return f'"{text}"' if re.fullmatch(r"[\w .:/\\+=~,;@#()\[\]{}'-]*[^\\]", text) else "NAME"
