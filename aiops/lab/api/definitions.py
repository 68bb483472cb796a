"""CustomResourceDefinitions: what of them is refused, how their kinds come to be served, and how they go."""

from collections.abc import Iterable

from aiops.lab.api import causes
from aiops.lab.api.kinds import Json, Kind, defined
from aiops.lab.api.objects import Attempt, Writer
from aiops.lab.api.refusals import invalid
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself

CRDS, APISERVICES = "customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io"
SERVER = Writer(user="system:apiserver", manager="kube-apiserver", groups=("system:masters",))
PROTECTED = (".k8s.io", ".kubernetes.io")
APPROVED = "api-approved.kubernetes.io"
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
LEFT_S = 0.5
"""Until the instances that finalizers hold are looked at again."""


def start(cluster: Cluster) -> None:
    """Let it run."""
    cluster.objects.admission.append(admit)
    cluster.control("customresourcedefinitions", "kube-apiserver", Definitions(cluster).reconcile, {CRDS: itself})
    for kind in cluster.kinds:
        serve(cluster, kind)


def admit(attempt: Attempt) -> Json:
    """A definition with all its names; Refusal (422) of names that are not its own."""
    body, kind = attempt.body, attempt.kind
    if kind.resource != CRDS or attempt.operation == "DELETE":
        return body
    spec, meta = body["spec"], body["metadata"]
    names = spec["names"]
    if meta["name"] != f"{names['plural']}.{spec['group']}":
        must = 'must be spec.names.plural+"."+spec.group'
        raise invalid(kind, meta["name"], [causes.invalid("metadata.name", meta["name"], must)])
    if f".{spec['group']}".endswith(PROTECTED) and APPROVED not in (meta.get("annotations") or {}):
        must = f'protected groups must have approval annotation "{APPROVED}"'
        why = f"{must}, see https://github.com/kubernetes/enhancements/pull/1111"
        raise invalid(kind, meta["name"], [causes.required(f"metadata.annotations[{APPROVED}]", why)])
    names = {"singular": names["kind"].lower(), "listKind": f"{names['kind']}List", **names}
    return {**body, "spec": {**spec, "names": names, "conversion": spec.get("conversion") or {"strategy": "None"}}}


class Definitions:
    """The controllers that the API server itself runs for them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects, self._kinds = cluster, cluster.objects, cluster.kinds

    async def reconcile(self, key: Name) -> float | None:
        """Serve its kind while it is there; empty it before it goes."""
        crd = self._objects.find(CRDS, key[1])
        if crd is None:
            self._forget(key[1])
        elif "deletionTimestamp" in crd["metadata"]:
            return self._empty(crd)
        else:
            kind = defined(crd)
            self._kinds.add(kind)
            serve(self._cluster, kind)
            self._establish(crd, kind)
        return None

    def _establish(self, crd: Json, kind: Kind) -> None:
        now, status = self._objects.clock.stamp(), crd.get("status") or {}
        if status.get("acceptedNames") == crd["spec"]["names"]:
            return
        conditions = [
            condition("NamesAccepted", True, "NoConflicts", "no conflicts found", now=now),
            condition("Established", True, "InitialNamesAccepted", "the initial names have been accepted", now=now),
        ]
        said = {"conditions": conditions, "acceptedNames": crd["spec"]["names"], "storedVersions": [kind.version]}
        self._objects.set_status(CRDS, crd, said, SERVER)

    def _empty(self, crd: Json) -> float | None:
        resource, name = f"{crd['spec']['names']['plural']}.{crd['spec']['group']}", crd["metadata"]["name"]
        for body in self._objects.list(resource):
            meta = body["metadata"]
            if "deletionTimestamp" not in meta:
                self._objects.delete(resource, meta["name"], meta.get("namespace", ""), SERVER)
        if self._objects.list(resource):
            return LEFT_S
        self._objects.edit(CRDS, name, "", _without_finalizers, SERVER)
        return None

    def _forget(self, resource: str) -> None:
        if self._kinds.find(resource) is None:
            return
        self._kinds.remove(resource)
        served = {name for kind in self._kinds for name in _services(kind)}
        for body in self._objects.list(APISERVICES, labels={AUTOMANAGED: "true"}):
            if body["metadata"]["name"] not in served:
                self._objects.delete(APISERVICES, body["metadata"]["name"], "", SERVER)


def _without_finalizers(body: Json) -> Json:
    return {**body, "metadata": {**body["metadata"], "finalizers": []}}


def serve(cluster: Cluster, kind: Kind) -> None:
    """The APIServices of a kind's versions, which say that this server itself has them."""
    labels = {AUTOMANAGED: "true" if kind.custom else "onstart"}
    local = condition("Available", True, "Local", "Local APIServices are always available", now=cluster.clock.stamp())
    for name in _services(kind):
        if cluster.objects.find(APISERVICES, name) is None:
            group = {"group": kind.group, "version": name.partition(".")[0]}
            spec = {**group, "groupPriorityMinimum": 1000, "versionPriority": 100}
            body = {"metadata": {"name": name, "labels": labels}, "spec": spec}
            made = cluster.objects.create(APISERVICES, body, SERVER)
            cluster.objects.set_status(APISERVICES, made, {"conditions": [local]}, SERVER)


def _services(kind: Kind) -> Iterable[str]:
    return [f"{version}.{kind.group}" for version in kind.served]
