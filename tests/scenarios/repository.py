"""The platform's git repository of a scenario: the sample tree, in a repository of its own.

    python -m tests.scenarios.repository FOLDER CONTEXT

makes one by hand: FOLDER/work to work in, FOLDER/platform.git for Argo CD to read.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.cluster import ROOT

SAMPLE_URL = "https://git.example.com/acme/platform.git"


class Repository:
    """A bare repository that Argo CD reads, and a checkout that the operator works in."""

    def __init__(self, folder: Path, context: str) -> None:
        folder = folder.resolve()
        self.work, self.bare = folder / "work", folder / "platform.git"
        self.url = f"file://{self.bare}"
        shutil.copytree(ROOT / "platform", self.work)
        config = (ROOT / "config.yaml").read_text()
        config = config.replace("  tree: platform\n", "  timeouts: { answer: 5s }\n").replace("aiops-lab", context)
        self.write("config.yaml", config)
        self.replace(SAMPLE_URL, self.url)
        self._git("init", "-q", "-b", "main")
        self._git("add", "-A")
        self._git("commit", "-qm", "The platform")
        subprocess.run(["git", "clone", "-q", "--bare", str(self.work), str(self.bare)], check=True)
        self._git("remote", "add", "origin", str(self.bare))

    def read(self, path: str) -> str:
        """A file of the checkout."""
        return (self.work / path).read_text()

    def write(self, path: str, text: str) -> None:
        """Write a file of the checkout, with its folders."""
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).write_text(text)

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change a file; the change must be one."""
        before = self.read(path)
        after = change(before)
        assert after != before, f"{path}: the edit changed nothing"
        self.write(path, after)

    def replace(self, old: str, new: str) -> None:
        """Replace a text in every file of the checkout, and in the paths."""
        for path in [path for path in self.work.rglob("*") if path.is_file() and ".git" not in path.parts]:
            if old in (text := path.read_text()):
                path.write_text(text.replace(old, new))
        if re.fullmatch(r"[\w-]+", old):
            for path in sorted(self.work.rglob(f"*{old}*"), key=lambda path: -len(path.parts)):
                if ".git" not in path.parts:
                    path.rename(path.with_name(path.name.replace(old, new)))

    def push(self, message: str = "A change") -> str:
        """Commit everything and push it; the commit."""
        self.commit(message)
        self._git("push", "-q", "origin", "HEAD:main")
        return self.head()

    def commit(self, message: str = "A change") -> None:
        """Commit everything, and do not push it."""
        self._git("add", "-A")
        self._git("commit", "-qm", message)

    def reset(self, commit: str) -> None:
        """Throw away what is not in a commit."""
        self._git("reset", "-q", "--hard", commit)
        self._git("clean", "-qfd")

    def clone(self) -> str:
        """The URL of another bare repository with the same content."""
        other = self.bare.with_name("other.git")
        subprocess.run(["git", "clone", "-q", "--bare", str(self.bare), str(other)], check=True)
        return f"file://{other}"

    def undo(self, commits: int = 1) -> None:
        """Push the opposite of the last commits."""
        for number in range(commits):
            self._git("revert", "--no-edit", f"HEAD~{2 * number}")
        self._git("push", "-q", "origin", "HEAD:main")

    def head(self) -> str:
        """The checkout's commit."""
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *words: str) -> str:
        who = ("-c", "user.name=operator", "-c", "user.email=operator@example.com")
        return subprocess.run(["git", *who, *words], cwd=self.work, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    print(Repository(Path(sys.argv[1]), sys.argv[2]).work)
