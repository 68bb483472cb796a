"""What kustomize made of a commit, remembered: a commit never changes, and to render it takes seconds."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

KEPT = 8
"""So many commits are remembered."""


class Cache:
    """The renderings of one commit, in a file that only this user can read."""

    def __init__(self, commit: str) -> None:
        self._folder = user_cache_path("aiops") / "rendered"
        self._file = self._folder / f"{commit}.json"

    def read(self) -> Mapping[str, str]:
        """Folder: its YAML; empty where nothing is remembered, or what is there is damaged."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}

    def write(self, rendered: Mapping[str, str]) -> None:
        """Remember it, and forget what was not asked for longest. Where that cannot be, it is rendered again."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as file:
                json.dump(rendered, file)
            Path(file.name).replace(self._file)  # never half written, whoever else writes it
            by_age = sorted(self._folder.glob("*.json"), key=os.path.getmtime, reverse=True)
            for old in by_age[KEPT:]:
                old.unlink(missing_ok=True)
