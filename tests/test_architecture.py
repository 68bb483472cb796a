"""Which room may import which, and where each library is known: read from the sources, whatever the tests run."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aiops

ROOT = Path(aiops.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

MAY_IMPORT: dict[str, set[str]] = {
    "__main__": {"cli"},
    "session": {"clients", "gitops", "config", "progress.events"},
    "operations": {
        "session", "collect", "snapshot", "judge", "checks", "clients", "gitops", "config", "runbooks",
        "progress.events", "progress.results", "progress.remembered",
    },
    "collect": {"snapshot", "clients", "config"},
    "checks": {"judge", "snapshot", "gitops", "config"},
    "judge": {"snapshot", "gitops"},
    "render": {"checks", "judge", "snapshot", "gitops", "runbooks", "progress.events", "progress.results"},
    "gitops": {"config"},
    "clients": {"config"},
    "runbooks": {"config"},
    "config": set(),
    "snapshot": set(),
    "progress": set(),
    "errors": set(),
    "clock": set(),
    "lab": set(),
}  # fmt: skip
"""Besides itself and `FOR_ALL`, of which `lab` takes none. `cli` may import everything, and nobody `cli` or `lab`."""
MAY_IMPORT["cli"] = MAY_IMPORT.keys() - {"__main__"} | {"progress.events", "progress.results", "progress.remembered"}
FOR_ALL = {"errors", "clock"}
LIBRARIES = {
    "click": {"cli", "__main__"},
    "rich": {"cli", "progress", "render"},
    "kubernetes": {"clients"},
    "urllib3": {"clients"},
    "httpcore": {"clients"},
    "websocket": {"clients"},
    "argocd_python_client": {"clients"},
    "tenacity": {"clients"},
    "platformdirs": {"clients", "progress"},
    # the kubernetes library lets PyYAML's errors out, so `clients` has to know them
    "yaml": {"config", "gitops", "operations", "clients", "lab"},
    "aiohttp": {"lab"},
    "trustme": {"lab"},
}
"""Where each library outside the standard library is known."""


def modules_imported(file: Path) -> Iterator[str]:
    """Every module that a file imports anywhere: in functions and under TYPE_CHECKING too."""
    package = ("aiops", *file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, node.module) if node.module else above)
            # `from aiops import x` may name a room as well as a thing
            yield from (f"{module}.{alias.name}" for alias in node.names) if module in PACKAGES else (module,)


PACKAGES = {".".join(("aiops", *file.relative_to(ROOT).parent.parts)) for file in ROOT.rglob("__init__.py")}


def room(file: Path) -> str:
    return file.relative_to(ROOT).with_suffix("").parts[0]


def rooms_imported(file: Path) -> set[str]:
    """The other rooms as `judge`, and as `progress.events` what has readers of its own."""
    found = set()
    for module in modules_imported(file):
        top, *parts = module.split(".")
        if top == "aiops" and parts and parts != ["__version__"]:
            exact = ".".join(parts[:2])
            found.add(exact if exact in ("progress.events", "progress.results", "progress.remembered") else parts[0])
    return found


def test_the_files_are_there() -> None:
    assert {"cli", "operations", "clients", "judge", "gitops", "config"} <= {room(file) for file in FILES}


def forbidden(file: Path) -> set[str]:
    """The rooms that a file imports and may not."""
    mine = room(file)
    itself = {mine, *(f"{mine}.{name}" for name in ("events", "results", "remembered"))}
    others = set() if mine == "lab" else FOR_ALL
    return rooms_imported(file) - itself - others - MAY_IMPORT.get(mine, set())


def test_a_room_imports_only_what_it_may() -> None:
    assert {room(file) for file in FILES} - {"__init__"} <= MAY_IMPORT.keys(), "a new room: say what it may import"
    assert {str(file.relative_to(ROOT)): rooms for file in FILES if (rooms := forbidden(file))} == {}


def strangers(file: Path) -> set[str]:
    """The libraries that a file imports and its room does not know."""
    libraries = {module.partition(".")[0] for module in modules_imported(file)} - {"aiops"} - sys.stdlib_module_names
    return {library for library in libraries if room(file) not in LIBRARIES.get(library, ())}


def test_a_library_is_known_in_its_rooms_only() -> None:
    assert {str(file.relative_to(ROOT)): found for file in FILES if (found := strangers(file))} == {}


def test_each_package_says_what_it_is() -> None:
    packages = sorted(ROOT.rglob("__init__.py"))
    assert [file for file in packages if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))] == []


def test_every_file_lies_in_a_package() -> None:
    """A folder without __init__.py works from a checkout and is missing from what tools find."""
    assert [file for file in FILES if not (file.parent / "__init__.py").exists()] == []


HELP = """
import sys
before = set(sys.modules)
sys.argv = ["aiops", *sys.argv[1:]]
from aiops.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
new = set(sys.modules) - before
tops = {name.partition(".")[0] for name in new} - set(sys.stdlib_module_names) - {"aiops"}
print("\\0", *sorted(tops), *sorted(name for name in new if name.startswith("aiops.")))
"""


def loaded(*arguments: str) -> set[str]:
    """The packages outside the standard library that one run of aiops loads, and its own modules."""
    run = subprocess.run([sys.executable, "-c", HELP, *arguments], capture_output=True, text=True, check=True)
    return set(run.stdout.rpartition("\0")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("wait", "--help")])
def test_help_loads_click_and_nothing_else(arguments: tuple[str, ...]) -> None:
    rooms = ("doctor", "lab", "models", "options", "platform", "reports", "tree")
    own = {"aiops.__main__", "aiops.cli", *(f"aiops.cli.{name}" for name in rooms)}
    assert loaded(*arguments) == {"click", *own}
