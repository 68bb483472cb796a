"""What of an object a look keeps: the fields that judgements read, and nothing else.

An allow-list: what is not named here never gets into a look, so no Secret's value, no environment variable, no
argument, no ConfigMap's data and no foreign annotation can be in a saved one. What matters only for whether it is
the same as something else is kept as a salted hash.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from aiops.snapshot import Json
from aiops.snapshot.masking import masked

WHOLE: Final = "whole"
HASHED: Final = "hashed"
REST: Final = "*"
"""As a key: every other field."""
Fields = Mapping[str, Any]
"""By field, what of it is kept: `WHOLE`, `HASHED` or the fields inside it."""

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
_OWNED = ("f:data", "f:operation", "f:replicas", "f:type", *(f"f:{name}" for name in ANNOTATIONS))
_MANAGED = {
    "manager": WHOLE,
    "time": WHOLE,
    "fieldsV1": {
        "f:metadata": {"f:annotations": {f"f:{name}": WHOLE for name in ANNOTATIONS}},
        "f:spec": {"f:replicas": WHOLE, "f:type": WHOLE},
        "f:operation": WHOLE,
    },
}
_META = {
    **dict.fromkeys(
        ("name", "namespace", "uid", "generation", "creationTimestamp", "deletionTimestamp", "labels"), WHOLE
    ),
    "annotations": dict.fromkeys(ANNOTATIONS, WHOLE),
    "ownerReferences": WHOLE,
    "managedFields": _MANAGED,
}
_DATA_MANAGED = {"time": WHOLE, "fieldsV1": {"f:data": {}}}
"""Of a Secret when its data was written: not by whom, and not which of its keys."""
_SOURCE = {**dict.fromkeys(("repoURL", "path", "chart", "targetRevision", "ref"), WHOLE), REST: HASHED}
_COMPARED = {"source": _SOURCE, "sources": _SOURCE, "destination": WHOLE, "ignoreDifferences": WHOLE}
_OPERATION = {"initiatedBy": WHOLE, "sync": dict.fromkeys(("revision", "revisions", "autoHealAttemptsCount"), WHOLE)}
_CONDITIONS = {"conditions": WHOLE, "observedGeneration": WHOLE}
_PROBE = {
    **dict.fromkeys(("initialDelaySeconds", "periodSeconds", "failureThreshold", "tcpSocket"), WHOLE),
    "httpGet": {"path": WHOLE, "port": WHOLE},
}
_CONTAINER = {
    **dict.fromkeys(("name", "image", "imagePullPolicy", "resources", "ports", "restartPolicy"), WHOLE),
    **dict.fromkeys(("startupProbe", "livenessProbe", "readinessProbe"), _PROBE),
    "env": {"name": WHOLE, "valueFrom": {"secretKeyRef": {"name": WHOLE, "key": WHOLE}}},
    "envFrom": {"secretRef": {"name": WHOLE}, "configMapRef": {"name": WHOLE}},
    "volumeMounts": {"name": WHOLE, "mountPath": WHOLE},
}
"""Of a variable its name, and the Secret that it is taken from: never its value."""
_POD_SPEC = {
    "containers": _CONTAINER,
    "initContainers": _CONTAINER,
    "volumes": {"name": WHOLE, "emptyDir": WHOLE, "persistentVolumeClaim": WHOLE},
    **dict.fromkeys(("hostNetwork", "hostIPC", "nodeName", "nodeSelector", "tolerations", "runtimeClassName"), WHOLE),
}
_ENDED = dict.fromkeys(("exitCode", "reason", "startedAt", "finishedAt"), WHOLE)
"""Without its message, which may be the end of a log."""
_STATE = {"waiting": WHOLE, "running": WHOLE, "terminated": _ENDED}
_CONTAINER_STATUS = {
    **dict.fromkeys(("name", "image", "ready", "started", "restartCount"), WHOLE),
    "state": _STATE,
    "lastState": _STATE,
}
_TEMPLATE_META = {"labels": WHOLE, "annotations": {"prometheus.io/scrape": WHOLE}}
_WORKLOAD = {
    "spec": {
        **dict.fromkeys(("replicas", "selector", "strategy", "paused"), WHOLE),
        "template": {"metadata": _TEMPLATE_META, "spec": _POD_SPEC},
    },
    "status": WHOLE,
}
_BACKEND = dict.fromkeys(("group", "kind", "name", "namespace", "port", "weight"), WHOLE)
_INSTANCES = {**_CONDITIONS, **dict.fromkeys(("phase", "instances", "readyInstances"), WHOLE)}
_POOL = ("selector", "targetPorts", "targetPortNumber", "endpointPickerRef", "extensionRef")
_SERVICE = ("type", "selector", "ports", "clusterIP")
_EXT_AUTH = {
    "extAuth": {"backendRef": _BACKEND},
    "jwtAuthentication": {"providers": {"jwks": {"remote": {"backendRef": _BACKEND}}}},
}
_SCRAPED = dict.fromkeys(("port", "targetPort", "path"), WHOLE)
_MONITOR = {
    "spec": {
        "selector": WHOLE,
        "namespaceSelector": WHOLE,
        "endpoints": _SCRAPED,
        "podMetricsEndpoints": _SCRAPED,
    }
}
_TEMPLATED = {"data": {REST: {}}, "templateFrom": {}, "mergePolicy": WHOLE}
"""The names of its keys alone."""
_WEBHOOKS = {
    "webhooks": {
        **dict.fromkeys(("name", "failurePolicy", "namespaceSelector", "objectSelector", "rules"), WHOLE),
        "clientConfig": {"service": WHOLE},
    }
}

KINDS: Mapping[str, Fields] = {
    "Application": {
        "spec": {
            **_COMPARED,
            "project": WHOLE,
            "syncPolicy": WHOLE,
        },
        "operation": _OPERATION,
        "status": {
            "conditions": WHOLE,
            "health": WHOLE,
            "reconciledAt": WHOLE,
            "resources": dict.fromkeys(("group", "kind", "namespace", "name", "status", "hook"), WHOLE),
            "sync": {**dict.fromkeys(("status", "revision", "revisions"), WHOLE), "comparedTo": _COMPARED},
            "operationState": {
                **dict.fromkeys(("phase", "startedAt", "finishedAt", "message", "retryCount"), WHOLE),
                "operation": _OPERATION,
                "syncResult": {
                    "revision": WHOLE,
                    "revisions": WHOLE,
                    "resources": dict.fromkeys(("kind", "name", "status", "hookPhase", "message"), WHOLE),
                },
            },
        },
    },
    "ApplicationSet": {
        "spec": {"generators": {"git": dict.fromkeys(("repoURL", "revision"), WHOLE)}},
        "status": _CONDITIONS,
    },
    "AppProject": {"spec": dict.fromkeys(("sourceRepos", "destinations"), WHOLE)},
    "AgentgatewayPolicy": {"spec": {"targetRefs": WHOLE, "traffic": _EXT_AUTH}, "status": WHOLE},
    "APIService": {"spec": dict.fromkeys(("group", "version", "service"), WHOLE), "status": _CONDITIONS},
    "Cluster": {"spec": {"instances": WHOLE}, "status": _INSTANCES},
    "ClusterQueue": {"spec": WHOLE, "status": _CONDITIONS},
    "ConfigMap": {
        "data": {
            **dict.fromkeys(("timeout.reconciliation", "timeout.reconciliation.jitter", "status"), WHOLE),
            "resource.customizations": {},  # whether they are there
            "resource.customizations.health.argoproj.io_Application": {},
        }
    },
    "DaemonSet": _WORKLOAD,
    "Deployment": _WORKLOAD,
    "EndpointSlice": {
        "addressType": WHOLE,
        "endpoints": {"conditions": WHOLE, "targetRef": WHOLE},
        "ports": WHOLE,
    },
    "Event": dict.fromkeys(
        ("involvedObject", "reason", "message", "type", "count", "firstTimestamp", "lastTimestamp",
         "eventTime", "series"),
        WHOLE,
    ),
    "ExternalSecret": {
        "spec": {
            "secretStoreRef": WHOLE,
            "target": {**dict.fromkeys(("name", "creationPolicy"), WHOLE), "template": _TEMPLATED},
            "data": {"secretKey": WHOLE},
            "dataFrom": {},  # that there is one
        },
        "status": {**_CONDITIONS, "refreshTime": WHOLE},
    },
    "Gateway": {
        "spec": {
            "gatewayClassName": WHOLE,
            "listeners": dict.fromkeys(("name", "hostname", "port", "protocol", "allowedRoutes"), WHOLE),
        },
        "status": WHOLE,
    },
    "GatewayClass": {"spec": {"controllerName": WHOLE}, "status": _CONDITIONS},
    "HTTPRoute": {
        "spec": {"parentRefs": WHOLE, "hostnames": WHOLE, "rules": {"backendRefs": _BACKEND}},
        "status": WHOLE,
    },
    "HorizontalPodAutoscaler": {
        "spec": dict.fromkeys(("scaleTargetRef", "minReplicas", "maxReplicas"), WHOLE),
        "status": dict.fromkeys(("conditions", "lastScaleTime", "currentReplicas", "desiredReplicas"), WHOLE),
    },
    "InferencePool": {
        "spec": dict.fromkeys(_POOL, WHOLE),
        "status": WHOLE,
    },
    "InferenceService": {
        "spec": {
            "predictor": {
                **_POD_SPEC,
                **dict.fromkeys(("minReplicas", "maxReplicas"), WHOLE),
                "model": {"modelFormat": WHOLE, "resources": WHOLE},
            }
        },
        "status": _CONDITIONS,
    },
    "Job": {
        "spec": {
            **dict.fromkeys(("parallelism", "suspend", "ttlSecondsAfterFinished"), WHOLE),
            "template": {"metadata": {"labels": WHOLE}, "spec": _POD_SPEC},
        },
        "status": WHOLE,
    },
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "Namespace": {"status": {"phase": WHOLE}},
    "NetworkPolicy": {"spec": WHOLE},
    "Node": {
        "spec": dict.fromkeys(("providerID", "taints", "unschedulable"), WHOLE),
        "status": dict.fromkeys(("capacity", "allocatable", "conditions"), WHOLE),
    },
    "PersistentVolumeClaim": {
        "spec": dict.fromkeys(("accessModes", "storageClassName", "volumeName"), WHOLE),
        "status": {"phase": WHOLE, "conditions": WHOLE},
    },
    "Pod": {
        "spec": _POD_SPEC,
        "status": {
            **dict.fromkeys(("phase", "conditions", "reason", "message"), WHOLE),
            "containerStatuses": _CONTAINER_STATUS,
            "initContainerStatuses": _CONTAINER_STATUS,
        },
    },
    "PodMonitor": _MONITOR,
    "ReplicaSet": _WORKLOAD,
    "ScaledObject": {
        "spec": {
            **dict.fromkeys(("scaleTargetRef", "minReplicaCount", "maxReplicaCount", "idleReplicaCount"), WHOLE),
            "fallback": WHOLE,
            "triggers": {"type": WHOLE, "metadata": {"serverAddress": WHOLE, "query": WHOLE}},
        },
        "status": {**_CONDITIONS, **dict.fromkeys(("hpaName", "pausedReplicaCount"), WHOLE)},
    },
    "Secret": {"metadata": {**_META, "managedFields": _DATA_MANAGED}},
    "Service": {"spec": dict.fromkeys(_SERVICE, WHOLE), "status": {"loadBalancer": WHOLE, "conditions": WHOLE}},
    "ServiceMonitor": _MONITOR,
    "StatefulSet": _WORKLOAD,
    "StorageClass": dict.fromkeys(("provisioner", "volumeBindingMode"), WHOLE),
    "ValidatingWebhookConfiguration": _WEBHOOKS,
}  # fmt: skip
"""By kind, what is kept beside its identity and metadata."""
ANY = {"spec": {"replicas": WHOLE}, "status": {**_CONDITIONS, "phase": WHOLE, "ready": WHOLE}}
"""Of every other kind."""
_IDENTITY = {"apiVersion": WHOLE, "kind": WHOLE, "metadata": _META}


def redacted(body: Json, salt: str) -> Json:
    """The object, reduced to what may be kept of its kind."""
    kept = _fields(body, {**_IDENTITY, **KINDS.get(body.get("kind", ""), ANY)}, salt)
    meta = kept.setdefault("metadata", {})
    if managed := meta.get("managedFields"):
        meta["managedFields"] = [entry for entry in managed if _tells(entry.get("fieldsV1"))]
    return kept


def _fields(body: Json, fields: Fields, salt: str) -> Json:
    kept = {name: fields.get(name, fields.get(REST)) for name in body}
    return {name: _kept(body[name], shape, salt) for name, shape in kept.items() if shape is not None}


def _kept(value: object, shape: str | Fields, salt: str) -> object:
    if shape == HASHED:
        return _hash(value, salt)
    if isinstance(value, list):
        return [_kept(each, shape, salt) for each in value]
    if isinstance(value, dict):
        return _fields(value, {REST: WHOLE} if isinstance(shape, str) else shape, salt)
    if shape != WHOLE:
        return None
    return masked(value) if isinstance(value, str) else value


def _tells(fields: object) -> bool:
    """Whether anything is left of what a manager owns."""
    return isinstance(fields, dict) and any(name in _OWNED or _tells(each) for name, each in fields.items())


def _hash(value: object, salt: str) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()[:16]
