"""What one look at the cluster saw: plain data, no network, no judgement.

A snapshot is immutable and complete: every verdict is a pure function of it. What could not be read is
named in `unread`; it is never an empty list that looks like "nothing there".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
"""One object of the Kubernetes API, as its JSON."""


@dataclass(frozen=True)
class Ref:
    """Which object: its API group (empty for the core one), kind, namespace (empty: cluster-wide) and name."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


@dataclass(frozen=True)
class Unread:
    """A part of the cluster that this look could not see, and why."""

    what: str
    """As in a sentence: `pods in keda`."""
    why: str
    fix: str = ""
    """What would let it be read."""
    refused: str = ""
    """The right that this user lacks, as `list nodes` (403); empty where it is for another reason."""
    definite: bool = False
    """It is known why and nobody was silent: the thing itself is wrong."""


@dataclass(frozen=True)
class Details:
    """The objects beneath applications that are not well: workloads, pods, their events, custom resources."""

    objects: Mapping[Ref, Json] = field(default_factory=dict)
    events: tuple[Json, ...] = ()
    unread: tuple[Unread, ...] = ()

    def of_kind(self, kind: str, namespace: str) -> Iterable[Json]:
        """All objects of a kind in a namespace."""
        return (body for ref, body in self.objects.items() if ref.kind == kind and ref.namespace == namespace)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One look."""

    taken: datetime
    """By the cluster's clock, not this machine's."""
    applications: Mapping[str, Json]
    applicationsets: Mapping[str, Json]
    known_kinds: frozenset[tuple[str, str]] | None = None
    """(API group, kind) of everything that discovery knows; None: not read."""
    details: Details = field(default_factory=Details)
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Served:
    """What a model's own server answered when it was asked which models it serves."""

    status: int
    """HTTP status; 0 where nobody answered."""
    models: tuple[str, ...] = ()
    problem: str = ""
    """Why there is no list of models, in words; empty where there is one."""


@dataclass(frozen=True, kw_only=True)
class ModelLook:
    """One look at a GPU model on its way up: its Deployment and everything that decides how far it is."""

    taken: datetime
    """By the cluster's clock."""
    deployment: Json
    replicasets: tuple[Json, ...] = ()
    """Of the Deployment's namespace."""
    pods: tuple[Json, ...] = ()
    """Of the Deployment's namespace."""
    events: tuple[Json, ...] = ()
    """Of the Deployment's namespace."""
    nodes: tuple[Json, ...] = ()
    """Of the cluster."""
    autoscaler: Json | None = None
    """What the ConfigMap kube-system/cluster-autoscaler-status holds, as data; None: not there, or not readable."""
    operator_pods: tuple[Json, ...] = ()
    """The pods on the model's node that install its GPU: driver, toolkit, device plugin."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """Container of the model's pod: the last lines of its log, of its last ended run where it has ended."""
    served: Served | None = None
    """None: not asked yet."""


def ref_of(body: Json) -> Ref:
    """The reference of an object."""
    group, _, _version = body.get("apiVersion", "").rpartition("/")
    meta = body.get("metadata", {})
    return Ref(group, body.get("kind", ""), meta.get("namespace", ""), meta.get("name", ""))


def moment(text: str | None) -> datetime | None:
    """An RFC 3339 time of the Kubernetes API (`2026-01-31T12:00:00Z`), or None where there is none."""
    return datetime.fromisoformat(text) if text else None
