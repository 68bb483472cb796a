"""StatefulSets make their pods one after another, each with its own volumes (kube-controller-manager, controller/statefulset)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself, owner
from aiops.lab.world.deployments import hash_of
from aiops.lab.world.events import record
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import is_going, is_ready, pod_of
from aiops.lab.world.replicasets import MANAGER, PART
from aiops.lab.world.volumes import CLAIMS

RESOURCE, SOURCE = "statefulsets.apps", "statefulset-controller"
HASH = "controller-revision-hash"


def start(cluster: Cluster) -> None:
    """Let it run."""
    cluster.control(
        "statefulset", PART, StatefulSets(cluster).reconcile, {RESOURCE: itself, "pods": owner("StatefulSet")}
    )


class StatefulSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> float | None:
        """One pod at a time: those that are missing in order, then those too many and those of before from the end."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is None:
            return None
        revision = f"{key[1]}-{hash_of(body['spec']['template'])}"
        pods = {pod["metadata"]["name"]: pod for pod in owned(self._objects, "pods", body)}
        if not is_going(body):
            self._step(body, revision, pods)
        self._tell(body, revision)
        return None

    def _step(self, body: Json, revision: str, pods: dict[str, Json]) -> None:
        meta, spec = body["metadata"], body["spec"]
        names = [f"{meta['name']}-{number}" for number in range(spec["replicas"])]
        one_by_one = spec["podManagementPolicy"] == "OrderedReady"
        for number, name in enumerate(names):
            if name not in pods:
                self._make(body, revision, name, number)
            if one_by_one and not (name in pods and is_ready(pods[name])):
                return
        old = [name for name in names if pods[name]["metadata"]["labels"].get(HASH) != revision]
        for name in (*sorted(pods.keys() - {*names}), *old)[-1:]:
            if not is_going(pods[name]):
                self._objects.delete("pods", name, meta["namespace"], MANAGER)
                said = f"delete Pod {name} in StatefulSet {meta['name']} successful"
                record(self._objects, body, "SuccessfulDelete", said, source=SOURCE)

    def _make(self, body: Json, revision: str, name: str, number: int) -> None:
        meta, template = body["metadata"], body["spec"]["template"]
        claims = [{"name": each["metadata"]["name"]} for each in body["spec"].get("volumeClaimTemplates") or ()]
        volumes = [{**each, "persistentVolumeClaim": {"claimName": f"{each['name']}-{name}"}} for each in claims]
        for claim in body["spec"].get("volumeClaimTemplates") or ():
            self._claim(body, claim, name)
        labels = {
            HASH: revision, "apps.kubernetes.io/pod-index": str(number), "statefulset.kubernetes.io/pod-name": name,
        }  # fmt: skip
        pod = pod_of(template, body, name, labels)
        pod["spec"] = {
            **pod["spec"], "hostname": name, "subdomain": body["spec"].get("serviceName", ""),
            "volumes": [*(pod["spec"].get("volumes") or ()), *volumes],
        }  # fmt: skip
        self._objects.create("pods", pod, MANAGER)
        said = f"Create Pod {name} in StatefulSet {meta['name']} successful"
        record(self._objects, body, "SuccessfulCreate", said, source=SOURCE)

    def _claim(self, body: Json, template: Json, pod: str) -> None:
        namespace, name = body["metadata"]["namespace"], f"{template['metadata']['name']}-{pod}"
        if self._objects.find(CLAIMS, name, namespace) is None:
            labels = body["spec"]["selector"].get("matchLabels", {})
            meta = {**template["metadata"], "name": name, "namespace": namespace, "labels": labels}
            self._objects.create(CLAIMS, {"metadata": meta, "spec": template["spec"]}, MANAGER)

    def _tell(self, body: Json, revision: str) -> None:
        pods = owned(self._objects, "pods", body)
        ready = sum(map(is_ready, pods))
        updated = sum(pod["metadata"]["labels"].get(HASH) == revision for pod in pods)
        current = revision if updated == len(pods) else body.get("status", {}).get("currentRevision", revision)
        counts = {
            "readyReplicas": ready, "updatedReplicas": updated,
            "currentReplicas": sum(pod["metadata"]["labels"].get(HASH) == current for pod in pods),
        }  # fmt: skip
        status = {
            "observedGeneration": body["metadata"]["generation"], "replicas": len(pods), "availableReplicas": ready,
            **{name: count for name, count in counts.items() if count},
            "collisionCount": 0, "currentRevision": current, "updateRevision": revision,
        }  # fmt: skip
        if status != body.get("status"):
            self._objects.set_status(RESOURCE, body, status, MANAGER)
