"""Claims get their volumes: provisioned at once, whatever their StorageClass, and bound (kube-controller-manager,
controller/volume/persistentvolume; the cloud's provisioner)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.pods import is_going
from aiops.lab.world.replicasets import MANAGER, PART

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
PROTECTION, BOUND = "kubernetes.io/pvc-protection", "pv.kubernetes.io/bind-completed"
CLOUD = Writer(user="system:pd-csi", manager="csi-provisioner")
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def start(cluster: Cluster) -> None:
    """Let it run."""
    controller = Claims(cluster)
    cluster.control("persistentvolume", PART, controller.reconcile, {CLAIMS: itself, VOLUMES: _claimant})


def _claimant(event: Event) -> list[Name]:
    ref = event.object["spec"].get("claimRef")
    return [(ref["namespace"], ref["name"])] if ref else []


class Claims:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> None:
        """A claim is bound to a volume of its own, which goes with it."""
        claim = self._objects.find(CLAIMS, key[1], key[0])
        for volume in self._objects.list(VOLUMES):
            ref = volume["spec"].get("claimRef") or {}
            if (ref.get("namespace"), ref.get("name")) == key and (
                claim is None or ref["uid"] != claim["metadata"]["uid"]
            ):
                self._objects.delete(VOLUMES, volume["metadata"]["name"], "", CLOUD)
        if claim is not None and not is_going(claim) and not is_by_hand(claim):
            if claim.get("status", {}).get("phase") != "Bound":
                self._bind(claim)

    def _bind(self, claim: Json) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        name, kind = spec.get("volumeName") or f"pv-{meta['uid'][:13]}", spec.get("storageClassName", self._default())
        volume = self._objects.find(VOLUMES, name) or self._provision(claim, name, kind)

        def change(now: Json) -> Json:
            now["spec"] |= {"volumeName": name, "storageClassName": kind}
            now["metadata"]["annotations"] = {**(meta.get("annotations") or {}), BOUND: "yes"}
            return now

        claim = self._objects.edit(CLAIMS, meta["name"], meta["namespace"], change, MANAGER)
        size = {"accessModes": spec["accessModes"], "capacity": volume["spec"]["capacity"]}
        self._objects.set_status(VOLUMES, volume, {"phase": "Bound"}, MANAGER)
        self._objects.set_status(CLAIMS, claim, {"phase": "Bound", **size}, MANAGER)

    def _default(self) -> str:
        classes = self._objects.list("storageclasses.storage.k8s.io")
        marked = [each for each in classes if (each["metadata"].get("annotations") or {}).get(DEFAULT) == "true"]
        return marked[-1]["metadata"]["name"] if marked else ""

    def _provision(self, claim: Json, name: str, kind: str) -> Json:
        meta, spec = claim["metadata"], claim["spec"]
        whose = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        body = {
            "metadata": {"name": name},
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]}, "accessModes": spec["accessModes"],
                "hostPath": {"path": "/simulated"}, "storageClassName": kind, "persistentVolumeReclaimPolicy": "Delete",
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **whose},
            },
        }  # fmt: skip
        return self._objects.create(VOLUMES, body, CLOUD)
