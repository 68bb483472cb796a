"""StatefulSets make their pods one after another, each with volumes of its own (kube-controller-manager,
pkg/controller/statefulset)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself, owner
from aiops.lab.world.deployments import hash_of
from aiops.lab.world.manager import MANAGER, PART, delete_pod, make_pod
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import is_going, is_ready, pod_of
from aiops.lab.world.volumes import CLAIMS

RESOURCE, SOURCE = "statefulsets.apps", "statefulset-controller"
HASH = "controller-revision-hash"


def start(cluster: Cluster) -> None:
    """Let it run."""
    watches = {RESOURCE: itself, "pods": owner("StatefulSet")}
    cluster.control("statefulset", PART, StatefulSets(cluster).reconcile, watches)


class StatefulSets:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    async def reconcile(self, key: Name) -> None:
        """First the pods that are missing, in order; then, from the end, those too many and those of before."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is not None and not is_going(body):
            revision = f"{key[1]}-{hash_of(body['spec']['template'])}"
            self._step(body, revision)
            self._tell(body, revision)

    def _step(self, body: Json, revision: str) -> None:
        pods = {pod["metadata"]["name"]: pod for pod in owned(self._objects, "pods", body)}
        names = [f"{body['metadata']['name']}-{number}" for number in range(body["spec"]["replicas"])]
        one_by_one = body["spec"]["podManagementPolicy"] == "OrderedReady"
        for number, name in enumerate(names):
            if name not in pods:
                self._make(body, revision, name, number)
            if one_by_one and (name not in pods or not is_ready(pods[name])):
                return
        old = [name for name in names if name in pods and _revision(pods[name]) != revision]
        more = sorted(pods.keys() - {*names}, key=lambda name: int(name.rpartition("-")[2]))
        for name in (*old, *more)[-1:]:
            if not is_going(pods[name]):
                delete_pod(self._objects, body, pods[name], SOURCE)

    def _make(self, body: Json, revision: str, name: str, number: int) -> None:
        labels = {
            HASH: revision, "apps.kubernetes.io/pod-index": str(number), "statefulset.kubernetes.io/pod-name": name,
        }  # fmt: skip
        pod = pod_of(body["spec"]["template"], body, name, labels)
        volumes = [
            {"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": self._claim(body, each, name)}}
            for each in body["spec"].get("volumeClaimTemplates") or ()
        ]
        own = {"hostname": name, "subdomain": body["spec"].get("serviceName", "")}
        pod["spec"] = {**pod["spec"], **own, "volumes": [*(pod["spec"].get("volumes") or ()), *volumes]}
        make_pod(self._objects, body, pod, SOURCE)

    def _claim(self, body: Json, template: Json, pod: str) -> str:
        namespace, name = body["metadata"]["namespace"], f"{template['metadata']['name']}-{pod}"
        if self._objects.find(CLAIMS, name, namespace) is None:
            labels = body["spec"]["selector"].get("matchLabels", {})
            meta = {**template["metadata"], "name": name, "namespace": namespace, "labels": labels}
            self._objects.create(CLAIMS, {"metadata": meta, "spec": template["spec"]}, MANAGER)
        return name

    def _tell(self, body: Json, revision: str) -> None:
        pods = owned(self._objects, "pods", body)
        ready, updated = sum(map(is_ready, pods)), sum(_revision(pod) == revision for pod in pods)
        current = revision if updated == len(pods) else body.get("status", {}).get("currentRevision", revision)
        counts = {
            "readyReplicas": ready, "updatedReplicas": updated,
            "currentReplicas": sum(_revision(pod) == current for pod in pods),
        }  # fmt: skip
        status = {
            "observedGeneration": body["metadata"]["generation"], "replicas": len(pods), "availableReplicas": ready,
            **{name: count for name, count in counts.items() if count},
            "collisionCount": 0, "currentRevision": current, "updateRevision": revision,
        }  # fmt: skip
        self._objects.set_status(RESOURCE, body, status, MANAGER)


def _revision(pod: Json) -> str:
    found: str = pod["metadata"]["labels"].get(HASH, "")
    return found
