"""Hostile values, and JSON documents in which one thing is not what it should be.

A document is walked, so that a field that is added tomorrow is attacked tomorrow.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

Step = str | int
Path = tuple[Step, ...]

REFERENCE = "fuzz_canary:run"  # a function that tells when it is called; its module tells when it is imported
FAKE_ROW = "FAKE-ROW"  # no line of a command's output may begin with this: a file wrote it
LEAKED = "CANARY-4f1d"  # stands in files that no input may have read
CONTROLS = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;cm0gLXJm\x07\r\b\x00\x9b31m\u202e"


class Raw(str):
    """Text that goes into a document as it is: what no serialiser would write."""


NUMBERS: tuple[Any, ...] = (
    0,
    1,
    -1,
    -5,
    2,
    3,
    7,
    255,
    256,
    65_536,
    10**9,
    2**31 - 1,
    2**31,
    2**53,
    2**63 - 1,
    2**63,
    -(2**63),
    2**64,
    10**30,
    -0.0,
    0.5,
    -0.5,
    1e-320,
    1e30,
    1.7e308,
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-Infinity"),
    Raw("1e999"),
    Raw("1" * 5000),
    Raw("-" + "9" * 400),
    Raw("1.0"),
    Raw("1e3"),
    Raw("01"),
    Raw("0x10"),
)
TEXTS: tuple[Any, ...] = (
    "",
    " ",
    "a",
    "x" * 300,
    "x" * 200_000,
    CONTROLS,
    f"a\n{FAKE_ROW}  1,000",
    "../../../outside/written",
    "/etc/passwd",
    "..",
    ".",
    "a/b",
    "a\\b",
    "con",
    REFERENCE,
    "os:system",
    "builtins:exec",
    "playhead.cli:main",
    "%s%n{0}{self}$(touch x)`x`",
    "-rf",
    "--home",
    "1",
    "nan",
    "true",
    "[bold]x[/bold]",
    "<script>alert(1)</script>",
    "é" * 150,
    "日本" * 80,
    "😀",
    Raw('"\\ud800"'),
    Raw('"\\u0000"'),
    Raw('"\\u001b[31m"'),
    "S0",
    "S99999999999",
    "int64",
    "V8",
    "O",
    "lossless",
    "human",
    "2026-11-99",
    "9999-99-99T99:99:99+99:99",
)
EMPTIES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"": None},
    {"a": {}},
    [[[]]],
    [0],
    [""],
)


def _bulky(rng: Random) -> Any:
    """Return a value that is large or deep."""
    depth = rng.choice((100, 2_000, 200_000))
    return rng.choice(
        (
            [0] * 10_000,
            ["a"] * 10_000,
            {str(n): n for n in range(5_000)},
            Raw("[" * depth + "]" * depth),
            Raw('{"a":' * depth + "1" + "}" * depth),
            Raw("[" * depth),
            [[0, 1]] * 3_000,
        )
    )


def value(rng: Random, like: Any = None) -> Any:
    """Return a hostile value, more often than not of the kind that stood there."""
    drawn = rng.random()
    if drawn < 0.05:
        return _bulky(rng)
    if isinstance(like, bool) or like is None:
        return rng.choice(EMPTIES + NUMBERS + TEXTS)
    if isinstance(like, (int, float)):
        return (
            rng.choice(NUMBERS) if drawn < 0.7 else rng.choice((like + 1, -like, like * 10**9, str(like), [like]))
        )
    if isinstance(like, str):
        return rng.choice(TEXTS) if drawn < 0.75 else rng.choice(NUMBERS + EMPTIES)
    if isinstance(like, list) and drawn < 0.6:
        return rng.choice((like[::-1], like * 2, like[:-1], [*like, None], [like], like * 2_000, {"0": like}, []))
    if isinstance(like, dict) and drawn < 0.6:
        return rng.choice(({}, list(like), [like], dict.fromkeys(like), {**like, "extra": 1}, str(like)))
    return rng.choice(EMPTIES + NUMBERS + TEXTS)


def walk(document: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the place of every value in a document, the whole first."""
    yield at
    if isinstance(document, (dict, list)):
        for step, inner in document.items() if isinstance(document, dict) else enumerate(document):
            yield from walk(inner, (*at, step))


def get(document: Any, at: Path) -> Any:
    """Return the value at a place."""
    for step in at:
        document = document[step]
    return document


def put(document: Any, at: Path, new: Any) -> Any:
    """Return the document with another value at a place."""
    if not at:
        return new
    get(document, at[:-1])[at[-1]] = new
    return document


def dumps(document: Any) -> str:
    """Return a document as JSON, with all that is Raw as it is."""
    raw: list[str] = []

    def marked(inner: Any) -> Any:
        if isinstance(inner, Raw):
            raw.append(str(inner))
            return f"@raw{len(raw) - 1}@"
        if isinstance(inner, dict):
            return {str(key): marked(item) for key, item in inner.items()}
        return [marked(item) for item in inner] if isinstance(inner, list) else inner

    text = json.dumps(marked(document))
    for number, piece in enumerate(raw):
        text = text.replace(f'"@raw{number}@"', piece)
    return text


def changed(document: Any, rng: Random) -> tuple[Any, str]:
    """Return a document with one thing changed, and what."""
    document = copy.deepcopy(document)
    at = rng.choice(list(walk(document)))
    old = get(document, at)
    shown = "/".join(map(str, at)) or "all"
    how = rng.choice(("value", "value", "value", "value", "remove", "add", "rename", "twice"))
    if how == "remove" and at:
        holder = get(document, at[:-1])
        del holder[at[-1]]
        return document, f"{shown} removed"
    if how == "add" and isinstance(old, dict):
        key = str(rng.choice([text for text in TEXTS if not isinstance(text, Raw)]))
        old[key] = value(rng)
        return document, f"{shown} has a further key {key[:30]!r}"
    if how == "rename" and isinstance(old, dict) and old:
        key, new = rng.choice(list(old)), str(rng.choice([text for text in TEXTS if not isinstance(text, Raw)]))
        put(document, at, {new if name == key else name: inner for name, inner in old.items()})
        return document, f"{shown}: {key} is called {new[:30]!r}"
    if how == "twice" and isinstance(old, dict) and old:
        key = rng.choice(list(old))
        again = {key: value(rng, old[key])}
        return put(document, at, Raw(f"{dumps(old)[:-1]}, {dumps(again)[1:]}")), f"{shown} has {key} twice"
    new = value(rng, old)
    return put(document, at, new), f"{shown} = {dumps(new)[:60]}"


def spoiled(text: str, rng: Random) -> tuple[bytes, str]:
    """Return JSON whose text is damaged, not its content, and how."""
    data = text.encode()
    cut = rng.randrange(len(data) + 1)
    ways: dict[str, bytes] = {
        f"cut off after {cut}": data[:cut],
        "empty": b"",
        "UTF-16": text.encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + data,
        "no UTF-8": data[:cut] + b"\xff\xfe" + data[cut:],
        "zeros": b"\0" * len(data),
        "a zero byte": data[:cut] + b"\0" + data[cut:],
        "something behind it": data + b"{}",
        "20 MB of blanks": b" " * 20 * 2**20 + data,
        "a comment": b"// x\n" + data,
    }
    how = rng.choice(list(ways))
    return ways[how], how
