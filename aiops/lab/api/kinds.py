"""Which kinds there are: those of Kubernetes, and those of CustomResourceDefinitions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiops.lab.api import recorded

Json = dict[str, Any]
Value = Any
"""Whatever JSON holds."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind as it is served; `resource` is its name throughout the lab."""

    group: str
    """Empty: the core group."""
    version: str
    """The one in which it is stored."""
    kind: str
    plural: str
    namespaced: bool
    singular: str = ""
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    """As `status`, `scale`, `log`."""
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    served: tuple[str, ...] = ()
    """All versions in which a custom resource is served; of a built-in kind, its one."""
    custom: bool = False
    """Defined by a CustomResourceDefinition."""
    schemas: Mapping[str, Json] = field(default_factory=dict, compare=False)
    """By version, the OpenAPI v3 schema; nothing where it is not known."""
    columns: tuple[Json, ...] = field(default=(), compare=False)
    """additionalPrinterColumns."""

    @property
    def resource(self) -> str:
        """As `pods` or `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def keeps_status_apart(self) -> bool:
        """A create and an update leave its status alone; of a node a kubelet writes both at once."""
        return "status" in self.subresources and self.resource != "nodes"

    @property
    def api_version(self) -> str:
        """As `v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


class Kinds:
    """All that are served now; a CustomResourceDefinition adds its own."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)
        self._by_kind = {(kind.group, kind.kind): kind for kind in kinds.values()}

    def __getitem__(self, resource: str) -> Kind:
        return self._kinds[resource]

    def __iter__(self) -> Iterator[Kind]:
        return iter(tuple(self._kinds.values()))

    def find(self, resource: str) -> Kind | None:
        """The kind of a resource name, where it is served."""
        return self._kinds.get(resource)

    def of(self, api_version: str, kind: str) -> Kind | None:
        """The kind that an object says of itself, whatever its version."""
        group = api_version.rpartition("/")[0]
        return self._by_kind.get((group, kind))

    def add(self, kind: Kind) -> None:
        """Serve it from now on, in place of what it was."""
        self._kinds[kind.resource] = self._by_kind[(kind.group, kind.kind)] = kind

    def remove(self, resource: str) -> None:
        """Serve it no longer."""
        kind = self._kinds.pop(resource)
        del self._by_kind[(kind.group, kind.kind)]


def load() -> Kinds:
    """Those of Kubernetes and of Argo CD, as real ones serve them."""
    kinds = [*map(_built_in, recorded.read("kubernetes")["kinds"]), *map(defined, recorded.read("argocd")["crds"])]
    return Kinds({kind.resource: kind for kind in kinds})


def defined(crd: Json) -> Kind:
    """The kind that a CustomResourceDefinition (apiextensions.k8s.io/v1) defines."""
    spec, names = crd["spec"], crd["spec"]["names"]
    versions = {version["name"]: version for version in spec["versions"]}
    stored = next(version for version in versions.values() if version["storage"])
    return Kind(
        group=spec["group"], version=stored["name"], kind=names["kind"], plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced", singular=names.get("singular", names["kind"].lower()),
        short=tuple(names.get("shortNames") or ()), categories=tuple(names.get("categories") or ()),
        subresources=tuple(stored.get("subresources") or ()), custom=True,
        served=tuple(sorted((name for name in versions if versions[name]["served"]), key=_rank)),
        schemas={name: _schema(each) for name, each in versions.items()},
        columns=tuple(stored.get("additionalPrinterColumns") or ()),
    )  # fmt: skip


def _schema(version: Json) -> Json:
    """A version's schema, with what every object has."""
    schema, text = (version.get("schema") or {}).get("openAPIV3Schema", {}), {"type": "string"}
    meta = recorded.schemas()["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]
    common = {"apiVersion": text, "kind": text, "metadata": meta}
    return {**schema, "properties": {**schema.get("properties", {}), **common}}


def _rank(version: str) -> tuple[int, int, int, str]:
    """Sorts v2, v1, v1beta1, v1alpha1 so (kube-aggregator's and apiextensions' order of versions)."""
    found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if found is None:
        return 1, 0, 0, version
    major, stage, minor = found.groups()
    return {None: -2, "beta": -1, "alpha": 0}[stage], -int(major), -int(minor or 0), ""


def _built_in(found: Json) -> Kind:
    fields: Json = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    version, schema = found["version"], recorded.schemas()[fields.pop("schema")]
    return Kind(**fields, served=(version,), schemas={version: schema})
