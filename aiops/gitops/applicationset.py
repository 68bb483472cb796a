"""A layer's ApplicationSet, and the groups its git generator makes of the generated groups file."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from aiops.errors import TreeError
from aiops.gitops.groups import rows
from aiops.gitops.parsing import Body, items, part, value

_GO_TEMPLATE = re.compile(r"{{-?\s*\.(\w+)\s*-?}}")
_FASTTEMPLATE = re.compile(r"{{\s*(\w+)\s*}}")


@dataclass(frozen=True)
class Layer:
    """An ApplicationSet that makes one application of each enabled group."""

    name: str
    manifest: Body
    file: str
    repo_url: str
    """Of its git generator, like the next two."""
    revision: str
    groups_file: str


@dataclass(frozen=True)
class Group:
    """One entry of the generated groups file, as its layer's ApplicationSet takes it."""

    name: str
    layer: str
    enabled: bool
    """The generator selects it."""
    catalog_path: str
    """Folder of its Applications."""
    application: str
    """Name of the application that the ApplicationSet makes of it."""


def layer(manifest: Body, file: str) -> Layer:
    """The ApplicationSet as a layer; TreeError where its generator is not one git generator with one file."""
    generator = _generator(manifest, file)
    git = part(generator, "git")
    paths = [entry.get("path") for entry in items(git, "files")]
    if len(paths) != 1 or not isinstance(paths[0], str):
        raise TreeError(f"{file}: a layer's git generator reads exactly one file, this one {len(paths)}")
    return Layer(
        name=_labels(generator).get("layer") or PurePosixPath(file).stem,
        manifest=manifest,
        file=file,
        repo_url=git.get("repoURL") or "",
        revision=str(git.get("revision") or "HEAD"),
        groups_file=posixpath.normpath(paths[0]),
    )


def groups(layer: Layer, text: str, where: str) -> tuple[Group, ...]:
    """The layer's entries of the groups file, in its order; TreeError where one cannot be rendered."""
    labels = _labels(_generator(layer.manifest, layer.file))
    mine = {"layer": labels["layer"]} if "layer" in labels else {}
    template = part(layer.manifest, "spec", "template")
    return tuple(
        Group(
            name=row["name"],
            layer=layer.name,
            enabled=labels.items() <= row.items(),
            catalog_path=posixpath.normpath(_render(layer, value(template, "spec", "source", "path"), row)),
            application=_render(layer, value(template, "metadata", "name"), row),
        )
        for row in rows(text, where)
        if mine.items() <= row.items()
    )


def _generator(manifest: Body, file: str) -> Body:
    generators = items(manifest, "spec", "generators")
    if len(generators) != 1 or "git" not in generators[0]:
        raise TreeError(f"{file}: a layer has exactly one generator, and it is a git generator")
    if value(generators[0], "selector", "matchExpressions"):
        raise TreeError(f"{file}: the generator's selector has matchExpressions; a layer's has matchLabels")
    return generators[0]


def _labels(generator: Body) -> dict[str, str]:
    return {key: str(label) for key, label in part(generator, "selector", "matchLabels").items()}


def _render(layer: Layer, template: object, row: dict[str, str]) -> str:
    """The template with the row's values: `{{.key}}` with goTemplate, `{{key}}` without."""
    pattern = _GO_TEMPLATE if value(layer.manifest, "spec", "goTemplate") is True else _FASTTEMPLATE
    text = pattern.sub(lambda match: row.get(match[1], match[0]), str(template or ""))
    if not text or "{{" in text:
        raise TreeError(f"{layer.file}: cannot render the template `{template}` for group {row['name']}")
    return text
