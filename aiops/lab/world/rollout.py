"""How far a Deployment's rollout is, and what its status says of it (kube-controller-manager, deployment/util)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiops.lab.api.kinds import Json
from aiops.lab.clock import Clock, parse
from aiops.lab.world.pods import condition_of

HASH = "pod-template-hash"
MINIMUM = "minimum availability."


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A Deployment with its ReplicaSets."""

    deployment: Json
    new: Json
    """The ReplicaSet of its pod template."""
    old: Sequence[Json]
    """The others."""
    clock: Clock

    @property
    def replicas(self) -> int:
        """How many it wants."""
        return int(self.deployment["spec"]["replicas"])

    @property
    def ordered(self) -> int:
        """How many pods its ReplicaSets are to have."""
        return sum(each["spec"]["replicas"] for each in (self.new, *self.old))

    @property
    def surge(self) -> int:
        """How many more there may be meanwhile."""
        return self._share("maxSurge", up=True)

    @property
    def unavailable(self) -> int:
        """How many fewer may be available meanwhile."""
        if not self._rolling:
            return 0
        return min(self._share("maxUnavailable", up=False) or int(self.surge == 0), self.replicas)

    @property
    def _rolling(self) -> Json:
        found: Json = self.deployment["spec"]["strategy"].get("rollingUpdate") or {}
        return found

    def _share(self, which: str, *, up: bool) -> int:
        share = self._rolling.get(which, 0)
        if isinstance(share, int):
            return share
        hundredths = int(share.rstrip("%")) * self.replicas
        return -(-hundredths // 100) if up else hundredths // 100

    def total(self, count: str) -> int:
        """Of all its ReplicaSets' status."""
        return sum(counted(each, count) for each in (self.new, *self.old))

    def status(self) -> Json:
        """What its controller has to say."""
        available = self.total("availableReplicas")
        counts = {
            "replicas": self.total("replicas"), "updatedReplicas": counted(self.new, "replicas"),
            "readyReplicas": self.total("readyReplicas"), "availableReplicas": available,
            "unavailableReplicas": max(0, self.ordered - available),
        }  # fmt: skip
        found = (self._availability(available), self._progress(counts), *self._failures())
        return {
            "observedGeneration": self.deployment["metadata"]["generation"],
            **{name: count for name, count in counts.items() if count},
            "terminatingReplicas": self.total("terminatingReplicas"),
            "conditions": [each for each in found if each],
        }

    def left_s(self, status: Json) -> float | None:
        """Seconds until it has taken too long; None where it is over, or late already."""
        progress = condition_of({"status": status}, "Progressing")
        if progress.get("reason") in (None, "NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
            return None
        limit = timedelta(seconds=self.deployment["spec"]["progressDeadlineSeconds"])
        return (parse(progress["lastUpdateTime"]) + limit - self.clock.now()).total_seconds()

    def _availability(self, available: int) -> Json:
        if available >= self.replicas - self.unavailable:
            return self._kept("Available", True, "MinimumReplicasAvailable", f"Deployment has {MINIMUM}")
        why = f"Deployment does not have {MINIMUM}"
        return self._kept("Available", False, "MinimumReplicasUnavailable", why)

    def _progress(self, counts: Json) -> Json:
        """Of the newest ReplicaSet; a rollout that was over is not taken up again by scaling."""
        before, was = condition_of(self.deployment, "Progressing"), self.deployment.get("status", {})
        name, total, updated = self.new["metadata"]["name"], counts["replicas"], counts["updatedReplicas"]
        if f'"{name}"' not in before.get("message", ""):
            return self._kept("Progressing", True, "NewReplicaSetCreated", f'Created new replica set "{name}"')
        if before["reason"] == "NewReplicaSetAvailable" and total == updated:
            return before
        if total == updated == counts["availableReplicas"] == self.replicas:
            done = f'ReplicaSet "{name}" has successfully progressed.'
            return self._kept("Progressing", True, "NewReplicaSetAvailable", done)
        more = any(
            counts[each] > was.get(each, 0) for each in ("updatedReplicas", "readyReplicas", "availableReplicas")
        )
        if more or total - updated < was.get("replicas", 0) - was.get("updatedReplicas", 0):
            goes = self._kept("Progressing", True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
            return {**goes, "lastUpdateTime": self.clock.stamp()}
        left_s = self.left_s(was)
        if left_s is not None and left_s < 0:
            late = f'ReplicaSet "{name}" has timed out progressing.'
            return self._kept("Progressing", False, "ProgressDeadlineExceeded", late)
        return before

    def _failures(self) -> Iterator[Json]:
        """Why no pod is made, of the newest ReplicaSet if it can."""
        for replicaset in (self.new, *self.old):
            if failure := condition_of(replicaset, "ReplicaFailure"):
                yield {**failure, "lastUpdateTime": failure["lastTransitionTime"]}
                return

    def _kept(self, kind: str, status: bool, reason: str, message: str) -> Json:
        """The condition as it is, where it says the same."""
        now, before = self.clock.stamp(), condition_of(self.deployment, kind)
        made = {
            "type": kind, "status": str(status), "reason": reason, "message": message,
            "lastUpdateTime": now, "lastTransitionTime": now,
        }  # fmt: skip
        if before.get("status") != str(status):
            return made
        return before if before["reason"] == reason else {**made, "lastTransitionTime": before["lastTransitionTime"]}


def counted(replicaset: Json, count: str) -> int:
    """One count of its status."""
    found: int = replicaset.get("status", {}).get(count, 0)
    return found


def template_of(replicaset: Json) -> Json:
    """Its pod template as its Deployment has it: without the hash."""
    template = replicaset["spec"]["template"]
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}
