"""The sample tree with what a case changes in it, as `lint` would read it: rendered as it is written, in no time."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from aiops.checks import ALL
from aiops.checks.linting import lint
from aiops.config.load import load
from aiops.config.model import Config
from aiops.errors import TreeError
from aiops.gitops.declared import Declared, Unrendered
from aiops.gitops.declaring import Meant, declare, to_render
from aiops.gitops.files import Commit, Files, Folder
from aiops.gitops.manifests import documents
from aiops.gitops.patches import patched
from aiops.gitops.tree import read_tree
from aiops.snapshot import Json

ROOT = Path(__file__).parents[2]


@cache
def sample() -> Mapping[str, str]:
    """The files of the sample tree."""
    folder = Folder(ROOT / "platform")
    return {path: folder.read(path) or "" for path in folder.under("")}


def tree_of(change: Json) -> Declared:
    """The sample tree with a case's `tree`.

    `write`: path to text; `edit`: path to pairs of what is there and what is there instead; `remove`: paths;
    `config`: text to text in config.yaml; `unrendered`: folder to why kustomize was not asked.
    """
    assert change.keys() <= {"write", "edit", "remove", "config", "unrendered"}, change.keys()
    files = {**sample(), **change.get("write", {})}
    for path, pairs in change.get("edit", {}).items():
        for old, new in pairs:
            assert old in files[path], f"{path} has no {old!r}"
            files[path] = files[path].replace(old, new, 1)
    for path in change.get("remove", ()):
        del files[path]
    commit = Commit("0" * 40, files)
    tree = read_tree(commit, "lab")
    meant = Meant(layers=tuple(layer.name for layer in tree.layers), every_group=True)
    unasked = {folder: Unrendered(why, unasked=True) for folder, why in change.get("unrendered", {}).items()}
    rendered = {folder: unasked.get(folder) or written(commit, folder) for folder in to_render(tree, commit, meant)}
    return declare(tree, commit, config(tuple(map(tuple, change.get("config", ())))), meant, rendered)


def written(files: Files, folder: str) -> str | Unrendered:
    """A kustomization's objects, as far as they can be known without a renderer; or why it would refuse them."""
    try:
        return yaml.safe_dump_all([_plain(one.body) for one in patched(documents(files, folder))])
    except TreeError as error:
        return Unrendered(error.message, broken=True)


@cache
def config(changes: tuple[tuple[str, str], ...]) -> Config:
    """The sample's config, with other texts in it."""
    text = (ROOT / "config.yaml").read_text().replace("  tree: platform\n", "")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    with TemporaryDirectory() as folder:
        (Path(folder) / ".git").mkdir()
        (Path(folder) / "config.yaml").write_text(text)
        return load(Path(folder) / "config.yaml")


@cache
def of_sample() -> dict[str, list[Json]]:
    """What every check finds in the sample tree."""
    return lint(tree_of({}), ALL)


def _plain(body: object) -> object:
    """Without the aliases that YAML would write for what is shared."""
    if isinstance(body, Mapping):
        return {key: _plain(value) for key, value in body.items()}
    return [_plain(item) for item in body] if isinstance(body, list) else body
