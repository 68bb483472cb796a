"""The git repositories that Argo CD reads, on this machine's disk."""

import hashlib
import io
import os
import re
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiops.lab.clock import Clock
from aiops.lab.repository import APART

Tree = Mapping[str, bytes]
"""The content of each file of a commit, by its path."""


class Unreadable(Exception):
    """Why something cannot be read or rendered, as the repo server says it; `code` is gRPC's."""

    def __init__(self, why: str, *, code: str = "Unknown") -> None:
        super().__init__(why)
        self.code = code


class Repositories:
    """Those that stand somewhere on disk, by URL; each a git repository, or a plain folder."""

    def __init__(self, folders: Mapping[str, Path], otherwise: Path | None, clock: Clock, remembered_s: float) -> None:
        """`otherwise` stands for every one that is nowhere; a branch's head is looked up anew after `remembered_s`."""
        self._folders = {_spelling(url): path for url, path in folders.items()}
        self._otherwise, self._clock, self._remembered_s = otherwise, clock, remembered_s
        self._heads: dict[tuple[Path, str], tuple[str, float]] = {}
        self._trees: dict[tuple[Path, str], Tree] = {}

    def commit(self, url: str, revision: str, *, fresh: bool) -> str:
        """The commit at a revision; with `fresh` it is looked up whatever is remembered."""
        key = self._folder(url), revision or "HEAD"
        known, at = self._heads.get(key, ("", 0.0))
        if known and not fresh and self._clock.elapsed() - at < self._remembered_s:
            return known
        found = self._resolve(*key)
        self._heads[key] = found, self._clock.elapsed()
        return found

    def tree(self, url: str, commit: str) -> Tree:
        """The files of a commit."""
        key = self._folder(url), commit
        if key not in self._trees:
            try:
                packed = _git(key[0], "archive", "--format=tar", commit)
            except subprocess.CalledProcessError as error:
                raise Unreadable(f"failed to checkout revision {commit}", code="Internal") from error
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                files = ((each.name, archive.extractfile(each)) for each in archive if each.isfile())
                self._trees[key] = {name: content.read() for name, content in files if content}
        return self._trees[key]

    def _folder(self, url: str) -> Path:
        folder = self._folders.get(_spelling(url))
        if folder is None and url.startswith("file://"):
            folder = Path(unquote(urlsplit(url).path))
        folder = folder or self._otherwise
        if folder is None or not folder.is_dir():
            raise Unreadable("failed to list refs: repository not found")
        return folder

    def _resolve(self, folder: Path, revision: str) -> str:
        if not ((folder / ".git").exists() or (folder / "objects").is_dir()):
            files = {str(path.relative_to(folder)): path.read_bytes() for path in _plain_files(folder)}
            commit = hashlib.sha1(repr(sorted(files.items())).encode(), usedforsecurity=False).hexdigest()
            self._trees[folder, commit] = files
            return commit
        try:
            return _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
        except subprocess.CalledProcessError:
            raise Unreadable(f"unable to resolve '{revision}' to a commit SHA") from None


def _plain_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _spelling(url: str) -> str:
    """The same for a repository's URL with and without `.git`, by https and by ssh."""
    url = re.sub(r"^[\w+.-]*@([\w.-]+):(?!//)", r"ssh://\1/", url.strip())
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path.rstrip('/').removesuffix('.git')}".lower()


def _git(folder: Path, *words: str) -> bytes:
    environ = {name: value for name, value in os.environ.items() if name not in APART}
    command = ("git", "-C", str(folder), *words)
    try:
        return subprocess.run(command, env=environ, capture_output=True, check=True).stdout  # noqa: S603 - a list, no shell
    except FileNotFoundError:
        raise Unreadable('failed to list refs: exec: "git": executable file not found in $PATH') from None
