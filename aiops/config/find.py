"""Where the config file is."""

from collections.abc import Mapping
from pathlib import Path

from aiops.errors import ConfigError, NoConfig

_CHOOSE = "name one with --config FILE or AIOPS_CONFIG=FILE"


def find(explicit: str | None, environ: Mapping[str, str], folder: Path) -> Path:
    """The config file: --config, AIOPS_CONFIG, config.yaml upwards, or the only environments/*/config.yaml.

    Upwards ends at the root of the git checkout; outside of one only `folder` itself is looked at, because a
    config.yaml above it is as likely another program's. ConfigError lists what was found, NoConfig where it looked.
    """
    if named := explicit or environ.get("AIOPS_CONFIG"):
        return Path(named)
    root = git_root(folder) or folder
    looked = [parent / "config.yaml" for parent in _upwards(folder, root)]
    for path in looked:
        if path.is_file():
            return path
    environments = sorted(root.glob("environments/*/config.yaml"))
    if len(environments) == 1:
        return environments[0]
    if environments:
        raise ConfigError("several environments have a config", tuple(map(str, environments)), _CHOOSE)
    looked.append(root / "environments/*/config.yaml")
    raise NoConfig("no config file is at any of these places", tuple(map(str, looked)), _CHOOSE)


def git_root(folder: Path) -> Path | None:
    """The nearest folder upwards that holds .git (in a worktree a file); None outside a checkout."""
    folder = folder.resolve()
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)


def _upwards(folder: Path, root: Path) -> list[Path]:
    folder, root = folder.resolve(), root.resolve()
    return [parent for parent in (folder, *folder.parents) if parent.is_relative_to(root)]
