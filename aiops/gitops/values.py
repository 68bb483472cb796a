"""The values that Helm charts are rendered with: files of values, and those that an Application holds itself."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiops.errors import TreeError
from aiops.gitops.application import Application
from aiops.gitops.files import Files
from aiops.gitops.kustomization import join
from aiops.gitops.parsing import Body, items, parse, part, texts, value


@dataclass(frozen=True)
class Values:
    """Values of a chart."""

    application: str
    """Who hands them over; empty for a file that no application of this tree names."""
    file: str
    """From the root of the tree."""
    path: tuple[str | int, ...]
    """Where in the file they begin: nothing for a file of values."""
    body: Body


def values_of(files: Files, applications: Sequence[Application]) -> Iterator[Values]:
    """All of a tree: each file of values once, and what Applications hold. TreeError where a file does not parse."""
    named = {file: app.name for app in applications for file in _files(files, app)}
    charts = {posixpath.dirname(path) for path in files.under("") if posixpath.basename(path) == "Chart.yaml"}
    for file in files.under(""):
        base = posixpath.basename(file)
        is_default = posixpath.dirname(file) in charts and base == "values.yaml"
        if file in named or (base.startswith("values") and base.endswith((".yaml", ".yml")) and not is_default):
            yield from (Values(named.get(file, ""), file, (), body) for body in _bodies(files, file))
    for app in applications:
        yield from _inline(app)


def _bodies(files: Files, file: str) -> Iterator[Body]:
    for body in parse(files.read(file) or "", file):
        if isinstance(body, dict) and not (value(body, "apiVersion") and value(body, "kind")):
            yield body


def _files(files: Files, app: Application) -> Iterator[str]:
    """Those that its sources name: `$ref/path`, or a path from the source's own folder."""
    for source in app.written:
        for name in texts(source, "helm", "valueFiles"):
            _, is_ref, rest = name.partition("/") if name.startswith("$") else ("", "", name)
            folder = "" if is_ref else str(value(source, "path") or "")
            path = join(folder, rest)
            if files.read(path) is not None:
                yield path


def _inline(app: Application) -> Iterator[Values]:
    for index, source in enumerate(app.written):
        where = ("spec", "sources", index) if items(app.manifest, "spec", "sources") else ("spec", "source")
        if body := part(source, "helm", "valuesObject"):
            yield Values(app.name, app.file, (*where, "helm", "valuesObject"), body)
        text = value(source, "helm", "values")
        if isinstance(text, str):
            path = (*where, "helm", "values")
            yield from (Values(app.name, app.file, path, body) for body in _parsed(text, app.file))


def _parsed(text: str, file: str) -> Iterator[Body]:
    try:
        yield from (body for body in parse(text, file) if isinstance(body, dict))
    except TreeError as error:
        raise TreeError(f"{file}: its helm values: {error.message}") from error
