"""The import arrows of ARCHITECTURE.md, and who may import which heavy library. Read from the source, not run."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.cli import COMMANDS
from playhead.cli.data import COMMANDS as DATA

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core/src/playhead"


def _shared() -> set[str]:
    """Read from ARCHITECTURE.md which modules every part may import; they import none of the parts."""
    told = re.search(r"the shared\nmodules `([^`]*)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert told is not None
    return set(told[1].split())


SHARED = _shared()


def _arrows() -> dict[str, set[str]]:
    """Read the table of ARCHITECTURE.md: part -> what it may import ("*": everything)."""
    arrows: dict[str, set[str]] = {"__main__": {"cli"}}
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            arrows[cells[0].strip("`")] = {name.strip() for name in cells[2].split(",")} - {"-"}
    return arrows


ARROWS = _arrows()
# Heavy libraries and the only parts that may import them.
HEAVY: dict[str, set[str]] = {
    "torch": {"data", "models", "training", "evaluation", "testing", "playing", "doctor", "threads", "live"},
    "lightning_fabric": {"training"},
    "captum": {"models"},
    "timm": {"models"},
    "torchvision": {"models"},
    "matplotlib": {"evaluation"},
    "jinja2": {"evaluation"},
    "zarr": {"storage"},
    "simplejpeg": {"storage"},
    "gymnasium": {"environment"},
    "safetensors": {"models", "reading"},
    "rapidocr_onnxruntime": {"reading"},
    "panda3d": set(),
    "pytest": {"testing"},
    "pygame": {"showing"},
    "av": {"capture", "containers", "phone", "testing"},
    "h5py": {"containers"},
    "huggingface_hub": {"storage"},
    "pyarrow": {"containers"},
    "PIL": {"containers"},
    "pickle": {"workers"},  # it runs what it reads; containers/pickled.py reads files, and runs nothing
    "mss": {"capture"},
    "adbutils": {"phone"},
    "Xlib": {"capture", "input", "testing"},
    "click": {"cli"},
    "ray": {"live"},
    "starlette": {"live"},
    "uvicorn": {"live"},
}


def _part(path: Path) -> str:
    relative = path.relative_to(CORE)
    return relative.parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported dotted name and whether it is only for the type checker."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, id(node) in typing_only
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in typing_only


SOURCES = sorted(path for path in CORE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_follow_the_arrows(path: Path) -> None:
    part = _part(path)
    allowed = ARROWS.get(part, set())
    for name, typing_only in _imports(path):
        steps = name.split(".")
        if steps[0] != "playhead" or len(steps) < 2 or typing_only or "*" in allowed:
            continue
        target = steps[1]
        fine = target in SHARED | {part, "__version__"} or target in allowed or ".".join(steps[1:3]) in allowed
        is_package_of_allowed = any(arrow.startswith(f"{target}.") for arrow in allowed) and len(steps) == 2
        assert fine or is_package_of_allowed, (
            f"{path.relative_to(ROOT)} imports {name}; {part} may import {sorted(allowed)}"
        )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_heavy_libraries_stay_where_they_belong(path: Path) -> None:
    for name, typing_only in _imports(path):
        library = name.split(".")[0]
        if library in HEAVY and not typing_only:
            assert _part(path) in HEAVY[library], f"{path.relative_to(ROOT)} imports {library}"


def test_shared_modules_import_no_part() -> None:
    for name in SHARED:
        for imported, typing_only in _imports(CORE / f"{name}.py"):
            steps = imported.split(".")
            if steps[0] == "playhead" and len(steps) > 1 and not typing_only:
                assert steps[1] in SHARED | {"__version__"}, f"{name}.py imports {imported}"


def test_the_three_never_import_one_another() -> None:
    three = {"recording", "training", "playing"}
    assert all(not ARROWS[part] & (three - {part}) for part in three)


@pytest.mark.parametrize("part", sorted(ARROWS))
def test_every_arrow_is_used(part: str) -> None:
    imported = [
        f"{name}."
        for path in SOURCES
        if _part(path) == part
        for name, is_typing in _imports(path)
        if not is_typing
    ]
    for target in ARROWS[part] - {"*"}:
        assert any(name.startswith(f"playhead.{target}.") for name in imported), (
            f"{part} imports nothing of {target}"
        )


def test_every_part_has_its_arrows() -> None:
    parts = {path.name.removesuffix(".py") for path in CORE.iterdir() if path.suffix in {"", ".py"}}
    unknown = parts - SHARED - set(ARROWS) - {"__init__", "__main__", "__pycache__", "py"}
    assert not {part for part in unknown if not part.startswith(("py", "."))}, "say in ARROWS what it may import"


# What each package may import of the others, besides the core; worlds may not import even that.
PACKAGES: dict[str, set[str]] = {
    "worlds/drawing": set(),
    "worlds/streets": {"playhead_drawing"},
    "games/gta5": {"playhead_streets"},
    "games/crew2": {"playhead_streets"},
    "games/sideswipe": {"playhead_drawing"},
    "games/pokemon": set(),
    "examples/carracing": set(),
    "examples/atari": set(),
    "examples/doom": set(),
    "examples/box2d": set(),
}


def test_every_package_is_listed() -> None:
    found = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("*/*/pyproject.toml")}
    assert found == set(PACKAGES)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_packages_do_not_import_one_another(package: str) -> None:
    own = f"playhead_{package.split('/')[1]}"
    for path in (ROOT / package / "src").rglob("*.py"):
        for name, _ in _imports(path):
            top = name.split(".")[0]
            assert not top.startswith("playhead_") or top in PACKAGES[package] | {own}, f"{path} imports {name}"
            assert not package.startswith("worlds/") or top != "playhead", (
                f"{path}: the world knows nothing of playhead"
            )


# Who may turn a text into code, and by which call. Data can name only what a plugin registered because no other
# module can import by name: a text from a file would have to pass one of these.
CODE_FROM_TEXT: dict[str, set[str]] = {
    "Stated": {"references.py", "plugins.py"},
    "stated": {"game.py", "readings.py", "references.py"},
    "all_stated": {"game.py", "plugins.py"},
    "gymnasium.make": {"environment/making.py"},  # imports the module of an id "module:Name"
    "importlib.import_module": {"references.py", "cli/__init__.py", "cli/data.py", "__init__.py"},
    "__import__": set(),
    "eval": set(),
    "exec": set(),
    "pickle.load": set(),
    "pickle.loads": set(),
    "torch.load": {"models/timm_backbones.py"},  # weights_only, of a file that an installed package brings
    "np.load": set(),
    "os.system": set(),
    "jinja2.Template": set(),
    "Environment.from_string": set(),
}
# Who may write to the terminal: everything else goes through it, where nothing that is not seen gets out.
PRINTING: dict[str, set[str]] = {
    "click.echo": {"cli/terminal.py"},
    "click.secho": set(),
    "print": set(),
    "Console": set(),
    "VisibleConsole": {"cli/terminal.py"},
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_only_a_few_modules_make_code_of_text_or_print(path: Path) -> None:
    where = path.relative_to(CORE).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        allowed = CODE_FROM_TEXT.get(called, PRINTING.get(called))
        is_constant = called == "importlib.import_module" and isinstance(node.args[0], ast.Constant)
        assert allowed is None or where in allowed or is_constant, f"{where}:{node.lineno} calls {called}"
        shell = [one for one in node.keywords if one.arg == "shell"]
        assert not shell, f"{where}:{node.lineno} gives a text to a shell"


def test_what_is_shown_as_html_is_escaped_but_for_our_own_drawings() -> None:
    pages = (CORE / "evaluation/templates").glob("*.jinja")
    safe = {name for page in pages for name in re.findall(r"\{\{ *([\w.]+) *\| *safe", page.read_text("utf-8"))}
    assert safe <= {"plot", "history_plot", "tolerance_plot", "view.ood.plot", "view.reliability"}
    assert "autoescape=True" in (CORE / "evaluation/pages.py").read_text("utf-8")


# A value directly behind the beginning of a command would be typed as it is: only these need no quotes.
PLAIN = re.compile(r"quoted\(.*\)|command\(.*\)|(\w+\.)*game\.name")
BEGINS = re.compile(rf"(playhead ({'|'.join(COMMANDS)})( {'| '.join(DATA)})?|--(recordings|run|on|from|data)) $")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_command_that_is_offered_for_copying_is_quoted(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for before, value in itertools.pairwise(parts):
            if not (isinstance(before, ast.Constant) and isinstance(value, ast.FormattedValue)):
                continue
            begins = BEGINS.search(str(before.value))
            written = ast.unparse(value.value)
            named = f"{path.relative_to(CORE)}:{node.lineno}"
            is_plain = PLAIN.fullmatch(written) or value.format_spec  # or a number
            assert not begins or is_plain, f"{named}: {written} is typed unquoted"
