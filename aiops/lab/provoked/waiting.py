"""Faults of what pods wait for: volumes and images."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import LONG_AGO_S, OFF, made
from aiops.lab.world.events import record

NAMESPACE = "default"
DENIED = (
    'Back-off pulling image "ghcr.io/example/private:1": ErrImagePull: rpc error: code = Unknown desc = failed to pull '
    "and unpack image: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
)
HELD = 'Multi-Attach error for volume "pvc-0" Volume is already used by pod(s) writer-old'


def pod(name: str, reason: str, message: str = "") -> tuple[Json, Json]:
    """A pod that has a node, and its status: its one container waits."""
    image = "ghcr.io/example/private:1"
    meta = {"name": name, "namespace": NAMESPACE, "annotations": OFF}
    body = {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta,
        "spec": {"containers": [{"name": "main", "image": image}], "nodeName": "elsewhere"},
    }  # fmt: skip
    waiting = {"reason": reason, **({"message": message} if message else {})}
    container = {"name": "main", "image": image, "imageID": "", "ready": False, "restartCount": 0}
    return body, {"phase": "Pending", "containerStatuses": [{**container, "state": {"waiting": waiting}}]}


def image_denied(cluster: Cluster) -> AbstractContextManager[None]:
    """A pod whose image is in a registry that wants to know who asks."""
    return made(cluster, "pods", *pod("stranger", "ImagePullBackOff", DENIED), ago_s=LONG_AGO_S)


@contextmanager
def volume_held(cluster: Cluster) -> Iterator[None]:
    """A rollout whose new pod waits for the volume that the old one keeps on another node."""
    with made(cluster, "pods", *pod("writer-new", "ContainerCreating"), ago_s=LONG_AGO_S):
        new = cluster.objects.find("pods", "writer-new", NAMESPACE)
        if new is not None:
            record(cluster.objects, new, "FailedAttachVolume", HELD, source="attachdetach-controller", kind="Warning")
        yield


def claim_without_class(cluster: Cluster) -> AbstractContextManager[None]:
    """A claim that names a StorageClass of another cluster."""
    meta = {"name": "models", "namespace": NAMESPACE, "annotations": OFF}
    spec = {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "premium-elsewhere",
        "resources": {"requests": {"storage": "1Gi"}},
    }  # fmt: skip
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}
    return made(cluster, "persistentvolumeclaims", body, {"phase": "Pending"}, ago_s=LONG_AGO_S)
