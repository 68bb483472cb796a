"""Writing the generated groups file."""

import difflib
import os
import tempfile
from pathlib import Path

from aiops.config.model import Config
from aiops.errors import Refused, TreeError
from aiops.gitops.groups import rows


def path(config: Config) -> Path:
    """The groups file of the config's environment."""
    return config.tree / "clusters" / config.environment / "groups.generated.yaml"


def diff(old: str, new: str) -> str:
    """Unified diff of two versions of the groups file; empty where they are the same."""
    lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), "written", "resolved")
    return "".join(lines)


def write(path: Path, text: str) -> None:
    """Replaces the groups file at once, keeping its mode (0644 for a new one).

    Refused where the text holds no groups, because Argo CD would prune what is deployed, or the folder
    cannot be written to.
    """
    try:
        rows(text, str(path))
    except TreeError as error:
        raise Refused(error.message, error.hint) from error
    path = path.resolve()
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        _replace(path, text, mode)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from error


def _replace(path: Path, text: str, mode: int) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as new:
        try:
            new.write(text)
            new.flush()
            os.fchmod(new.fileno(), mode)
            Path(new.name).replace(path)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise
