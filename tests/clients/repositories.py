"""Repositories on disk, made with the real git."""

import subprocess
from pathlib import Path

from aiops.clients.git import Git

URL = "https://git.example/platform.git"
"""What the config calls the repository; nobody listens there."""


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, **files: str) -> str:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD")


def of(folder: Path, *, timeout_s: float = 20.0, same: bool = False) -> Git:
    return Git(folder, timeout_s=timeout_s, same=lambda address, url: same)


def everything(folder: Path) -> dict[str, bytes]:
    """All files below, those of .git included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
