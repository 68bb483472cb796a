"""Jobs run pods until enough of them have succeeded (kube-controller-manager, pkg/controller/job)."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name
from aiops.lab.clock import parse
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.events import record
from aiops.lab.world.ownership import owned
from aiops.lab.world.pods import condition_of, is_active, is_going, is_ready, pod_of
from aiops.lab.world.replicasets import MANAGER, PART

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
        if condition_of(job, "Complete") or condition_of(job, "Failed"):
            return self._retire(job)
        pods, spec = owned(self._objects, "pods", job), job["spec"]
        succeeded, failed = (
            sum(pod.get("status", {}).get("phase") == phase for pod in pods) for phase in ("Succeeded", "Failed")
        )
        active = [pod for pod in pods if is_active(pod)]
        wanted = min(spec["parallelism"], spec.get("completions", 1) - succeeded)
        over = TOO_OFTEN if failed > spec["backoffLimit"] else ENOUGH if wanted <= 0 else None
        if spec.get("suspend") or over is not None:
            wanted = 0
        for pod in active[max(0, wanted) :]:
            self._objects.delete("pods", pod["metadata"]["name"], key[0], MANAGER)
        for _ in range(wanted - len(active)):
            self._make(job)
        counts = {
            "active": wanted, "ready": sum(map(is_ready, active[:wanted])), "succeeded": succeeded, "failed": failed,
        }  # fmt: skip
        self._tell(job, counts, over)
        return None

    def _make(self, job: Json) -> None:
        meta = job["metadata"]
        labels = {"controller-uid": meta["uid"], "job-name": meta["name"]}
        labels |= {f"batch.kubernetes.io/{name}": value for name, value in labels.items()}
        made = self._objects.create("pods", pod_of(job["spec"]["template"], job, f"{meta['name']}-", labels), MANAGER)
        record(self._objects, job, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", source=SOURCE)

    def _tell(self, job: Json, counts: Json, over: tuple[str, str] | None) -> None:
        now, was = self._clock.stamp(), job.get("status", {})
        status = {"uncountedTerminatedPods": {}, "terminating": 0, "ready": 0} | {
            name: count for name, count in counts.items() if count
        }
        suspended = bool(job["spec"].get("suspend"))
        if not suspended:
            status["startTime"] = was.get("startTime", now)
        said = {"Suspended": SUSPENDED} if suspended else {}
        if over is not None:
            said |= {"SuccessCriteriaMet": ENOUGH, "Complete": ENOUGH} if over is ENOUGH else {"Failed": TOO_OFTEN}
            reason, message = over
            record(
                self._objects,
                job,
                "Completed" if over is ENOUGH else reason,
                "Job completed" if over is ENOUGH else message,
                source=SOURCE,
            )
            if over is ENOUGH:
                status["completionTime"] = now
        status["conditions"] = [
            condition_of(job, kind) or condition(kind, True, *why, now=now) | {"lastProbeTime": now}
            for kind, why in said.items()
        ]
        if status != was:
            self._objects.set_status(RESOURCE, job, status, MANAGER)

    def _retire(self, job: Json) -> float | None:
        """It goes once its time to live is over."""
        lives_s = job["spec"].get("ttlSecondsAfterFinished")
        if lives_s is None:
            return None
        ended = (condition_of(job, "Complete") or condition_of(job, "Failed"))["lastTransitionTime"]
        left_s = lives_s - (self._clock.now() - parse(ended)).total_seconds()
        if left_s > 0:
            return float(left_s)
        self._objects.delete(RESOURCE, job["metadata"]["name"], job["metadata"]["namespace"], MANAGER)
        return None
