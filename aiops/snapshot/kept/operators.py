"""Of what operators look after: secrets, databases, queues, models and their autoscalers."""

from collections.abc import Mapping

from aiops.snapshot.kept.shapes import CONDITIONS, REST, WHOLE, Fields

_TARGET = {"kind": WHOLE, "name": WHOLE}
_FILLED = {"data": {REST: {}}, "templateFrom": {}, "mergePolicy": WHOLE}
"""The names of its keys alone."""

OPERATORS: Mapping[str, Fields] = {
    "Cluster": {"status": {**CONDITIONS, "phase": WHOLE, "readyInstances": WHOLE}},  # of CloudNativePG
    "ClusterQueue": {
        "spec": {
            **dict.fromkeys(("queueingStrategy", "stopPolicy"), WHOLE),
            "flavorFungibility": dict.fromkeys(("whenCanBorrow", "whenCanPreempt"), WHOLE),
            "preemption": {
                **dict.fromkeys(("reclaimWithinCohort", "withinClusterQueue"), WHOLE),
                "borrowWithinCohort": {"policy": WHOLE},
            },
        },
        "status": CONDITIONS,
    },
    "ExternalSecret": {
        "spec": {
            "secretStoreRef": {"kind": WHOLE, "name": WHOLE},
            "target": {"name": WHOLE, "creationPolicy": WHOLE, "template": _FILLED},
            "data": {"secretKey": WHOLE},
            "dataFrom": {},
        },
        "status": {**CONDITIONS, "refreshTime": WHOLE},
    },
    "HorizontalPodAutoscaler": {
        "spec": {"scaleTargetRef": _TARGET, "minReplicas": WHOLE, "maxReplicas": WHOLE},
        "status": CONDITIONS,
    },
    "InferenceService": {"spec": {"predictor": {"minReplicas": WHOLE}}, "status": CONDITIONS},
    "ScaledObject": {
        "spec": {
            "scaleTargetRef": _TARGET,
            **dict.fromkeys(("minReplicaCount", "maxReplicaCount", "idleReplicaCount"), WHOLE),
            "triggers": {"type": WHOLE, "metadata": {"serverAddress": WHOLE, "query": WHOLE}},
        },
        "status": {**CONDITIONS, "hpaName": WHOLE},
    },
}
