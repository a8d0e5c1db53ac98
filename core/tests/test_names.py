"""Names from files make one component of a path, are shown in one line and typed as one word."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead import names
from playhead.errors import BadValue
from playhead.home import Home
from playhead.names import LONGEST_BYTES, as_name, checked_name, command, fault_of, is_name, quoted, visible

LEADING_OUT = ["..", ".", "...", "", " ", "a/b", "../../x", "/etc", "\\\\host\\share", "C:x", "a\\b", "~/x/../y"]
STRANGE = ["a\nb", "a\x00b", "a\x1b[2Jb", "\u202egpj", "a\u200bb", "\ud800", "\udcff", "x\x7f", "\u3164", "\x85"]
UNPORTABLE = ["con", "NUL", "com1", "LPT9.txt", "aux.zip", "a?", "a*", 'a"b', "a|b", "a<b", "a.", "a ", " a"]
UNWANTED = [".hidden", "-x", "--help", "ä" * LONGEST_BYTES, "n" * 300]
GOOD = ["2026-11-21-1", "gta5", "s0 (1)", "größe", "it's", "$(id)", "a;b", "console", "n" * LONGEST_BYTES, "日本"]


@pytest.mark.parametrize("name", [*LEADING_OUT, *STRANGE, *UNPORTABLE, *UNWANTED])
def test_what_is_no_component_of_a_path_is_refused_in_one_visible_line(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(BadValue, match="The name of the run") as refused:
        checked_name(name, "the run")
    assert visible(str(refused.value)) == str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", GOOD)
def test_other_names_are_taken(name: str) -> None:
    assert checked_name(name, "the run") == name


@pytest.mark.parametrize("name", [None, 3, ["a"], {"a": 1}, b"a"])
def test_what_is_no_text_is_no_name(name: object) -> None:
    assert "no text" in fault_of(name)


@given(st.text())
def test_every_name_that_is_taken_lies_directly_in_its_folder(name: str) -> None:
    if is_name(name):
        assert Path("/home/runs", name).parent == Path("/home/runs")
        assert os.path.normpath(f"/home/runs/{name}") == f"/home/runs/{name}"


@given(st.text())
def test_every_text_has_a_name_near_to_it(text: str) -> None:
    assert is_name(as_name(text, "imported"))


@pytest.mark.parametrize("name", ["../..", "a/b", "", ".x"])
def test_no_folder_of_a_home_is_made_from_a_name_that_leads_elsewhere(name: str, tmp_path: Path) -> None:
    home = Home(tmp_path, "test")
    for make in (
        lambda: home.recordings(name),
        lambda: home.runs(name),
        lambda: home.runs("pong", name or ".."),
        lambda: home.evaluation("pong", name, "1"),
        lambda: home.evaluation("pong", "default", name),
    ):
        with pytest.raises(BadValue):
            make()


@given(st.text())
def test_what_is_shown_is_seen_and_stays_in_its_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert all(one.isprintable() or one in "\u00a0\u3000" or one.isspace() for one in shown)
    assert visible(shown) == shown


def test_what_is_not_seen_is_written_out() -> None:
    assert visible("a\x1b]0;x\x07b\r\nc\u202ed\u200b\udcff") == "a\\x1b]0;x\\x07b\\r\\nc\\u202ed\\u200b\\udcff"
    assert visible("größe 日本 ok") == "größe 日本 ok"
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


WORDS = [
    "plain", "with space", "it's", '"', "$(touch x)", "`id`", "a;b", "a&b", "*", "~", "#x", "\\", "a\\", "!", "-",
    "line\nend", "tab\tx", "\x1b[2J", "\u202egpj", "\udcff\udcfe", "'\n'", "\\n\n", "",
]  # fmt: skip


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize("word", WORDS)
def test_a_shell_reads_a_quoted_word_as_that_word(word: str) -> None:
    line = f"printf '%s\\0' {quoted(word)}"
    assert visible(line) == line
    read = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert read == os.fsencode(word) + b"\0"


def test_a_name_that_begins_with_a_dash_is_no_option() -> None:
    assert shlex.split(command("data", "repair", names=["--dry-run"])) == [
        "playhead", "data", "repair", "--", "--dry-run",
    ]  # fmt: skip
    assert command("data", "list", names=["gta5"]) == "playhead data list gta5"


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        (r"C:\a\b", r"C:\a\b"), ("a b", '"a b"'), ("$(x)", "NAME"), ("%PATH%", "NAME"), ('a"b', "NAME"),
        ("a`b", "NAME"), ("a\u201db c", "NAME"), ("a b\\", "NAME"), ("a\nb", "NAME"), ("it's", '"it\'s"'),
    ],
)  # fmt: skip
def test_on_windows_only_what_both_shells_leave_alone_is_quoted(word: str, typed: str) -> None:
    assert names._quoted_for_windows(word) == typed
