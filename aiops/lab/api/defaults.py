"""What the API server writes into an object of which its author said nothing."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from itertools import zip_longest

from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.quantities import total
from aiops.lab.api.schemas import QUANTITY, Schema, below, is_nullable, schema_of

_FILES = {"defaultMode": 420}
DEFAULTS: Mapping[str, Json] = {
    "apps.v1.DaemonSetSpec": {"revisionHistoryLimit": 10},
    "apps.v1.DaemonSetUpdateStrategy": {"type": "RollingUpdate"},
    "apps.v1.DeploymentSpec": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    "apps.v1.DeploymentStrategy": {"type": "RollingUpdate"},
    "apps.v1.ReplicaSetSpec": {"replicas": 1},
    "apps.v1.RollingUpdateDaemonSet": {"maxUnavailable": 1, "maxSurge": 0},
    "apps.v1.RollingUpdateDeployment": {"maxUnavailable": "25%", "maxSurge": "25%"},
    "apps.v1.RollingUpdateStatefulSetStrategy": {"partition": 0},
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "apps.v1.StatefulSetSpec": {
        "replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady",
        "persistentVolumeClaimRetentionPolicy": {},
    },
    "apps.v1.StatefulSetUpdateStrategy": {"type": "RollingUpdate"},
    "batch.v1.CronJobSpec": {
        "concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
    },
    "batch.v1.JobSpec": {
        "backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False, "manualSelector": False,
        "podReplacementPolicy": "TerminatingOrFailed",
    },
    "core.v1.ConfigMapVolumeSource": _FILES,
    "core.v1.Container": {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
    "core.v1.DownwardAPIVolumeSource": _FILES,
    "core.v1.HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "core.v1.HostPathVolumeSource": {"type": ""},
    "core.v1.NamespaceStatus": {"phase": "Active"},
    "core.v1.ObjectFieldSelector": {"apiVersion": "v1"},
    "core.v1.PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "core.v1.PersistentVolumeClaimStatus": {"phase": "Pending"},
    "core.v1.PersistentVolumeSpec": {"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"},
    "core.v1.PersistentVolumeStatus": {"phase": "Pending"},
    "core.v1.PodSpec": {
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler",
    },
    "core.v1.Probe": {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
    "core.v1.ProjectedVolumeSource": _FILES,
    "core.v1.Secret": {"type": "Opaque"},
    "core.v1.SecretVolumeSource": _FILES,
    "core.v1.ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "core.v1.ServiceSpec": {"sessionAffinity": "None", "type": "ClusterIP", "internalTrafficPolicy": "Cluster"},
    "networking.v1.NetworkPolicyPort": {"protocol": "TCP"},
    "rbac.v1.RoleRef": {"apiGroup": "rbac.authorization.k8s.io"},
    "scheduling.v1.PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "storage.v1.StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
}  # fmt: skip
"""Of Kubernetes' own types, what their schemas do not tell (kubernetes/pkg/apis/*/v1/defaults.go)."""


def with_defaults(kind: Kind, body: Json, old: Json | None = None) -> Json:
    """A copy of the object, completed; what is as it was in the old one is that, and not a copy."""
    found: Json = completed(schema_of(kind), body, old)
    return found


def completed(schema: Schema, value: Value, old: Value = None) -> Value:
    """A copy in which every field is there that has a default; and nothing that Kubernetes' own types leave out."""
    if value == old:
        return old
    if isinstance(value, list):
        items, before = schema.get("items", {}), old if isinstance(old, list) else []
        return [completed(items, each, was) for each, was in zip_longest(value, before[: len(value)])]
    sort = schema.get("x-type")
    if sort == QUANTITY:
        return total([value])
    if not isinstance(value, dict) or not schema.keys() & {"properties", "additionalProperties"}:
        return value
    fields = old if isinstance(old, dict) else {}
    found = {name: completed(below(schema, name), each, fields.get(name)) for name, each in value.items()}
    for name, field in schema.get("properties", {}).items():
        if "default" in field and found.get(name) is None:
            found[name] = completed(field, field["default"])
    if sort is None:
        return {name: each for name, each in found.items() if each is not None or is_nullable(below(schema, name))}
    for name, default in DEFAULTS.get(sort, {}).items():
        if found.get(name) is None:
            found[name] = completed(below(schema, name), default)
    if (rule := RULES.get(sort)) is not None:
        rule(found, schema)
    return {name: each for name, each in found.items() if not _is_left_out(schema, name, each)}


