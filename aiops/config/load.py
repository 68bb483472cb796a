"""A config file into a Config, with all its problems at once."""

from pathlib import Path
from typing import Any

import yaml

from aiops.config import tables
from aiops.config.find import git_root
from aiops.config.model import Aiops, Cluster, Config
from aiops.config.reader import Reader
from aiops.errors import ConfigError


def load(path: Path) -> Config:
    """The config in the file; ConfigError with all problems, each `path:line: key.path: what is wrong`."""
    reader = Reader(str(path))
    values = _read(path, reader)
    own: Aiops = values.get("aiops", Aiops())
    flags = {rule.flag: rule for rule in tables.merged(own.groups) if rule.flag}
    for key, line in reader.lines.items():
        section, _, flag = key.partition(".")
        if section == "features" and flag and flag not in flags:
            reader.unknown(line, key, flags)
    derived = _derive(path.resolve(), values.get("cluster", Cluster()), own.tree, reader)
    if reader.problems:
        raise _error(path, *reader.problems)
    return Config(**{**values, **derived})


def _read(path: Path, reader: Reader) -> dict[str, Any]:
    """The written fields of the one document."""
    documents = _documents(path)
    if not documents:
        raise _error(path, f"{path}:1: the file is empty")
    for document in documents[1:]:
        reader.problem(document.start_mark.line + 1, "", "a second YAML document; a config is one")
    try:
        return reader.fields(Config, documents[0], "")
    except ValueError as error:
        raise _error(path, f"{path}:{documents[0].start_mark.line + 1}: {error}") from error


def _documents(path: Path) -> list[yaml.Node]:
    try:
        return list(yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
    except OSError as error:
        raise _error(path, f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _error(path, f"{path}: is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise _error(path, f"{where}: is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise _error(path, f"{path}: is not YAML: {' '.join(str(error).split())}") from error


def _derive(path: Path, cluster: Cluster, tree: str | None, reader: Reader) -> dict[str, Any]:
    """The fields that follow from the file's place: environment, tree, and the cluster's name by default."""
    folder = path.parent.name if path.parent.parent.name == "environments" else ""
    environment = folder or cluster.name
    if not environment and "cluster.name" not in reader.lines:
        reader.problem(reader.lines.get("cluster", 1), "cluster.name", "is missing")
    root = (path.parent / tree).resolve() if tree else git_root(path.parent)
    if not root and folder:
        root = path.parents[2]
    if not root:
        what = "is missing, and the file lies in no git checkout"
        reader.problem(reader.lines.get("aiops", 1), "aiops.tree", what)
    elif not root.is_dir():
        reader.problem(reader.lines["aiops.tree"], "aiops.tree", f"no such folder: {root}")
    named = Cluster(cluster.name or environment, cluster.project_id, cluster.location)
    return {"path": path, "environment": environment, "tree": root, "cluster": named}


def _error(path: Path, *problems: str) -> ConfigError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(f"{path} has {count}", problems, "correct the file; nothing was changed")
