"""`playhead data info`: everything one recording says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.table import duration, size


@click.command("info")
@click.argument("recording")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def info(desk: Desk, recording: str, as_json: bool) -> None:
    """Show everything one recording, given by name, path or address, says about itself.

    Example: playhead data info gta5/2026-11-21-1
    """
    from playhead.storage.facts import facts_of

    catalogue = desk.catalogue
    facts = facts_of(catalogue.places.open(catalogue.find_anywhere(recording)))
    if as_json:
        desk.tell_json(facts)
        return
    for key, text in _lines(facts):
        desk.tell(f"{key:<16} {text}".rstrip())


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    header = facts["header"]
    frame = header["frame"]
    yield "recording", facts["path"]
    yield "game", f"{header['game'].get('title') or header['game'].get('name')} on {header['device']}"
    yield "made", f"{header['created_utc']} by playhead {header['tool_version']} {header['git_revision']}".rstrip()
    yield "ended", "properly" if facts["is_complete"] else "not properly: killed, out of disk, or still recording"
    yield "driver", header["driver"] + (f", labels of {header['label_device']}" if header["label_device"] else "")
    for name in ("scenario", "seed", "options", "tags", "measures", "padding_frames", "window", "notes"):
        if header.get(name) not in ("", None, 0, {}):
            yield name.replace("_", " "), str(header[name])
    yield "frame", _picture(frame)
    for name, one in facts["cameras"].items():
        yield f"camera {name}", _picture(one)
    for one in header.get("transcodings", ()):
        to = f"H.264, {one['group']} pictures a chunk" if one["to"] == "h264" else "what was recorded"
        lost = ", ".join(f"{key} {value:.1f} dB" for key, value in one["psnr_db"].items())
        cost = f"against the pictures before: {lost}" if lost else "without loss"
        yield "archived" if one["to"] == "h264" else "unarchived", f"{one['created_utc']} as {to}; {cost}"
    yield "frames", f"{facts['frames']:,} in {duration(facts['duration_s'])}, {facts['dropped']:,} dropped"
    reached = "none" if facts["rate_hz"] is None else f"{facts['rate_hz']:.2f}"
    yield "rate", f"{reached} frames/s of {header['rate_hz']:g} asked"
    longest = f", the longest {facts['longest_gap_s']:.3f} s" if facts["gaps"] else ""
    yield "gaps", f"{facts['gaps']:,}{longest}"
    yield "size", f"{size(facts['bytes'])}, {size(facts['bytes_per_frame'])} a frame"
    yield "labelled by", ", ".join(f"{who} {count:,}" for who, count in facts["labelled_by"].items()) or "nobody"
    yield "events", f"{facts['events']:,}"
    for head, shares in facts["labels"].items():
        yield head, "  ".join(f"{name} {_shown(value)}" for name, value in shares.items()) or "no labels"
    for name, values in facts["telemetry"].items():
        yield name, _shown(values)
    for name, count in facts["columns"].items():
        yield name, f"{count:,} different values"
    for name, layer in facts["layers"].items():
        yield from _layer_lines(name, layer)


def _picture(frame: dict[str, Any]) -> str:
    quality = f"quality {frame['quality']}" if frame["codec"] == "jpeg" else ""
    return f"{frame['width']}x{frame['height']} {frame['colour']}, {frame['codec']} {quality}".rstrip()


def _layer_lines(name: str, layer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say who made a layer, and of each of its heads whose labels it holds."""
    if "problem" in layer:
        yield f"layer {name}", layer["problem"]
        return
    by = f"run {layer['run']}" if layer["run"] else layer["command"] or "somebody"
    yield f"layer {name}", f"made {layer['created_utc']} by {by} {layer['notes']}".rstrip()
    for head, shares in layer["labelled_by"].items():
        kept = f", probabilities in {layer['probabilities'][head]}" if head in layer["probabilities"] else ""
        told = "  ".join(f"{who} {_shown(share)}" for who, share in shares.items()) or "no frames"
        yield f"  {head}", told.replace("none ", "unknown ") + kept


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, dict):
        return f"{value['low']:.3g} to {value['high']:.3g}, mean {value['mean']:.3g}"
    return f"{100 * value:.1f} %"
