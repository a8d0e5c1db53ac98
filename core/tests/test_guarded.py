"""Whose line an error is said to come from, and what is said of code that is not playhead's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playhead.environment.registering import module_hint
from playhead.errors import BadValue, DeviceFailed
from playhead.guarded import ask_foreign, place_of


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function of a package that pip installed elsewhere (*.pth); it calls what it is given."""
    folder = tmp_path / "elsewhere" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "farpackage.py").write_text("def call(what):\n    return what()\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    call: Callable[..., Any] = importlib.import_module("farpackage").call
    return call


def raises() -> None:
    raise RuntimeError("line one\nline two.")


def test_the_innermost_line_that_is_no_librarys_is_named(calls: Callable[..., Any]) -> None:
    for work, expected in ((raises, "raises"), (lambda: calls("no function"), "")):
        with pytest.raises((RuntimeError, TypeError)) as raised:
            calls(work)
        place = place_of(raised.value)
        assert "farpackage" not in place
        assert place.startswith(" (test_guarded.py, line ")
        assert place.endswith(f", in {expected})" if expected else ")")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("line one\nline two."), "RuntimeError: line one line two (test_guarded.py, line"),
        (MemoryError(), "MemoryError (test_guarded.py, line"),
        (KeyError("x"), "KeyError: 'x' (test_guarded.py, line"),
        (SystemExit(3), "it wants to end the program (SystemExit: 3) (test_guarded.py, line"),
    ],
)
def test_what_foreign_code_raises_is_one_line_with_its_place(error: BaseException, said: str) -> None:
    def work() -> None:
        raise error

    with pytest.raises(DeviceFailed) as raised:
        ask_foreign(work, failed=DeviceFailed)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("error", [BadValue("a sentence"), KeyboardInterrupt()])
def test_sentences_and_ctrl_c_stay_what_they_are(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        ask_foreign(work, failed=DeviceFailed)
    assert raised.value is error


@pytest.mark.parametrize(
    ("name", "file"),
    [("FarWorld-v0", "__init__.py"), ("FarWorld-v3", "worlds.py"), ("FAR/Other-v1", "worlds.py")],
)
def test_the_module_that_registers_an_id_is_named(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "farworlds-1.0.dist-info"
    info.mkdir()
    needs = "Metadata-Version: 2.1\nName: farworlds\nVersion: 1.0\nRequires-Dist: gymnasium>=1\n"
    (info / "METADATA").write_text(needs, encoding="utf-8")
    (info / "RECORD").write_text(f"farworlds/{file},,\n", encoding="utf-8")
    (tmp_path / "farworlds").mkdir()
    text = "register(id='FarWorld-v0')\nregister(id=f'FAR/{x}')\nraise SystemExit\n"
    (tmp_path / "farworlds" / file).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert module_hint(name) == f' It may be one of the module farworlds: try "farworlds:{name}".'
    assert module_hint("NoSuchWorld-v0") == ""
