"""Of Argo CD's own kinds, and of the ConfigMaps that are read: its settings, and the node autoscaler's report."""

from collections.abc import Mapping

from aiops.snapshot.kept.shapes import CONDITIONS, HASHED, REST, WHOLE, Fields

_SOURCE = {**dict.fromkeys(("repoURL", "path", "chart", "targetRevision", "ref"), WHOLE), REST: HASHED}
_COMPARED = {"source": _SOURCE, "sources": _SOURCE, "destination": WHOLE, "ignoreDifferences": WHOLE}
_OPERATION = {"initiatedBy": WHOLE, "sync": dict.fromkeys(("revision", "revisions", "autoHealAttemptsCount"), WHOLE)}
_SYNC_POLICY = {"automated": WHOLE, "syncOptions": WHOLE}

ARGOCD: Mapping[str, Fields] = {
    "Application": {
        "spec": {**_COMPARED, "project": WHOLE, "syncPolicy": _SYNC_POLICY},
        "operation": _OPERATION,
        "status": {
            **dict.fromkeys(("conditions", "health", "reconciledAt"), WHOLE),
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
        "status": CONDITIONS,
    },
    "ConfigMap": {
        "data": {
            **dict.fromkeys(("timeout.reconciliation", "timeout.reconciliation.jitter", "status"), WHOLE),
            "resource.customizations": {},
            "resource.customizations.health.argoproj.io_Application": {},
        }
    },
}
