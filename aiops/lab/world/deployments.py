"""Deployments roll out ReplicaSets (kube-controller-manager, pkg/controller/deployment)."""

import hashlib
import json
from collections.abc import Iterable

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event, Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import itself, owner
from aiops.lab.world.events import record
from aiops.lab.world.manager import MANAGER, PART
from aiops.lab.world.ownership import controller_of, owned, reference
from aiops.lab.world.pods import has_ended, is_going
from aiops.lab.world.replicasets import RESOURCE as REPLICASETS
from aiops.lab.world.rollout import HASH, Rollout, counted, template_of

RESOURCE, SOURCE = "deployments.apps", "deployment-controller"
REVISION, DESIRED, MOST = (
    f"deployment.kubernetes.io/{name}" for name in ("revision", "desired-replicas", "max-replicas")
)
_DIGITS = str.maketrans("0123456789", "456789bcdf")
"""Neither vowels nor what looks like a letter (apimachinery, rand.SafeEncodeString)."""


def start(cluster: Cluster) -> None:
    """Let it run."""
    controller = Deployments(cluster)
    watches = {RESOURCE: itself, REPLICASETS: owner("Deployment"), "pods": controller.of_pod}
    cluster.control("deployment", PART, controller.reconcile, watches)


def hash_of(template: Json) -> str:
    """A short name of a pod template's content."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return str(int.from_bytes(digest[:4])).translate(_DIGITS)


class Deployments:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects = cluster.objects

    def of_pod(self, event: Event) -> Iterable[Name]:
        """The Deployment of a pod that has gone, for which a newer one may have waited."""
        ref = controller_of(event.object)
        if event.type == "DELETED" and ref is not None and ref["kind"] == "ReplicaSet":
            replicaset = self._objects.find(REPLICASETS, ref["name"], event.name[0])
            if replicaset is not None and (ref := controller_of(replicaset)) is not None:
                yield event.name[0], ref["name"]

    async def reconcile(self, key: Name) -> float | None:
        """One step of its rollout; seconds until that takes too long."""
        deployment = self._objects.find(RESOURCE, key[1], key[0])
        if deployment is None or is_going(deployment) or deployment["spec"].get("paused"):
            return None
        rollout, before = self._seen(deployment), self._objects.store.revision
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            self._recreate(rollout)
        else:
            self._roll(rollout)
        return self._tell(rollout if self._objects.store.revision == before else self._seen(deployment))

    def _seen(self, deployment: Json) -> Rollout:
        """As it is now, with a ReplicaSet of its newest template."""
        there, template = owned(self._objects, REPLICASETS, deployment), deployment["spec"]["template"]
        new = next((each for each in there if template_of(each) == template), None) or self._make(deployment)
        old = [each for each in there if each["metadata"]["uid"] != new["metadata"]["uid"]]
        return Rollout(deployment=deployment, new=new, old=old, clock=self._objects.clock)

    def _make(self, deployment: Json) -> Json:
        meta, spec, template = deployment["metadata"], deployment["spec"], deployment["spec"]["template"]
        code = hash_of(template)
        labels = {**template["metadata"]["labels"], HASH: code}
        body = {
            "metadata": {
                "name": f"{meta['name']}-{code}", "namespace": meta["namespace"], "labels": labels,
                "ownerReferences": [reference(deployment)],
            },
            "spec": {
                "replicas": 0, "selector": {"matchLabels": {**spec["selector"].get("matchLabels", {}), HASH: code}},
                "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            },
        }  # fmt: skip
        return self._objects.create(REPLICASETS, body, MANAGER)

    def _tell(self, rollout: Rollout) -> float | None:
        """The newest ReplicaSet has the highest revision, and its Deployment the same."""
        revision = max(_revision(rollout.new), 1 + max(map(_revision, rollout.old), default=0))
        size = {DESIRED: str(rollout.replicas), MOST: str(rollout.replicas + rollout.surge)}
        self._annotate(REPLICASETS, rollout.new, {REVISION: str(revision), **size})
        status = rollout.status()
        # a Deployment's annotations may be written with its status, and so its generation does not move
        self._annotate(RESOURCE, rollout.deployment, {REVISION: str(revision)}, status=status)
        return rollout.left_s(status)

    def _annotate(self, resource: str, body: Json, notes: Json, **status: Json) -> None:
        def change(now: Json) -> Json:
            annotations = {**(now["metadata"].get("annotations") or {}), **notes}
            return {**now, "metadata": {**now["metadata"], "annotations": annotations}, **status}

        meta = body["metadata"]
        if body != change(body):
            where = "status" if status else ""
            self._objects.edit(resource, meta["name"], meta["namespace"], change, MANAGER, subresource=where)

    def _recreate(self, rollout: Rollout) -> None:
        """The old ones end first, to the last pod."""
        for each in rollout.old:
            self._scale(rollout, each, 0)
        pods = (pod for each in rollout.old for pod in owned(self._objects, "pods", each))
        if all(map(has_ended, pods)):
            self._scale(rollout, rollout.new, rollout.replicas)

    def _roll(self, rollout: Rollout) -> None:
        """New ones come as far as the surge allows; old ones go as far as enough stay available, those first that are
        not."""
        have = rollout.new["spec"]["replicas"]
        room = max(0, rollout.replicas + rollout.surge - rollout.ordered)
        self._scale(rollout, rollout.new, min(rollout.replicas, have + room))
        fewest = rollout.replicas - rollout.unavailable
        spare = rollout.ordered - fewest - (have - counted(rollout.new, "availableReplicas"))
        healthy = max(0, rollout.total("availableReplicas") - fewest)
        for each in rollout.old:
            well = counted(each, "availableReplicas")
            ill = max(0, min(each["spec"]["replicas"] - well, spare))
            fewer = max(0, min(well, healthy, spare - ill))
            self._scale(rollout, each, each["spec"]["replicas"] - ill - fewer)
            spare, healthy = spare - ill - fewer, healthy - fewer

    def _scale(self, rollout: Rollout, replicaset: Json, replicas: int) -> None:
        def change(now: Json) -> Json:
            now["spec"]["replicas"] = replicas
            return now

        meta, before = replicaset["metadata"], replicaset["spec"]["replicas"]
        if replicas != before:
            self._objects.edit(REPLICASETS, meta["name"], meta["namespace"], change, MANAGER)
            way = "up" if replicas > before else "down"
            said = f"Scaled {way} replica set {meta['name']} from {before} to {replicas}"
            record(self._objects, rollout.deployment, "ScalingReplicaSet", said, source=SOURCE)


def _revision(replicaset: Json) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION, 0))
