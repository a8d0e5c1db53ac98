"""What is said to a user who typed a name that nothing answers to."""

from __future__ import annotations

import pytest

from playhead import errors
from playhead.errors import PlayheadError, did_you_mean, not_found


def test_the_nearest_name_is_proposed_and_all_are_listed() -> None:
    assert did_you_mean("gta", ["gta5", "crew2"]) == ' Did you mean "gta5"? Known: crew2, gta5.'


def test_nothing_is_proposed_when_nothing_is_near() -> None:
    assert did_you_mean("chess", ["gta5"]) == " Known: gta5."
    assert did_you_mean("chess", []) == " Known: none."


def test_of_many_names_ten_are_listed_those_that_come_close_first() -> None:
    many = [f"other{number:02d}" for number in range(30)]
    said = did_you_mean("yaw", [*many, "yaw_rad"])
    assert said == (
        ' Did you mean "yaw_rad"? Known: '
        + ", ".join([*many[:9], "yaw_rad"]) + " and 21 more."
    )  # fmt: skip


def test_not_found_says_what_to_type_next() -> None:
    error = not_found("run", "1", ["2"], then="See: playhead show pong.")
    assert str(error) == 'No run is called "1". Known: 2. See: playhead show pong.'


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("NotFound", LookupError), ("BadValue", ValueError), ("Mismatch", ValueError),
        ("PluginError", RuntimeError), ("Damaged", OSError), ("NothingToTrain", ValueError),
        ("DeviceFailed", OSError), ("StorageFull", OSError),
    ],
)  # fmt: skip
def test_each_error_is_also_the_builtin_that_fits(name: str, builtin: type[Exception]) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, PlayheadError)
    assert issubclass(kind, builtin)
