"""Of pods and what makes them, their nodes and volumes, and what Kubernetes tells of them."""

from collections.abc import Mapping

from aiops.snapshot.kept.shapes import CONDITIONS, CONTAINER_STATUS, DATA_METADATA, POD_SPEC, WHOLE, Fields

_WORKLOAD = {
    "spec": {
        **dict.fromkeys(("replicas", "selector", "strategy", "paused"), WHOLE),
        "template": {
            "metadata": {"labels": WHOLE, "annotations": {"prometheus.io/scrape": WHOLE}},
            "spec": POD_SPEC,
        },
    },
    "status": WHOLE,
}

WORKLOADS: Mapping[str, Fields] = {
    **dict.fromkeys(("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"), _WORKLOAD),
    "Event": dict.fromkeys(
        ("involvedObject", "reason", "message", "type", "count", "firstTimestamp", "lastTimestamp",
         "eventTime", "series"),
        WHOLE,
    ),
    "Job": {"spec": {"selector": WHOLE}, "status": CONDITIONS},
    "Node": {
        "spec": dict.fromkeys(("providerID", "taints", "unschedulable"), WHOLE),
        "status": dict.fromkeys(("capacity", "allocatable", "conditions"), WHOLE),
    },
    "PersistentVolumeClaim": {"spec": {"storageClassName": WHOLE}, "status": {"phase": WHOLE}},
    "Pod": {
        "spec": POD_SPEC,
        "status": {
            **dict.fromkeys(("phase", "conditions", "reason", "message"), WHOLE),
            "containerStatuses": CONTAINER_STATUS,
            "initContainerStatuses": CONTAINER_STATUS,
        },
    },
    "Secret": {"metadata": DATA_METADATA},
    "StorageClass": dict.fromkeys(("provisioner", "volumeBindingMode"), WHOLE),
}  # fmt: skip
