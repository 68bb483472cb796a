"""Reads what a tree declares: each application's folder as it is rendered, and what no application deploys."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from aiops.config.model import Config
from aiops.errors import TreeError
from aiops.gitops import kustomization
from aiops.gitops.application import Application
from aiops.gitops.declared import Declared, Folder, Manifest, Unrendered
from aiops.gitops.directory import DIRECT, Directory
from aiops.gitops.document import Document, document
from aiops.gitops.files import Files
from aiops.gitops.manifests import chart_of, documents, unread
from aiops.gitops.parsing import objects, parse
from aiops.gitops.patches import patched
from aiops.gitops.repository import same_repository
from aiops.gitops.tree import Tree

Rendered = Mapping[str, str | Unrendered]
"""Folder: the YAML that its kustomization comes to, or why it was not rendered."""
_OUTSIDE = ("helmCharts", "generators", "transformers")
"""What of a kustomization needs programs or the network."""


@dataclass(frozen=True, kw_only=True)
class Meant:
    """Which part of a tree is meant."""

    layers: tuple[str, ...]
    every_group: bool = False
    """Those that are switched off too."""

    def applications(self, tree: Tree) -> tuple[Application, ...]:
        """Of these layers."""
        if self.every_group:
            return tuple(app for app in tree.applications if app.layer in self.layers)
        return tree.applications_in(self.layers)


def to_render(tree: Tree, files: Files, meant: Meant) -> tuple[str, ...]:
    """The folders that a kustomize has to render, without those that need the network or other programs for it."""
    every = _folders(tree, meant.applications(tree))
    folders = dict.fromkeys(folder for _, folder, directory in every if directory == DIRECT)
    inside = (folder for folder in folders if not folder.startswith(("/", "..")))
    return tuple(folder for folder in inside if kustomization.find(files, folder) and not _outside(files, folder))


def declare(tree: Tree, files: Files, config: Config | None, meant: Meant, rendered: Rendered) -> Declared:
    """Everything that the tree declares; `rendered` is about every folder of `to_render`."""
    applications = meant.applications(tree)
    manifests: list[Manifest] = []
    missing: dict[str, Unrendered] = {}
    written: dict[Folder, tuple[Document, ...]] = {}
    for app, folder, directory in _folders(tree, applications):
        try:
            _refuse_absent(files, folder)
            if (folder, directory) not in written:
                written[folder, directory] = documents(files, folder, directory)
            found, why = written[folder, directory], None
            if directory == DIRECT:
                found, why = _rendered(files, folder, found, rendered)
        except TreeError as error:
            found, why = (), Unrendered(error.message, broken=True)
        if why is not None:
            missing[app.name] = why
        manifests += (_manifest(app, one) for one in found)
    for app in applications:
        if chart := next((source.chart for source in app.sources if source.chart), None):
            missing.setdefault(app.name, Unrendered(f"the Helm chart {chart}"))
    loose = tuple(_loose(files, manifests, written))
    return Declared(
        tree=tree,
        files=files,
        config=config,
        layers=meant.layers,
        applications=applications,
        manifests=(*manifests, *loose),
        unrendered=missing,
        sources=written,
    )


def _refuse_absent(files: Files, folder: str) -> None:
    """TreeError for a folder that Argo CD does not find either."""
    if folder.startswith(("/", "..")):
        raise TreeError(f"{folder}: is outside of the repository")
    if folder != "." and not files.under(folder):
        raise TreeError(f"{folder}: no such folder in {files.where}")


def _folders(tree: Tree, applications: Iterable[Application]) -> Iterator[tuple[Application, str, Directory]]:
    """(application, folder of its own repository, what it takes of that)."""
    own = {layer.name: layer.repo_url for layer in tree.layers}
    for app in applications:
        for source in app.sources:
            if source.path is not None and same_repository(source.repo_url, own[app.layer]):
                yield app, posixpath.normpath(source.path), source.directory


def _outside(files: Files, folder: str) -> str:
    """What of a folder's kustomization is not in the tree; empty where all of it is."""
    try:
        parts = unread(files, folder)
    except TreeError:
        return "what is not there"  # and is told as that: a renderer might fetch before it sees
    return next((one.what for one in parts if one.what in _OUTSIDE or kustomization.is_remote(one.what)), "")


def _rendered(
    files: Files, folder: str, written: Sequence[Document], rendered: Rendered
) -> tuple[tuple[Document, ...], Unrendered | None]:
    """A folder's objects, and why they are not all of it."""
    if kustomization.find(files, folder) is None:
        return tuple(written), Unrendered("a Helm chart of the tree") if chart_of(files, folder) else None
    if what := _outside(files, folder):
        return patched(written), Unrendered(f"its kustomization takes in {what}")
    output = rendered[folder]
    if isinstance(output, Unrendered):
        makes_secrets = output.broken and any(one.what == "secretGenerator" for one in unread(files, folder))
        quiet = replace(output, why=f"{folder}: kustomize refuses it; its words may hold a Secret, and are left out")
        return (), quiet if makes_secrets else output
    return tuple(_with_files(output, folder, written)), None


def _with_files(output: str, folder: str, written: Sequence[Document]) -> Iterator[Document]:
    """The rendered objects, each with the file that declares it: kustomize itself does not tell."""
    origins: dict[tuple[str, str], str] = {}
    for one in written:
        if not one.patch:
            origins[one.kind, one.name] = one.file
    default = next((one.file for one in written), folder)
    for body in parse(output, folder):
        found = document(body, "")
        longest = max(
            ((kind, name) for kind, name in origins if kind == found.kind and name in found.name),
            key=lambda each: len(each[1]),
            default=None,
        )
        yield document(body, origins[longest] if longest else default)


def _manifest(app: Application, one: Document) -> Manifest:
    return Manifest(application=app.name, document=one, namespace=one.namespace or app.namespace)


def _loose(
    files: Files, manifests: Sequence[Manifest], written: Mapping[Folder, Sequence[Document]]
) -> Iterator[Manifest]:
    """Manifests in files that no application takes in: what somebody applies by hand."""
    taken = {each.file for each in manifests} | {one.file for found in written.values() for one in found}
    every = files.under("")
    charts = tuple(f"{posixpath.dirname(path)}/" for path in every if posixpath.basename(path) == "Chart.yaml")
    for path in every:
        if path in taken or path.startswith(("clusters/", "charts/", *charts)):
            continue
        try:
            found = list(objects(files, [path]))
        except TreeError:
            continue  # no manifest: a template, say
        for body, file in found:
            one = document(body, file)
            if not one.group.startswith("kustomize.") and one.group != "argoproj.io":
                yield Manifest(application="", document=one, namespace=one.namespace)
