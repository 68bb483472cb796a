"""What is kept of the parts that objects of several kinds have: metadata, pods, conditions, references."""

from collections.abc import Mapping
from typing import Any, Final

WHOLE: Final = "whole"
HASHED: Final = "hashed"
REST: Final = "*"
"""As a key: every other field."""
Fields = Mapping[str, Any]
"""By field, what of it is kept: `WHOLE`, `HASHED` or the fields inside it; none of them: that it is there."""

ANNOTATIONS = (
    "aiops.dev/raised-by",
    "argocd.argoproj.io/application-set-refresh",
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/skip-reconcile",
    "argocd.argoproj.io/sync-wave",
    "argocd.argoproj.io/tracking-id",
    "autoscaling.keda.sh/paused",
    "autoscaling.keda.sh/paused-replicas",
    "deployment.kubernetes.io/revision",
    "prometheus.io/scrape",
    "serving.kserve.io/stop",
    "storageclass.beta.kubernetes.io/is-default-class",
    "storageclass.kubernetes.io/is-default-class",
)
_MANAGED = {
    "manager": WHOLE,
    "time": WHOLE,
    "fieldsV1": {
        "f:metadata": {"f:annotations": {f"f:{name}": WHOLE for name in ANNOTATIONS}},
        "f:spec": {"f:replicas": WHOLE, "f:type": WHOLE},
        "f:operation": WHOLE,
    },
}
OWNED = ("f:data", "f:operation", "f:replicas", "f:type", *(f"f:{name}" for name in ANNOTATIONS))
"""Fields whose owner is told; a manager of none of them is left out."""
METADATA: Fields = {
    **dict.fromkeys(
        ("name", "namespace", "uid", "generation", "creationTimestamp", "deletionTimestamp", "labels"), WHOLE
    ),
    "annotations": dict.fromkeys(ANNOTATIONS, WHOLE),
    "ownerReferences": WHOLE,
    "managedFields": _MANAGED,
}
DATA_METADATA: Fields = {**METADATA, "managedFields": {"time": WHOLE, "fieldsV1": {"f:data": {}}}}
"""Of a Secret when its data was written: not by whom, and not which of its keys."""
CONDITIONS: Fields = {"conditions": WHOLE, "observedGeneration": WHOLE}

_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_CONTAINER = {
    **dict.fromkeys(("name", "image", "resources", "ports", "restartPolicy"), WHOLE),
    **{name: dict.fromkeys(("initialDelaySeconds", "periodSeconds", "failureThreshold"), WHOLE) for name in _PROBES},
    "env": {"name": WHOLE, "valueFrom": {"secretKeyRef": {"name": WHOLE, "key": WHOLE}}},
    "envFrom": {"secretRef": {"name": WHOLE}, "configMapRef": {"name": WHOLE}},
    "volumeMounts": {"name": WHOLE, "mountPath": WHOLE},
}
"""Of a variable its name, and the Secret that it is taken from: never its value."""
POD_SPEC: Fields = {
    "containers": _CONTAINER,
    "initContainers": _CONTAINER,
    "volumes": {
        "name": WHOLE,
        "emptyDir": {"medium": WHOLE, "sizeLimit": WHOLE},
        "persistentVolumeClaim": {"claimName": WHOLE},
    },
    **dict.fromkeys(("hostNetwork", "hostIPC", "nodeName", "nodeSelector"), WHOLE),
}
_ENDED = dict.fromkeys(("exitCode", "reason", "startedAt", "finishedAt"), WHOLE)
"""Without its message, which may be the end of a log."""
_STATE = {"waiting": WHOLE, "running": WHOLE, "terminated": _ENDED}
CONTAINER_STATUS: Fields = {
    **dict.fromkeys(("name", "image", "ready", "started", "restartCount"), WHOLE),
    "state": _STATE,
    "lastState": _STATE,
}
