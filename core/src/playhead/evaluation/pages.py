"""Makes pages of templates: what texts say is escaped, and what is not seen in them is written out."""

from __future__ import annotations

from typing import Any

import jinja2

from playhead.evaluation.pictures import data_uri
from playhead.names import visible


def render(template: str, **values: Any) -> str:
    """Return a page. Whatever a template says of `values` is shown as text, and nothing of it turns or hides."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("playhead.evaluation"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_shown,
    )  # fmt: skip
    environment.filters["picture"] = data_uri
    return environment.get_template(template).render(**values)


def _shown(value: object) -> object:
    """Return what a template puts in; what is markup already, as a drawing, was shown by who made it."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return visible(str(value), keep="\n\t") if is_text else value
