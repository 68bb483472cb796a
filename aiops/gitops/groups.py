"""The generated groups file: what the config asks for, as the rows that the ApplicationSets read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiops.config import tables
from aiops.config.model import Config
from aiops.errors import TreeError
from aiops.gitops.parsing import parse as parse_yaml

_PRUNES = "Argo CD would prune every application made from it, a whole layer"
_RENDER = "render it from the config, commit and push it"


@dataclass(frozen=True)
class GroupEntry:
    """One row."""

    name: str
    layer: str
    enabled: bool
    catalog_path: str
    """Folder of the group's Applications."""


def resolve(config: Config) -> tuple[GroupEntry, ...]:
    """A row for every group of the table, enabled or not."""
    return tuple(
        GroupEntry(
            name=rule.name,
            layer=rule.layer,
            enabled=tables.enabled(config, rule),
            catalog_path=f"clusters/{config.environment}/catalog/{rule.name}",
        )
        for rule in tables.groups(config)
    )


def render(entries: Iterable[GroupEntry]) -> str:
    """The rows as the file's text: `enabled` is a quoted string, because selectors match strings."""
    return "".join(
        f"- {{ name: {entry.name}, layer: {entry.layer}, "
        f'enabled: "{str(entry.enabled).lower()}", catalogPath: {entry.catalog_path} }}\n'
        for entry in entries
    )


def parse(text: str, where: str) -> tuple[GroupEntry, ...]:
    """The text of a groups file as rows; TreeError where it holds none."""
    return tuple(
        GroupEntry(row["name"], row.get("layer", ""), row.get("enabled") == "true", row.get("catalogPath", ""))
        for row in rows(text, where)
    )


def rows(text: str, where: str) -> list[dict[str, str]]:
    """The mappings of a groups file, values as the strings selectors see; TreeError where it has none."""
    documents = parse_yaml(text, where)
    found = documents[0] if len(documents) == 1 else None
    if not isinstance(found, list) or not found:
        raise TreeError(f"{where}: holds no groups; {_PRUNES}", _RENDER)
    if not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in found):
        raise TreeError(f"{where}: not every entry is a mapping with a name; {_PRUNES}", _RENDER)
    return [{str(key): _label(value) for key, value in row.items()} for row in found]


def pruned(old: Iterable[GroupEntry], new: Iterable[GroupEntry]) -> Mapping[str, tuple[str, ...]]:
    """Per layer, the groups that Argo CD would delete with all they hold: enabled before, not after."""
    kept = {(entry.layer, entry.name) for entry in new if entry.enabled}
    gone: dict[str, tuple[str, ...]] = {}
    for entry in old:
        if entry.enabled and (entry.layer, entry.name) not in kept:
            gone[entry.layer] = (*gone.get(entry.layer, ()), entry.name)
    return gone


def _label(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
