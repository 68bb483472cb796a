"""Configs made by hand."""

from pathlib import Path
from typing import Any

from aiops.config.model import Config


def config(tree: Path = Path("/tree"), **fields: Any) -> Config:
    return Config(path=tree / "config.yaml", environment="lab", tree=tree, repo_url="u", **fields)
