"""What must stand for a profile to stand: derived from the files at the commit that Argo CD should read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiops.gitops.application import Application, Source
from aiops.gitops.files import Files
from aiops.gitops.manifests import declares_nothing
from aiops.gitops.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One Application that must exist, and what it must be compared with."""

    name: str
    layer: str
    group: str
    automatic: bool
    made_by: str
    """Who makes it, as `ApplicationSet layer-serving` or `application group-kserve`."""
    path: str = ""
    """The folder a group application reads; empty for others."""
    heads: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Index of each source from the platform's own repository -> (targetRevision, expected commit)."""
    may_be_empty: bool = False
    """Its files declare that it holds nothing; else zero resources are an error that looks healthy."""
    kind: Literal["group", "application"] = "application"


def expected_applications(
    tree: Tree,
    files: Files,
    layers: tuple[str, ...],
    own: Callable[[str], bool],
    heads: Mapping[str, str],
) -> tuple[Expected, ...]:
    """Everything that the layers' enabled groups make, in layer order, group applications first.

    `own` tells whether a URL is the platform's own repository; `heads` maps a targetRevision of it to the
    commit at its end. A revision that is missing there (a semver range, say) is not held against a commit.
    """
    made_by = {layer.name: f"ApplicationSet {layer.manifest['metadata']['name']}" for layer in tree.layers}
    branch = {layer.name: layer.revision for layer in tree.layers}
    group_application = {group.name: group.application for group in tree.groups}
    groups = [
        Expected(
            name=group.application,
            layer=group.layer,
            group=group.name,
            automatic=True,
            made_by=made_by[group.layer],
            path=group.catalog_path,
            heads={0: (branch[group.layer], head)} if (head := heads.get(branch[group.layer])) else {},
            kind="group",
        )
        for group in tree.group_applications(layers)
    ]
    applications = [
        Expected(
            name=application.name,
            layer=application.layer,
            group=application.group,
            automatic=application.automatic,
            made_by=f"application {group_application[application.group]}",
            heads=_heads(application, own, heads),
            may_be_empty=_may_be_empty(application, own, files),
        )
        for application in tree.applications_in(layers)
    ]
    order = {layer: number for number, layer in enumerate(layers)}
    return tuple(sorted((*groups, *applications), key=lambda each: order[each.layer]))


def _heads(
    application: Application, own: Callable[[str], bool], heads: Mapping[str, str]
) -> dict[int, tuple[str, str]]:
    return {
        index: (source.revision, heads[source.revision])
        for index, source in enumerate(application.sources)
        if own(source.repo_url) and source.revision in heads
    }


def _may_be_empty(application: Application, own: Callable[[str], bool], files: Files) -> bool:
    def empty(source: Source) -> bool:
        path = source.path if own(source.repo_url) and not source.chart else None
        return path is not None and declares_nothing(files, path, source.directory)

    makers = [source for source in application.sources if source.path or source.chart]
    return bool(makers) and all(empty(source) for source in makers)
