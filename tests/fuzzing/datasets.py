"""Data sets of pictures and a sqlite file, in a folder or a zip, in which a picture is none."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from random import Random

from fuzzing import harm
from fuzzing.pictures import hostile_picture
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import WATCHED, Seeds, uuid_of

Commands = list[tuple[str, ...]]


def commands(rng: Random, path: Path) -> Commands:
    """Choose how a data set is imported."""
    more = rng.choice(
        (
            (),
            ("--skip-damaged",),
            ("--set", "check=decode"),
            ("--set", "check=decode", "--skip-damaged"),
            ("--json",),
        )
    )
    again: Commands = [("data", "check", WATCHED)] if rng.random() < 0.3 else []
    return [("import", WATCHED, str(path), *more), *again, ("data", "list", WATCHED)]


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make a folder or a zip with a picture that is none, or something else in the place of one."""
    folder = box.given / "set"
    shutil.copytree(seeds.data_set, folder)
    told = []
    for number in rng.sample(range(6), rng.choice((1, 1, 6))):
        file = folder / f"{uuid_of(number)}.jpg"
        if rng.random() < 0.2:
            told.append(harm.anything(file, rng))
        else:
            data, what = hostile_picture(rng)
            file.write_bytes(data)
            told.append(what)
    if rng.random() < 0.2:
        target = rng.choice((box.outside, Path("/"), folder))
        (folder / "more").symlink_to(target)
        told.append("a link to a folder")
    path = folder
    if rng.random() < 0.3 and all(
        file.is_file() and file.stat().st_size < 2**24 and file.stat().st_mode & 0o400 for file in folder.iterdir()
    ):
        path = box.given / "set.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for file in sorted(folder.iterdir()):
                packed.write(file, file.name)
    return f"pictures: {'; '.join(told)}", commands(rng, path)
