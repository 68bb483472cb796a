"""An operator's platform, made ready for a lab: his tree as he committed it."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from aiops.clients.git import Git
from aiops.config.find import find
from aiops.config.load import load
from aiops.config.model import Config
from aiops.config.spelling import did_you_mean
from aiops.errors import NoConfig, WrongUse
from aiops.lab import repository
from aiops.lab.argocd.repositories import Repositories
from aiops.lab.lab import Lab
from aiops.lab.provoked.files import FileFault
from aiops.session import Session

CONTEXT = "aiops-lab"
PACKAGED = "sample"
"""The folder that a wheel has the sample platform in; pyproject.toml puts it there."""
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What is brought up on a lab."""

    config: Config
    copied: bool
    """Its tree lies in the lab's folder, and is gone with it."""
    repository: Path
    """What Argo CD reads there in place of the config's repoURL."""
    environ: Mapping[str, str]
    """With which git takes it for that one."""


def config_file(session: Session, tree: Path | None) -> Path:
    """The tree's config; where no tree is named the one that is found from here, else that of aiops' own sample."""
    if tree is not None:
        return find(None, {}, tree)
    try:
        return find(None, session.environ, session.folder)
    except NoConfig:
        packaged = _ROOT / PACKAGED
        return (packaged if packaged.is_dir() else _ROOT.parent) / "config.yaml"


def prepare(file: Path, folder: Path, edits: Sequence[FileFault] = ()) -> Platform:
    """The platform of a config. What is in no git repository, or is to be edited, is copied into the folder first."""
    config = load(file)
    copied = bool(edits) or not (config.tree / ".git").exists()
    try:
        if copied:
            config = _copied(config, folder / "work")
        bare = repository.publish(config.tree, folder / "platform.git", config.repo_branch)
        urls = repository.spellings(config.tree, config.repo_url)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip().splitlines()[-1:] or ["git failed"]
        raise WrongUse(f"{config.tree}: {said[0]}", "a lab reads what is committed: commit something") from error
    for edit in edits:
        edit.edit(config.path, config.tree)
    config = replace(load(config.path), tree=config.tree) if edits else config
    return Platform(config=config, copied=copied, repository=bare, environ=repository.instead_of(urls, bare))


def start(platform: Platform, folder: Path, *, speed: float, context: str, port: int = 0) -> Lab:
    """A lab, not started yet, whose Argo CD reads the platform."""
    urls = {platform.config.repo_url: platform.repository}
    return Lab(folder, tree=platform.config.tree, repositories=urls, port=port, speed=speed, context=context)


def no_fault(slug: str, known: Iterable[str]) -> WrongUse:
    """The refusal of a fault that is none of these."""
    return WrongUse(f"no fault `{slug}`{did_you_mean(slug, known)}", "`aiops lab faults` lists them")


class Unversioned(Git):
    """The tree as it lies there, on a machine without git: what the lab's Argo CD reads then, too."""

    def __init__(self, lab: Lab) -> None:
        cluster = lab.cluster
        self._repositories = Repositories(cluster.repositories, cluster.tree, cluster.clock, 0.0)

    def heads(self, url: str, revisions: Iterable[str]) -> dict[str, str]:
        """A hash of the content, whatever the revision."""
        return {revision: self._repositories.commit(url, revision, fresh=True) for revision in revisions}

    def contents(self, url: str, revision: str, sha: str) -> dict[str, str]:
        """All that may be manifests."""
        files = self._repositories.tree(url, sha).items()
        return {path: text.decode() for path, text in files if path.endswith((".yaml", ".yml", ".json"))}

    def committed(self, url: str, revision: str, sha: str) -> str:
        """Now."""
        return datetime.now(UTC).isoformat(timespec="seconds")

    def status(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Nothing differs: what lies there is what is read."""
        return ()


def _copied(config: Config, folder: Path) -> Config:
    """The config and its tree in a folder, as they lie to each other, the tree as a git repository."""
    path = config.path.resolve()
    root = Path(os.path.commonpath((path.parent, config.tree)))
    tree, file = folder / config.tree.relative_to(root), folder / path.relative_to(root)
    shutil.copytree(config.tree, tree, symlinks=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        shutil.copy(path, file)
    if repository.has_git() and not (tree / ".git").exists():
        repository.commit_all(tree, config.repo_branch)
    return replace(load(file), tree=tree)
