"""What comes of judging a run: told as text, saved as JSON, shown as a page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playhead.names import visible

_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 sans-serif; margin: 2rem }}</style></head>
<body><h1>{title}</h1><pre>{text}</pre></body></html>
"""


class Judgement:
    """How good a run is. A method with an evaluation of its own derives from it, and says at least `to_json`."""

    title: str = "Evaluation"
    page: Path | None = None  # where the page about it was written
    failed: Sequence[str] = ()  # what was to be measured and could not be, a sentence each

    def to_json(self) -> dict[str, Any]:
        """Return what scores.json holds: plain data."""
        raise NotImplementedError(f"{type(self).__name__} has no to_json().")

    def to_text(self) -> str:
        """Return what the terminal shows."""
        return "\n".join(_lines(self.to_json(), ""))

    def to_page(self) -> str:
        """Return what index.html holds."""
        title, text = html.escape(visible(self.title)), html.escape(visible(self.to_text(), keep="\n"))
        return _PAGE.format(title=title, text=text)


def _lines(value: Any, name: str) -> list[str]:
    """Say plain data in lines, a line a value, named by where it stands."""
    if isinstance(value, Mapping) and value:
        return [line for key, inner in value.items() for line in _lines(inner, f"{name}.{key}".lstrip("."))]
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return [f"{visible(name)}: {visible(shown)}"]
