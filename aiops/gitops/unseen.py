"""What a tree may bring without anybody seeing it: the objects of charts, and of applications that are not meant."""

import posixpath
from collections.abc import Iterator

from aiops.gitops.application import Application
from aiops.gitops.declared import Declared, Manifest

CHARTS = "charts"
"""A folder of a repository that holds charts, or what stands for them."""


def unseen(declared: Declared, namespace: str) -> tuple[str, ...]:
    """The applications that may bring objects to a namespace which are not among the manifests: it is their own."""
    return tuple(app.name for app in _unseen(declared) if app.namespace == namespace)


def by_hand(declared: Declared, kind: str, namespace: str, name: str) -> bool:
    """Such an object is written somewhere in the tree, and none of the applications that are meant deploys it."""
    return any(
        each.name == name and each.namespace in (namespace, "") for each in declared.of(kind) if not each.application
    )


def deployed(declared: Declared, kind: str, namespace: str) -> dict[str, Manifest]:
    """By name, the objects of a kind that applications deploy to a namespace."""
    return {each.name: each for each in declared.of(kind) if each.application and each.namespace == namespace}


def _unseen(declared: Declared) -> Iterator[Application]:
    meant = {app.name for app in declared.applications}
    for app in declared.tree.applications:
        chart = any(CHARTS in posixpath.normpath(source.path or ".").split("/") for source in app.sources)
        if chart or app.name not in meant or app.name in declared.unrendered:
            yield app
