"""Where it is kept what a run tolerates, and what of it counts for whoever plays."""

from __future__ import annotations

from pathlib import Path

from playhead.errors import Damaged
from playhead.models.run import Run
from playhead.models.tolerance import Tolerance, read_tolerance
from playhead.sessions.place import Place


def tolerance_folders(place: Place, run: Run) -> list[Path]:
    """Return where to write first: the run's own folder, but beside its page for runs that a package ships."""
    folder = run.path.resolve()
    if folder.is_relative_to(place.home.path.resolve()):
        return [folder]
    return [place.home.evaluation(str(run.game["name"]), run.recipe_name, folder.name), folder]


def known_tolerance(place: Place, run: Run) -> Tolerance | None:
    """Return what a run tolerates, as far as it was measured; a file that cannot be read is said."""
    try:
        return read_tolerance(run, tolerance_folders(place, run))
    except Damaged as error:
        place.say(f"{error} Until then play judges by limits that are the same for all runs.")
        return None
