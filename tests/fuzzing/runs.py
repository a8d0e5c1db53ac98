"""Runs that are damaged or made to harm, among healthy ones."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from random import Random
from typing import Any

from fuzzing import harm, hostile, sealing
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import FIRST, GAME, LAST, TRAINING, VICTIM, Seeds

Commands = list[tuple[str, ...]]
OF_THE_HEALTHY = (
    ("play", GAME, "--seconds", "0.5", "--run", f"default/{FIRST}"),
    ("evaluate", GAME, "--on", "none", "--run", f"default/{FIRST}"),
)


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Put a home together in which one run is harmed."""
    shutil.copytree(seeds.home, box.home, dirs_exist_ok=True)
    victim = box.home / "runs" / GAME / "default" / VICTIM
    box.healthy = [victim.parent / FIRST, victim.parent / LAST]
    box.promises = [(("show", GAME), name) for name in ("", FIRST, LAST)]
    box.promises += [(command, "") for command in OF_THE_HEALTHY]
    how = rng.choices(
        (_json, _reference, _json_text, _weights, _lines, _bytes, _thing, _folder), (9, 3, 1, 3, 2, 2, 2, 2)
    )[0]
    what = how(rng, victim)
    if how in (_weights, _lines, _bytes) and rng.random() < 0.6:
        sealing.seal_files(victim)
    return f"run: {what}", commands(rng)


def commands(rng: Random) -> Commands:
    """Choose what is done with it."""
    named = ("--run", f"default/{VICTIM}")
    quick: Commands = [
        ("show", GAME, "--json"),
        ("play", GAME, "--seconds", "0.5"),
        ("play", GAME, "--seconds", "0.5", *named),
        ("play", GAME, "--seconds", "0.3", "--dry-run", *named),
        OF_THE_HEALTHY[0],
    ]
    slow: Commands = [
        ("evaluate", GAME, "--on", "none", *named),
        ("evaluate", GAME, "--on", "none"),
        OF_THE_HEALTHY[1],
        ("train", GAME, *TRAINING, "--from", VICTIM),
        ("train", GAME, *TRAINING, "--from", "newest"),
        ("evaluate", GAME, "--episodes", "1", "--seconds", "0.3", "--workers", "1", *named),
    ]
    return [("show", GAME), *rng.sample(quick, 2), *rng.sample(slow, 1)]


def _rewrite(file: Path, document: Any) -> None:
    sealing.seal_run(document)
    file.write_text(hostile.dumps(document), encoding="utf-8")


def _json(rng: Random, victim: Path) -> str:
    file = victim / "run.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    told = []
    for _ in range(rng.choice((1, 1, 1, 3))):
        document, what = hostile.changed(document, rng)
        told.append(what)
        if not isinstance(document, dict):
            break
    if rng.random() < 0.8:
        sealing.seal_run(document)
    file.write_text(hostile.dumps(document), encoding="utf-8")
    return f"run.json: {'; '.join(told)}"


def _reference(rng: Random, victim: Path) -> str:
    """Name code wherever something is named."""
    file = victim / "run.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    recipe = document["recipe"]
    which = rng.choice(("augment", "augment options", "model", "training", "anything", "controller", "options"))
    if which == "augment":
        recipe["augment"] = {hostile.REFERENCE: 1.0}
    elif which == "augment options":
        recipe["augment"] = {hostile.REFERENCE: {"share": 1.0, "command": "x"}, "os:system": 1.0}
    elif which in ("model", "training"):
        recipe[which] = hostile.REFERENCE
    elif which == "controller":
        recipe["controller"] = {"proportional": [hostile.REFERENCE], hostile.REFERENCE: 1}
    elif which == "options":
        recipe["model_options"] = {"class": hostile.REFERENCE, "crops": {"x": hostile.REFERENCE}}
    else:
        places = [at for at in hostile.walk(document) if isinstance(hostile.get(document, at), str)]
        hostile.put(document, rng.choice(places), hostile.REFERENCE)
    _rewrite(file, document)
    return f"run.json: {which} names code"


def _json_text(rng: Random, victim: Path) -> str:
    data, what = hostile.spoiled((victim / "run.json").read_text(encoding="utf-8"), rng)
    (victim / "run.json").write_bytes(data)
    return f"run.json: {what}"


def _weights(rng: Random, victim: Path) -> str:
    return harmed_weights(rng, rng.choice(sorted(victim.glob("*.safetensors"))))


def harmed_weights(rng: Random, file: Path) -> str:
    """Let the header of a file of weights say something else, or the numbers be none."""
    data = file.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header, body = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    how = rng.choice(("header", "header", "header", "length", "numbers"))
    if how == "numbers":
        filler = rng.choice((b"\0\0\0\0", b"\0\0\xc0\x7f", b"\xff\xff\x7f\x7f", b"\0\0\x80\x7f"))
        start = rng.randrange(0, len(body), 4)
        stop = rng.choice((len(body), min(len(body), start + 400)))
        body[start:stop] = filler * ((stop - start) // 4)
        text, what = json.dumps(header).encode(), f"weights {start} to {stop} are {filler.hex()}"
    elif how == "length":
        size = rng.choice((0, 1, 7, length - 1, length + 1, 10**8, 2**40, 2**63, 2**64 - 1))
        file.write_bytes(struct.pack("<Q", size) + data[8:])
        return f"{file.name}: a header of {size} bytes"
    else:
        changed, what = hostile.changed(header, rng)
        text = hostile.dumps(changed).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))
    return f"{file.name}: {what}"


def _lines(rng: Random, victim: Path) -> str:
    """Harm the history, line by line."""
    file = victim / "history.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    place = rng.randrange(len(lines))
    if rng.random() < 0.6:
        changed, what = hostile.changed(json.loads(lines[place]), rng)
        lines[place] = hostile.dumps(changed)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return f"history.jsonl: line {place}: {what}"
    return f"history.jsonl: {rng.choice((*harm.BYTES, *harm.THINGS))(file, rng)}"


def _bytes(rng: Random, victim: Path) -> str:
    file = rng.choice(sorted(path for path in victim.iterdir() if path.is_file()))
    return f"{file.name}: {rng.choice(harm.BYTES)(file, rng)}"


def _thing(rng: Random, victim: Path) -> str:
    path = rng.choice(sorted(victim.iterdir()))
    return f"{path.name}: {rng.choice(harm.THINGS)(path, rng)}"


def _folder(rng: Random, victim: Path) -> str:
    """Something is wrong with the folders around it."""
    how = rng.choice(("run", "recipe", "game", "name"))
    if how == "name":
        for name in (b"\x1b[31mred", b"a\nFAKE-ROW", b"\xff\xfe", b"n" * 255):
            shutil.copytree(victim, Path(str(victim.parent.parent)) / name.decode(errors="surrogateescape") / "r1")
        return "recipes with names that are none"
    if how == "run":
        return f"the folder: {rng.choice(harm.THINGS)(victim, rng)}"
    if how == "recipe":
        return f"a recipe's folder: {rng.choice(harm.THINGS)(victim.parent.parent / 'another', rng)}"
    return f"another game's folder: {rng.choice(harm.THINGS)(victim.parent.parent.parent / 'another', rng)}"