def _is_left_out(schema: Schema, name: str, value: Value) -> bool:
    """Go's `omitempty`: null is nothing, and so is an empty list or map, but for a struct and a required field."""
    if value is None or name in schema.get("required", ()):
        return value is None
    field = below(schema, name)
    return value in ({}, []) and ("items" in field or "additionalProperties" in field)


def _secret(secret: Json, _schema: Schema) -> None:
    written = {key: b64encode(text.encode()).decode() for key, text in (secret.pop("stringData", None) or {}).items()}
    if written:
        secret["data"] = {**(secret.get("data") or {}), **written}


def _namespace(namespace: Json, _schema: Schema) -> None:
    meta, name = namespace["metadata"], {"kubernetes.io/metadata.name": namespace["metadata"].get("name", "")}
    if not name.items() <= meta.get("labels", {}).items():
        namespace["metadata"] = {**meta, "labels": {**meta.get("labels", {}), **name}}


def _container(container: Json, _schema: Schema) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    latest = tag in ("", "latest") and "@" not in image
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")


def _pod(pod: Json, _schema: Schema) -> None:
    pod["spec"].setdefault("enableServiceLinks", True)
    for container in (*pod["spec"].get("containers", ()), *pod["spec"].get("initContainers", ())):
        limits, requests = (container["resources"].get(sort, {}) for sort in ("limits", "requests"))
        if limits.keys() - requests.keys():
            container["resources"]["requests"] = {**limits, **requests}


def _node(status: Json, _schema: Schema) -> None:
    if "capacity" in status:
        status.setdefault("allocatable", status["capacity"])


def _volume(volume: Json, _schema: Schema) -> None:
    if volume.keys() == {"name"}:
        volume["emptyDir"] = {}


def _port(port: Json, _schema: Schema) -> None:
    port.setdefault("targetPort", port.get("port"))


def _rolling(strategy: Json, schema: Schema) -> None:
    if strategy["type"] == "RollingUpdate":
        place = below(schema, "rollingUpdate")
        strategy["rollingUpdate"] = completed(place, strategy.get("rollingUpdate", {}))


def _job(job: Json, _schema: Schema) -> None:
    if "parallelism" not in job:
        job.setdefault("completions", 1)
        job["parallelism"] = 1


def _policy(policy: Json, _schema: Schema) -> None:
    policy.setdefault("policyTypes", ["Ingress", *(["Egress"] if policy.get("egress") else [])])


def _subject(subject: Json, _schema: Schema) -> None:
    if subject.get("kind") in ("User", "Group"):
        subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


RULES: Mapping[str, Callable[[Json, Schema], None]] = {
    "apps.v1.DaemonSetUpdateStrategy": _rolling,
    "apps.v1.DeploymentStrategy": _rolling,
    "apps.v1.StatefulSetUpdateStrategy": _rolling,
    "batch.v1.JobSpec": _job,
    "core.v1.Container": _container,
    "core.v1.Namespace": _namespace,
    "core.v1.NodeStatus": _node,
    "core.v1.Pod": _pod,
    "core.v1.Secret": _secret,
    "core.v1.ServicePort": _port,
    "core.v1.Volume": _volume,
    "networking.v1.NetworkPolicySpec": _policy,
    "rbac.v1.Subject": _subject,
}
"""Defaults that depend on what else is there."""
