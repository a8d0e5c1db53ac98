"""`playhead data view`: one page to look through a recording."""

from __future__ import annotations

from pathlib import Path

import click

from playhead.cli.context import Desk, pass_desk


@click.command("view")
@click.argument("recording")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("recording.html"),
              show_default=True, help="The page to write.")  # fmt: skip
@click.option("--size", type=click.FloatRange(0.1, 200), default=12.0, show_default=True,
              help="Most of its pictures in MB (10^6 bytes); the page has a third more.")  # fmt: skip
@pass_desk
def view(desk: Desk, recording: str, out: Path, size: float) -> None:
    """Write a page to look through a recording, given by name, path or address: pictures, keys, telemetry.

    One HTML file for a browser, with everything in it. Of a long recording some frames are shown, evenly spread;
    keys, axes and telemetry are all there.

    Example: playhead data view gta5/2026-11-21-1 --out drive.html
    """
    from playhead.cli.progress import named_bars
    from playhead.cli.table import size as shown_size
    from playhead.evaluation.viewer import write_viewer

    catalogue = desk.catalogue
    opened = catalogue.places.open(catalogue.find_anywhere(recording))
    with named_bars() as bar:
        shown = write_viewer(opened, out, most_mb=size, progress=bar(opened.name))
    opened.close()
    desk.tell(f"{out}: {shown:,} of {opened.length:,} pictures, {shown_size(out.stat().st_size)}")
