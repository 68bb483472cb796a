"""The rules on a whole platform that is not ours, and on the same one with every name changed: they find the same."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from aiops.snapshot import Json

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT.parent / "shared" / "platform-tree" / "tree"
pytestmark = pytest.mark.skipif(not TREE.is_dir(), reason="the platform's tree is not beside this checkout")
URL = "https://git.example.com/acme/platform.git"
BAD = ("fail", "warn", "unknown")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it, with a repository's URL."""
    folder = tmp_path_factory.mktemp("tree") / "work"
    shutil.copytree(TREE, folder)
    for file in files(folder):
        file.write_text(file.read_text().replace("REPO_URL", URL))
    return folder


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def lint(folder: Path, *words: str) -> Json:
    """The document of a lint."""
    done = subprocess.run(
        [sys.executable, "-m", "aiops", "lint", str(folder), "-o", "json", *words],
        env={**os.environ, "LC_ALL": "C.UTF-8"}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    found: Json = json.loads(done.stdout)
    return found


def found_in(document: Json) -> set[tuple[str, str, str, str]]:
    """(check, status, what it is about, file) of all that is found."""
    return {
        (check["slug"], found["status"], found["about"], found["file"])
        for check in document["result"]["checks"]
        for found in check["findings"]
        if found["status"] in BAD
    }


def renames(folder: Path) -> Mapping[str, str]:
    """Another name for the environment, and for all applications, groups, Secrets, claims and served models."""
    names = {file.stem for file in folder.glob("clusters/*/catalog/*/*.yaml")}
    names |= {path.name for path in folder.glob("clusters/*")}
    text = "\n".join(file.read_text() for file in files(folder) if file.suffix in (".yaml", ".yml"))
    names |= set(re.findall(r"kind: (?:ExternalSecret|PersistentVolumeClaim)\nmetadata:\n  name: ([\w.-]+)", text))
    names |= set(re.findall(r"secretKeyRef:\n\s+name: ([\w.-]+)", text))
    names |= set(re.findall(r"--served-model-name=([\w.-]+)", text))
    groups = {path.name for path in folder.glob("clusters/*/catalog/*")}  # known to the config's table
    words = sorted(name for name in names - groups if len(name) > 3 and name not in KEPT)
    return {name: f"x{number:02d}-{name[::-1].strip('-.')}" for number, name in enumerate(words)}


KEPT = {"kserve", "keda", "kueue", "litellm", "dex", "kyverno", "opencost", "observability", "cert-manager"}
"""Names that are those of a program too: in an image, an API group, a chart."""


def renamed(folder: Path, names: Mapping[str, str], target: Path) -> Path:
    """A copy in which these words are others: in files, and in their paths. Images and API groups stay what they are."""
    every = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    words = re.compile(rf"(?<![\w-])({every})(?![\w-]|\.io\b|\.dev\b)")

    def change(text: str) -> str:
        return text if "image" in text else words.sub(lambda match: names[match[1]], text)

    for file in files(folder):
        path = target / change(str(file.relative_to(folder)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(map(change, file.read_text().splitlines(keepends=True))))
    return target


def test_with_every_name_changed_the_same_is_found(tree: Path, tmp_path: Path) -> None:
    """A check that knows a name by heart would be silent."""
    names = renames(tree)
    assert len(names) > 50
    before, after = found_in(lint(tree)), found_in(lint(renamed(tree, names, tmp_path / "renamed")))
    back = {new: old for old, new in names.items()}
    words = re.compile("|".join(map(re.escape, back)))
    told = {tuple(words.sub(lambda match: back[match[0]], text) for text in found) for found in after}
    assert told == before
    assert before
