"""The manifests of an application's path, as far as they can be known without rendering."""

import posixpath
from collections.abc import Iterator
from typing import Literal

from aiops.gitops import kustomization
from aiops.gitops.application import Source
from aiops.gitops.directory import DIRECT, Directory
from aiops.gitops.document import Document, Unread, document
from aiops.gitops.files import Files
from aiops.gitops.parsing import Body, objects, value
from aiops.gitops.repository import same_repository
from aiops.gitops.tree import Tree


def documents(files: Files, folder: str, directory: Directory = DIRECT) -> tuple[Document, ...]:
    """What the folder's kustomization lists, patches last; else those of its manifests that a source takes.

    TreeError where a file is missing or does not parse. `unread` has what this leaves out.
    """
    return tuple(found for found in _walk(files, folder, directory) if isinstance(found, Document))


def unread(files: Files, folder: str, directory: Directory = DIRECT) -> tuple[Unread, ...]:
    """What only a renderer knows of the folder: URLs, Helm charts, generators."""
    return tuple(found for found in _walk(files, folder, directory) if isinstance(found, Unread))


def declares_nothing(files: Files, folder: str, directory: Directory = DIRECT) -> bool:
    """Whether the folder is there and lists no resource: rendering none is then as it should be."""
    return bool(files.under(folder)) and not any(_walk(files, folder, directory))


def holds_kind(tree: Tree, files: Files, layer: str, group: str, kind: str) -> Literal["crd", "group"] | None:
    """What in the enabled applications of a layer says that it brings a kind.

    `crd`: its CustomResourceDefinition; `group`: only objects of its API group; None: nothing in the tree's
    own files, though a chart may still bring it.
    """
    found: Literal["group"] | None = None
    for source in _own_sources(tree, layer):
        for manifest in documents(files, source.path or ".", source.directory):
            if manifest.kind == "CustomResourceDefinition" and _defines(manifest.body, group, kind):
                return "crd"
            if manifest.group == group:
                found = "group"
    return found


def _own_sources(tree: Tree, layer: str) -> Iterator[Source]:
    """The folders of the tree's own repository that a layer's enabled applications deploy."""
    repository = tree.layers_of((layer,))[0].repo_url
    for application in tree.applications_in((layer,)):
        for source in application.sources:
            if source.path is not None and same_repository(source.repo_url, repository):
                yield source


def _defines(crd: Body, group: str, kind: str) -> bool:
    return bool(value(crd, "spec", "group") == group and value(crd, "spec", "names", "kind") == kind)


def chart_of(files: Files, folder: str) -> str | None:
    """The Chart.yaml of a folder; None where it is no chart."""
    path = kustomization.join(folder, "Chart.yaml")
    return path if files.read(path) is not None else None


def _walk(files: Files, folder: str, directory: Directory) -> Iterator[Document | Unread]:
    folder = posixpath.normpath(folder)
    if directory == DIRECT and (file := kustomization.find(files, folder)):
        yield from kustomization.walk(files, file)
        return
    if directory == DIRECT and (chart := chart_of(files, folder)):
        yield Unread("a Helm chart", chart)
        return
    chosen = (
        path
        for path in files.under(folder)
        if directory.takes(path if folder == "." else path.removeprefix(f"{folder}/"))
    )
    yield from (document(body, file) for body, file in objects(files, chosen))
