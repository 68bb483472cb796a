"""Jobs run pods until enough of them have succeeded (kube-controller-manager, pkg/controller/job)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.events import record
from aiops.lab.world.manager import MANAGER, PART, delete_pod, make_pod
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import condition_of, is_active, is_going, is_ready, pod_of

RESOURCE, SOURCE = "jobs.batch", "job-controller"
ENOUGH = ("CompletionsReached", "Reached expected number of succeeded pods")
TOO_OFTEN = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
SUSPENDED = ("JobSuspended", "Job suspended")


def start(cluster: Cluster) -> None:
    """Let it run."""
    cluster.control("job", PART, Jobs(cluster).reconcile, {RESOURCE: itself, "pods": owner("Job")})


class Jobs:
    """The controller."""

    def __init__(self, cluster: Cluster) -> None:
        self._objects, self._clock = cluster.objects, cluster.clock

    async def reconcile(self, key: Name) -> float | None:
        """As many pods at a time as it still needs; one that has ended may have a time to live."""
        job = self._objects.find(RESOURCE, key[1], key[0])
        if job is None or is_going(job):
            return None
        if ended := condition_of(job, "Complete") or condition_of(job, "Failed"):
            return self._retire(job, ended["lastTransitionTime"])
        spec, pods = job["spec"], owned(self._objects, "pods", job)
        succeeded, failed = (sum(pod["status"]["phase"] == phase for pod in pods) for phase in ("Succeeded", "Failed"))
        active, needed = [pod for pod in pods if is_active(pod)], spec.get("completions", 1) - succeeded
        conditions = {"Suspended": SUSPENDED} if spec["suspend"] else {}
        if failed > spec["backoffLimit"]:
            conditions = {"Failed": TOO_OFTEN}
        elif needed <= 0:
            conditions = {"SuccessCriteriaMet": ENOUGH, "Complete": ENOUGH}
        wanted = 0 if conditions else min(spec["parallelism"], needed)
        self._scale(job, active, wanted)
        counts = {"active": wanted, "ready": sum(map(is_ready, active)), "succeeded": succeeded, "failed": failed}
        self._tell(job, counts, conditions)
        return None

    def _scale(self, job: Json, active: list[Json], wanted: int) -> None:
        meta = job["metadata"]
        labels = {"controller-uid": meta["uid"], "job-name": meta["name"]}
        labels |= {f"batch.kubernetes.io/{name}": value for name, value in labels.items()}
        for _ in range(wanted - len(active)):
            make_pod(self._objects, job, pod_of(job["spec"]["template"], job, f"{meta['name']}-", labels), SOURCE)
        for pod in active[wanted:]:
            delete_pod(self._objects, job, pod, SOURCE)

    def _tell(self, job: Json, counts: Json, conditions: dict[str, tuple[str, str]]) -> None:
        now = self._clock.stamp()
        status = {"uncountedTerminatedPods": {}, "terminating": 0, "ready": 0}
        status |= {name: count for name, count in counts.items() if count}
        status["conditions"] = [
            condition_of(job, kind) or {**condition(kind, True, *why, now=now), "lastProbeTime": now}
            for kind, why in conditions.items()
        ]
        if "Suspended" not in conditions:
            status["startTime"] = job.get("status", {}).get("startTime", now)
        if "Complete" in conditions:
            status["completionTime"] = now
            record(self._objects, job, "Completed", "Job completed", source=SOURCE)
        if "Failed" in conditions:
            record(self._objects, job, *TOO_OFTEN, source=SOURCE, kind="Warning")
        self._objects.set_status(RESOURCE, job, status, MANAGER)

    def _retire(self, job: Json, ended: str) -> float | None:
        lives_s = job["spec"].get("ttlSecondsAfterFinished")
        if lives_s is None:
            return None
        left_s: float = lives_s - self._clock.since(ended)
        if left_s <= 0:
            self._objects.delete(RESOURCE, job["metadata"]["name"], job["metadata"]["namespace"], MANAGER)
        return left_s if left_s > 0 else None
