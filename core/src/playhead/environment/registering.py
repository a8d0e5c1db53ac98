"""Which installed module registers an environment: Gymnasium knows an id only once that is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import PurePosixPath

LARGEST = 2**20  # bytes of a module that is searched


def module_hint(name: str) -> str:
    """Say what to type for an id that is not registered, where a package of Gymnasium names it; else "".

    The modules are searched and not imported: nobody has asked for their code.
    """
    module = next(_modules_that_name(name), "") if ":" not in name else ""
    return f' It may be one of the module {module}: try "{module}:{name}".' if module else ""


def _modules_that_name(name: str) -> Iterator[str]:
    namespace, slash, rest = name.rpartition("/")
    wanted = re.compile(rf"""["']{re.escape(namespace if slash else rest.rpartition("-v")[0] or rest)}\b""")
    for distribution in distributions():
        needs = [one.lower() for one in distribution.requires or ()]
        if not any(one.startswith("gymnasium") for one in needs) or distribution.name == "playhead":
            continue
        for file in sorted(distribution.files or (), key=lambda file: len(file.parts)):
            if file.suffix != ".py" or (file.size or 0) > LARGEST:
                continue
            try:
                text = file.read_text()
            except (OSError, ValueError):
                continue
            if "register" in text and wanted.search(text):
                yield ".".join(PurePosixPath(file).parent.parts)
