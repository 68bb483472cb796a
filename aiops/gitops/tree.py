"""Everything one environment declares, derived from the files alone: no name is known here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from aiops.config.spelling import did_you_mean
from aiops.errors import TreeError
from aiops.gitops.application import Application, application
from aiops.gitops.applicationset import Group, Layer, groups, layer
from aiops.gitops.files import Files
from aiops.gitops.parsing import Body, objects


@dataclass(frozen=True)
class Tree:
    """Layers in the order of their files, groups in that of the groups file, applications by name."""

    environment: str
    layers: tuple[Layer, ...]
    groups: tuple[Group, ...]
    applications: tuple[Application, ...]
    """Those of disabled groups too."""
    projects: tuple[Body, ...]
    """AppProject manifests."""
    where: str
    """The folder or commit that it was read from."""

    @cached_property
    def on(self) -> frozenset[tuple[str, str]]:
        """(layer, name) of the enabled groups."""
        return frozenset((group.layer, group.name) for group in self.groups if group.enabled)

    def layers_of(self, names: Sequence[str]) -> tuple[Layer, ...]:
        """The layers of these names, in this order; TreeError where one has no ApplicationSet."""
        known = {layer.name: layer for layer in self.layers}
        for name in names:
            if name not in known:
                raise TreeError(
                    f"{self.where}: no ApplicationSet for layer `{name}`{did_you_mean(name, known)}",
                    f"layers in clusters/{self.environment}/appsets: {', '.join(known)}",
                )
        return tuple(known[name] for name in names)

    def group_applications(self, layers: Sequence[str]) -> tuple[Group, ...]:
        """The enabled groups of these layers, by layer: what the ApplicationSets make applications of."""
        return tuple(
            group
            for layer in self.layers_of(layers)
            for group in self.groups
            if group.enabled and group.layer == layer.name
        )

    def applications_in(self, layers: Sequence[str]) -> tuple[Application, ...]:
        """The applications of the enabled groups of these layers, by layer, group and name."""
        return tuple(
            app
            for group in self.group_applications(layers)
            for app in self.applications
            if (app.layer, app.group) == (group.layer, group.name)
        )


def read_tree(files: Files, environment: str) -> Tree:
    """The tree of clusters/<environment>; TreeError where it cannot be understood or would prune."""
    folder = f"clusters/{environment}"
    layers = tuple(layer(body, file) for body, file in _kind(files, f"{folder}/appsets", "ApplicationSet"))
    if not layers:
        found = sorted({path.split("/")[1] for path in files.under("clusters")})
        guess = did_you_mean(environment, found)
        raise TreeError(
            f"{files.where}: no ApplicationSet in {folder}/appsets{guess}",
            f"environments there: {', '.join(found) or 'none'}",
        )
    found_groups = tuple(group for one in layers for group in _groups(files, one))
    applications = tuple(app for group in found_groups for app in _applications(files, group))
    tree = Tree(
        environment=environment,
        layers=layers,
        groups=found_groups,
        applications=applications,
        projects=tuple(body for body, _ in _kind(files, f"{folder}/projects", "AppProject")),
        where=files.where,
    )
    _refuse_twins(tree)
    return tree


def _kind(files: Files, folder: str, kind: str) -> Iterator[tuple[Body, str]]:
    for body, file in objects(files, files.under(folder)):
        if body["kind"] == kind and str(body["apiVersion"]).startswith("argoproj.io/"):
            yield body, file


def _groups(files: Files, layer: Layer) -> tuple[Group, ...]:
    text = files.read(layer.groups_file)
    return groups(layer, text or "", f"{layer.groups_file} ({files.where})")


def _applications(files: Files, group: Group) -> list[Application]:
    found = [application(body, file, group) for body, file in _kind(files, group.catalog_path, "Application")]
    return sorted(found, key=lambda app: app.name)


def _refuse_twins(tree: Tree) -> None:
    """Two layers of one name, or two enabled applications of one name, overwrite each other for ever."""
    enabled = tree.applications_in([layer.name for layer in tree.layers])
    for kind, declared in (("layer", tree.layers), ("application", enabled)):
        files: dict[str, str] = {}
        for one in declared:
            if one.name in files:
                raise TreeError(f"{kind} `{one.name}` is declared twice: {files[one.name]} and {one.file}")
            files[one.name] = one.file
