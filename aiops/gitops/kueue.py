"""How a tree installs Kueue: its chart, in an application or inflated by a kustomization, or its manifests."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.errors import TreeError
from aiops.gitops import kustomization
from aiops.gitops.declared import Declared
from aiops.gitops.document import Document
from aiops.gitops.files import Files
from aiops.gitops.manifests import documents
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import Body, items, parse, part, value
from aiops.gitops.places import place_in_file
from aiops.gitops.written import whose

CHART = "kueue"
_CONFIG = ("managerConfig", "controllerManagerConfigYaml")
"""Value of its chart: Kueue's own configuration, as a text."""


@dataclass(frozen=True)
class Install:
    """The chart of Kueue, as somebody renders it."""

    application: str
    place: Place
    selector: Body
    """`managedJobsNamespaceSelector` of its configuration, which the chart gives to all webhooks (kueue #5323)."""
    patches: tuple[Document, ...] = ()
    inflated: bool = False
    """A kustomization renders it, for which Argo CD has to allow it."""


def installs_of(declared: Declared) -> Iterator[Install]:
    """Every one in the tree."""
    for app in declared.applications:
        if any(source.chart == CHART for source in app.sources):
            own = (each.body for each in declared.values if each.application == app.name)
            yield Install(app.name, declared.place_in(app, "spec", "source", "chart"), _selector(own))
    for file in declared.files.under(""):
        if kustomization.find(declared.files, posixpath.dirname(file)) == file:
            yield from _inflated(declared, file)


def _inflated(declared: Declared, file: str) -> Iterator[Install]:
    files, folder = declared.files, posixpath.dirname(file)
    body = next(iter(_bodies(files, file)), {})
    for index, chart in enumerate(items(body, "helmCharts")):
        if value(chart, "name") == CHART:
            name = value(chart, "valuesFile")
            written = _bodies(files, kustomization.join(folder, name)) if isinstance(name, str) else iter(())
            yield Install(
                application=whose(declared, file),
                place=place_in_file(files, file, ("helmCharts", index)),
                selector=_selector((*written, part(chart, "valuesInline"))),
                patches=tuple(one for one in documents(files, folder) if one.patch),
                inflated=True,
            )


def _selector(values: Iterator[Body] | tuple[Body, ...]) -> Body:
    """The last one that is written."""
    found: Body = {}
    for body in values:
        text = value(body, *_CONFIG)
        for config in _parsed(text) if isinstance(text, str) else ():
            found = part(config, "managedJobsNamespaceSelector") or found
    return found


def _bodies(files: Files, file: str) -> Iterator[Body]:
    return (body for body in _parsed(files.read(file) or "") if isinstance(body, Mapping))


def _parsed(text: str) -> list[Body]:
    try:
        return parse(text, CHART)
    except TreeError:
        return []
