"""The type of options that take a folder of recordings: a folder that exists, or an address."""

from __future__ import annotations

from pathlib import Path

import click


class DataFolder(click.Path):
    """A folder of this machine that exists, as a Path; an address (`s3://...`) as the text that it is."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:  # type: ignore[override]
        """Check a folder, and leave an address to whoever opens it."""
        from playhead.storage.local import scheme_of

        return value if scheme_of(value) else Path(str(super().convert(value, param, ctx)))


DATA_FOLDER = DataFolder()
