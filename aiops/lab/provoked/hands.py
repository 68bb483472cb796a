"""What a fault does to what is stored, and how that is undone."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Event
from aiops.lab.cluster import Cluster
from aiops.lab.world.by_hand import SIMULATE

SOMEBODY = Writer(user="somebody", manager="kubectl-edit", groups=("system:masters",))
OFF = {SIMULATE: "off"}
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
LONG_AGO_S = 3600.0


def body_of(version: str, kind: str, name: str, spec: Json) -> Json:
    """An object in namespace default, which nobody who plays an operator looks after."""
    meta = {"name": name, "namespace": "default", "annotations": OFF}
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}


@contextmanager
def whenever(cluster: Cluster, resource: str, change: Callable[[Json], None]) -> Iterator[None]:
    """Change every object of a kind, also those that come or change meanwhile; `change` leaves alone what is so."""
    loop = asyncio.get_running_loop()

    def later(body: Json) -> None:
        meta = body["metadata"]
        now = cluster.objects.find(resource, meta["name"], meta.get("namespace", ""))
        if now is not None and "deletionTimestamp" not in now["metadata"]:
            with suppress(Refusal):
                change(now)

    def hear(event: Event) -> None:
        if event.resource == resource and event.type != "DELETED":
            loop.call_soon(later, event.object)

    for body in cluster.objects.list(resource):
        later(body)
    cluster.store.subscribers.append(hear)
    try:
        yield
    finally:
        cluster.store.subscribers.remove(hear)


@contextmanager
def made(
    cluster: Cluster, resource: str, body: Json, status: Json | None = None, *, ago_s: float = 0.0
) -> Iterator[None]:
    """An object that is there meanwhile, as if for so long already."""
    found = cluster.objects.create(resource, body, SOMEBODY)
    if status is not None:
        found = cluster.objects.set_status(resource, found, status, SOMEBODY)
    if ago_s:
        found = aged(cluster, resource, found, ago_s)
    yield
    meta = found["metadata"]
    with suppress(Refusal):
        cluster.objects.delete(resource, meta["name"], meta.get("namespace", ""), SOMEBODY, grace_s=0)


def known(cluster: Cluster, resource: str, version: str, kind: str) -> AbstractContextManager[None]:
    """The cluster knows a namespaced kind, whose objects may hold anything: its own where it has it, else meanwhile."""
    if cluster.objects.find(DEFINITIONS, resource) is not None:
        return nullcontext()
    plural, _, group = resource.partition(".")
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": version, "served": True, "storage": True, "schema": schema}]
    notes = {"api-approved.kubernetes.io": "unapproved, of the lab"}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": resource, "annotations": notes},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    }  # fmt: skip
    return made(cluster, DEFINITIONS, body)


def without_endpoint(cluster: Cluster, service: str, namespace: str) -> AbstractContextManager[None]:
    """What a Service has whose pods are not ready, without a Service that selects any."""
    meta = {"name": f"{service}-1", "namespace": namespace, "labels": {"kubernetes.io/service-name": service}}
    body = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta,
        "addressType": "IPv4", "endpoints": [], "ports": [],
    }  # fmt: skip
    return made(cluster, "endpointslices.discovery.k8s.io", body)


def aged(cluster: Cluster, resource: str, body: Json, ago_s: float = LONG_AGO_S) -> Json:
    """As if it had been created so long ago, and nobody had written to it since: no client could say so."""
    then = cluster.clock.stamp(ago_s)
    meta = {
        **body["metadata"],
        "creationTimestamp": then,
        "managedFields": [{**each, "time": then} for each in body["metadata"].get("managedFields") or ()],
    }
    return cluster.store.put(resource, {**body, "metadata": meta})


def put_back(cluster: Cluster, resource: str, body: Json) -> None:
    """As no client may write it: what was gone as if it had never been, whom it owned knows it by its uid."""
    cluster.store.put(resource, {**body, "metadata": dict(body["metadata"])})


def annotate(cluster: Cluster, resource: str, body: Json, notes: Mapping[str, str | None]) -> Json:
    """Write annotations of an object that is still there; None takes one away."""

    def change(now: Json) -> Json:
        kept = {**(now["metadata"].get("annotations") or {}), **notes}
        now["metadata"]["annotations"] = {name: value for name, value in kept.items() if value is not None}
        return now

    name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
    if cluster.objects.find(resource, name, namespace) is None:
        return body
    return cluster.objects.edit(resource, name, namespace, change, SOMEBODY)


def say(cluster: Cluster, resource: str, body: Json, condition: Json) -> None:
    """Write by hand the one condition that an object has, which its operator leaves alone from now on."""
    body = annotate(cluster, resource, body, OFF)
    then = cluster.clock.stamp(LONG_AGO_S)
    status = {**body.get("status", {}), "conditions": [{**condition, "lastTransitionTime": then}]}
    cluster.objects.set_status(resource, body, status, SOMEBODY)


def let_go(cluster: Cluster, resource: str, bodies: Iterable[Json]) -> None:
    """Leave objects to their operator again."""
    for body in bodies:
        annotate(cluster, resource, body, dict.fromkeys(OFF))
