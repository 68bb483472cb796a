"""The sample tree in a folder of its own, in no repository."""

import shutil
from pathlib import Path

from tests.scenarios.cluster import ROOT


def checkout(folder: Path) -> Path:
    """The folder, with a config that names the context `here`."""
    shutil.copytree(ROOT / "platform", folder)
    config = (ROOT / "config.yaml").read_text().replace("tree: platform", "tree: .").replace("aiops-lab", "here")
    (folder / "config.yaml").write_text(config)
    return folder
