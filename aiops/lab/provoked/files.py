"""Faults of the operator's own files: each edits a copy of them, so only a rehearsal can play it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FileFault:
    """Something that can be wrong with a config and its tree."""

    slug: str
    """That of the check which names it."""
    provokes: str
    edit: Callable[[Path, Path], None]
    """Of the config file and the tree."""

    named_by: str = "doctor; in a rehearsal alone"


def _misspell(config: Path, _: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write("\nprofil: cost\n")


def _change_backend(config: Path, _: Path) -> None:
    text = config.read_text(encoding="utf-8")
    other = "fake" if re.search(r"^secret_backend: gcpsm", text, re.MULTILINE) else "gcpsm"
    without = re.sub(r"^secret_backend:.*\n", "", text, flags=re.MULTILINE)
    config.write_text(f"secret_backend: {other}\n{without}", encoding="utf-8")


def _disable_a_group(_: Path, tree: Path) -> None:
    for file in tree.glob("clusters/*/groups.generated.yaml"):
        before, found, after = file.read_text(encoding="utf-8").rpartition('"true"')
        file.write_text(before + found.replace("true", "false") + after, encoding="utf-8")


ALL = (
    FileFault(slug="config-valid", provokes="a key of the config is misspelled", edit=_misspell),
    FileFault(slug="generated-files-match", provokes="the config has another secret_backend than what was rendered",
              edit=_change_backend),
    FileFault(slug="groups-file-fresh", provokes="the groups file is not what the config asks for",
              edit=_disable_a_group),
)  # fmt: skip
BY_SLUG = {fault.slug: fault for fault in ALL}
