"""The repository that the lab's Argo CD reads in place of the platform's own, and the way to it for git here."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

AUTHOR = {"GIT_AUTHOR_NAME": "aiops lab", "GIT_AUTHOR_EMAIL": "lab@aiops.dev"}
COMMITTER = {name.replace("AUTHOR", "COMMITTER"): value for name, value in AUTHOR.items()}
APART = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
"""Set where aiops runs in a git hook: they would name the hook's repository."""


def has_git() -> bool:
    """Whether this machine has the program."""
    return shutil.which("git") is not None


def commit_all(folder: Path, branch: str) -> None:
    """Make a folder a git repository whose one commit holds everything in it."""
    git(folder, "init", "--quiet")
    git(folder, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "The platform")


def publish(tree: Path, bare: Path, branch: str) -> Path:
    """A bare repository whose branch is at the last commit of a tree; where there is no git, the tree itself."""
    if not has_git():
        return tree
    git(tree, "clone", "--quiet", "--bare", ".", str(bare))
    git(bare, "update-ref", f"refs/heads/{branch}", git(tree, "rev-parse", "HEAD"))
    git(bare, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    return bare


def spellings(tree: Path, url: str) -> tuple[str, ...]:
    """How the platform's repository is written: in its config, and as the remotes of the checkout."""
    remotes = git(tree, "remote").split() if has_git() else []
    return tuple(dict.fromkeys((url, *(git(tree, "config", f"remote.{name}.url") for name in remotes))))


def instead_of(urls: Iterable[str], bare: Path) -> Mapping[str, str]:
    """The environment in which git takes this repository for those URLs (git-config: url.<base>.insteadOf)."""
    settings = {"GIT_CONFIG_COUNT": "0"}
    for number, url in enumerate(urls):
        settings |= {f"GIT_CONFIG_KEY_{number}": f"url.{bare}.insteadOf", f"GIT_CONFIG_VALUE_{number}": url}
        settings["GIT_CONFIG_COUNT"] = str(number + 1)
    return settings


def push(bare: Path, files: Mapping[str, str]) -> None:
    """One commit more on the branch, in which these files have this text."""
    index = {"GIT_INDEX_FILE": str(bare / "index")}
    git(bare, "read-tree", "HEAD", environ=index)
    for path, text in files.items():
        blob = git(bare, "hash-object", "-w", "--stdin", stdin=text)
        git(bare, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", environ=index)
    tree = git(bare, "write-tree", environ=index)
    git(bare, "update-ref", "HEAD", git(bare, "commit-tree", tree, "-p", "HEAD", "-m", "A change by somebody else"))


def git(folder: Path, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> str:
    """What git prints in a folder; CalledProcessError where it fails."""
    inherited = {name: value for name, value in os.environ.items() if name not in APART}
    return subprocess.run(  # noqa: S603 - no shell
        ("git", "-C", str(folder), "-c", "commit.gpgsign=false", *words),  # noqa: S607 - the operator's own git
        input=stdin, env={**inherited, **AUTHOR, **COMMITTER, **(environ or {})},
        capture_output=True, check=True, text=True,
    ).stdout.strip()  # fmt: skip
