"""Where the tree's files come from: a folder, or a commit that somebody else has read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiops.errors import TreeError


class Files(Protocol):
    """A tree of text files; paths are relative to its root, with `/`, and normal (no `.` or `..`)."""

    @property
    def where(self) -> str:
        """What an operator calls it, for messages."""

    def read(self, path: str) -> str | None:
        """The text of a file; None where there is none."""

    def under(self, folder: str) -> tuple[str, ...]:
        """The paths of all files below a folder, sorted; empty where there is none."""


@dataclass(frozen=True)
class Folder:
    """A folder on disk. What leads out of it, by `..` or by a symbolic link, is not there."""

    root: Path

    @property
    def where(self) -> str:
        """The path."""
        return str(self.root)

    def read(self, path: str) -> str | None:
        """The text; TreeError where there is a file that cannot be read as UTF-8."""
        file = self.root / path
        if not self._holds(file):
            return None
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise TreeError(f"{file}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TreeError(f"{file}: is not UTF-8 text") from error

    def under(self, folder: str) -> tuple[str, ...]:
        """The files, without those of .git."""
        found = []
        for parent, folders, names in os.walk(self.root / folder):
            folders[:] = [name for name in folders if name != ".git"]
            found += [file for name in names if self._holds(file := Path(parent, name))]
        return tuple(sorted(file.relative_to(self.root).as_posix() for file in found))

    def _holds(self, file: Path) -> bool:
        return file.is_file() and file.resolve().is_relative_to(self.root.resolve())


@dataclass(frozen=True)
class ReadOnce:
    """Other files, each of which is read once however often it is asked for: for what judges them as they are now."""

    files: Files
    _texts: dict[str, str | None] = field(default_factory=dict)
    _lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Theirs."""
        return self.files.where

    def read(self, path: str) -> str | None:
        """Their text."""
        if path not in self._texts:
            self._texts[path] = self.files.read(path)
        return self._texts[path]

    def under(self, folder: str) -> tuple[str, ...]:
        """Their files."""
        if folder not in self._lists:
            self._lists[folder] = self.files.under(folder)
        return self._lists[folder]


@dataclass(frozen=True)
class Commit:
    """The text files of one commit: path to text."""

    sha: str
    texts: Mapping[str, str]

    @property
    def where(self) -> str:
        """The abbreviated commit."""
        return f"commit {self.sha[:8]}"

    def read(self, path: str) -> str | None:
        """The text."""
        return self.texts.get(path)

    def under(self, folder: str) -> tuple[str, ...]:
        """The files."""
        prefix = "" if folder in ("", ".") else f"{folder}/"
        return tuple(sorted(path for path in self.texts if path.startswith(prefix)))
