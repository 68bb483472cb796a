"""Claims get their volumes: provisioned at once, whatever their StorageClass, and bound (kube-controller-manager,
controller/volume/persistentvolume; the cloud's provisioner)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Attempt, Writer
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.events import record
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.pods import is_going

CLAIMS, VOLUMES, CLASSES = "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"
SOURCE = "persistentvolume-controller"
SELECTED = "volume.kubernetes.io/selected-node"
"""Annotation of the scheduler, on a claim whose class waits for its first pod: that pod has a node now."""
BOUND = "pv.kubernetes.io/bind-completed"
CLOUD = Writer(user="system:pd-csi", manager="csi-provisioner")
DEFAULT = "storageclass.kubernetes.io/is-default-class"
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


def start(cluster: Cluster) -> None:
    """Let it run."""
    controller = Claims(cluster)
    cluster.objects.admission.append(controller.classified)
    cluster.control("persistentvolume", PART, controller.reconcile, {CLAIMS: itself, VOLUMES: _claimant})


def waits_for_pod(storage_class: Json) -> bool:
    """Its volumes are made where their first pod will be."""
    return bool(storage_class.get("volumeBindingMode") == "WaitForFirstConsumer")


def _claimant(event: Event) -> list[Name]:
    ref = event.object["spec"].get("claimRef")
    return [(ref["namespace"], ref["name"])] if ref else []


class Claims:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    def classified(self, attempt: Attempt) -> Json:
        """Admission: a new claim that names no StorageClass gets the default one (DefaultStorageClass)."""
        body = attempt.body
        if (attempt.kind.resource, attempt.operation) != (CLAIMS, "CREATE") or "storageClassName" in body["spec"]:
            return body
        for each in self._objects.list(CLASSES):
            if (each["metadata"].get("annotations") or {}).get(DEFAULT) == "true":
                return {**body, "spec": {**body["spec"], "storageClassName": each["metadata"]["name"]}}
        return body

    async def reconcile(self, key: Name) -> None:
        """A claim is bound to a volume of its own, which goes with it."""
        claim = self._objects.find(CLAIMS, key[1], key[0])
        uid = claim and claim["metadata"]["uid"]
        for volume in self._objects.list(VOLUMES):
            ref = volume["spec"].get("claimRef") or {}
            if (ref.get("namespace"), ref.get("name")) == key and ref["uid"] != uid:
                self._objects.delete(VOLUMES, volume["metadata"]["name"], "", CLOUD)
        if claim is None or is_going(claim) or claim["status"]["phase"] == "Bound":
            return
        if is_by_hand(claim):
            self._tell(claim)
        else:
            self._bind(claim)

    def _tell(self, claim: Json) -> None:
        """What a claim waits for that nobody provisions."""
        name = claim["spec"].get("storageClassName")
        found = self._objects.find(CLASSES, name) if name else None
        kind = "Normal"
        if not name:
            reason, message = "FailedBinding", NO_CLASS
        elif found is None:
            reason, message, kind = "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found', "Warning"
        elif waits_for_pod(found) and SELECTED not in (claim["metadata"].get("annotations") or {}):
            reason, message = "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
        else:
            reason, message = "ExternalProvisioning", EXTERNAL.format(found["provisioner"])
        record(self._objects, claim, reason, message, source=SOURCE, kind=kind)

    def _bind(self, claim: Json) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        name = spec.get("volumeName") or f"pv-{meta['uid'][:13]}"
        volume = self._objects.find(VOLUMES, name) or self._provision(claim, name)

        def change(now: Json) -> Json:
            annotations = {**(meta.get("annotations") or {}), BOUND: "yes"}
            return {**now, "spec": {**spec, "volumeName": name}, "metadata": {**meta, "annotations": annotations}}

        claim = self._objects.edit(CLAIMS, meta["name"], meta["namespace"], change, MANAGER)
        size = {"accessModes": spec["accessModes"], "capacity": volume["spec"]["capacity"]}
        self._objects.set_status(VOLUMES, volume, {"phase": "Bound"}, MANAGER)
        self._objects.set_status(CLAIMS, claim, {"phase": "Bound", **size}, MANAGER)

    def _provision(self, claim: Json, name: str) -> Json:
        meta, spec = claim["metadata"], claim["spec"]
        whose = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        body = {
            "metadata": {"name": name},
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]}, "accessModes": spec["accessModes"],
                "storageClassName": spec.get("storageClassName", ""), "persistentVolumeReclaimPolicy": "Delete",
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **whose},
                "hostPath": {"path": "/simulated"},
            },
        }  # fmt: skip
        return self._objects.create(VOLUMES, body, CLOUD)
