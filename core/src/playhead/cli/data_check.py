"""`playhead data check`: what is wrong with recordings, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.several import Several, shown_name, typed_name
from playhead.errors import Damaged, PlayheadError
from playhead.names import command


@click.command("check")
@click.argument("recordings", nargs=-1)
@click.option("--every-frame", is_flag=True, help="Decode every frame, not the first and last of each file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@pass_desk
def check(desk: Desk, recordings: tuple[str, ...], every_frame: bool, as_json: bool) -> None:
    """Name everything that is wrong with recordings, given by name, path, address or game; without any: with all.

    Example: playhead data check gta5
    """
    from playhead.cli.progress import named_bars
    from playhead.storage.check import check_recording
    from playhead.storage.local import is_remote
    from playhead.storage.problems import Problem

    catalogue = desk.catalogue
    found_places = catalogue.find_places(recordings)
    several = Several(desk, found_places)
    found = {}
    with named_bars() as bar:
        for place in found_places:
            with several.one(place):
                where = catalogue.places.to_check(place)
                found[place] = check_recording(where, every_frame=every_frame, progress=bar(shown_name(place)))
    for place, looks in _odd_looks(desk, found_places).items():
        if place in found:
            found[place].append(Problem(file="frames", what=looks, is_note=True))
    if as_json:
        rows = [
            {"path": str(place), "problems": [vars(problem) for problem in problems]}
            for place, problems in found.items()
        ]
        desk.tell_json(rows)
    else:
        for place, problems in found.items():
            for problem in problems:
                desk.tell(f"{shown_name(place)}  {'note: ' if problem.is_note else ''}{problem}")
    damaged = [place for place, problems in found.items() if not all(problem.is_note for problem in problems)]
    if damaged:
        here = [place for place in damaged if not is_remote(place)]
        first = [command("data", "copy", names=[str(place), "FOLDER"]) for place in damaged if place not in here]
        mend = command(
            "data",
            "repair",
            names=[typed_name(place) if place in here else f"FOLDER/{shown_name(place)}" for place in damaged],
        )
        then = (
            f"Repair with: {mend}"
            if not first
            else f"Copy here first, and repair there: {'; '.join([*first, mend])}"
        )
        raise Damaged(f"{len(damaged)} of {len(found)} recordings damaged. {then}")
    several.end("checked")
    desk.say(f"{len(found)} recording{'' if len(found) == 1 else 's'} checked, no damage.")


def _odd_looks(desk: Desk, places: Sequence[Path | str]) -> dict[Path | str, str]:
    """Return what is said of takes here that look unlike those before them; of what cannot be read, nothing."""
    from playhead.data.looks import odd_looks

    opened = {}
    for place in places:
        with suppress(PlayheadError):
            if isinstance(place, Path):
                opened[place] = desk.catalogue.places.open(place)
    in_order = sorted(opened.items(), key=lambda one: one[1].header.created_utc)
    said = odd_looks([recording for _, recording in in_order])
    return {place: said[recording.place] for place, recording in in_order if recording.place in said}
