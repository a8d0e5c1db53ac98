"""Recordings that are damaged or made to harm, among healthy ones."""

from __future__ import annotations

import json
import os
import shutil
import struct
from contextlib import suppress
from pathlib import Path
from random import Random

import google_crc32c

from fuzzing import harm, hostile, sealing
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import FIRST, GAME, LAST, LAYER, TORN, TRAINING, VICTIM, Seeds

Commands = list[tuple[str, ...]]
COUNTS = (0, 1, 4003, 4004, 5000, 10**6, 2**31, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Put a home together in which one recording is harmed."""
    shutil.copytree(seeds.home / "recordings", box.home / "recordings")
    run = Path("runs", GAME, "default", FIRST)
    shutil.copytree(seeds.home / run, box.home / run)
    parent = box.home / "recordings" / GAME
    victim = parent / VICTIM
    which = rng.choice(("jpeg", "jpeg", "lossless", "further", "further"))
    shutil.copytree(seeds.folder / "victims" / which, victim)
    box.healthy = [parent / FIRST, parent / LAST]
    box.promises = [(("data", "list", GAME), name) for name in ("", FIRST, LAST, TORN)]
    box.promises += [(("data", "repair", GAME), TORN), (("show", GAME), "")]
    if rng.random() < 0.4:
        sealing.unseal_recording(victim)
        which = f"old {which}"
    how = rng.choices((_json, _json_text, _shard_index, _bytes, _thing, _folder), (9, 1, 2, 3, 3, 2))[0]
    what = how(rng, victim, box)
    if rng.random() < 0.2 and victim.is_dir() and not victim.is_symlink():
        with suppress(OSError, ValueError, IndexError, MemoryError):  # it may be past harming
            what += "; " + rng.choice((_json, _bytes))(rng, victim, box)
    return f"{which} recording: {what}", commands(rng)


def commands(rng: Random) -> Commands:
    """Choose what is done with it: those that change it last."""
    victim = f"{GAME}/{VICTIM}"
    quick: Commands = [
        ("data", "list", "--json"),
        ("data", "info", victim),
        ("data", "info", victim, "--json"),
        ("data", "check", GAME),
        ("data", "check", victim, "--every-frame"),
        ("data", "balance", GAME),
        ("data", "balance", GAME, "--skip-bad"),
        ("show", GAME),
        ("data", "trim", GAME, "--dry-run", "--idle", "3"),
    ]
    slow: Commands = [
        ("train", GAME, *TRAINING),
        ("train", GAME, *TRAINING, "--skip-bad"),
        ("train", GAME, *TRAINING, "--recordings", VICTIM, "--recordings", FIRST),
        ("train", GAME, *TRAINING, "--recordings", VICTIM, "--recordings", FIRST, "--layer", LAYER, "--skip-bad"),
        ("evaluate", GAME, "--on", "none", "--recordings", VICTIM, "--run", FIRST),
        ("evaluate", GAME, "--on", "none", "--recordings", VICTIM, "--run", FIRST, "--layer", LAYER),
    ]
    changing: Commands = [
        ("data", "repair", victim, "--dry-run"),
        ("data", "repair", victim),
        ("data", "repair", GAME),
        ("data", "trim", victim, "--idle", "0.3", "--keep", "0.1"),
    ]
    chosen = [("data", "list", GAME), *rng.sample(quick, 3)]
    if rng.random() < 0.4:
        chosen.append(rng.choice(slow))
    return [*chosen, *rng.sample(changing, 2), ("data", "list", GAME)]


def _documents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.json"))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _json(rng: Random, victim: Path, box: Sandbox) -> str:
    """Change one thing in one document; that of the whole recording is the one with most in it."""
    files = _documents(victim)
    file = rng.choices(
        files, [8 if file.parent == victim else 4 if file.parent.name == "frames" else 1 for file in files]
    )[0]
    document = json.loads(file.read_text(encoding="utf-8"))
    changed, what = hostile.changed(document, rng)
    if rng.random() < 0.6:
        sealing.seal_zarr(changed)
    file.write_text(hostile.dumps(changed), encoding="utf-8")
    return f"{file.relative_to(victim)}: {what}"


def _json_text(rng: Random, victim: Path, box: Sandbox) -> str:
    file = rng.choice(_documents(victim))
    data, what = hostile.spoiled(file.read_text(encoding="utf-8"), rng)
    file.write_bytes(data)
    return f"{file.relative_to(victim)}: {what}"


def _shard_index(rng: Random, victim: Path, box: Sandbox) -> str:
    """Let an index say something else, with the right checksum."""
    shard = victim / "frames/c/0/0/0/0"
    data = bytearray(shard.read_bytes())
    entries = list(struct.unpack_from("<500Q", data))
    told = []
    for _ in range(rng.choice((1, 1, 3, 80))):
        place, count = rng.randrange(0, 80), rng.choice(COUNTS)
        entries[place] = count if rng.random() < 0.7 else (entries[place] + rng.choice((-1, 1, 16))) % 2**64
        told.append(f"{'offset' if place % 2 == 0 else 'length'} of {place // 2} = {entries[place]}")
    struct.pack_into("<500Q", data, 0, *entries)
    struct.pack_into("<I", data, 4000, google_crc32c.value(bytes(data[:4000])))
    shard.write_bytes(data)
    return f"index: {', '.join(told[:3])}"


def _bytes(rng: Random, victim: Path, box: Sandbox) -> str:
    files = _files(victim)
    file = rng.choice([file for file in files if "c" in file.parts] if rng.random() < 0.7 else files)
    if rng.random() < 0.15:
        other = rng.choice(files)
        return f"{file.relative_to(victim)}: {harm.swapped(file, other)}"
    return f"{file.relative_to(victim)}: {rng.choice(harm.BYTES)(file, rng)}"


def _thing(rng: Random, victim: Path, box: Sandbox) -> str:
    """Something else lies in the place of a file or folder of the recording."""
    path = rng.choice(sorted(victim.rglob("*")))
    if rng.random() < 0.2:
        path.unlink() if path.is_file() else shutil.rmtree(path)
        path.symlink_to(box.outside / "secret.txt")
        return f"{path.relative_to(victim)}: a link to a file outside"
    return f"{path.relative_to(victim)}: {rng.choice(harm.THINGS)(path, rng)}"


def _folder(rng: Random, victim: Path, box: Sandbox) -> str:
    """Something is wrong with the folder of the recording itself, or with what lies beside it."""
    ways = ("thing", "outside", "name", "bytes", "stranger", "deep", "many", "parent")
    how = rng.choice(ways)
    if how == "thing":
        return f"the folder: {rng.choice(harm.THINGS)(victim, rng)}"
    if how == "outside":
        shutil.move(victim, box.outside / "moved")
        victim.symlink_to(box.outside / "moved")
        return "the folder: a link to a recording outside"
    if how in ("name", "bytes"):
        name = rng.choice(
            (b"\x1b[31mred", b"a\nFAKE-ROW", b"\xff\xfe\xfa", b"n" * 255, b"-rf", b" ", b"\xe2\x80\xae", b"%s")
        )
        shutil.copytree(os.fsencode(victim), os.fsencode(victim.parent) + b"/" + name)
        return f"another recording is called {name[:20]!r}"
    if how == "stranger":
        box.promises = [
            promise for promise in box.promises if promise[0][1] != "repair"
        ]  # .replaced is in the way
        (victim.parent / rng.choice((".hidden", "x.txt", "2026", ".replaced", ".importing-x"))).write_bytes(b"x")
        return "a stranger's file beside it"
    if how == "deep":
        deep = victim / "labels"
        for _ in range(300):
            deep /= "d"
        deep.mkdir(parents=True)
        return "folders 300 deep in it"
    if how == "many":
        for number in range(3000):
            (victim / f"f{number}").touch()
        return "3,000 further files in it"
    path = victim.parent.parent / rng.choice(("x\x1b[1mx", "gone", "other", "..."))
    return f"recordings/{path.name!r}: {rng.choice(harm.THINGS)(path, rng)}"
