"""Everything that a tree declares, as it reaches the cluster: what the static half of a check judges."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from aiops.config.model import Config
from aiops.gitops.application import Application
from aiops.gitops.directory import Directory
from aiops.gitops.document import Document
from aiops.gitops.files import Files
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import Body
from aiops.gitops.places import place, place_in_file
from aiops.gitops.tree import Tree
from aiops.gitops.values import Values, values_of

Folder = tuple[str, Directory]
"""An application's: its normal path, and what the application takes of it."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """An object that the tree declares."""

    application: str
    """Who deploys it; empty for a file that no Application deploys."""
    document: Document
    """As it is rendered. Its file is the one that declares it, which a patch may change."""
    namespace: str
    """That of its application's destination where it names none; means nothing for a cluster-scoped kind."""

    @property
    def body(self) -> Body:
        """The manifest itself."""
        return self.document.body

    @property
    def kind(self) -> str:
        """As `Deployment`."""
        return self.document.kind

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.document.name

    @property
    def file(self) -> str:
        """The file that declares it, from the root of the tree."""
        return self.document.file

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


@dataclass(frozen=True)
class Unrendered:
    """Why an application's objects are not known, or not all of them."""

    why: str
    broken: bool = False
    """Argo CD cannot render it either."""
    untold: bool = False
    """The renderer gave no answer: nobody knows."""
    unasked: bool = False
    """Nobody tried: a program is missing, or was not wanted."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One tree's applications with the objects that they deploy."""

    tree: Tree
    files: Files
    config: Config | None
    """None: a tree without one."""
    layers: tuple[str, ...]
    """The layers that are meant."""
    applications: tuple[Application, ...]
    """Those that are meant: of the enabled groups of some layers, or of all groups of all layers."""
    manifests: tuple[Manifest, ...]
    """What they deploy, and what no application deploys."""
    unrendered: Mapping[str, Unrendered]
    """Application: why its objects are not, or not all, among the manifests."""
    sources: Mapping[Folder, tuple[Document, ...]]
    """The documents and patches of the applications' folders, as written."""

    @cached_property
    def off(self) -> frozenset[str]:
        """The applications whose group is switched off."""
        return frozenset(app.name for app in self.applications if (app.layer, app.group) not in self.tree.on)

    @cached_property
    def values(self) -> tuple[Values, ...]:
        """What charts are rendered with."""
        return tuple(values_of(self.files, self.applications))

    def of(self, *kinds: str) -> Iterator[Manifest]:
        """The objects of these kinds, in the order of applications and files."""
        return (each for each in self.manifests if each.kind in kinds)

    def application(self, manifest: Manifest) -> Application | None:
        """Who deploys it."""
        return next((app for app in self.applications if app.name == manifest.application), None)

    def place(self, manifest: Manifest, *path: str | int) -> Place:
        """Where a field is written: in a patch, or where the object is declared; its nearest parent where it is not.

        A path as `"spec", "template", "spec", "containers", "vllm", "args", "--model"`: of a list, an item is meant by
        its name, by its index, or a text by how it begins.
        """
        app = self.application(manifest)
        taken = [source for source in app.sources if source.path] if app else []
        folders = [(posixpath.normpath(source.path or "."), source.directory) for source in taken]
        written = [one for folder in folders for one in self.sources.get(folder, ())]
        return place(self.files, manifest.document, written, path)

    def place_of(self, values: Values, *path: str | int) -> Place:
        """Where one of these values is written."""
        if values.path:
            app = next(app for app in self.applications if app.name == values.application)
            return self.place_in(app, *values.path, *path)
        return place_in_file(self.files, values.file, path)

    def place_in(self, app: Application, *path: str | int) -> Place:
        """Where a field of an Application is written."""
        return place(self.files, _document(app), (), path)


def _document(app: Application) -> Document:
    return Document(
        group="argoproj.io",
        version="v1alpha1",
        kind="Application",
        name=app.name,
        namespace="",
        body=app.manifest,
        file=app.file,
    )
