"""Which applications of a tree bring a kind: by its CustomResourceDefinition, or by a chart that is named like it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aiops.errors import TreeError
from aiops.gitops.application import Application, Source
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.document import Document, Unread
from aiops.gitops.manifests import documents, unread
from aiops.gitops.parsing import value
from aiops.gitops.repository import same_repository

GroupKind = tuple[str, str]
"""(API group, kind)."""
_BUILT_IN = re.compile(
    r"(|\w+|(rbac\.authorization|networking|storage|apiextensions|admissionregistration|apiregistration|coordination"
    r"|discovery|events|node|scheduling|certificates|flowcontrol\.apiserver|authentication|authorization|resource"
    r"|internal\.apiserver|storagemigration|metrics)\.k8s\.io|argoproj\.io)"
)
"""API groups of Kubernetes itself, and of Argo CD, which is there before anything that it deploys."""
_OF_CLOUDS = (".googleapis.com", "cloud.google.com", ".gke.io", ".amazonaws.com", ".k8s.aws", ".azure.com")
"""Ends of API groups that a cloud's clusters have by themselves."""
_DEFINE = ("CustomResourceDefinition", "CompositeResourceDefinition")
"""Kinds that define others, Crossplane's among them."""
_HOST = re.compile(r"://[^/\s]+")
_COMMON = {"apps", "com", "dev", "io", "k8s", "net", "networking", "org", "sh", "sigs", "x-k8s"}


@dataclass(frozen=True)
class Bringer:
    """An application that brings a kind, or may do so."""

    application: Application
    on: bool
    """Its group is enabled."""
    inside: bool
    """Its layer is one of those that are meant."""
    named: bool = False
    """It is not rendered, and its chart is named like the kind's API group: told by that alone."""


class Bringing:
    """What brings each kind, looked up once for a tree."""

    def __init__(self, declared: Declared) -> None:
        self._by_hand: set[GroupKind] = set()
        self._crds: dict[GroupKind, list[Bringer]] = {}
        self._hidden: list[tuple[Bringer, str]] = []
        for each in declared.of(*_DEFINE):
            if not each.application:
                self._by_hand.add(_defined(each.document))
        for app in declared.tree.applications:
            bringer = Bringer(app, (app.layer, app.group) in declared.tree.on, app.layer in declared.layers)
            for kind in _crds(declared, app):
                self._crds.setdefault(kind, []).append(bringer)
            if hint := _hint(declared, app):
                self._hidden.append((bringer, hint))

    def of(self, kind: GroupKind) -> tuple[Bringer, ...]:
        """Those that do, by their CRD or by their chart's name; the enabled ones first.

        Of an enabled chart any word of the API group will do, of one that is off only its domain's own name: in doubt
        the kind is brought.
        """
        words = {word for word in kind[0].split(".") if word not in _COMMON and len(word) > 3}
        own = words & {kind[0].split(".")[-2]}
        named = (
            replace(each, named=True)
            for each, hint in self._hidden
            if any(word in hint for word in _for(each, words, own))
        )
        found = (*self._crds.get(kind, ()), *named)
        return tuple(sorted(found, key=lambda each: (not each.on, not each.inside, each.named)))

    def by_hand(self, kind: GroupKind) -> bool:
        """A file of the tree defines it that no application deploys."""
        return kind in self._by_hand

    @property
    def hidden(self) -> tuple[Application, ...]:
        """The enabled applications of which nobody knows all that they bring."""
        return tuple(each.application for each, _ in self._hidden if each.on and each.inside)


def _for(bringer: Bringer, words: set[str], own: set[str]) -> set[str]:
    return words if bringer.on and bringer.inside else own


def needs(manifest: Manifest) -> GroupKind | None:
    """The kind of an object, where something has to bring it."""
    group = manifest.document.group
    if _BUILT_IN.fullmatch(group) or group.endswith(_OF_CLOUDS):
        return None
    return group, manifest.kind


def _crds(declared: Declared, app: Application) -> Iterator[GroupKind]:
    """Of its rendered objects; of an application that is not meant, of its files."""
    if app in declared.applications:
        found: Iterator[Document] = (each.document for each in declared.manifests if each.application == app.name)
    else:
        found = (one for source in _own_sources(declared, app) for one in _documents(declared, source))
    return (_defined(one) for one in found if one.kind in _DEFINE)


def _hint(declared: Declared, app: Application) -> str:
    """What is known of the part of it that is not rendered; empty where all of it is."""
    why = declared.unrendered.get(app.name)
    words = [] if why is None else [why.why]
    for source in app.sources:
        if source.chart:
            words.append(f"{source.repo_url} {source.chart}")
        elif source.path and not _is_own(declared, app, source.repo_url):
            words.append(f"{source.repo_url} {source.path}")
    if app not in declared.applications:
        words += [one.what for source in _own_sources(declared, app) for one in _unread(declared, source)]
    return _HOST.sub("", " ".join((app.name, *words)).lower()) if words else ""


def _own_sources(declared: Declared, app: Application) -> Iterator[Source]:
    return (source for source in app.sources if source.path and _is_own(declared, app, source.repo_url))


def _is_own(declared: Declared, app: Application, url: str) -> bool:
    return any(layer.name == app.layer and same_repository(layer.repo_url, url) for layer in declared.tree.layers)


def _documents(declared: Declared, source: Source) -> tuple[Document, ...]:
    try:
        return documents(declared.files, source.path or ".", source.directory)
    except TreeError:
        return ()  # of what is not meant


def _unread(declared: Declared, source: Source) -> tuple[Unread, ...]:
    try:
        return unread(declared.files, source.path or ".", source.directory)
    except TreeError:
        return ()


def _defined(crd: Document) -> GroupKind:
    return str(value(crd.body, "spec", "group") or ""), str(value(crd.body, "spec", "names", "kind") or "")
